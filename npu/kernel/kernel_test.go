package kernel_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"upset/npu/kernel"
)

// bothVariants runs check as plain Go and, where there is one, with vectors.
func bothVariants(t *testing.T, check func(t *testing.T)) {
	t.Helper()
	for _, on := range []bool{false, true} {
		undo := kernel.Accelerate(on)
		if kernel.Accelerated() == on {
			t.Run(variant(), check)
		}
		undo()
	}
}

// eachVariant is bothVariants without subtests, for fuzz targets.
func eachVariant(check func()) {
	for _, on := range []bool{false, true} {
		undo := kernel.Accelerate(on)
		if kernel.Accelerated() == on {
			check()
		}
		undo()
	}
}

func variant() string {
	if kernel.Accelerated() {
		return "avx2"
	}
	return "go"
}

// benchVariants measures both variants.
func benchVariants(b *testing.B, name string, run func(b *testing.B)) {
	for _, on := range []bool{false, true} {
		undo := kernel.Accelerate(on)
		if kernel.Accelerated() == on {
			b.Run(name+"/"+variant(), run)
		}
		undo()
	}
}

// reportRate prints how many thousand millions of units one run over n made a second.
func reportRate(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, unit)
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 6)) }

// fill sets every element to a random value, or often to one of the edges.
func fill[T any](r *rand.Rand, s []T, edges []T, draw func() T) []T {
	for i := range s {
		if len(edges) > 0 && r.IntN(4) == 0 {
			s[i] = edges[r.IntN(len(edges))]
		} else {
			s[i] = draw()
		}
	}
	return s
}

// guarded returns a slice of n elements inside a larger one that holds mark, and a
// function that tells whether the surroundings are untouched.
func guarded[T comparable](n int, mark T) (inside []T, intact func() bool) {
	const margin = 16
	all := make([]T, n+2*margin)
	for i := range all {
		all[i] = mark
	}
	return all[margin : margin+n : margin+n], func() bool {
		for i := range margin {
			if all[i] != mark || all[margin+n+i] != mark {
				return false
			}
		}
		return true
	}
}

// TestVariant fails if an amd64 processor with AVX2 would run the slow loops
// unnoticed: the tests must have both variants to compare.
func TestVariant(t *testing.T) {
	t.Logf("%s: %s", runtime.GOARCH, variant())
	if runtime.GOARCH != "amd64" && kernel.Accelerated() {
		t.Error("there are no vector variants for " + runtime.GOARCH)
	}
}
