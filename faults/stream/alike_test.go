package stream_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/models/nettest"
	"upset/netlist"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// disturb inverts a bit of the configuration or, less often, of any register.
func disturb(t *testing.T, rng *rand.Rand, table *netlist.Table, m *npu.Machine) {
	t.Helper()
	cc := &m.S.CC
	switch k := rng.IntN(10); {
	case k < 6:
		r := rng.IntN(int(isa.NumRegs))
		mask := isa.Table[r].Mask
		bit := uint32(1) << rng.IntN(32)
		for bit&mask == 0 {
			bit = bit<<1 | bit>>31
		}
		cc.Bank[rng.IntN(4)][r] ^= bit
	case k == 6:
		cc.BaseP[rng.IntN(8)] ^= 1 << rng.IntN(32)
	case k == 7:
		cc.RegionCfg ^= 1 << rng.IntN(16)
	default:
		if _, _, err := table.Flip(m, netlist.SiteID(rng.IntN(table.Bits()))); err != nil {
			t.Fatal(err)
		}
	}
	m.Touched()
}

// Two states that are alike have the same future on the plain machine, this inference and the
// next: the same bytes at the same clock. One whose future differs is never taken for alike.
func TestAlikeHasTheSameFuture(t *testing.T) {
	samples := 400
	if testing.Short() {
		samples = 120
	}
	alike, visible, hidden := 0, 0, 0
	for _, r := range few(t) {
		rng := rand.New(rand.NewPCG(5, uint64(r.p.Config)))
		table := netlist.New(r.p.Config, npu.ECCNone)
		for range samples {
			k := rng.IntN(len(r.moments))
			m, s := r.machine(k), &r.moments[k].state
			disturb(t, rng, table, m)
			if m.S == *s {
				continue
			}
			yes := r.f.Alike(&m.S.Flops, &s.Flops) && m.S.RAM.Mem == s.RAM.Mem
			if !yes && (m.S.RAM.Mem != s.RAM.Mem || rng.IntN(2) != 0) {
				continue // what is not alike is looked at for the power of the test alone
			}
			if yes && rng.IntN(3) != 0 {
				continue
			}
			switch same := r.same(m); {
			case yes && !same:
				t.Errorf("%s: a state that is alike at %d comes to something else", r.p.Name, s.Bus.Cycle)
			case yes:
				alike++
			case same:
				hidden++
			default:
				visible++
			}
		}
	}
	t.Logf("%d alike, %d with another future, %d that only look so", alike, visible, hidden)
	if alike < samples/20 || visible < samples/40 {
		t.Errorf("%d alike, %d with another future: too little is shown", alike, visible)
	}
}

// A state is alike to itself with an outlook of nothing, and states of other clocks are not.
func TestAlikeToItself(t *testing.T) {
	r := record(t, nettest.Shipped(t, "fashion-nano", isa.U55x32), 64)
	for k := range r.moments {
		s := r.moments[k].state.Flops
		if o, ok := r.f.Outlook(&s, &s); !ok || !o.Plain() || len(o.Differ) != 0 || !r.f.SameControl(&s, &s) {
			t.Fatalf("moment %d is not alike to itself: %+v", k, o)
		}
		if k == 0 {
			continue
		}
		if other := &r.moments[k-1].state.Flops; r.f.Alike(&s, other) && npu.Canonical(&s) != npu.Canonical(other) {
			t.Fatalf("moments %d and %d are alike", k-1, k)
		}
	}
}

// The outlook of a register that differs in the bank being filled names what the plain
// machine does with it: up to the first operation that does something else, control is that
// of the run without a fault; where there is none, the clock is the same to the end, and
// memory is left as the operations that compute with other values leave it.
func TestOutlookIsWhatHappens(t *testing.T) {
	samples := 300
	if testing.Short() {
		samples = 100
	}
	blocked, altered, plain := 0, 0, 0
	for _, r := range few(t) {
		rng := rand.New(rand.NewPCG(6, uint64(r.p.Config)))
		mem := new(isa.Memory)
		if err := r.p.Load(mem, r.inputs[0]); err != nil {
			t.Fatal(err)
		}
		prog, err := cone.New(r.p.Config, r.p.Commands, r.p.Bases(), mem)
		if err != nil {
			t.Fatal(err)
		}
		trace, err := prog.Record(mem)
		if err != nil {
			t.Fatal(err)
		}
		runner := prog.Runner()
		for range samples {
			k, reg := rng.IntN(len(r.moments)), rng.IntN(int(isa.NumRegs))
			bit := uint32(1) << rng.IntN(10)
			if isa.Table[reg].Mask&bit == 0 {
				continue
			}
			s := &r.moments[k].state.Flops
			m := r.machine(k)
			m.S.CC.Bank[m.S.CC.Cur&3][reg] ^= bit
			m.Touched()
			o, ok := r.f.Outlook(&m.S.Flops, s)
			if !ok {
				t.Fatalf("register %d of the bank being filled at %d: no outlook", reg, s.Bus.Cycle)
			}
			_, first := r.f.Under(s)
			for i, a := range o.Altered {
				if a.Op < first || i > 0 && a.Op <= o.Altered[i-1].Op || o.Blocked >= 0 && a.Op >= o.Blocked {
					t.Fatalf("operation %d is altered, %d is the next, %d does something else", a.Op, first, o.Blocked)
				}
			}
			switch {
			case o.Plain():
				if plain++; plain%8 == 0 && !r.same(m) {
					t.Errorf("register %d ^ %#x at %d: nothing is said to look at it", reg, bit, s.Bus.Cycle)
				}
			case o.Blocked >= 0 && o.Blocked < len(r.f.Ops):
				blocked++
				to := r.begun[o.Blocked] - 1
				if to <= s.Bus.Cycle {
					continue
				}
				want := r.machine(k)
				m.Run(to)
				want.Run(to)
				if withoutSetup(&m.S.Flops) != withoutSetup(&want.S.Flops) {
					t.Errorf("register %d ^ %#x at %d: control differs before operation %d, at %d", reg, bit, s.Bus.Cycle, o.Blocked, to)
				}
			case o.Blocked < 0:
				altered++
				if !r.finish(m) {
					t.Errorf("register %d ^ %#x at %d: values alone move the end to %d", reg, bit, s.Bus.Cycle, m.Cycle())
				}
				left, _, err := runner.PropagateAltered(trace, first, nil, o.Altered)
				if err != nil {
					continue
				}
				want := bytes.Clone(r.left[0])
				for _, b := range left {
					want[b.Addr-isa.SRAMBase] = b.Value
				}
				if !bytes.Equal(m.Mem.SRAM, want) {
					t.Errorf("register %d ^ %#x at %d: memory is left otherwise than %d altered operations leave it", reg, bit, s.Bus.Cycle, len(o.Altered))
				}
			}
		}
	}
	t.Logf("%d blocked, %d altered, %d plain", blocked, altered, plain)
	if blocked == 0 || altered == 0 || plain == 0 {
		t.Error("not every outlook is shown")
	}
}

