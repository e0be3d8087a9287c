package nets

import "math"

// normEpsilon is added to variances (TensorFlow's default is 1e-3).
const normEpsilon = 1e-3

// normMomentum is the share of the running statistics kept at each step (our
// choice: about 20 batches of memory).
const normMomentum = 0.95

// norm is batch normalisation with scale and shift. Running statistics take part only
// outside training.
type norm[T Real] struct {
	scale, shift   *Array[T]
	mean, variance []float64 // running statistics
	batchMean      []float64
	batchInverse   []float64 // of the standard deviation
}

// newNorm returns the identity.
func newNorm[T Real](channels int) *norm[T] {
	l := &norm[T]{
		scale: newArray[T](channels), shift: newArray[T](channels),
		mean: make([]float64, channels), variance: make([]float64, channels),
		batchMean: make([]float64, channels), batchInverse: make([]float64, channels),
	}
	fill(l.scale.Value, 1)
	fill(l.variance, 1)
	return l
}

// affine returns the factor and offset that apply to channel c outside training.
func (l *norm[T]) affine(c int) (factor, offset float64) {
	factor = float64(l.scale.Value[c]) / math.Sqrt(l.variance[c]+normEpsilon)
	return factor, float64(l.shift.Value[c]) - float64(l.mean[c]*factor)
}

// moments returns the mean and the variance of x.
func (a *arithmetic[T]) moments(x []T) (mean, variance float64) {
	n := float64(len(x))
	mean = a.total(0, x) / n
	return mean, max(0, a.dot(0, x, x)/n-float64(mean*mean))
}

func (g *Net[T]) normalise(n *node[T], training bool) {
	l := n.norm
	for c := range n.shape.C {
		in, out := n.channel(n.sum, c), n.channel(n.value, c)
		factor, offset := l.affine(c)
		if training {
			mean, variance := g.a.moments(in)
			l.batchMean[c] = mean
			l.batchInverse[c] = 1 / math.Sqrt(variance+normEpsilon)
			l.mean[c] = float64(normMomentum*l.mean[c]) + float64((1-normMomentum)*mean)
			l.variance[c] = float64(normMomentum*l.variance[c]) + float64((1-normMomentum)*variance)
			factor = float64(l.scale.Value[c]) * l.batchInverse[c]
			offset = float64(l.shift.Value[c]) - float64(mean*factor)
		}
		a, b := T(factor), T(offset)
		for i, v := range in {
			out[i] = T(a*v) + b
		}
	}
}

// normaliseBack follows a forward pass in training.
func (g *Net[T]) normaliseBack(n *node[T]) {
	l := n.norm
	for c := range n.shape.C {
		in, grad, out := n.channel(n.sum, c), n.channel(n.grad, c), n.channel(n.sumGrad, c)
		count := float64(len(in))
		mean, inverse := l.batchMean[c], l.batchInverse[c]
		sumGrad := g.a.total(0, grad)
		// Sum of gradient × normalised input.
		sumProduct := (g.a.dot(0, grad, in) - float64(mean*sumGrad)) * inverse
		l.shift.Grad[c] += T(sumGrad)
		l.scale.Grad[c] += T(sumProduct)
		// dx = k·(dy − mean(dy) − x̂·mean(dy·x̂)) with x̂ = (x − mean)·inverse.
		k := float64(l.scale.Value[c]) * inverse
		slope := float64(float64(k*inverse)*sumProduct) / count
		a, b := T(k), T(-slope)
		shift := T(float64(slope*mean) - float64(k*sumGrad)/count)
		for i, v := range in {
			out[i] = T(T(a*grad[i])+T(b*v)) + shift
		}
	}
}
