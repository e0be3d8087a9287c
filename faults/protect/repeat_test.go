package protect

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
)

// repeated counts how often a guard lets the later inferences go, or says so at once.
type repeated struct {
	*guard
	early bool
	n     int
}

func (g *repeated) Repeats(settled func(m *npu.Machine) bool) bool {
	yes := g.guard.Repeats(settled) || g.early
	if yes {
		g.n++
	}
	return yes
}

// Copy tells of no copy, so that no run ends before there is something to repeat.
func (g *repeated) Copy() *npu.Flops { return nil }

// What a duplicated block keeps ends as it does when all later inferences are simulated;
// and where they are not followed at all, alarms are missed.
func TestRepeatEqualsPlain(t *testing.T) {
	e := sequenceEngine(t, "fashion-tiny", 1)
	var choices []mechanism.Choice
	for _, block := range []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"} {
		choices = append(choices, mechanism.Choice{Block: block, Kind: mechanism.Duplicate})
	}
	d := equipped(t, e, 3, choices)
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	right, wrong := &repeated{guard: Guard(d).(*guard)}, &repeated{guard: Guard(d).(*guard), early: true}
	rng := rand.New(rand.NewPCG(5, 0))
	missed := 0
	for range 6000 {
		s := faults.Site{ID: netlist.SiteID(rng.IntN(d.Bits())), Cycle: rng.Uint64N(e.Cycles())}
		if int(s.ID) < e.Table().Bits() {
			if p, err := e.Table().Place(s.ID); err != nil || p.Register == nil {
				continue
			}
		}
		fast, err := w.Inject(0, s, right)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := w.PlainGuarded(0, s, Guard(d))
		if err != nil {
			t.Fatal(err)
		}
		if !fast.Same(plain) {
			t.Errorf("%s@%d: fast %+v, plain %+v", d.Name(s.ID), s.Cycle, fast, plain)
		}
		early, err := w.Inject(0, s, wrong)
		if err != nil {
			t.Fatal(err)
		}
		if !early.Same(plain) {
			missed++
		}
	}
	if right.n < 20 {
		t.Errorf("only %d upsets stay and are let go", right.n)
	}
	if missed == 0 {
		t.Error("nothing is lost where later inferences are not followed at all: this test sees nothing")
	}
	t.Logf("%d let go, %d lost by the mistake", right.n, missed)
}
