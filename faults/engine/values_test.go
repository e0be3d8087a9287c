package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// valueRegisters is the list of configuration that may be followed without a clock:
// it enters nothing but the arithmetic (isa.Decoded.CopyValues). Of OFM_PRECISION it
// is the rounding.
var valueRegisters = map[isa.Reg]uint32{
	isa.IFMZeroPoint: ^uint32(0), isa.IFM2ZeroPoint: ^uint32(0), isa.OFMZeroPoint: ^uint32(0),
	isa.ActivationMin: ^uint32(0), isa.ActivationMax: ^uint32(0),
	isa.OFMScale: ^uint32(0), isa.OFMScaleShift: ^uint32(0),
	isa.OPAScale: ^uint32(0), isa.OPAScaleShift: ^uint32(0), isa.OPBScale: ^uint32(0),
	isa.IFM2Scalar: ^uint32(0), isa.OFMPrecision: 3 << 14,
}

// The list is complete and holds nothing else: over random registers, a flipped bit
// leaves the control as it is where it is on the list, and nowhere else where the
// operation looks at it.
func TestListOfValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 0))
	seen := map[isa.Reg]bool{}
	ops := []isa.Opcode{isa.OpConv, isa.OpDepthwise, isa.OpPool, isa.OpElementwise}
	for range 20_000 {
		var a npu.Setup
		for r := range a.Registers {
			a.Registers[r] = rng.Uint32() & 0x1f // small numbers, so that operations make sense
		}
		a.Registers[isa.IFM2Broadcast] = rng.Uint32() & 0xff // its upper bit takes the scalar
		a.Op, a.Param = ops[rng.IntN(len(ops))], rng.Uint32N(10)
		b := a
		r := isa.Reg(rng.IntN(len(a.Registers)))
		bit := uint32(1) << rng.IntN(16)
		b.Registers[r] ^= bit
		c := isa.Configs[rng.IntN(len(isa.Configs))]
		if npu.SameEffect(c, &a, &b) {
			continue
		}
		listed := valueRegisters[r]&bit != 0
		if got := npu.SameControl(c, &a, &b); got != listed {
			t.Fatalf("register %d, bit %#x: same control %v, on the list %v", r, bit, got, listed)
		}
		seen[r] = seen[r] || listed
	}
	for r := range valueRegisters {
		if !seen[r] {
			t.Errorf("register %d was never looked at", r)
		}
	}
}

// Upsets of the registers on the list never change the cycles of an inference, nor
// what is written where: the plain machine ends at the fault-free cycle.
func TestValuesDecideNothing(t *testing.T) {
	for _, c := range isa.Configs {
		e := engine(t, "fashion-tiny", c, 2, faults.Options{})
		var sites []netlist.SiteID
		for _, r := range e.Table().Select(netlist.Filter{Only: []string{"cc.bank*"}}) {
			for b := range r.Bits() {
				id := r.First + netlist.SiteID(b)
				p, err := e.Table().Place(id)
				if err != nil {
					t.Fatal(err)
				}
				if mask := valueRegisters[isa.Reg(p.Element)]; mask>>p.Bit&1 != 0 {
					sites = append(sites, id)
				}
			}
		}
		if len(sites) < 100 {
			t.Fatalf("%d bits on the list", len(sites))
		}
		w := worker(t, e)
		rng := rand.New(rand.NewPCG(43, uint64(c)))
		harmful, moved := 0, 0
		for range 150 {
			s := faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
			r, err := w.Plain(0, s)
			if err != nil {
				t.Fatal(err)
			}
			if r.End != e.Cycles() || r.Outcome == faults.StrayWrite {
				t.Fatalf("%v: %s@%d: %+v, fault-free end %d", c, e.Table().Name(s.ID), s.Cycle, r, e.Cycles())
			}
			if r.Outcome == faults.SDCCritical || r.Outcome == faults.SDCTolerable {
				harmful++
			}
			fast, err := w.Inject(0, s, nil)
			if err != nil || !fast.Same(r) {
				t.Fatalf("%v: %s@%d: fast %+v, plain %+v: %v", c, e.Table().Name(s.ID), s.Cycle, fast, r, err)
			}
			if fast.Path == faults.PathHandOff {
				moved++
			}
		}
		if harmful == 0 || moved == 0 {
			t.Errorf("%v: %d upsets reach the output, %d are followed without a clock: too little is tested", c, harmful, moved)
		}
	}
}
