package npu

import (
	"math/rand/v2"
	"testing"

	"upset/npu/arith"
	"upset/npu/isa"
)

// TestOperandPasses compares the passes of a lane with the definition of each elementwise
// operation, for operands and zero points of any value that the element types allow, and
// any scales. The step ends after as few cycles as the token asks for.
func TestOperandPasses(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 11))
	m := New(isa.U55x256, DefaultSystem(), ECCNone, &isa.Memory{})
	seen := map[int]int{}
	for range 60000 {
		p, a := &m.op[0], &m.S.AO
		bytes, signed := 1<<r.IntN(3), r.IntN(2) == 0
		p.Op, p.kind, p.Mode = isa.OpElementwise, kindElementwise, r.IntN(isa.LastElementwise+1)
		p.Binary = isa.Binary(p.Op, uint32(p.Mode))
		p.AddMode, p.Swap, p.Round = r.IntN(4), r.IntN(2) == 0, arith.Round(r.IntN(4))
		p.OFM.Bytes = 4
		p.OFMScale, p.OFMShift = r.Uint32()>>r.IntN(32), uint(r.IntN(64))
		p.OPAScale, p.OPAShift, p.OPBScale = r.Uint32()>>r.IntN(32), uint(r.IntN(64)), r.Uint32()&0xffff
		for _, f := range []*isa.FeatureMap{&p.IFM, &p.IFM2} {
			if bytes < 4 { // the scalar of 32-bit operands has the sign of the first one
				signed = r.IntN(2) == 0
			}
			f.Bytes, f.Signed, f.ZeroPoint = bytes, signed, int32(r.IntN(1<<16))
			if signed {
				f.ZeroPoint -= 1 << 15
			}
			if r.IntN(3) == 0 {
				f.ZeroPoint = 0
			}
		}
		p.aoCost[8] = p.outputCost(8)
		*a = AOState{}
		a.Valid[aoRead], a.N[aoRead] = 1, 8
		var want [8]uint32
		for i := range want {
			second := &p.IFM2
			if r.IntN(2) == 0 {
				second = &p.IFM // a scalar
			}
			va, vb := p.IFM.Widen(r.Uint64()>>r.IntN(60)), second.Widen(r.Uint64()>>r.IntN(60))
			a.In[i], a.In2[i] = uint64(va)&mask40, uint32(vb)
			x, y := va-int64(p.IFM.ZeroPoint), int64(0)
			if p.Binary {
				y = vb - int64(p.IFM2.ZeroPoint)
			}
			if p.Swap {
				x, y = y, x
			}
			v, scale, shift := p.Combine(x, y)
			product := arith.Mul(v, scale)
			product.Hi = int64(int16(product.Hi))
			want[i] = uint32(arith.Saturate(product.Shift(shift, p.Round), 32))
		}
		for range 2 { // read to bias, bias to product
			for a.Pass = 0; ; a.Pass++ {
				m.multiplyLanes(a, p)
				if int(a.Pass)+1 >= p.stepPasses(a) {
					break
				}
			}
			m.passProducts(a, p)
			m.combine(a, p)
		}
		m.roundLanes(a, p)
		if [8]uint32(a.Res) != want {
			t.Fatalf("mode %d, %d bytes, add mode %d: %x, want %x", p.Mode, bytes, p.AddMode, a.Res, want)
		}
		seen[p.Mode*8+bytes]++
	}
	if len(seen) != 3*(isa.LastElementwise+1) {
		t.Errorf("only %d combinations of operation and element were drawn", len(seen))
	}
}

// TestTapsInside counts taps one by one.
func TestTapsInside(t *testing.T) {
	for at := -20; at < 20; at++ {
		for dil := 1; dil <= 2; dil++ {
			for taps := 1; taps < 12; taps++ {
				for extent := 1; extent < 12; extent++ {
					want := 0
					for k := range taps {
						if y := at + k*dil; y >= 0 && y < extent {
							want++
						}
					}
					if got := tapsInside(at, dil, taps, extent); got != want {
						t.Fatalf("%d taps from %d by %d of %d: %d inside, want %d", taps, at, dil, extent, got, want)
					}
				}
			}
		}
	}
}
