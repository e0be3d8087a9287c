package kernel_test

import (
	"bytes"
	"slices"
	"testing"

	"upset/npu/kernel"
)

func checkCompare(t *testing.T, a, b []byte) {
	t.Helper()
	first := -1
	var words []int
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		if first < 0 {
			first = i
		}
		if n := len(words); n == 0 || words[n-1] != i/8 {
			words = append(words, i/8)
		}
	}
	if got := kernel.FirstDifference(a, b); got != first {
		t.Fatalf("%s: length %d: first difference at %d, want %d", variant(), len(a), got, first)
	}
	got := kernel.DifferingWords([]int{-7}, a, b)
	if got[0] != -7 || !slices.Equal(got[1:], words) {
		t.Fatalf("%s: length %d: differing words %v, want -7 and %v", variant(), len(a), got, words)
	}
}

// TestCompareEachPlace changes one bit in each place of vectors of each length,
// and then a second one behind it.
func TestCompareEachPlace(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(14)
		for n := range 300 {
			a := fill(r, make([]byte, n), nil, func() byte { return byte(r.Uint32()) })
			b := bytes.Clone(a)
			checkCompare(t, a, b)
			for i := range n {
				b[i] ^= 1 << r.UintN(8)
				checkCompare(t, a, b)
				j := i + r.IntN(n-i)
				b[j] ^= 0x40
				checkCompare(t, a, b)
				b[i], b[j] = a[i], a[j]
			}
		}
	})
}

// TestCompareUnaligned checks slices at odd addresses; b may be longer than a.
func TestCompareUnaligned(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(15)
		for range 2000 {
			n, o, p := r.IntN(500), r.IntN(40), r.IntN(40)
			a, b := make([]byte, n+o), make([]byte, n+p+3)
			for range r.IntN(4) {
				if n > 0 {
					b[p+r.IntN(n)] ^= byte(r.Uint32())
				}
			}
			checkCompare(t, a[o:], b[p:])
		}
	})
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte("the same words, then others of any length at all"), []byte("the same words, then others 0f any length at a11"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > len(b) {
			a, b = b, a
		}
		eachVariant(func() { checkCompare(t, a, b) })
	})
}

func BenchmarkCompare(b *testing.B) {
	const n = 1 << 16
	x, y := make([]byte, n), make([]byte, n)
	y[n-1] = 1
	for _, c := range []struct {
		name string
		run  func()
	}{{"first", func() { kernel.FirstDifference(x, y) }}, {"words", func() { kernel.DifferingWords(nil, x, y) }}} {
		benchVariants(b, c.name, func(b *testing.B) {
			for range b.N {
				c.run()
			}
			reportRate(b, n, "GB/s")
		})
	}
}
