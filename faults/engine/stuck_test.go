package engine

import (
	"context"
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// TestAStuckFlopDoesNothingBeforeItDeparts: an injection from the first cycle at which a
// stuck flop reads wrong ends as one from cycle 0 on, and one that never departs is
// masked.
func TestAStuckFlopDoesNothingBeforeItDeparts(t *testing.T) {
	const inputs = 2
	plain := map[bool]*Engine{}
	for high, kind := range map[bool]faults.ModelKind{false: faults.StuckAt0, true: faults.StuckAt1} {
		plain[high] = engine(t, "fashion-tiny", isa.U55x128, inputs, faults.Options{ECC: npu.ECCSECDED, Model: faults.Model{Kind: kind}})
	}
	e := engine(t, "fashion-tiny", isa.U55x128, inputs, faults.Options{ECC: npu.ECCSECDED})
	var flaws []faults.Flaw
	r := rand.New(rand.NewPCG(1, 2))
	for len(flaws) < 150 {
		id := netlist.SiteID(r.IntN(e.Table().Bits()))
		p, err := e.Table().Place(id)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Register.IsSRAM() {
			flaws = append(flaws, faults.Flaw{ID: id, High: false}, faults.Flaw{ID: id, High: true}, faults.Flaw{ID: id, High: true})
		}
	}
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	never, late, seen := 0, 0, map[faults.Outcome]int{}
	for input := range inputs {
		departs, err := e.Departures(context.Background(), input, flaws)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range flaws {
			got, _, err := w.Stuck(context.Background(), input, f, departs[i], nil)
			if err != nil {
				t.Fatal(err)
			}
			x, err := plain[f.High].Worker()
			if err != nil {
				t.Fatal(err)
			}
			want, err := x.Plain(input, faults.Site{ID: f.ID})
			if err != nil {
				t.Fatal(err)
			}
			// What has written outside the arena violates, whatever comes after.
			if got != want.Outcome && !(got == faults.StrayWrite && want.Outcome != faults.Masked) {
				t.Errorf("input %d, %s stuck at %v: %s from cycle %d on, %s from the start", input, e.Table().Name(f.ID), f.High, got, departs[i], want.Outcome)
			}
			seen[got]++
			switch {
			case departs[i] == faults.Never:
				never++
			case departs[i] > 0:
				late++
			}
		}
	}
	if never < 20 || late < 20 || seen[faults.Masked] < 20 || seen[faults.SDCCritical]+seen[faults.SDCTolerable] < 20 || seen[faults.DUEDetected] == 0 {
		t.Errorf("too easy: %d never depart, %d late, outcomes %v", never, late, seen)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Departures(stopped, 0, flaws); err == nil {
		t.Error("a cancelled search for departures goes on")
	}
}
