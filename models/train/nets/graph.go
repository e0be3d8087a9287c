// Package nets trains small graphs and writes them as int8 TensorFlow Lite models. Graphs
// are acyclic: items of a set as 1×1 convolutions over N rows, several branches, products
// and sums with broadcast, convolutions with batch normalisation.
//
// A [Graph] works in float64 and takes one sample at a time, so that the gradient of a
// single sample is at hand, for instance for a diagonal Fisher matrix. A [Net] of float32
// takes a batch at a time and is what trains on tens of thousands of pictures. Both are
// the same code but for what [arithmetic] lists.
//
// Training is a function of the recipe and its seed: it runs on one goroutine, all
// randomness comes from the given generator, and no step reads a clock. Products that
// feed a sum are rounded by an explicit conversion, which keeps the compiler from fusing
// them; the vector loops are those of gonum, whose amd64 versions fix the order of
// summation. Bytes of files are therefore pinned on amd64. Other processors train an
// equally good network whose low bits differ.
package nets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Shape is the height, width and depth of a node.
type Shape struct{ H, W, C int }

// Size is the number of elements.
func (s Shape) Size() int { return s.H * s.W * s.C }

// Act is an activation function fused with a layer.
type Act int

// The activation functions.
const (
	Linear Act = iota
	Relu
)

// Node is a node of a graph, in the order in which nodes were added.
type Node int

// operation is what a node computes.
type operation int

const (
	opInput operation = iota
	opDense
	opConv
	opDepthwise
	opTanh
	opSigmoid
	opAdd
	opMul
	opConcat
	opMaxPool
	opAvgPool
)

// Array is a trained array. Weights of a dense layer are ordered output, input; of a
// convolution output, row, column, input; of a depthwise one row, column, channel.
type Array[T Real] struct {
	Value, Grad []T
	Decay       bool // weight decay applies
}

// Param is an array of a [Graph].
type Param = Array[float64]

// NewParam returns an array of n zeros.
func NewParam(n int) *Param { return newArray[float64](n) }

func newArray[T Real](n int) *Array[T] {
	return &Array[T]{Value: make([]T, n), Grad: make([]T, n)}
}

// node keeps its numbers channel first and sample last: element (c, y, x) of all samples
// lies in one run, so that every layer is a sum of long vectors whatever its stride or
// border.
type node[T Real] struct {
	op           operation
	in           []Node
	shape        Shape
	act          Act
	window       Window // of a convolution
	runs         []run
	poolH, poolW int
	weight, bias *Array[T]
	norm         *norm[T]
	value, grad  []T
	sum, sumGrad []T   // before normalisation; value and grad where there is none
	largest      []int // where a maximum came from
	plain        []T   // the first sample as the caller sees it
}

// Net is a network under construction or in training. It is not safe for concurrent
// use. The methods that add nodes panic on operands that cannot be joined, since a graph
// is written down in code.
type Net[T Real] struct {
	nodes   []node[T]
	a       *arithmetic[T]
	samples int // that the nodes have room for
}

// Graph is a network of float64.
type Graph = Net[float64]

// New returns a graph whose node 0 is the input.
func New(input Shape) *Graph { return newNet(double, input) }

// Layers returns a graph of dense layers of the given sizes, the input's first; all but
// the last are rectified.
func Layers(rng *rand.Rand, sizes ...int) *Graph {
	g := New(Shape{1, 1, sizes[0]})
	n := Node(0)
	for k, size := range sizes[1:] {
		act := Relu
		if k == len(sizes)-2 {
			act = Linear
		}
		n = g.Dense(n, size, act, rng)
	}
	return g
}

// NewSingle returns a network of float32 whose node 0 is the input.
func NewSingle(input Shape) *Net[float32] { return newNet(single, input) }

func newNet[T Real](a *arithmetic[T], input Shape) *Net[T] {
	g := &Net[T]{a: a, samples: 1}
	g.add(node[T]{op: opInput, shape: input})
	return g
}

func (g *Net[T]) add(n node[T]) Node {
	n.room(g.samples)
	g.nodes = append(g.nodes, n)
	return Node(len(g.nodes) - 1)
}

// room makes room for a number of samples.
func (n *node[T]) room(samples int) {
	size := n.shape.Size() * samples
	n.value, n.grad = make([]T, size), make([]T, size)
	n.sum, n.sumGrad = n.value, n.grad
	if n.norm != nil {
		n.sum, n.sumGrad = make([]T, size), make([]T, size)
	}
}

// Shape returns the shape of a node.
func (g *Net[T]) Shape(n Node) Shape { return g.nodes[n].shape }

// Weight returns the weights of a layer.
func (g *Net[T]) Weight(n Node) *Array[T] { return g.nodes[n].weight }

// Bias returns the biases of a layer, nil where a normalisation stands for them.
func (g *Net[T]) Bias(n Node) *Array[T] { return g.nodes[n].bias }

// Params returns all parameters in the order of the nodes.
func (g *Net[T]) Params() []*Array[T] {
	var all []*Array[T]
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.weight != nil {
			all = append(all, n.weight)
		}
		if n.bias != nil {
			all = append(all, n.bias)
		}
		if n.norm != nil {
			all = append(all, n.norm.scale, n.norm.shift)
		}
	}
	return all
}

// MACs counts the multiply-accumulates of one inference, every tap at every output
// position.
func (g *Net[T]) MACs() int {
	macs := 0
	for i := range g.nodes {
		if n := &g.nodes[i]; n.weight != nil {
			macs += n.shape.H * n.shape.W * len(n.weight.Value)
		}
	}
	return macs
}

