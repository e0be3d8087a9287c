package kan

import (
	"embed"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "kan-selection", Stored: stored, Make: recipe}

// Sizes of the Kolmogorov–Arnold networks (our choice): two inputs, kanHidden
// nodes and one output, with kanBasis functions on every edge.
const (
	kanBasis    = 6
	kanHidden   = 4
	kanTraining = 256
	kanPool     = 256 // the even rows choose the modes, the odd ones test
	kanEpochs   = 120
	kanRate     = 1e-2
)

// fitted are what is fitted on the square from −1 to 1, with values of −1
// to 1: a product, sums of functions of one input, a ridge, kinks, a peak and a
// wave.
var fitted = []func(x, y float64) float64{
	func(x, y float64) float64 { return x * y },
	func(x, y float64) float64 { return (math.Sin(math.Pi*x) + float64(y*y)) / 2 },
	func(x, y float64) float64 { return float64(2*math.Exp(math.Sin(math.Pi*x)+float64(y*y)-2)) - 1 },
	func(x, y float64) float64 { return math.Tanh(float64(5*x) + float64(2.5*y)) },
	func(x, y float64) float64 { return math.Abs(x) - math.Abs(y) },
	func(x, y float64) float64 { return float64(2*math.Exp(-5*(float64(x*x)+float64(y*y)))) - 1 },
	func(x, y float64) float64 { return math.Sin(2*math.Pi*x) * math.Cos(math.Pi*y) },
}

// edged is a graph with the layers that are trained; the others are fixed.
type edged struct {
	g       *nets.Graph
	trained []nets.Node
}

func newEdged() *edged { return &edged{g: nets.New(nets.Shape{H: 1, W: 1, C: 2})} }

// layer adds a trained layer without an activation function of its own. A
// convolution has a scale for every output, which several functions need.
func (k *edged) layer(x nets.Node, out int, act nets.Act, rng *rand.Rand) nets.Node {
	n := k.g.Conv(x, 1, 1, out, false, act, rng)
	k.trained = append(k.trained, n)
	return n
}

// line adds w·x + b.
func (k *edged) line(x nets.Node, w, b float64) nets.Node {
	n := k.g.Depthwise(x, 1, 1, false, nets.Linear, data.Rand(0, 0))
	for i := range k.g.Weight(n).Value {
		k.g.Weight(n).Value[i], k.g.Bias(n).Value[i] = w, b
	}
	return n
}

// knots adds slope·(x − t) for kanBasis points t, evenly spaced as far as the
// reach; the functions of one value stand together.
func (k *edged) knots(x nets.Node, slope float64, act nets.Act) nets.Node {
	depth, reach := k.g.Shape(x).C, 1.0
	if x != 0 {
		reach = 1.5 // of hidden nodes (our choice)
	}
	n := k.g.Dense(x, depth*kanBasis, act, data.Rand(0, 0)) // all slopes are equal, so one scale holds them
	w, b := k.g.Weight(n).Value, k.g.Bias(n).Value
	clear(w)
	for i := range b {
		w[i*depth+i/kanBasis] = slope
		b[i] = -slope * reach * (2*float64(i%kanBasis)/(kanBasis-1) - 1)
	}
	return n
}

// edges adds the functions of one mode for every element of x. The slopes make
// neighbours overlap (our choice).
func (k *edged) edges(mode string, x nets.Node) nets.Node {
	switch mode {
	case "tanh":
		return k.g.Tanh(k.knots(x, 3, nets.Linear))
	case "bump":
		s := k.g.Sigmoid(k.knots(x, 5, nets.Linear))
		return k.g.Mul(s, k.line(s, -1, 1))
	case "spline":
		return k.knots(x, 1, nets.Relu)
	case "silu":
		u := k.knots(x, 5, nets.Linear)
		return k.g.Mul(u, k.g.Sigmoid(u))
	}
	// Chebyshev polynomials of tanh x by T(2n) = 2·T(n)² − 1 and
	// T(m+n) = 2·T(m)·T(n) − T(m−n).
	t1 := k.g.Tanh(x)
	t2 := k.line(k.g.Mul(t1, t1), 2, -1)
	t3 := k.g.Mul(t1, k.line(t2, 2, -1))
	t4 := k.line(k.g.Mul(t2, t2), 2, -1)
	t5 := k.g.Add(k.line(k.g.Mul(t1, t4), 2, 0), k.line(t3, -1, 0))
	return k.g.Concat(t1, t2, t3, t4, t5, k.line(k.g.Mul(t3, t3), 2, -1))
}

// place is the position of function b of element i among those of n elements.
func place(mode string, i, b, n int) int {
	if mode == "chebyshev" { // one order after the other
		return b*n + i
	}
	return i*kanBasis + b
}

// newNetwork returns a network of one mode for a number of functions, or with
// the mode "mlp" one of dense layers with as many trained numbers (77 of a
// function against 76).
func newNetwork(mode string, functions int, rng *rand.Rand) *edged {
	k := newEdged()
	if mode == "mlp" {
		k.layer(k.layer(k.layer(0, 7*functions, nets.Relu, rng), 6*functions, nets.Relu, rng), functions, nets.Linear, rng)
		return k
	}
	h := k.layer(k.edges(mode, 0), kanHidden*functions, nets.Linear, rng)
	k.layer(k.edges(mode, h), functions, nets.Linear, rng)
	for _, n := range k.trained {
		for i := range k.g.Weight(n).Value {
			k.g.Weight(n).Value[i] *= 0.3 // sums of many edges start small (our choice)
		}
	}
	return k
}

