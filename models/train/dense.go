package train

import "math/rand/v2"

// Dense is a fully connected layer with bias over the flattened input. Weights
// are ordered output, then input row, column, channel, which is the order in
// which TensorFlow Lite flattens an image.
type Dense struct {
	In       Shape
	Out      int
	Weight   *Param
	Bias     *Param
	x, y, dx *Tensor
}

// NewDense returns a fully connected layer from in to out numbers.
func NewDense(in Shape, out int, rng *rand.Rand) *Dense {
	size := in.C * in.H * in.W
	d := &Dense{In: in, Out: out, Weight: newParam(out*size, true), Bias: newParam(out, false)}
	d.Weight.initialise(size, rng)
	return d
}

// Params implements Layer.
func (d *Dense) Params() []*Param { return []*Param{d.Weight, d.Bias} }

// eachInput calls f with the position in a weight row and the lane of t.
func (d *Dense) eachInput(t *Tensor, f func(at int, lane []float32)) {
	at := 0
	for y := 0; y < d.In.H; y++ {
		for x := 0; x < d.In.W; x++ {
			for c := 0; c < d.In.C; c++ {
				f(at, t.Lane(c, y, x))
				at++
			}
		}
	}
}

// Forward implements Layer.
func (d *Dense) Forward(x *Tensor, _ bool) *Tensor {
	d.x, d.y = x, reuse(d.y, Shape{d.Out, 1, 1}, x.N)
	for o := 0; o < d.Out; o++ {
		fill(d.y.Channel(o), d.Bias.Value[o])
	}
	size := len(d.Weight.Value) / d.Out
	d.eachInput(x, func(at int, lane []float32) {
		for o := 0; o < d.Out; o++ {
			axpy(d.Weight.Value[o*size+at], lane, d.y.Channel(o))
		}
	})
	return d.y
}

// Backward implements Layer.
func (d *Dense) Backward(dy *Tensor) *Tensor {
	d.dx = reuse(d.dx, d.In, dy.N)
	d.dx.Zero()
	size := len(d.Weight.Value) / d.Out
	for o := 0; o < d.Out; o++ {
		d.Bias.Grad[o] += float32(total(dy.Channel(o)))
	}
	d.eachInput(d.x, func(at int, lane []float32) {
		for o := 0; o < d.Out; o++ {
			d.Weight.Grad[o*size+at] += float32(dot(dy.Channel(o), lane))
		}
	})
	d.eachInput(d.dx, func(at int, lane []float32) {
		for o := 0; o < d.Out; o++ {
			axpy(d.Weight.Value[o*size+at], dy.Channel(o), lane)
		}
	})
	return d.dx
}
