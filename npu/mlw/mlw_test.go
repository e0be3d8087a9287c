package mlw

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// repeat returns n copies of w.
func repeat(w int16, n int) []int16 { return slices.Repeat([]int16{w}, n) }

// Streams written by Vela 3.10 for constant weights.
func TestDecodeKnownStreams(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []int16
	}{
		{"64 zeros", "030040001000fe00f0ffffffffffffff", repeat(0, 64)},
		{"64 ones", "fe01401120000000000000000000ffff", repeat(1, 64)},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream, err := hex.DecodeString(c.stream)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(stream, len(c.want))
			if err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("got %v, %v", got, err)
			}
		})
	}
}

// field is a bit field of a hand-made stream.
type field struct{ value, width int }

func build(fields ...field) []byte {
	var w writer
	for _, f := range fields {
		w.bits(f.value, f.width)
	}
	return w.finish()
}

func TestDecodeFaults(t *testing.T) {
	header := func(zdiv, n, wdiv, newPalette int) []field {
		return []field{{zdiv, 3}, {n - 1, 15}, {wdiv, 3}, {0, 1}, {newPalette, 1}}
	}
	direct := []field{{0, 5}, {0, 5}, {7, 3}} // no palette, 9 bits
	for _, c := range []struct {
		name   string
		stream []byte
		want   string
	}{
		{"empty", nil, "ends before"},
		{"only padding", build(), "ends before"},
		{"end of stream first", build(field{7, 3}), "ends before"},
		{"reserved zero-run parameter", build(append(header(5, 1, 0, 1), direct...)...), "zero-run parameter 5"},
		{"reserved weight parameter", build(append(header(6, 1, 6, 1), direct...)...), "weight parameter 6"},
		{"first slice without palette", build(header(6, 1, 0, 0)...), "no palette"},
		{"header cut", []byte{6}, "ends before"},
		{"palette cut", build(append(header(6, 1, 0, 1), field{0, 5}, field{31, 5}, field{7, 3})...)[:8], "ends before"},
		{"index above 511", build(append(append(header(6, 1, 5, 1), direct...),
			field{0xff, 12}, field{0xff, 8}, field{0, 5})...), "index 512"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode(c.stream, 1)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestDecodeRefusesZeroRunChangeWithoutPalette(t *testing.T) {
	stream := build(
		field{6, 3}, field{0, 15}, field{0, 3}, field{0, 1}, field{1, 1}, // one weight, no zero runs
		field{0, 5}, field{0, 5}, field{0, 3}, field{0, 12}, // index 0
		field{0, 3}, field{0, 15}, field{0, 3}, field{0, 1}, field{0, 1}) // now with zero runs
	if _, err := Decode(stream, 1); err != nil {
		t.Fatalf("first slice: %v", err)
	}
	if _, err := Decode(stream, 2); err == nil || !strings.Contains(err.Error(), "mode changes") {
		t.Fatalf("error %v", err)
	}
}

// sources are weight distributions that exercise every mode of the encoder.
func sources() map[string]func(r *rand.Rand, i int) int16 {
	normal := func(sigma float64) func(r *rand.Rand, i int) int16 {
		return func(r *rand.Rand, _ int) int16 {
			return int16(max(-255, min(255, math.Round(r.NormFloat64()*sigma))))
		}
	}
	return map[string]func(r *rand.Rand, i int) int16{
		"zeros":     func(*rand.Rand, int) int16 { return 0 },
		"constant":  func(*rand.Rand, int) int16 { return -255 },
		"extremes":  func(r *rand.Rand, _ int) int16 { return int16(r.IntN(2)*510 - 255) },
		"uniform":   func(r *rand.Rand, _ int) int16 { return int16(r.IntN(511) - 255) },
		"int8":      func(r *rand.Rand, _ int) int16 { return int16(r.IntN(256) - 128) },
		"few":       func(r *rand.Rand, _ int) int16 { return []int16{7, -9, 100}[r.IntN(3)] },
		"narrow":    normal(3),
		"wide":      normal(40),
		"very wide": normal(120),
		"sparse": func(r *rand.Rand, _ int) int16 {
			if r.IntN(20) > 0 {
				return 0
			}
			return int16(r.IntN(255) - 127)
		},
		"long runs": func(_ *rand.Rand, i int) int16 {
			if i%1700 == 1699 {
				return 5
			}
			return 0
		},
		"changing": func(r *rand.Rand, i int) int16 { return int16(r.NormFloat64() * float64(1+i/700%5*12)) },
	}
}

func TestRoundTrip(t *testing.T) {
	for name, source := range sources() {
		for _, n := range []int{1, 2, 3, 12, 13, 63, 64, 65, 500, 4096, 70000} {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, uint64(n)))
				weights := make([]int16, n)
				for i := range weights {
					weights[i] = source(r, i)
				}
				stream := Encode(weights)
				if len(stream)%16 != 0 {
					t.Fatalf("length %d is not a multiple of 16", len(stream))
				}
				got, err := Decode(stream, n)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, weights) {
					t.Fatal("decoded weights differ")
				}
				if _, err := Decode(stream, n+1); err == nil {
					t.Fatal("stream holds more weights than were encoded")
				}
				// 10 bits a weight is more than the worst case needs.
				if limit := n*10/8 + 48; len(stream) > limit {
					t.Fatalf("%d bytes for %d weights, limit %d", len(stream), n, limit)
				}
			})
		}
	}
}

