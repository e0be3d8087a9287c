package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Every model gives the same records on the fast engine and on the plain machine.
func TestModelsAgreeWithPlain(t *testing.T) {
	for _, c := range []struct {
		model string
		ecc   npu.ECC
		where netlist.Filter
		want  []faults.Outcome // that must occur
		path  []faults.Path
	}{
		{"pair", npu.ECCSECDED, netlist.Filter{NoSRAM: true}, []faults.Outcome{faults.Masked, faults.SDCCritical}, []faults.Path{faults.PathDead, faults.PathConverged}},
		{"mcu:shares=0.1/0.2/0.3/0.4:flops", npu.ECCSECDED, netlist.Filter{NoSRAM: true}, []faults.Outcome{faults.Masked, faults.SDCCritical}, []faults.Path{faults.PathDead, faults.PathConverged}},
		{"mcu:28nm:interleave=1:row", npu.ECCSECDED, netlist.Filter{NoFlops: true}, []faults.Outcome{faults.Masked, faults.Corrected, faults.DUEDetected}, []faults.Path{faults.PathDead, faults.PathCode}},
		{"mcu:28nm", npu.ECCSECDED, netlist.Filter{NoFlops: true}, []faults.Outcome{faults.Masked, faults.Corrected}, []faults.Path{faults.PathDead, faults.PathCode}},
		{"mcu:28nm:interleave=1:row", npu.ECCParity, netlist.Filter{NoFlops: true}, []faults.Outcome{faults.Masked, faults.DUEDetected}, []faults.Path{faults.PathDead}},
		{"mcu:28nm:interleave=2", npu.ECCNone, netlist.Filter{NoFlops: true}, []faults.Outcome{faults.Masked, faults.SDCTolerable}, []faults.Path{faults.PathDead}},
		{"set", npu.ECCNone, netlist.Filter{Only: []string{"mac.*", "ao.*", "traversal.*"}}, []faults.Outcome{faults.Masked, faults.SDCTolerable}, []faults.Path{faults.PathUncaught, faults.PathDead, faults.PathConverged}},
		{"intermittent:20", npu.ECCNone, netlist.Filter{NoSRAM: true}, []faults.Outcome{faults.Masked, faults.SDCCritical}, []faults.Path{faults.PathConverged}},
		{"intermittent:3000", npu.ECCNone, netlist.Filter{NoSRAM: true}, []faults.Outcome{faults.DUEHang, faults.SDCCritical}, nil},
		{"stuck-at-0", npu.ECCNone, netlist.Filter{NoSRAM: true}, []faults.Outcome{faults.Masked, faults.SDCCritical}, []faults.Path{faults.PathEnd}},
		{"stuck-at-1", npu.ECCNone, netlist.Filter{NoSRAM: true}, []faults.Outcome{faults.Masked, faults.SDCCritical, faults.DUEHang}, []faults.Path{faults.PathEnd, faults.PathStopped}},
	} {
		t.Run(fmt.Sprint(c.model, " ", c.ecc), func(t *testing.T) {
			m, err := faults.ParseModel(c.model)
			if err != nil {
				t.Fatal(err)
			}
			if m.Kind == faults.MCU {
				m.Shares = [4]float64{0.4, 0.3, 0.2, 0.1} // so that a small sample has them all
			}
			network, n := "fashion-tiny", 700
			if m.Kind == faults.SET { // the other one is idle for most of its cycles
				network, n = "fashion-dscnn", 300
			}
			e := engine(t, network, isa.U55x128, 2, faults.Options{ECC: c.ecc, Model: m})
			var sites []netlist.SiteID
			for _, r := range e.Table().Select(c.where) {
				for b := range r.Bits() {
					sites = append(sites, r.First+netlist.SiteID(b))
				}
			}
			w, p := worker(t, e), worker(t, e)
			rng := rand.New(rand.NewPCG(51, 7))
			outcomes, paths := map[faults.Outcome]int{}, map[faults.Path]int{}
			for i := range n {
				s := faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
				for k := 0; m.Kind == faults.MCU && i&3 != 0 && k < 1000 && deadCell(e, s); k++ { // most cells of a small network are not in use
					s = faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
				}
				fast, err := w.Inject(i&1, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				plain, err := p.Plain(i&1, s)
				if err != nil {
					t.Fatal(err)
				}
				if !fast.Same(plain) {
					t.Fatalf("%s@%d: fast %+v, plain %+v", e.Table().Name(s.ID), s.Cycle, fast, plain)
				}
				outcomes[fast.Outcome]++
				paths[fast.Path]++
			}
			t.Log(outcomes, paths)
			for _, o := range c.want {
				if outcomes[o] == 0 {
					t.Errorf("no %s", o)
				}
			}
			for _, p := range c.path {
				if paths[p] == 0 {
					t.Errorf("no record by way of %s", p)
				}
			}
		})
	}
}

// deadCell reports whether the word of a cell is not read any more.
func deadCell(e *Engine, s faults.Site) bool {
	p, err := e.Table().Place(s.ID)
	if err != nil {
		return true
	}
	at := p.Element
	if p.Register.Name != "sb.mem" {
		at *= faults.CodeWord
	}
	return e.Codes.Dead(at, s.Cycle)
}

// Faults of flops are refused in the SRAM, and beside a mechanism.
func TestModelsRefuse(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{Model: faults.Model{Kind: faults.StuckAt1}})
	data, _ := e.Table().RAM()
	if _, err := worker(t, e).Inject(0, faults.Site{ID: data.First, Cycle: 5}, nil); err == nil || !strings.Contains(err.Error(), "choose a flop") {
		t.Errorf("a stuck SRAM cell: %v", err)
	}
	if _, err := worker(t, e).Inject(0, faults.Site{ID: 0, Cycle: 5}, standIn{}); err == nil {
		t.Error("a stuck flop beside a mechanism is accepted")
	}
}

// standIn is a guard that does nothing.
type standIn struct{}

func (standIn) Upset(*npu.Machine, faults.Site, []netlist.SiteID) (uint8, uint8, bool, faults.Outcome, faults.Cause) {
	return 0, 0, true, faults.Masked, faults.CauseNone
}
func (standIn) Beside(id netlist.SiteID, _ int) []netlist.SiteID { return []netlist.SiteID{id} }
func (standIn) Step(m *npu.Machine) bool                         { m.Step(); return false }
func (standIn) Active() bool                                     { return false }
