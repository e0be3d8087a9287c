package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/npu/isa"
)

// No upset may crash the simulator or run beyond the watchdog: every site of
// control and configuration registers gets hit over time. UPSET_STRESS sets the
// number of injections per network and configuration.
func TestNoCrash(t *testing.T) {
	n := 400
	if v, err := strconv.Atoi(os.Getenv("UPSET_STRESS")); err == nil {
		n = v
	}
	for _, name := range []string{"fashion-tiny", "fashion-dscnn"} {
		for _, c := range isa.Configs {
			if name == "fashion-dscnn" && n < 1000 && c != isa.U55x256 {
				continue
			}
			e := engine(t, name, c, 1, faults.Options{})
			var hot []netlist.SiteID
			for _, r := range e.Table().Select(netlist.Filter{Classes: []netlist.Class{netlist.LocalControl, netlist.GlobalControl, netlist.Configuration}}) {
				for b := range r.Bits() {
					hot = append(hot, r.First+netlist.SiteID(b))
				}
			}
			w := worker(t, e)
			rng := rand.New(rand.NewPCG(11, uint64(c)))
			hit := map[faults.Cause]int{}
			for range n {
				s := faults.Site{ID: hot[rng.IntN(len(hot))], Cycle: rng.Uint64N(e.Cycles())}
				func() {
					defer func() {
						if p := recover(); p != nil {
							t.Fatalf("%s on %v: %s@%d: %v", name, c, e.Table().Name(s.ID), s.Cycle, p)
						}
					}()
					r, err := w.Inject(0, s, nil)
					if err != nil {
						t.Fatal(err)
					}
					if r.End > e.Watchdog() {
						t.Errorf("%s@%d ends at %d", e.Table().Name(s.ID), s.Cycle, r.End)
					}
					hit[r.Cause]++
				}()
			}
			t.Log(name, c, fmt.Sprint(hit))
		}
	}
}