// Where only values differ, the plain machine keeps step to the end, whatever it computes;
// where it does not keep step, it is never said that only values differ.
func TestValuesOnlyKeepsStep(t *testing.T) {
	r := record(t, nettest.Shipped(t, "fashion-nano", isa.U55x32), 16)
	rng := rand.New(rand.NewPCG(8, 8))
	table := netlist.New(r.p.Config, npu.ECCNone)
	values, wrong, late := 0, 0, 0
	for i := 0; i < 20_000 && values < 60; i++ {
		reg := &table.Registers[rng.IntN(len(table.Registers))]
		if reg.IsSRAM() || reg.Class == netlist.Configuration || reg.Class != netlist.Datapath && i%16 != 0 {
			continue
		}
		k := rng.IntN(len(r.moments))
		m, s := r.machine(k), &r.moments[k].state.Flops
		end := table.Bits()
		for j := range table.Registers {
			if first := int(table.Registers[j].First); first > int(reg.First) {
				end = min(end, first)
			}
		}
		if _, _, err := table.Flip(m, reg.First+netlist.SiteID(rng.IntN(end-int(reg.First)))); err != nil {
			t.Fatal(err)
		}
		m.Touched()
		only := r.f.SameControl(&m.S.Flops, s)
		if npu.Canonical(&m.S.Flops) == npu.Canonical(s) || !only && late > 20 {
			continue
		}
		for hop := 0; only && hop < 3 && m.S.CC.Run != 0; hop++ {
			m.Run(min(r.ends[0]-1, (m.Cycle()+1+uint64(rng.IntN(3000)))&^15))
			if at := r.at(m.Cycle()); at >= 0 && !r.f.SameControl(&m.S.Flops, &r.moments[at].state.Flops) {
				t.Errorf("only values differ at %d, and control at %d", s.Bus.Cycle, m.Cycle())
			}
		}
		inTime := r.finish(m)
		switch {
		case only && !inTime:
			t.Errorf("only values differ at %d, and the end is at %d, not %d", s.Bus.Cycle, m.Cycle(), r.ends[0])
		case only:
			if values++; !bytes.Equal(m.Mem.SRAM, r.left[0]) {
				wrong++
			}
		case !inTime:
			late++
		}
	}
	t.Logf("%d of values, %d of them leave wrong bytes, %d others move the end", values, wrong, late)
	if values == 0 || wrong == 0 || late == 0 {
		t.Error("too little is shown")
	}
}

// Limits of the ports that are never reached do not matter, and those that are do: a limit is
// taken for alike only where the plain machine ends at the same clock with it.
func TestPortLimits(t *testing.T) {
	for _, r := range few(t) {
		alike, late := 0, 0
		for _, writes := range []bool{false, true} {
			for v := range uint8(16) {
				m, s := r.machine(1), &r.moments[1].state.Flops
				for l := range m.S.CC.MaxReads {
					if writes {
						m.S.CC.MaxWrites[l] = v
					} else {
						m.S.CC.MaxReads[l] = v
					}
				}
				m.Touched()
				yes := r.f.Alike(&m.S.Flops, s)
				if v > 4 && v < 15 && yes {
					continue
				}
				same := r.finish(m)
				if yes && !same {
					t.Errorf("%s: a limit of %d, writes %t, is alike and ends at %d, not %d", r.p.Name, v+1, writes, m.Cycle(), r.ends[0])
				}
				if yes {
					alike++
				} else if !same {
					late++
				}
			}
		}
		if alike == 0 || late == 0 {
			t.Errorf("%s: %d limits are alike, %d move the end: nothing is shown", r.p.Name, alike, late)
		}
	}
}
