package nets

import (
	"math"

	"gonum.org/v1/gonum/blas/gonum"
)

// Real is the precision of a network's numbers.
type Real interface{ float32 | float64 }

// arithmetic is what the two precisions do in their own ways. Which one they do it in
// decides the last bits of a trained number, and so the bytes of a network's file.
type arithmetic[T Real] struct {
	// axpy adds alpha·x to y.
	axpy func(alpha T, x, y []T)
	// dot adds the inner product of x and y to a sum, total all of x.
	dot   func(sum float64, x, y []T) float64
	total func(sum float64, x []T) float64
	// rectify replaces negative numbers by zero; gradient clears dy wherever the
	// rectified output y is zero.
	rectify  func(x []T)
	gradient func(y, dy []T)
	// share is what a mean of n numbers multiplies them with before it adds them, and
	// divides the sum by afterwards.
	share func(n int) (before, after T)
	// batch is how many samples run at once outside training.
	batch int
	// ordered: a sum is taken number by number, so that a row of weights may be added up
	// at a time.
	ordered bool
}

// double adds one number after the other, a sample at a time.
var double = &arithmetic[float64]{
	axpy: func(alpha float64, x, y []float64) {
		y = y[:len(x)]
		for i, v := range x {
			y[i] += float64(alpha * v)
		}
	},
	dot: func(sum float64, x, y []float64) float64 {
		y = y[:len(x)]
		for i, v := range x {
			sum += float64(v * y[i])
		}
		return sum
	},
	total: func(sum float64, x []float64) float64 {
		for _, v := range x {
			sum += v
		}
		return sum
	},
	rectify: func(x []float64) {
		for i, v := range x {
			x[i] = max(0, v)
		}
	},
	gradient: func(y, dy []float64) {
		for i, v := range y {
			if v <= 0 {
				dy[i] = 0
			}
		}
	},
	share:   func(n int) (before, after float64) { return 1, float64(n) },
	batch:   1,
	ordered: true,
}

// single runs whole batches through the vector loops of gonum.
var single = &arithmetic[float32]{
	axpy:     func(alpha float32, x, y []float32) { kernels.Saxpy(len(y), alpha, x, 1, y, 1) },
	dot:      dotSingle,
	total:    totalSingle,
	rectify:  rectifySingle,
	gradient: gradientSingle,
	share:    func(n int) (before, after float32) { return 1 / float32(n), 1 },
	batch:    100, // our choice
}

// kernels are the single-threaded vector loops of gonum.
var kernels gonum.Implementation

// chunk is the run of numbers handled at a time where many vectors are combined, so that
// they stay in the first-level cache (our choice).
const chunk = 256

// dotSingle sums in float64 over chunks so that long vectors lose no precision.
func dotSingle(before float64, x, y []float32) float64 {
	sum := 0.0
	for len(x) > chunk {
		sum += float64(kernels.Sdot(chunk, x, 1, y, 1))
		x, y = x[chunk:], y[chunk:]
	}
	return before + (sum + float64(kernels.Sdot(len(x), x, 1, y, 1)))
}

// ones is the vector that turns a dot product into a sum.
var ones = func() []float32 {
	v := make([]float32, chunk)
	for i := range v {
		v[i] = 1
	}
	return v
}()

func totalSingle(before float64, x []float32) float64 {
	sum := 0.0
	for len(x) > chunk {
		sum += float64(kernels.Sdot(chunk, x, 1, ones, 1))
		x = x[chunk:]
	}
	return before + (sum + float64(kernels.Sdot(len(x), x, 1, ones, 1)))
}

// rectifySingle has no branch: the sign bit spread over the word is the mask.
func rectifySingle(x []float32) {
	for i, v := range x {
		bits := math.Float32bits(v)
		x[i] = math.Float32frombits(bits &^ uint32(int32(bits)>>31))
	}
}

func gradientSingle(y, dy []float32) {
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
