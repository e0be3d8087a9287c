package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// flopSites lists the flop sites of a table.
func flopSites(tab *netlist.Table) (all []netlist.SiteID) {
	for _, r := range tab.Select(netlist.Filter{NoSRAM: true}) {
		for b := range r.Bits() {
			all = append(all, r.First+netlist.SiteID(b))
		}
	}
	return all
}

func engine(t testing.TB, name string, c isa.Config, inputs int, o faults.Options) *Engine {
	t.Helper()
	e, err := New(nettest.Shipped(t, name, c), nettest.Inputs(t, name, inputs), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func worker(t testing.TB, e *Engine) *Worker {
	t.Helper()
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Early exit, checkpoints and pruning must not change what an injection does:
// the record equals that of the machine run from cycle 0 to the end.
func TestInjectEqualsPlain(t *testing.T) {
	cases := []struct {
		config  isa.Config
		ecc     npu.ECC
		samples int
	}{{isa.U55x32, npu.ECCNone, 1500}, {isa.U55x64, npu.ECCSECDED, 800}, {isa.U55x128, npu.ECCParity, 1500}, {isa.U55x256, npu.ECCNone, 800}}
	for _, tc := range cases {
		t.Run(tc.config.String(), func(t *testing.T) {
			e := engine(t, "fashion-tiny", tc.config, 2, faults.Options{ECC: tc.ecc})
			fast, slow := worker(t, e), worker(t, e)
			rng := rand.New(rand.NewPCG(7, uint64(tc.config)))
			flops := flopSites(e.Table())
			seen, paths := map[faults.Outcome]int{}, map[faults.Path]int{}
			for i := range tc.samples {
				s := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
				if i%4 == 0 { // RAM and its check bits too
					s.ID = netlist.SiteID(rng.IntN(e.Table().Bits()))
				}
				a, err := fast.Inject(i&1, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				b, err := slow.Plain(i&1, s)
				if err != nil {
					t.Fatal(err)
				}
				seen[a.Outcome]++
				paths[a.Path]++
				if !a.Same(b) {
					t.Errorf("%s@%d: fast %+v, plain %+v", e.Table().Name(s.ID), s.Cycle, a, b)
				}
			}
			t.Log(seen, paths)
			if seen[faults.Masked] == 0 || len(seen) < 3 {
				t.Errorf("the sample is too tame to prove anything: %v", seen)
			}
		})
	}
}

// A flip is a write to State: the bit reads inverted afterwards, and the record
// says so.
func TestRecordProvesFlip(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x64, 1, faults.Options{})
	w := worker(t, e)
	flops := flopSites(e.Table())
	for i := 0; i < len(flops); i += 997 {
		r, err := w.Inject(0, faults.Site{ID: flops[i], Cycle: 300}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Before^r.After != 1 {
			t.Errorf("%s: %d -> %d", e.Table().Name(flops[i]), r.Before, r.After)
		}
	}
}

func BenchmarkInjections(b *testing.B) {
	e := engine(b, "fashion-dscnn", isa.U55x128, 4, faults.Options{ECC: npu.ECCSECDED})
	w := worker(b, e)
	flops := flopSites(e.Table())
	rng := rand.New(rand.NewPCG(1, 2))
	b.ResetTimer()
	for i := range b.N {
		if _, err := w.Inject(i&3, faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "injections/s")
}

// Words of the shared buffer that are pruned as dead are harmless on the plain
// machine, and the rule prunes most of an idle buffer.
func TestDeadWords(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 1, faults.Options{})
	fast, slow := worker(t, e), worker(t, e)
	ram := e.Table().Select(netlist.Filter{NoFlops: true})[0]
	rng := rand.New(rand.NewPCG(3, 4))
	pruned, live := 0, 0
	for range 3000 {
		s := faults.Site{ID: ram.First + netlist.SiteID(rng.IntN(ram.Bits())), Cycle: rng.Uint64N(e.Cycles())}
		if rng.IntN(2) == 0 { // the input and accumulator buffers, where life is
			s.ID = ram.First + netlist.SiteID(2048*8+rng.IntN(256*8))
		}
		r, err := fast.Inject(0, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Path.Pruned() {
			live++
			continue
		}
		pruned++
		if pruned%4 != 0 {
			continue
		}
		p, err := slow.Plain(0, s)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Same(p) {
			t.Errorf("%s@%d is pruned but %v (%v)", e.Table().Name(s.ID), s.Cycle, p.Outcome, p.Cause)
		}
	}
	if pruned < 1500 || live < 20 {
		t.Errorf("%d pruned, %d live: the rule does not tell them apart", pruned, live)
	}
	t.Logf("%d pruned, %d live", pruned, live)
}

// Runs that leave the clock, end by a proof or are moved in time say what the plain
// machine says. The network is large enough that operations overlap, share memory
// and wait for copies.
func TestShortcutsEqualPlain(t *testing.T) {
	wanted := map[faults.Path]int{faults.PathHandOff: 60, faults.PathHang: 6, faults.PathShifted: 1}
	for _, c := range isa.Configs {
		t.Run(c.String(), func(t *testing.T) {
			e := engine(t, "fashion-dscnn", c, 1, faults.Options{ECC: npu.ECCSECDED})
			fast, slow := worker(t, e), worker(t, e)
			rng := rand.New(rand.NewPCG(19, uint64(c)))
			flops := flopSites(e.Table())
			seen := map[faults.Path]int{}
			for range 4000 {
				if seen[faults.PathHandOff] >= wanted[faults.PathHandOff] && seen[faults.PathHang] >= wanted[faults.PathHang] {
					break
				}
				s := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
				a, err := fast.Inject(0, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				if seen[a.Path] >= wanted[a.Path] {
					continue
				}
				seen[a.Path]++
				b, err := slow.Plain(0, s)
				if err != nil {
					t.Fatal(err)
				}
				if !a.Same(b) {
					t.Errorf("%s@%d:\nfast  %+v\nplain %+v", e.Table().Name(s.ID), s.Cycle, a, b)
				}
			}
			if seen[faults.PathHandOff] < wanted[faults.PathHandOff] || seen[faults.PathHang] < 1 {
				t.Errorf("too few shortcuts: %v", seen)
			}
		})
	}
}