// draw fills weights from a uniform law of variance 2/fanIn, which keeps the variance of
// rectified activations level (He et al., ICCV 2015).
func draw[T Real](n, fanIn int, rng *rand.Rand) *Array[T] {
	p := newArray[T](n)
	p.Decay = true
	limit := math.Sqrt(6 / float64(fanIn))
	for i := range p.Value {
		p.Value[i] = T(limit * (2*rng.Float64() - 1))
	}
	return p
}

// Dense adds a fully connected layer over all elements of x.
func (g *Net[T]) Dense(x Node, out int, act Act, rng *rand.Rand) Node {
	size := g.Shape(x).Size()
	return g.add(node[T]{
		op: opDense, in: []Node{x}, shape: Shape{1, 1, out}, act: act,
		weight: draw[T](out*size, size, rng), bias: newArray[T](out),
	})
}

// Conv adds a k×k convolution, with a border of zeros where same is set. With
// k = 1 it applies one dense layer to every item of a set laid out along H.
func (g *Net[T]) Conv(x Node, k, stride, out int, same bool, act Act, rng *rand.Rand) Node {
	n := g.convolution(opConv, x, out, Window{k, stride, same}, act, rng)
	n.bias = newArray[T](out)
	return g.add(n)
}

// Depthwise adds a k×k convolution of every channel by itself.
func (g *Net[T]) Depthwise(x Node, k, stride int, same bool, act Act, rng *rand.Rand) Node {
	depth := g.Shape(x).C
	n := g.convolution(opDepthwise, x, depth, Window{k, stride, same}, act, rng)
	n.bias = newArray[T](depth)
	return g.add(n)
}

// NormConv adds a convolution with batch normalisation and a rectifier; NormDepthwise
// one of every channel by itself.
func (g *Net[T]) NormConv(x Node, w Window, out int, rng *rand.Rand) Node {
	n := g.convolution(opConv, x, out, w, Relu, rng)
	n.norm = newNorm[T](out)
	return g.add(n)
}

// NormDepthwise is described at NormConv.
func (g *Net[T]) NormDepthwise(x Node, w Window, rng *rand.Rand) Node {
	n := g.convolution(opDepthwise, x, g.Shape(x).C, w, Relu, rng)
	n.norm = newNorm[T](n.shape.C)
	return g.add(n)
}

func (g *Net[T]) convolution(op operation, x Node, out int, w Window, act Act, rng *rand.Rand) node[T] {
	in := g.Shape(x)
	n := node[T]{op: op, in: []Node{x}, shape: Shape{w.Output(in.H), w.Output(in.W), out}, act: act, window: w, runs: w.runs(in.H, in.W)}
	depth := in.C
	if op == opDepthwise {
		depth = 1
	}
	n.weight = draw[T](out*w.K*w.K*depth, w.K*w.K*depth, rng)
	return n
}

// Tanh adds a hyperbolic tangent, which the NPU looks up in a table.
func (g *Net[T]) Tanh(x Node) Node {
	return g.add(node[T]{op: opTanh, in: []Node{x}, shape: g.Shape(x)})
}

// Sigmoid adds a logistic function, which the NPU looks up in a table.
func (g *Net[T]) Sigmoid(x Node) Node {
	return g.add(node[T]{op: opSigmoid, in: []Node{x}, shape: g.Shape(x)})
}

// Add adds a sum. A side of length 1 is repeated to match the other operand.
func (g *Net[T]) Add(a, b Node) Node {
	return g.add(node[T]{op: opAdd, in: []Node{a, b}, shape: g.joined(a, b)})
}

// Mul adds a product, with repetition as in Add.
func (g *Net[T]) Mul(a, b Node) Node {
	return g.add(node[T]{op: opMul, in: []Node{a, b}, shape: g.joined(a, b)})
}

func (g *Net[T]) joined(a, b Node) Shape {
	x, y := g.Shape(a), g.Shape(b)
	side := func(p, q int) int {
		if p != q && p != 1 && q != 1 {
			panic(fmt.Sprintf("nets: shapes %v and %v do not match", x, y))
		}
		return max(p, q)
	}
	return Shape{side(x.H, y.H), side(x.W, y.W), side(x.C, y.C)}
}

// Concat adds a concatenation along the depth.
func (g *Net[T]) Concat(list ...Node) Node {
	s := g.Shape(list[0])
	for _, n := range list[1:] {
		t := g.Shape(n)
		if t.H != s.H || t.W != s.W {
			panic(fmt.Sprintf("nets: shapes %v and %v do not match", s, t))
		}
		s.C += t.C
	}
	return g.add(node[T]{op: opConcat, in: list, shape: s})
}

// MaxPool adds the largest element of every h×w window without overlap.
func (g *Net[T]) MaxPool(x Node, h, w int) Node { return g.pool(opMaxPool, x, h, w) }

// AvgPool adds the mean of every h×w window without overlap.
func (g *Net[T]) AvgPool(x Node, h, w int) Node { return g.pool(opAvgPool, x, h, w) }

func (g *Net[T]) pool(op operation, x Node, h, w int) Node {
	s := g.Shape(x)
	if h < 1 || w < 1 || h > s.H || w > s.W {
		panic(fmt.Sprintf("nets: a window of %d by %d does not fit shape %v", h, w, s))
	}
	return g.add(node[T]{op: op, in: []Node{x}, shape: Shape{s.H / h, s.W / w, s.C}, poolH: h, poolW: w})
}
