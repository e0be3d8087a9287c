package train

import "fmt"

// Operation is the kind of a folded layer.
type Operation int

// Operations of a folded network.
const (
	OpConv Operation = iota
	OpDepthwise
	OpGlobalPool
	OpDense
)

// Folded is one layer of a trained network with the normalisation that follows
// it folded into weights and bias. Weights are in TensorFlow Lite's order.
type Folded struct {
	Operation Operation
	In, Out   Shape
	Window    Window
	Weights   []float64
	Bias      []float64
	Relu      bool
	Low, High float64 // range of the output over the calibration pictures
}

// MACs returns the multiply-accumulate operations of one inference, counting
// every tap at every output position.
func (f *Folded) MACs() int {
	positions := f.Out.H * f.Out.W
	switch f.Operation {
	case OpConv, OpDense, OpDepthwise:
		return positions * len(f.Weights)
	default:
		return 0
	}
}

// channel returns the output channel of weight i.
func (f *Folded) channel(i int) int {
	if f.Operation == OpDepthwise {
		return i % f.Out.C
	}
	return i / (len(f.Weights) / f.Out.C)
}

// Fold merges normalisations into the layers before them and records the range
// of every output over the calibration pictures.
func (n *Network) Fold(calibration *Images) ([]Folded, error) {
	if calibration.Len() == 0 {
		return nil, fmt.Errorf("fold: no calibration pictures")
	}
	var layers []Folded
	var source []int // network layer whose output is layer i's
	for i, l := range n.Layers {
		switch l := l.(type) {
		case *Conv:
			layers = append(layers, Folded{Operation: OpConv, In: l.In, Out: l.Out, Window: l.Window, Weights: widen(l.Weight.Value)})
		case *Depthwise:
			layers = append(layers, Folded{Operation: OpDepthwise, In: l.In, Out: l.Out, Window: l.Window, Weights: widen(l.Weight.Value)})
		case *GlobalPool:
			layers = append(layers, Folded{Operation: OpGlobalPool, In: l.In, Out: Shape{l.In.C, 1, 1}})
		case *Dense:
			layers = append(layers, Folded{
				Operation: OpDense, In: l.In, Out: Shape{l.Out, 1, 1},
				Weights: widen(l.Weight.Value), Bias: widen(l.Bias.Value),
			})
		case *NormRelu:
			if len(layers) == 0 || layers[len(layers)-1].Bias != nil || layers[len(layers)-1].Operation == OpGlobalPool {
				return nil, fmt.Errorf("fold: layer %d: normalisation must follow a convolution", i)
			}
			layers[len(layers)-1].absorb(l)
			source[len(source)-1] = i
			continue
		default:
			return nil, fmt.Errorf("fold: layer %d: unknown kind %T", i, l)
		}
		source = append(source, i)
	}
	n.calibrate(layers, source, calibration)
	return layers, nil
}

// absorb multiplies the normalisation into the weights.
func (f *Folded) absorb(l *NormRelu) {
	f.Relu = true
	f.Bias = make([]float64, f.Out.C)
	factors := make([]float64, f.Out.C)
	for c := range factors {
		factors[c], f.Bias[c] = l.Affine(c)
	}
	for i := range f.Weights {
		f.Weights[i] *= factors[f.channel(i)]
	}
}

// calibrate records the range of every folded layer's output. The range always
// holds zero.
func (n *Network) calibrate(layers []Folded, source []int, set *Images) {
	eachBatch(set, 100, func(x *Tensor, _ []uint8) {
		next := 0
		for i, l := range n.Layers {
			x = l.Forward(x, false)
			if next == len(source) || source[next] != i {
				continue
			}
			for _, v := range x.Data {
				layers[next].Low = min(layers[next].Low, float64(v))
				layers[next].High = max(layers[next].High, float64(v))
			}
			next++
		}
	})
}

func widen(v []float32) []float64 {
	w := make([]float64, len(v))
	for i := range v {
		w[i] = float64(v[i])
	}
	return w
}
