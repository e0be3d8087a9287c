package train

import "math"

// normEpsilon is added to variances (TensorFlow's default is 1e-3).
const normEpsilon = 1e-3

// normMomentum is the share of the running statistics kept at each step (our
// choice: about 20 batches of memory).
const normMomentum = 0.95

// NormRelu is batch normalisation with scale and shift, followed by a
// rectifier. Running statistics take part only outside training.
type NormRelu struct {
	Shape          Shape
	Scale, Shift   *Param
	Mean, Variance []float64 // running statistics
	x, y, dx       *Tensor
	batchMean      []float64
	batchInv       []float64
}

// NewNormRelu returns the identity normalisation of s.
func NewNormRelu(s Shape) *NormRelu {
	l := &NormRelu{
		Shape: s, Scale: newParam(s.C, false), Shift: newParam(s.C, false),
		Mean: make([]float64, s.C), Variance: make([]float64, s.C),
		batchMean: make([]float64, s.C), batchInv: make([]float64, s.C),
	}
	fill(l.Scale.Value, 1)
	for c := range l.Variance {
		l.Variance[c] = 1
	}
	return l
}

// Params implements Layer.
func (l *NormRelu) Params() []*Param { return []*Param{l.Scale, l.Shift} }

// Affine returns the factor and offset that the layer applies to channel c
// outside training.
func (l *NormRelu) Affine(c int) (factor, offset float64) {
	factor = float64(l.Scale.Value[c]) / math.Sqrt(l.Variance[c]+normEpsilon)
	return factor, float64(l.Shift.Value[c]) - float64(l.Mean[c]*factor)
}

// Forward implements Layer.
func (l *NormRelu) Forward(x *Tensor, training bool) *Tensor {
	l.x, l.y = x, reuse(l.y, l.Shape, x.N)
	for c := 0; c < l.Shape.C; c++ {
		in, out := x.Channel(c), l.y.Channel(c)
		factor, offset := l.Affine(c)
		if training {
			mean, variance := moments(in)
			l.batchMean[c] = mean
			l.batchInv[c] = 1 / math.Sqrt(variance+normEpsilon)
			l.Mean[c] = float64(normMomentum*l.Mean[c]) + float64((1-normMomentum)*mean)
			l.Variance[c] = float64(normMomentum*l.Variance[c]) + float64((1-normMomentum)*variance)
			factor = float64(l.Scale.Value[c]) * l.batchInv[c]
			offset = float64(l.Shift.Value[c]) - float64(mean*factor)
		}
		a, b := float32(factor), float32(offset)
		for i, v := range in {
			out[i] = float32(a*v) + b
		}
		rectify(out)
	}
	return l.y
}

// Backward implements Layer. It follows a Forward in training mode.
func (l *NormRelu) Backward(dy *Tensor) *Tensor {
	l.dx = reuse(l.dx, l.Shape, dy.N)
	for c := 0; c < l.Shape.C; c++ {
		in, grad, out := l.x.Channel(c), dy.Channel(c), l.dx.Channel(c)
		rectifyGradient(l.y.Channel(c), grad)
		n := float64(len(in))
		mean, inv := l.batchMean[c], l.batchInv[c]
		sumGrad := total(grad)
		// Sum of gradient × normalised input.
		sumProduct := (dot(grad, in) - float64(mean*sumGrad)) * inv
		l.Shift.Grad[c] += float32(sumGrad)
		l.Scale.Grad[c] += float32(sumProduct)
		// dx = k·(dy − mean(dy) − x̂·mean(dy·x̂)) with x̂ = (x − mean)·inv.
		k := float64(l.Scale.Value[c]) * inv
		slope := float64(float64(k*inv)*sumProduct) / n
		a, b := float32(k), float32(-slope)
		shift := float32(float64(slope*mean) - float64(k*sumGrad)/n)
		for i, v := range in {
			out[i] = float32(float32(a*grad[i])+float32(b*v)) + shift
		}
	}
	return l.dx
}

// moments returns the mean and the variance of x.
func moments(x []float32) (mean, variance float64) {
	n := float64(len(x))
	mean = total(x) / n
	return mean, max(0, dot(x, x)/n-float64(mean*mean))
}
