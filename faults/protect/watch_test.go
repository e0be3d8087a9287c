package protect

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
	"upset/npu"
)

// besideCheckers injects harmful records beside all checkers, with the engine's shortcuts and
// without them, and counts how they ended and how many come out differently.
func besideCheckers(t *testing.T, fast, slow *engine.Engine, records []faults.Record, wrap func(*guard) faults.Guard) (paths [faults.NumPaths]int, alarms, other int) {
	t.Helper()
	inject := func(e *engine.Engine, wrap func(*guard) faults.Guard) func(r faults.Record) faults.Record {
		d := equipped(t, e, 0, beside(subsets-1))
		w, err := e.Worker()
		if err != nil {
			t.Fatal(err)
		}
		g := wrap(&guard{d.Guard(), d})
		return func(r faults.Record) faults.Record {
			out, err := w.Inject(int(r.Input), r.Site, g)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	quick, plain := inject(fast, wrap), inject(slow, func(g *guard) faults.Guard { return g })
	for _, r := range records {
		a, b := quick(r), plain(r)
		paths[a.Path]++
		if a.Alarm != 0 {
			alarms++
		}
		if !a.Same(b) || a.Alarm != b.Alarm {
			other++
			t.Logf("%s: %+v, without shortcuts %+v", fast.Table().Name(r.Site.ID), a, b)
		}
	}
	return paths, alarms, other
}

// harmfulAt draws upsets of flops, of registers with a name or of any, until so many are harmful.
func harmfulAt(t *testing.T, e *engine.Engine, n int, register string) (list []faults.Record) {
	t.Helper()
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(4, uint64(n)))
	for len(list) < n {
		id := netlist.SiteID(rng.IntN(e.Table().Bits()))
		p, err := e.Table().Place(id)
		if err != nil {
			t.Fatal(err)
		}
		if p.Register.Class == netlist.SRAM || register != "" && p.Register.Name != register {
			continue
		}
		r, err := w.Inject(rng.IntN(len(e.Golds)), faults.Site{ID: id, Cycle: rng.Uint64N(e.Cycles())}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if harmful(r.Outcome) {
			list = append(list, r)
		}
	}
	return list
}

// lying says that its checkers agree whatever they hold.
type lying struct{ *guard }

func (lying) Agrees(*npu.Machine) bool { return true }

// Beside checkers that agree, differences in values are followed without a clock and hangs are
// proven: no record changes. A guard that says so too early is found out.
func TestCheckersAreBlindToValues(t *testing.T) {
	fast := engineWith(t, "fashion-tiny", 2, faults.Options{ECC: npu.ECCSECDED})
	slow := engineWith(t, "fashion-tiny", 2, faults.Options{ECC: npu.ECCSECDED, Engine: faults.AllOff})
	records := harmfulAt(t, fast, 400, "")
	records = append(records, harmfulAt(t, fast, 100, "dma.wgtfifo")...) // of which a CRC tells later
	honest := func(g *guard) faults.Guard { return g }
	paths, alarms, other := besideCheckers(t, fast, slow, records, honest)
	t.Logf("%d records: paths %v, %d alarms", len(records), paths, alarms)
	if other > 0 {
		t.Errorf("%d records change beside checkers", other)
	}
	if paths[faults.PathHandOff] < 20 || paths[faults.PathValues] < 20 || paths[faults.PathHang] < 5 || alarms < 50 {
		t.Errorf("hand-off %d, values %d, hang proof %d, %d alarms: too little is shown", paths[faults.PathHandOff], paths[faults.PathValues], paths[faults.PathHang], alarms)
	}
	if _, _, other := besideCheckers(t, fast, slow, records, func(g *guard) faults.Guard { return lying{g} }); other == 0 {
		t.Error("a guard that lies is not found out")
	}
}
