package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// switchSites draws sites: half in flops of any kind, a quarter in control and
// configuration, a quarter in everything. One in eight may be pruned.
func switchSites(t *testing.T, e *Engine, rng *rand.Rand, n int) (sites []faults.Site) {
	t.Helper()
	w := worker(t, e)
	flops := flopSites(e.Table())
	var hot []netlist.SiteID
	for _, r := range e.Table().Select(netlist.Filter{Classes: []netlist.Class{netlist.LocalControl, netlist.GlobalControl, netlist.Configuration}}) {
		for b := range r.Bits() {
			hot = append(hot, r.First+netlist.SiteID(b))
		}
	}
	for i := 0; len(sites) < n; i++ {
		id := flops[rng.IntN(len(flops))]
		switch i & 3 {
		case 1:
			id = hot[rng.IntN(len(hot))]
		case 3:
			id = netlist.SiteID(rng.IntN(e.Table().Bits()))
		}
		s := faults.Site{ID: id, Cycle: rng.Uint64N(e.Cycles())}
		r, err := w.Inject(len(sites)&1, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Path.Pruned() || len(sites)&7 == 0 {
			sites = append(sites, s)
		}
	}
	return sites
}

// injectAll injects all sites, in the order given, on so many workers.
func injectAll(e *Engine, sites []faults.Site, order []int, workers int) ([]faults.Record, error) {
	out := make([]faults.Record, len(sites))
	var g errgroup.Group
	for k := range workers {
		g.Go(func() error {
			w, err := e.Worker()
			if err != nil {
				return err
			}
			for i := k; i < len(order); i += workers {
				n := order[i]
				if out[n], err = w.Inject(n&1, sites[n], nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return out, g.Wait()
}

// Records depend neither on the parts of the engine that are on, nor on the distance
// of the checkpoints, nor on the number of workers and the order of their work.
func TestSwitches(t *testing.T) {
	const samples = 200
	settings := []struct {
		name    string
		points  int
		workers int
		engine  faults.Switches
	}{
		{"all on", 0, 1, faults.Switches{}},
		{"all off", 0, 2, faults.AllOff},
		{"no pruning", 7, 3, faults.Switches{NoPruning: true}},
		{"no early exit", 0, 2, faults.Switches{NoEarlyExit: true}},
		{"no hand-off", 40, 1, faults.Switches{NoHandOff: true}},
		{"no hang proof", 3, 2, faults.Switches{NoHangProof: true}},
		{"hundred points", 100, 5, faults.Switches{}},
		{"only pruning", 16, 1, faults.Switches{NoEarlyExit: true, NoHandOff: true, NoHangProof: true}},
		{"only early exit", 200, 2, faults.Switches{NoPruning: true, NoHandOff: true, NoHangProof: true}},
		{"only hand-off", 16, 2, faults.Switches{NoPruning: true, NoHangProof: true}},
		{"few points", 1, 4, faults.Switches{}},
		{"many points", 500, 4, faults.Switches{}},
		{"cache", 0, 3, faults.Switches{}},
		{"small cache", 60, 2, faults.Switches{NoHandOff: true}},
	}
	codes := []npu.ECC{npu.ECCNone, npu.ECCSECDED, npu.ECCParity, npu.ECCNone}
	for k, c := range isa.Configs {
		t.Run(c.String(), func(t *testing.T) {
			var sites []faults.Site
			var want []faults.Record
			rng := rand.New(rand.NewPCG(21, uint64(c)))
			for i, s := range settings {
				o := faults.Options{ECC: codes[k], Checkpoints: s.points, Engine: s.engine}
				switch s.name {
				case "cache":
					o.Cache = faults.Cache{Entries: 10_000, Verify: 3}
				case "small cache":
					o.Cache = faults.Cache{Entries: 20}
				}
				e := engine(t, "fashion-tiny", c, 2, o)
				if i == 0 {
					sites = switchSites(t, e, rng, samples)
				}
				order := rng.Perm(len(sites))
				if i&1 == 0 { // in the order of a campaign, or any order
					slices.SortFunc(order, func(a, b int) int { return int(int64(sites[a].Cycle) - int64(sites[b].Cycle)) })
				}
				got, err := injectAll(e, sites, order, s.workers)
				if err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				if i == 0 {
					want = got
				}
				for n := range got {
					if !got[n].Same(want[n]) {
						t.Errorf("%s: %s@%d, input %d: %+v, all on: %+v", s.name, e.Table().Name(sites[n].ID), sites[n].Cycle, n&1, got[n], want[n])
					}
				}
				checkPaths(t, fmt.Sprintf("%s, %s", c, s.name), s.engine, got, i == 0)
			}
		})
	}
}

// checkPaths fails where a part that is off has ended a run, and where all parts
// must have been used but were not.
func checkPaths(t *testing.T, name string, s faults.Switches, list []faults.Record, all bool) {
	t.Helper()
	seen := [faults.NumPaths]int{}
	for _, r := range list {
		seen[r.Path]++
	}
	t.Log(name, seen)
	pruned := seen[faults.PathDead] + seen[faults.PathObserver] + seen[faults.PathCode]
	switch {
	case s.NoPruning && pruned != 0, s.NoEarlyExit && seen[faults.PathConverged]+seen[faults.PathShifted] != 0,
		s.NoHandOff && seen[faults.PathHandOff] != 0, s.NoHangProof && seen[faults.PathHang] != 0:
		t.Errorf("%s: a part that is off was used: %v", name, seen)
	case all && (pruned == 0 || seen[faults.PathConverged] == 0 || seen[faults.PathHandOff] == 0 || seen[faults.PathHang] == 0):
		t.Errorf("%s: the sample leaves parts of the engine out: %v", name, seen)
	}
}