// recipe trains the layers that are not fixed.
func (k *edged) fit(x [][]float64, y []float64, rng *rand.Rand) {
	const batch = 16 // our choice
	var params []*nets.Param
	for _, n := range k.trained {
		params = append(params, k.g.Weight(n), k.g.Bias(n))
	}
	grad := make([]float64, 1)
	d := nets.Descent{Epochs: kanEpochs, Batch: batch, Rate: kanRate, Fall: 0.95}
	d.Fit(params, len(x), rng, func(i int) {
		grad[0] = k.g.Forward(x[i])[0] - y[i]
		k.g.Backward(grad)
	})
}

// insert copies the network of function f into one of all functions.
func (k *edged) insert(one *edged, mode string, f int) {
	functions := kanFunctions
	for l, n := range one.trained {
		from, to := one.g.Weight(n).Value, k.g.Weight(k.trained[l]).Value
		outs := len(one.g.Bias(n).Value)
		ins, wide := len(from)/outs, len(to)/(outs*functions)
		for o := range outs {
			k.g.Bias(k.trained[l]).Value[f*outs+o] = one.g.Bias(n).Value[o]
			for i := range ins {
				at, source := i, i // the first layer sees the same inputs for all functions
				if l > 0 && mode == "mlp" {
					at = f*ins + i
				} else if l > 0 {
					element, b := i/kanBasis, i%kanBasis
					at, source = place(mode, f*kanHidden+element, b, kanHidden*functions), place(mode, element, b, kanHidden)
				}
				to[(f*outs+o)*wide+at] = from[o*ins+source]
			}
		}
	}
}

// square draws points that the int8 input holds exactly.
func square(n int, q nets.Quant, rng *rand.Rand) [][]float64 {
	list := make([][]float64, n)
	for i := range list {
		for range 2 {
			list[i] = append(list[i], float64(q.Scale)*float64(rng.IntN(256)-128))
		}
	}
	return list
}

// recipe trains a network of every mode and a plain one for every function,
// and writes one network of all functions for each mode.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	input := nets.Quant{Scale: 1.0 / 128, ZeroPoint: 0}
	rng := data.Rand(seed, 0)
	known, pool := square(kanTraining, input, rng), square(kanPool, input, rng)
	files := map[string][]byte{"rows.bin": digits.Rows(pool, input)}
	var targets, floats []byte
	outputs := make([][][]float64, kanFunctions) // of the training points, by function and mode
	for _, x := range pool {
		for _, f := range fitted {
			targets = binary.LittleEndian.AppendUint32(targets, math.Float32bits(float32(f(x[0], x[1]))))
		}
	}
	for _, mode := range append(kanModes[:len(kanModes):len(kanModes)], "mlp") {
		all := newNetwork(mode, kanFunctions, rng)
		for _, n := range all.trained {
			clear(all.g.Weight(n).Value)
		}
		for f, function := range fitted {
			one := newNetwork(mode, 1, rng)
			var y []float64
			for _, x := range known {
				y = append(y, function(x[0], x[1]))
			}
			one.fit(known, y, rng)
			all.insert(one, mode, f)
			var z []float64
			for _, x := range known {
				z = append(z, one.g.Forward(x)[0])
			}
			outputs[f] = append(outputs[f], z)
		}
		for _, e := range rootErrors(all.g, pool) {
			floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(float32(e)))
		}
		var err error
		if files[mode+".tflite"], err = all.g.Export(known, nets.Options{Description: "seven functions, " + mode, Input: &input}); err != nil {
			return nil, fmt.Errorf("kan-selection: %s: %w", mode, err)
		}
	}
	var gates []int
	for f, function := range fitted {
		var y []float64
		for _, x := range known {
			y = append(y, function(x[0], x[1]))
		}
		gates = append(gates, gate(outputs[f][:len(kanModes)], y)) // without the plain network
	}
	files["targets.bin"], files["float64.bin"], files["gates.bin"] = targets, floats, data.Labels(gates)
	return files, nil
}

// rootErrors are the root mean square errors of a network of all functions on the
// odd rows, before quantisation.
func rootErrors(g *nets.Graph, pool [][]float64) []float64 {
	sum := make([]float64, kanFunctions)
	for i := 1; i < len(pool); i += 2 {
		for f, v := range g.Forward(pool[i]) {
			d := v - fitted[f](pool[i][0], pool[i][1])
			sum[f] += float64(d*d) / float64(len(pool)/2)
		}
	}
	for f := range sum {
		sum[f] = math.Sqrt(sum[f])
	}
	return sum
}

// gate learns the weights of a mixture of modes by gradient descent on its error,
// a softmax whose temperature falls, and returns the mode of the largest weight
// (Yang et al., 2024; the schedule is our choice). z are the outputs of every
// mode at the points at which y is wanted.
func gate(z [][]float64, y []float64) int {
	const steps, rate, cold = 300, 0.05, 0.1
	logits := nets.NewParam(len(z))
	optimiser := nets.NewAdam([]*nets.Param{logits})
	p := make([]float64, len(z))
	for step := range steps {
		warm := 1 - (1-cold)*float64(step)/(steps-1)
		for m, v := range logits.Value {
			p[m] = v / warm
		}
		nets.Softmax(p, p)
		for i, want := range y {
			mixed := 0.0
			for m := range z {
				mixed += float64(p[m] * z[m][i])
			}
			for m := range z {
				logits.Grad[m] += float64((mixed-want)*p[m]) * (z[m][i] - mixed) / warm
			}
		}
		optimiser.Step(rate, len(y))
	}
	return kit.Argmax(logits.Value)
}
