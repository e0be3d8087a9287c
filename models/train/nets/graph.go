// Package nets trains small graphs in float64 and writes them as int8 TensorFlow
// Lite models. Unlike package train it takes one sample at a time and any
// acyclic graph: items of a set as 1×1 convolutions over N rows, several
// branches, products and sums with broadcast. The gradient of a single sample
// is therefore at hand, for instance for a diagonal Fisher matrix.
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

// Param is a trained array. Weights of a dense layer are ordered output, input;
// of a convolution output, row, column, input; of a depthwise one row, column,
// channel.
type Param struct {
	Value, Grad []float64
}

func newParam(n int) *Param { return &Param{make([]float64, n), make([]float64, n)} }

type node struct {
	op      operation
	in      []Node
	shape   Shape
	act     Act
	k       int // kernel of a convolution
	stride  int
	same    bool
	poolH   int
	poolW   int
	weight  *Param
	bias    *Param
	value   []float64
	grad    []float64
	largest []int // where a maximum came from
}

// Graph is a network under construction or in training. It is not safe for
// concurrent use. The methods that add nodes panic on operands that cannot be
// joined, since a graph is written down in code.
type Graph struct {
	nodes []node
}

// New returns a graph whose node 0 is the input.
func New(input Shape) *Graph {
	g := &Graph{}
	g.add(node{op: opInput, shape: input})
	return g
}

func (g *Graph) add(n node) Node {
	n.value, n.grad = make([]float64, n.shape.Size()), make([]float64, n.shape.Size())
	g.nodes = append(g.nodes, n)
	return Node(len(g.nodes) - 1)
}

// Shape returns the shape of a node.
func (g *Graph) Shape(n Node) Shape { return g.nodes[n].shape }

// Weight returns the weights of a layer.
func (g *Graph) Weight(n Node) *Param { return g.nodes[n].weight }

// Bias returns the biases of a layer.
func (g *Graph) Bias(n Node) *Param { return g.nodes[n].bias }

// Params returns all parameters in the order of the nodes.
func (g *Graph) Params() []*Param {
	var all []*Param
	for i := range g.nodes {
		if n := &g.nodes[i]; n.weight != nil {
			all = append(all, n.weight, n.bias)
		}
	}
	return all
}

// draw fills weights from a uniform law of variance 2/fanIn (He et al., ICCV 2015).
func draw(n, fanIn int, rng *rand.Rand) *Param {
	p := newParam(n)
	limit := math.Sqrt(6 / float64(fanIn))
	for i := range p.Value {
		p.Value[i] = limit * (2*rng.Float64() - 1)
	}
	return p
}

// Dense adds a fully connected layer over all elements of x.
func (g *Graph) Dense(x Node, out int, act Act, rng *rand.Rand) Node {
	size := g.Shape(x).Size()
	return g.add(node{op: opDense, in: []Node{x}, shape: Shape{1, 1, out}, act: act, weight: draw(out*size, size, rng), bias: newParam(out)})
}

// Conv adds a k×k convolution, with a border of zeros where same is set. With
// k = 1 it applies one dense layer to every item of a set laid out along H.
func (g *Graph) Conv(x Node, k, stride, out int, same bool, act Act, rng *rand.Rand) Node {
	in := g.Shape(x)
	s := Shape{span(in.H, k, stride, same), span(in.W, k, stride, same), out}
	return g.add(node{
		op: opConv, in: []Node{x}, shape: s, act: act, k: k, stride: stride, same: same,
		weight: draw(out*k*k*in.C, k*k*in.C, rng), bias: newParam(out),
	})
}

// Depthwise adds a k×k convolution of every channel by itself.
func (g *Graph) Depthwise(x Node, k, stride int, same bool, act Act, rng *rand.Rand) Node {
	in := g.Shape(x)
	s := Shape{span(in.H, k, stride, same), span(in.W, k, stride, same), in.C}
	return g.add(node{
		op: opDepthwise, in: []Node{x}, shape: s, act: act, k: k, stride: stride, same: same,
		weight: draw(k*k*in.C, k*k, rng), bias: newParam(in.C),
	})
}

// span is the length of an output along one side.
func span(in, k, stride int, same bool) int {
	if !same {
		in -= k - 1
	}
	return (in + stride - 1) / stride
}

// Tanh adds a hyperbolic tangent, which the NPU looks up in a table.
func (g *Graph) Tanh(x Node) Node {
	return g.add(node{op: opTanh, in: []Node{x}, shape: g.Shape(x)})
}

// Sigmoid adds a logistic function, which the NPU looks up in a table.
func (g *Graph) Sigmoid(x Node) Node {
	return g.add(node{op: opSigmoid, in: []Node{x}, shape: g.Shape(x)})
}

// Add adds a sum. A side of length 1 is repeated to match the other operand.
func (g *Graph) Add(a, b Node) Node {
	return g.add(node{op: opAdd, in: []Node{a, b}, shape: g.joined(a, b)})
}

// Mul adds a product, with repetition as in Add.
func (g *Graph) Mul(a, b Node) Node {
	return g.add(node{op: opMul, in: []Node{a, b}, shape: g.joined(a, b)})
}

func (g *Graph) joined(a, b Node) Shape {
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
func (g *Graph) Concat(list ...Node) Node {
	s := g.Shape(list[0])
	for _, n := range list[1:] {
		t := g.Shape(n)
		if t.H != s.H || t.W != s.W {
			panic(fmt.Sprintf("nets: shapes %v and %v do not match", s, t))
		}
		s.C += t.C
	}
	return g.add(node{op: opConcat, in: list, shape: s})
}

// MaxPool adds the largest element of every h×w window without overlap.
func (g *Graph) MaxPool(x Node, h, w int) Node { return g.pool(opMaxPool, x, h, w) }

// AvgPool adds the mean of every h×w window without overlap.
func (g *Graph) AvgPool(x Node, h, w int) Node { return g.pool(opAvgPool, x, h, w) }

func (g *Graph) pool(op operation, x Node, h, w int) Node {
	s := g.Shape(x)
	if h < 1 || w < 1 || h > s.H || w > s.W {
		panic(fmt.Sprintf("nets: a window of %d by %d does not fit shape %v", h, w, s))
	}
	return g.add(node{op: op, in: []Node{x}, shape: Shape{s.H / h, s.W / w, s.C}, poolH: h, poolW: w})
}
