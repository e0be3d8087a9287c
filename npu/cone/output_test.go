package cone

import (
	"math"
	"math/rand/v2"
	"testing"

	"upset/npu/arith"
	"upset/npu/isa"
)

// TestScaling compares the short form of the scaler with arith at its limits and
// at random.
func TestScaling(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	values := []int64{0, 1, -1, math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, 1 << 39, -1 << 39}
	factors := []uint32{0, 1, 1 << 30, 1<<31 - 1, 1 << 31, 1<<31 + 1, math.MaxUint32}
	for range 200 {
		values = append(values, int64(int32(r.Uint32()))>>r.IntN(30))
		factors = append(factors, 1<<30+r.Uint32N(1<<30))
	}
	for _, mode := range []arith.Round{arith.RoundDouble, arith.RoundTruncate, arith.RoundNatural, 3} {
		for shift := range uint(64) {
			for i, f := range factors {
				s := scaling{factor: f, shift: shift, bias: int64(i % 3)}
				s.prepare(mode)
				for _, v := range values {
					if got, want := s.apply(v, mode), arith.NarrowScale(v+s.bias, f, shift, mode); got != want {
						t.Fatalf("(%d + %d) × %d >> %d in mode %d is %d, want %d", v, s.bias, f, shift, mode, got, want)
					}
				}
			}
		}
	}
}

// TestFieldMap turns elements into addresses and back.
func TestFieldMap(t *testing.T) {
	bases := [8]uint32{isa.SRAMBase}
	cases := []struct {
		name            string
		f               isa.FeatureMap
		h, w, c         int
		packed, regular bool
		runs            int
		overlaps        bool
	}{
		{"dense", isa.FeatureMap{StrideX: 6, StrideY: 30, Bytes: 2}, 4, 5, 3, true, true, 1, false},
		{"gaps between columns", isa.FeatureMap{StrideX: 8, StrideY: 40, Bytes: 2}, 4, 5, 3, false, true, 20, false},
		{"gaps between rows", isa.FeatureMap{StrideX: 3, StrideY: 16, Bytes: 1}, 4, 5, 3, false, true, 4, false},
		{"bricks", isa.FeatureMap{StrideX: 16, StrideY: 160, StrideC: 80, Bytes: 1, Brick: true}, 4, 5, 20, false, true, 20, false},
		{"full bricks", isa.FeatureMap{StrideX: 16, StrideY: 160, StrideC: 80, Bytes: 1, Brick: true}, 4, 5, 32, false, true, 1, false},
		{"columns overlap", isa.FeatureMap{StrideX: 2, StrideY: 10, Bytes: 1}, 4, 5, 3, false, false, 1, true},
	}
	for _, c := range cases {
		c.f.Width0, c.f.Height0 = c.w, c.h
		m := newFieldMap(c.f, bases, c.h, c.w, c.c)
		if m.packed != c.packed || m.regular != c.regular || len(m.runs) != c.runs || m.overlaps != c.overlaps || m.outside != 0 {
			t.Errorf("%s: packed %v, regular %v, %d runs, overlaps %v, %d bytes outside", c.name, m.packed, m.regular, len(m.runs), m.overlaps, m.outside)
		}
		for e := range m.elements() {
			if got := m.element(m.at(e)); m.regular && got != e {
				t.Fatalf("%s: element %d comes back as %d", c.name, e, got)
			}
		}
	}
	out := newFieldMap(isa.FeatureMap{Width0: 4, Height0: 4, StrideX: 4, StrideY: 16, Bytes: 1, Base: [4]uint32{isa.MaxSRAM - 8}}, bases, 4, 4, 4)
	if out.outside != 56 {
		t.Errorf("%d bytes lie outside the SRAM, want 56", out.outside)
	}
}

// TestMark marks each pattern of differing bytes at every place in a word.
func TestMark(t *testing.T) {
	for at := range 70 {
		for pattern := range 256 {
			o := &operation{}
			o.ofm = newFieldMap(isa.FeatureMap{Width0: 1, Height0: 1, StrideX: 8, StrideY: 8, Bytes: 1, Base: [4]uint32{uint32(at)}}, [8]uint32{isa.SRAMBase}, 1, 1, lot)
			r := &Runner{}
			r.mem.reset(80)
			g, out := &recorded{ofm: make([]byte, lot)}, make([]byte, lot)
			for i := range lot {
				g.ofm[i] = byte(3 * i)
				out[i] = byte(3*i ^ (pattern>>i&1)<<(i%8))
			}
			r.mark(o, g, 0, out)
			n := 0
			for i := range lot {
				want := pattern>>i&1 != 0
				if r.mem.has(isa.SRAMBase+uint32(at+i)) != want {
					t.Fatalf("at %d, pattern %08b: byte %d marked: %v", at, pattern, i, !want)
				}
				if want {
					n++
				}
			}
			if r.mem.live != n {
				t.Fatalf("at %d, pattern %08b: %d bytes live, want %d", at, pattern, r.mem.live, n)
			}
		}
	}
}