func TestEncodeClampsAndHandlesNothing(t *testing.T) {
	if got := Encode(nil); !slices.Equal(got, slices.Repeat([]byte{0xff}, 16)) {
		t.Fatalf("empty stream %x", got)
	}
	got, err := Decode(Encode([]int16{300, -300}), 2)
	if err != nil || !slices.Equal(got, []int16{255, -255}) {
		t.Fatalf("got %v, %v", got, err)
	}
}

// The encoder must stay near the zero-order entropy of weights that have no
// structure, and use zero runs and changes of statistics.
func TestCompression(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		name  string
		limit float64 // bits per weight
	}{
		// Entropies: narrow 3.63, wide 7.37, few 1.58, sparse about 0.69 bits.
		{"zeros", 0.15},
		{"constant", 1.05},
		{"narrow", 3.95},
		{"wide", 7.75},
		{"few", 1.75},
		{"sparse", 0.82},
		{"uniform", 9.15},
		{"extremes", 1.05},
	} {
		r := rand.New(rand.NewPCG(2, 3))
		weights := make([]int16, n)
		for i := range weights {
			weights[i] = sources()[c.name](r, i)
		}
		bits := float64(8*len(Encode(weights))) / n
		t.Logf("%s: %.3f bits", c.name, bits)
		if bits > c.limit {
			t.Errorf("%s: %.3f bits a weight, limit %.2f", c.name, bits, c.limit)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{}, 1)
	f.Add(Encode([]int16{1, 0, 0, -5, 255}), 5)
	f.Add(Encode(make([]int16, 300)), 400)
	f.Add([]byte{0x83, 0xff, 0x40, 0, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 1<<30)
	f.Fuzz(func(t *testing.T, stream []byte, n int) {
		n = min(n, 1<<30)
		got, err := Decode(stream, n)
		if err == nil && len(got) < n {
			t.Fatalf("%d weights without an error, want %d", len(got), n)
		}
		// A unary bit of a run is at most 16 zeros, a symbol at most one weight.
		if limit := 8 * 17 * (len(stream) + 2); len(got) > limit {
			t.Fatalf("%d weights from %d bytes", len(got), len(stream))
		}
		for _, w := range got {
			if w < -271 || w > 271 { // index 511 plus DIROFS 31, halved
				t.Fatalf("weight %d", w)
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 2, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		weights := make([]int16, min(len(data), 5000))
		for i := range weights {
			weights[i] = int16(int8(data[i])) + int16(i&1)*int16(int8(data[i]))/2
		}
		got, err := Decode(Encode(weights), len(weights))
		if err != nil || !slices.Equal(got, weights) {
			t.Fatalf("round trip: %v", err)
		}
	})
}
