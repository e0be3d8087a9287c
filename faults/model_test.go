package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

func TestParseModel(t *testing.T) {
	for text, want := range map[string]string{
		"": "seu", "seu": "seu", "pair": "pair", "set": "set", "stuck-at-0": "stuck-at-0", "stuck-at-1": "stuck-at-1",
		"mcu": "mcu:finfet:interleave=4", "mcu:28nm": "mcu:28nm:interleave=4", "mcu:interleave=1:row": "mcu:finfet:interleave=1:row",
		"intermittent": "intermittent:1000", "intermittent:5": "intermittent:5",
	} {
		m, err := ParseModel(text)
		if err != nil || m.String() != want {
			t.Errorf("%q: %v, %v", text, m, err)
		}
		if again, err := ParseModel(m.String()); err != nil || again != m {
			t.Errorf("%q is not read back: %v, %v", m, again, err)
		}
	}
	for _, text := range []string{"sue", "seu:1", "mcu:7nm", "mcu:interleave=0", "mcu:interleave=65", "mcu:interleave=", "intermittent:0", "intermittent:-1", "intermittent:1:2", ":", "pair:"} {
		if m, err := ParseModel(text); err == nil {
			t.Errorf("%q is read as %v", text, m)
		}
	}
}

func FuzzParseModel(f *testing.F) {
	for _, s := range []string{"seu", "mcu:28nm:interleave=3:row", "intermittent:99", "::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseModel(text)
		if err != nil {
			return
		}
		if again, err := ParseModel(m.String()); err != nil || again != m {
			t.Errorf("%q becomes %q, which is read as %v: %v", text, m, again, err)
		}
	})
}

// The numbers of cells follow the declared shares.
func TestCellsOfAnEvent(t *testing.T) {
	m := Model{Kind: MCU, Shares: planar28, Interleave: 4}
	var count [5]int
	const n = 200_000
	for i := range n {
		count[m.drawCells(Site{ID: netlist.SiteID(31 * i), Cycle: uint64(i % 977)})]++
	}
	for k, share := range m.Shares {
		if got := float64(count[k+1]) / n; got < 0.93*share-1e-3 || got > 1.07*share+1e-3 {
			t.Errorf("%d cells in a share of %.4f, want %.4f", k+1, got, share)
		}
	}
}

// Cells beside one another lie in other words when the array is interleaved, and in
// the same word along a row that is not.
func TestNeighboursInTheArray(t *testing.T) {
	table := netlist.New(isa.U55x128, npu.ECCSECDED)
	data, check := table.RAM()
	at := func(word, bit int) netlist.SiteID {
		if bit >= 64 {
			return check.First + netlist.SiteID(8*word+bit-64)
		}
		return data.First + netlist.SiteID(64*word+bit)
	}
	all := [4]float64{0, 0, 1, 0} // always three cells
	for _, c := range []struct {
		name string
		m    Model
		site netlist.SiteID
		want []netlist.SiteID
	}{
		{"along the bit line", Model{Kind: MCU, Shares: all, Interleave: 4}, at(130, 7), []netlist.SiteID{at(130, 7), at(134, 7), at(138, 7)}},
		{"edge of the bank", Model{Kind: MCU, Shares: all, Interleave: 4}, at(123, 7), []netlist.SiteID{at(123, 7), at(127, 7)}},
		{"row, interleaved", Model{Kind: MCU, Shares: all, Interleave: 4, AlongRow: true}, at(130, 7), []netlist.SiteID{at(130, 7), at(131, 7), at(128, 8)}},
		{"row, one word", Model{Kind: MCU, Shares: all, Interleave: 1, AlongRow: true}, at(5, 62), []netlist.SiteID{at(5, 62), at(5, 63), at(5, 64)}},
		{"end of the row", Model{Kind: MCU, Shares: all, Interleave: 1, AlongRow: true}, at(5, 71), []netlist.SiteID{at(5, 71)}},
	} {
		got, err := c.m.cells(table, Site{ID: c.site})
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("%s: %v, %v", c.name, got, err)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: cell %d is %s, want %s", c.name, i, table.Name(got[i]), table.Name(c.want[i]))
			}
		}
	}
}

