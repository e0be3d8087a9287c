package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// sitesOf lists the sites of the registers that a filter selects.
func sitesOf(t *testing.T, e *Engine, patterns ...string) (all []netlist.SiteID) {
	t.Helper()
	for _, r := range e.Table().Select(netlist.Filter{Only: patterns}) {
		for b := range r.Bits() {
			all = append(all, r.First+netlist.SiteID(b))
		}
	}
	if len(all) == 0 {
		t.Fatalf("no registers %v", patterns)
	}
	return all
}

// injected is the record of an upset of the first input.
func injected(t *testing.T, w *Worker, s faults.Site) faults.Record {
	t.Helper()
	r, err := w.Inject(0, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// equalPlain injects upsets of some registers until so many of them are kept, and compares
// these with plain runs.
func equalPlain(t *testing.T, e *Engine, seed uint64, n int, keep func(r *faults.Record) bool, patterns ...string) {
	t.Helper()
	fast, slow := worker(t, e), worker(t, e)
	rng := rand.New(rand.NewPCG(seed, uint64(e.Program().Config)))
	sites, kept := sitesOf(t, e, patterns...), 0
	for range 100 * n {
		s := faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
		a, err := fast.Inject(0, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !keep(&a) {
			continue
		}
		b, err := slow.Plain(0, s)
		if err != nil {
			t.Fatal(err)
		}
		if !a.Same(b) {
			t.Errorf("%v: %s@%d:\nfast  %+v\nplain %+v", e.Program().Config, e.Table().Name(s.ID), s.Cycle, a, b)
		}
		if kept++; kept == n {
			return
		}
	}
	t.Errorf("%v: only %d samples", e.Program().Config, kept)
}

// Values that wait are followed to the outputs that the plain machine gives.
func TestValuesAreFollowed(t *testing.T) {
	for _, c := range isa.Configs {
		for name, n := range map[string]int{"fashion-tiny": 100, "fashion-dscnn": 40} {
			e := engine(t, name, c, 1, faults.Options{ECC: npu.ECCSECDED})
			equalPlain(t, e, 51, n, func(r *faults.Record) bool { return r.Path == faults.PathValues },
				"wd.buf*", "dma.sclfifo*", "ao.record.buf*", "ao.bias*", "ao.scale*", "ao.shift*", "mac.*")
		}
	}
}

// Nobody looks at configuration before the first look that is predicted.
func TestNobodyLooksEarly(t *testing.T) {
	for _, c := range isa.Configs {
		e := engine(t, "fashion-dscnn", c, 1, faults.Options{})
		sites := sitesOf(t, e, "cc.bank*", "cc.opcode*", "cc.basep*", "cc.regioncfg", "cc.burst*", "cc.maxreads*", "cc.maxwrites*")
		m, base := worker(t, e).m, worker(t, e).m
		rng := rand.New(rand.NewPCG(53, uint64(c)))
		waited, looked := 0, 0
		for range 400 {
			g := e.Golden(0)
			k := g.Begins[1+rng.IntN(len(g.Begins)-1)] - rng.IntN(8) // in front of an operation
			p := &g.Points[max(0, k)]
			p.Restore(base)
			p.Restore(m)
			id := sites[rng.IntN(len(sites))]
			if _, _, err := e.Table().Flip(m, id); err != nil {
				t.Fatal(err)
			}
			m.Touched()
			x := m.S.CC
			l, ok := e.Stream.FirstLook(&x, &p.Flops)
			if !ok || e.Stream.LookedAt(&base.S.Flops, l) {
				continue
			}
			waited++
			for range 300 {
				base.Step()
				m.Step()
				if e.Stream.LookedAt(&base.S.Flops, l) {
					looked++
					break
				}
				if base.S.CC.Run != 0 && !stream.OnlySetup(&m.S.Flops, &base.S.Flops) {
					t.Fatalf("%v: %s from cycle %d on shows at cycle %d, before operation %d with %+v", c, e.Table().Name(id), p.Cycle, base.Cycle(), l.Op, l.Units)
				}
			}
		}
		if waited < 100 || looked < 10 {
			t.Errorf("%v: %d upsets waited, %d were looked at", c, waited, looked)
		}
	}
}

// What an upset has added to a register stays added, and shows in nothing else, while the
// register is dormant.
func TestDormantRegisters(t *testing.T) {
	seen := map[string]int{}
	for _, c := range isa.Configs {
		e := engine(t, "fashion-dscnn", c, 1, faults.Options{})
		m, base := worker(t, e).m, worker(t, e).m
		rng := rand.New(rand.NewPCG(57, uint64(c)))
		for i := range npu.Dormants {
			d := &npu.Dormants[i]
			if sitesOf(t, e, d.Name); d.Width != e.Table().Select(netlist.Filter{Only: []string{d.Name}})[0].Width {
				t.Fatalf("%s has another width than %d", d.Name, d.Width)
			}
			for range 60 {
				p := &e.Golden(0).Points[rng.IntN(e.Golden(0).End)]
				p.Restore(base)
				p.Restore(m)
				*d.Of(&m.S.Flops) ^= 1 << rng.IntN(d.Width)
				more := *d.Of(&m.S.Flops) - *d.Of(&base.S.Flops)
				holds := e.dormantSince(d, &p.Flops, more)
				for range 200 {
					base.Step()
					m.Step()
					if !holds(&base.S.Flops) {
						break
					}
					seen[d.Name]++
					x := base.S.Flops
					d.Add(&x, more)
					x.PMU, x.CC.QRead = m.S.PMU, m.S.CC.QRead
					if x != m.S.Flops {
						t.Fatalf("%v: %s with %#x more from cycle %d on shows at cycle %d", c, d.Name, more, p.Cycle, base.Cycle())
					}
				}
			}
		}
	}
	for i := range npu.Dormants {
		if n := seen[npu.Dormants[i].Name]; n < 100 && !npu.Dormants[i].Transfer { // no transfer is long
			t.Errorf("%s was dormant for %d clocks only", npu.Dormants[i].Name, n)
		}
	}
}

// Streams that are only discarded end as on the plain machine, or never.
func TestDrainsEqualPlain(t *testing.T) {
	for _, c := range isa.Configs {
		e := engine(t, "fashion-tiny", c, 1, faults.Options{})
		skipped := uint64(0)
		right := e.decide.skipDrain
		e.decide.skipDrain = func(d *npu.Drain, m *npu.Machine, limit uint64) uint64 {
			n := right(d, m, limit)
			skipped += n
			return n
		}
		fast, slow := worker(t, e), worker(t, e)
		rng := rand.New(rand.NewPCG(59, uint64(c)))
		drained := 0
		for range 200 {
			reg := [...]isa.Reg{isa.WeightLength, isa.ScaleLength}[rng.IntN(2)]
			r := e.Table().Select(netlist.Filter{Only: []string{"cc.bank*"}})
			var sites []netlist.SiteID
			for _, x := range r {
				for b := range x.Bits() {
					id := x.First + netlist.SiteID(b)
					if p, err := e.Table().Place(id); err == nil && isa.Reg(p.Element) == reg && p.Bit >= 13 {
						sites = append(sites, id)
					}
				}
			}
			s := faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
			before := skipped
			a, err := fast.Inject(0, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if skipped == before {
				continue
			}
			b, err := slow.Plain(0, s)
			if err != nil {
				t.Fatal(err)
			}
			if !a.Same(b) {
				t.Errorf("%v: %s@%d:\nfast  %+v\nplain %+v", c, e.Table().Name(s.ID), s.Cycle, a, b)
			}
			drained++
		}
		if drained < 5 {
			t.Errorf("%v: only %d streams were discarded", c, drained)
		}
	}
}

// Counts of outstanding beats that stay too high have the outcome of the plain machine, most of
// them by what an earlier run has shown.
func TestLeaksEqualPlain(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x64, 3, faults.Options{})
	leaks, shown := 0, 0
	right := e.decide.forGood
	e.decide.forGood = func(now, before leak) bool {
		yes := right(now, before)
		if yes {
			shown++
		}
		return yes
	}
	equalPlain(t, e, 61, 120, func(r *faults.Record) bool {
		if r.Cause == faults.CauseUnsettled {
			leaks++
		}
		return !r.Path.Pruned()
	}, "dma.ifm.out", "dma.m2m.out")
	t.Logf("%d leaks, %d of them shown by their own run, %d kinds", leaks, shown, len(e.stay.known))
	if leaks < 20 || shown >= leaks || shown < 3 {
		t.Errorf("%d leaks, %d shown", leaks, shown)
	}
}

// What the machine computes does not depend on how many beats its channels keep under way.
func TestFewerBeatsAhead(t *testing.T) {
	e := engine(t, "fashion-dscnn", isa.U55x256, 1, faults.Options{})
	for _, fewer := range []int{1, 2, 4, 8, 16} {
		for _, of := range []func(l *npu.Limits) *int{
			func(l *npu.Limits) *int { return &l.InputAhead },
			func(l *npu.Limits) *int { return &l.CopyAhead },
		} {
			m, err := e.Begin(0)
			if err != nil {
				t.Fatal(err)
			}
			n := of(&m.Sys.Limits)
			if *n -= fewer; *n < 2 {
				continue
			}
			if st := m.Run(2 * e.Cycles()); st != npu.Done {
				t.Fatalf("with %d beats ahead: %v", *n, st)
			}
			if string(e.Program().ReadOutputs(m.Mem)) != string(e.Golden(0).Output) {
				t.Errorf("with %d beats ahead the output is another", *n)
			}
		}
	}
}
