package train

import "math/rand/v2"

// Conv is a convolution without bias: batch normalisation follows it. Weights
// are ordered output channel, tap row, tap column, input channel, as in
// TensorFlow Lite.
type Conv struct {
	In, Out Shape
	Window  Window
	Weight  *Param
	x, y    *Tensor
	dx      *Tensor
}

// NewConv returns a convolution from in to outC channels.
func NewConv(in Shape, outC int, w Window, rng *rand.Rand) *Conv {
	c := &Conv{
		In: in, Window: w,
		Out:    Shape{outC, w.output(in.H), w.output(in.W)},
		Weight: newParam(outC*w.K*w.K*in.C, true),
	}
	c.Weight.initialise(w.K*w.K*in.C, rng)
	return c
}

// Params implements Layer.
func (c *Conv) Params() []*Param { return []*Param{c.Weight} }

// pointwise reports whether the layer is a plain matrix product over channels.
func (c *Conv) pointwise() bool { return c.Window.K == 1 && c.Window.Stride == 1 }

// Forward implements Layer.
func (c *Conv) Forward(x *Tensor, _ bool) *Tensor {
	c.x, c.y = x, reuse(c.y, c.Out, x.N)
	c.y.Zero()
	c.visit(func(weight int, out, in []float32) {
		axpy(c.Weight.Value[weight], in, out)
	}, c.y, x)
	return c.y
}

// Backward implements Layer.
func (c *Conv) Backward(dy *Tensor) *Tensor {
	c.dx = reuse(c.dx, c.In, dy.N)
	c.dx.Zero()
	sums := make([]float64, len(c.Weight.Grad))
	c.visit(func(weight int, out, in []float32) {
		sums[weight] += dot(out, in)
	}, dy, c.x)
	for i, s := range sums {
		c.Weight.Grad[i] += float32(s)
	}
	c.visit(func(weight int, out, in []float32) {
		axpy(c.Weight.Value[weight], out, in)
	}, dy, c.dx)
	return c.dx
}

// visit calls f for every weight and every pair of runs of the output-sized and
// the input-sized tensor that the weight joins.
func (c *Conv) visit(f func(weight int, out, in []float32), out, in *Tensor) {
	n := in.N
	taps := c.Window.K * c.Window.K
	if c.pointwise() {
		plane := c.In.H * c.In.W * n
		for from := 0; from < plane; from += chunk {
			to := min(from+chunk, plane)
			for oc := 0; oc < c.Out.C; oc++ {
				o := out.Data[oc*plane+from : oc*plane+to]
				for ic := 0; ic < c.In.C; ic++ {
					f(oc*c.In.C+ic, o, in.Data[ic*plane+from:ic*plane+to])
				}
			}
		}
		return
	}
	for oc := 0; oc < c.Out.C; oc++ {
		o := out.Channel(oc)
		for ic := 0; ic < c.In.C; ic++ {
			i := in.Channel(ic)
			c.Window.eachRun(c.In.H, c.In.W, func(tap, outAt, inAt, count int) {
				f((oc*taps+tap)*c.In.C+ic, o[outAt*n:(outAt+count)*n], i[inAt*n:(inAt+count)*n])
			})
		}
	}
}
