package train

import "math/rand/v2"

// Depthwise is a convolution of every channel with its own window, without
// bias. Weights are ordered tap row, tap column, channel, as in TensorFlow
// Lite.
type Depthwise struct {
	In, Out Shape
	Window  Window
	Weight  *Param
	x, y    *Tensor
	dx      *Tensor
}

// NewDepthwise returns a depthwise convolution of in.
func NewDepthwise(in Shape, w Window, rng *rand.Rand) *Depthwise {
	d := &Depthwise{
		In: in, Window: w,
		Out:    Shape{in.C, w.output(in.H), w.output(in.W)},
		Weight: newParam(w.K*w.K*in.C, true),
	}
	d.Weight.initialise(w.K*w.K, rng)
	return d
}

// Params implements Layer.
func (d *Depthwise) Params() []*Param { return []*Param{d.Weight} }

// Forward implements Layer.
func (d *Depthwise) Forward(x *Tensor, _ bool) *Tensor {
	d.x, d.y = x, reuse(d.y, d.Out, x.N)
	d.y.Zero()
	d.visit(func(weight int, out, in []float32) {
		axpy(d.Weight.Value[weight], in, out)
	}, d.y, x)
	return d.y
}

// Backward implements Layer.
func (d *Depthwise) Backward(dy *Tensor) *Tensor {
	d.dx = reuse(d.dx, d.In, dy.N)
	d.dx.Zero()
	sums := make([]float64, len(d.Weight.Grad))
	d.visit(func(weight int, out, in []float32) {
		sums[weight] += dot(out, in)
	}, dy, d.x)
	for i, s := range sums {
		d.Weight.Grad[i] += float32(s)
	}
	d.visit(func(weight int, out, in []float32) {
		axpy(d.Weight.Value[weight], out, in)
	}, dy, d.dx)
	return d.dx
}

func (d *Depthwise) visit(f func(weight int, out, in []float32), out, in *Tensor) {
	n := in.N
	for c := 0; c < d.In.C; c++ {
		o, i := out.Channel(c), in.Channel(c)
		d.Window.eachRun(d.In.H, d.In.W, func(tap, outAt, inAt, count int) {
			f(tap*d.In.C+c, o[outAt*n:(outAt+count)*n], i[inAt*n:(inAt+count)*n])
		})
	}
}
