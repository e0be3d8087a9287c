package campaign

import (
	"context"
	"sync"
	"testing"
	"time"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
)

// mark is a guard that knows which site it was made for.
type mark struct{ site faults.Site }

func (*mark) Beside(id netlist.SiteID, _ int) []netlist.SiteID { return []netlist.SiteID{id} }
func (*mark) Upset(*npu.Machine, faults.Site, []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, c faults.Cause) {
	return 0, 0, true, faults.Detected, faults.CauseAlarm
}
func (*mark) Step(*npu.Machine) bool { return false }
func (*mark) Active() bool           { return false }

// guarded is the toy with a protected MAC array, whose hardened cells are upset
// less often.
type guarded struct {
	*toy
	mu      sync.Mutex
	workers int
}

func (g *guarded) Digest() string { return "guarded" }

func (g *guarded) Guards() func(faults.Site) faults.Guard {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.workers++
	var own mark // reused, as a real guard is
	return func(s faults.Site) faults.Guard {
		if s.ID/1000 != 2 {
			return nil
		}
		own.site = s
		return &own
	}
}

// Inject lets the guard detect everything in its block.
func (g *guarded) Inject(input int, s faults.Site, guard faults.Guard) (faults.Record, error) {
	r, err := g.toy.Inject(input, s, nil)
	if m, ok := guard.(*mark); ok {
		if m.site != s {
			panic("the guard is of another site")
		}
		_, _, _, r.Outcome, r.Cause = m.Upset(nil, s, nil)
	}
	return r, err
}

// A protected population runs through the same runner: each worker has guards of
// its own, sites without protection have none, and scales enter the rates.
func TestGuardedPopulation(t *testing.T) {
	pop := &guarded{toy: newToy()}
	pop.groups[0].Scale = 0.25
	spec := toySpec(func(s *Spec) { s.Table = "guarded" })
	r := &runner{
		spec: spec, frame: pop.frame(t, spec), pop: pop, began: time.Now(), options: RunOptions{Workers: 3},
		worker: func() (injector, error) { return pop, nil },
	}
	c, err := r.run(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, c)
	if pop.workers < 3 {
		t.Errorf("guards were made %d times for 3 workers", pop.workers)
	}
	for _, b := range c.Blocks {
		if (b.Outcomes.Detected == b.N) != (b.Block == "mac") || b.Block != "mac" && b.Outcomes.Detected > 0 {
			t.Errorf("%s: %+v of %d", b.Block, b.Outcomes, b.N)
		}
	}
	q := Question{}.normal(spec)
	if want := (64*0.25+16+256+32)*q.Scenario.Flop + 512*q.Scenario.SRAM; c.FIT.Raw < want*0.999999 || c.FIT.Raw > want*1.000001 {
		t.Errorf("raw %v FIT, want %v", c.FIT.Raw, want)
	}
	for _, s := range c.Strata {
		if s.Block == "cc" && s.Class == "config+global" {
			t.Error("groups of different rates are merged")
		}
	}
}
