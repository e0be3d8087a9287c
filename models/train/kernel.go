package train

import (
	"math"

	"gonum.org/v1/gonum/blas/gonum"
)

// kernels are the single-threaded vector loops of gonum.
var kernels gonum.Implementation

// chunk is the run of numbers handled at a time where many vectors are
// combined, so that they stay in the first-level cache (our choice).
const chunk = 256

// axpy adds alpha·x to y.
func axpy(alpha float32, x, y []float32) { kernels.Saxpy(len(y), alpha, x, 1, y, 1) }

// dot returns the inner product, summed in float64 over chunks so that long
// vectors lose no precision.
func dot(x, y []float32) float64 {
	var sum float64
	for len(x) > chunk {
		sum += float64(kernels.Sdot(chunk, x, 1, y, 1))
		x, y = x[chunk:], y[chunk:]
	}
	return sum + float64(kernels.Sdot(len(x), x, 1, y, 1))
}

// ones is the vector that turns a dot product into a sum.
var ones = func() []float32 {
	v := make([]float32, chunk)
	for i := range v {
		v[i] = 1
	}
	return v
}()

// total returns the sum of x.
func total(x []float32) float64 {
	var sum float64
	for len(x) > chunk {
		sum += float64(kernels.Sdot(chunk, x, 1, ones, 1))
		x = x[chunk:]
	}
	return sum + float64(kernels.Sdot(len(x), x, 1, ones, 1))
}

// fill sets every element of x to v.
func fill(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}

// rectify replaces negative numbers by zero, without a branch: the sign bit
// spread over the word is the mask.
func rectify(x []float32) {
	for i, v := range x {
		bits := math.Float32bits(v)
		x[i] = math.Float32frombits(bits &^ uint32(int32(bits)>>31))
	}
}

// rectifyGradient clears dy wherever the rectified output y is zero.
func rectifyGradient(y, dy []float32) {
	dy = dy[:len(y)]
	for i, v := range y {
		mask := uint32(-int32(math.Float32bits(v)) >> 31)
		dy[i] = math.Float32frombits(math.Float32bits(dy[i]) & mask)
	}
}

// exponential is e to the power x for x ≤ 0, to about 13 digits. It stands in for
// math.Exp, whose last bit depends on the processor.
func exponential(x float64) float64 {
	if x < -700 {
		return 0
	}
	k := math.Floor(float64(x*(1/math.Ln2)) + 0.5)
	r := x - float64(k*math.Ln2)
	sum, term := 1.0, 1.0
	for i := 1; i < 16; i++ {
		term = float64(term*r) / float64(i)
		sum += term
	}
	return math.Ldexp(sum, int(k))
}