// Every model gives the same records on the fast engine and on the plain machine.
func TestModelsAgreeWithPlain(t *testing.T) {
	for _, c := range []struct {
		model string
		ecc   npu.ECC
		where netlist.Filter
		want  []Outcome // that must occur
		path  []Path
	}{
		{"pair", npu.ECCSECDED, netlist.Filter{NoSRAM: true}, []Outcome{Masked, SDCCritical}, []Path{PathDead, PathConverged}},
		{"mcu:shares=0.1/0.2/0.3/0.4:flops", npu.ECCSECDED, netlist.Filter{NoSRAM: true}, []Outcome{Masked, SDCCritical}, []Path{PathDead, PathConverged}},
		{"mcu:28nm:interleave=1:row", npu.ECCSECDED, netlist.Filter{NoFlops: true}, []Outcome{Masked, Corrected, DUEDetected}, []Path{PathDead, PathCode}},
		{"mcu:28nm", npu.ECCSECDED, netlist.Filter{NoFlops: true}, []Outcome{Masked, Corrected}, []Path{PathDead, PathCode}},
		{"mcu:28nm:interleave=1:row", npu.ECCParity, netlist.Filter{NoFlops: true}, []Outcome{Masked, DUEDetected}, []Path{PathDead}},
		{"mcu:28nm:interleave=2", npu.ECCNone, netlist.Filter{NoFlops: true}, []Outcome{Masked, SDCTolerable}, []Path{PathDead}},
		{"set", npu.ECCNone, netlist.Filter{Only: []string{"mac.*", "ao.*", "traversal.*"}}, []Outcome{Masked, SDCTolerable}, []Path{PathUncaught, PathDead, PathConverged}},
		{"intermittent:20", npu.ECCNone, netlist.Filter{NoSRAM: true}, []Outcome{Masked, SDCCritical}, []Path{PathConverged}},
		{"intermittent:3000", npu.ECCNone, netlist.Filter{NoSRAM: true}, []Outcome{DUEHang, SDCCritical}, nil},
		{"stuck-at-0", npu.ECCNone, netlist.Filter{NoSRAM: true}, []Outcome{Masked, SDCCritical}, []Path{PathEnd}},
		{"stuck-at-1", npu.ECCNone, netlist.Filter{NoSRAM: true}, []Outcome{Masked, SDCCritical, DUEHang}, []Path{PathEnd, PathStopped}},
	} {
		t.Run(fmt.Sprint(c.model, " ", c.ecc), func(t *testing.T) {
			m, err := ParseModel(c.model)
			if err != nil {
				t.Fatal(err)
			}
			if m.Kind == MCU {
				m.Shares = [4]float64{0.4, 0.3, 0.2, 0.1} // so that a small sample has them all
			}
			network, n := "fashion-tiny", 700
			if m.Kind == SET { // the other one is idle for most of its cycles
				network, n = "fashion-dscnn", 300
			}
			e := engine(t, network, isa.U55x128, 2, Options{ECC: c.ecc, Model: m})
			var sites []netlist.SiteID
			for _, r := range e.Table().Select(c.where) {
				for b := range r.Bits() {
					sites = append(sites, r.First+netlist.SiteID(b))
				}
			}
			w, p := worker(t, e), worker(t, e)
			rng := rand.New(rand.NewPCG(51, 7))
			outcomes, paths := map[Outcome]int{}, map[Path]int{}
			for i := range n {
				s := Site{sites[rng.IntN(len(sites))], rng.Uint64N(e.Cycles())}
				for k := 0; m.Kind == MCU && i&3 != 0 && k < 1000 && deadCell(e, s); k++ { // most cells of a small network are not in use
					s = Site{sites[rng.IntN(len(sites))], rng.Uint64N(e.Cycles())}
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
func deadCell(e *Engine, s Site) bool {
	p, err := e.Table().Place(s.ID)
	if err != nil {
		return true
	}
	at := p.Element
	if p.Register.Name != "sb.mem" {
		at *= codeWord
	}
	return e.codes.dead(at, s.Cycle)
}

// The shares of multi-cell events may be declared; a model is read back as it is
// written, and what is no distribution is refused.
func TestDeclaredShares(t *testing.T) {
	for _, text := range []string{"mcu:shares=0.9/0.06/0.03/0.01:interleave=4:flops", "mcu:finfet:interleave=2:row:flops", "mcu:28nm:interleave=4"} {
		m, err := ParseModel(text)
		if err != nil || m.String() != text {
			t.Errorf("%s is read as %s: %v", text, m, err)
		}
	}
	for _, shares := range []string{"", "1", "0.5/0.5", "0.5/0.5/0.5/0.5", "2/-1/0/0", "NaN/1/0/0", "0.25/0.25/0.25/0.25/0", "a/b/c/d"} {
		if _, err := ParseModel("mcu:shares=" + shares); err == nil || !strings.Contains(err.Error(), "shares") {
			t.Errorf("shares %q: %v", shares, err)
		}
	}
}

// Faults of flops are refused in the SRAM, and beside a mechanism.
func TestModelsRefuse(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x128, 2, Options{Model: Model{Kind: StuckAt1}})
	data, _ := e.Table().RAM()
	if _, err := worker(t, e).Inject(0, Site{data.First, 5}, nil); err == nil || !strings.Contains(err.Error(), "choose a flop") {
		t.Errorf("a stuck SRAM cell: %v", err)
	}
	if _, err := worker(t, e).Inject(0, Site{0, 5}, standIn{}); err == nil {
		t.Error("a stuck flop beside a mechanism is accepted")
	}
	if _, err := worker(t, e).Tell(0, Site{0, 5}); err == nil {
		t.Error("a story of a stuck flop")
	}
}

// standIn is a guard that does nothing.
type standIn struct{}

func (standIn) Upset(*npu.Machine, Site, []netlist.SiteID) (uint8, uint8, bool, Outcome, Cause) {
	return 0, 0, true, Masked, CauseNone
}
func (standIn) Beside(id netlist.SiteID, _ int) []netlist.SiteID { return []netlist.SiteID{id} }
func (standIn) Step(m *npu.Machine) bool                         { m.Step(); return false }
func (standIn) Active() bool                                     { return false }
