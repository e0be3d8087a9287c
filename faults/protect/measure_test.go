package protect

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
)

// BenchmarkCheckers measures the coverage and the false alarms of the checkers for
// docs/mechanisms.md.
func BenchmarkCheckers(t *testing.B) {
	for _, model := range []string{"fashion-tiny", "fashion-dscnn"} {
		e := tinyEngine(t, model, 2, npu.ECCSECDED)
		w, err := e.Worker()
		if err != nil {
			t.Fatal(err)
		}
		p := mechanism.NewPricing(e.Table(), e.Table().Areas(nil), nil, mechanism.DefaultCells())
		for _, k := range []mechanism.Kind{mechanism.Residue, mechanism.StreamCRC, mechanism.Checksum} {
			d, err := mechanism.New(e.Table(), everywhere(k), mechanism.DefaultCells(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := Equip(e, d); err != nil {
				t.Fatal(err)
			}
			measureOne(t, e, w, d, p, model, k)
		}
	}
}

func measureOne(t *testing.B, e *faults.Engine, w *faults.Worker, d *mechanism.Design, p *mechanism.Pricing, model string, k mechanism.Kind) {
	var pool []netlist.SiteID
	for i := range e.Table().Registers {
		if r := &e.Table().Registers[i]; r.Block == mechanism.Home(k) && !r.IsSRAM() {
			for b := range r.Bits() {
				pool = append(pool, r.First+netlist.SiteID(b))
			}
		}
	}
	g := Guard(d)
	rng := rand.New(rand.NewPCG(7, uint64(k)))
	var harm, caught, harmless, falseAlarms, own, ownAlarms int
	inject := func(id netlist.SiteID, c uint64, guard faults.Guard) faults.Record {
		r, err := w.Inject(0, faults.Site{ID: id, Cycle: c}, guard)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range 3000 {
		id, c := pool[rng.IntN(len(pool))], rng.Uint64N(e.Cycles())
		bare := inject(id, c, nil)
		alarm := inject(id, c, g).Outcome == faults.Detected
		switch {
		case harmful(bare.Outcome):
			harm++
			if alarm {
				caught++
			}
		case bare.Outcome == faults.Masked:
			harmless++
			if alarm {
				falseAlarms++
			}
		}
	}
	for range 300 {
		own++
		id := netlist.SiteID(e.Table().Bits() + rng.IntN(d.Bits()-e.Table().Bits()))
		if inject(id, rng.Uint64N(e.Cycles()), g).Outcome == faults.Detected {
			ownAlarms++
		}
	}
	cost, _ := p.Total(d.Choices())
	t.Logf("| %s | %s | %d of %d | %d of %d | %d of %d | %.0f |", k, model, caught, harm, falseAlarms, harmless, ownAlarms, own, cost.LogicGE)
}
