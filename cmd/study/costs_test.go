package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// Pairs are counted once in each group, also those that come apart or together.
func TestSwaps(t *testing.T) {
	inUse := [][]float64{{0.1, 0.2, 0.3}, {0.5, 0.5}}
	for _, c := range []struct {
		other    [][]float64
		changed  int
		distance float64
	}{
		{[][]float64{{0.1, 0.2, 0.3}, {0.5, 0.5}}, 0, 0},
		{[][]float64{{1, 2, 3}, {4, 4}}, 0, 0},
		{[][]float64{{0.25, 0.2, 0.3}, {0.5, 0.5}}, 1, 0.1},
		{[][]float64{{0.3, 0.2, 0.1}, {0.5, 0.5}}, 3, 0.2},
		{[][]float64{{0.1, 0.2, 0.3}, {0.5, 0.6}}, 1, 0.1},
		{[][]float64{{0.1, 0.3, 0.3}, {0.5, 0.5}}, 1, 0.1},
	} {
		pairs, changed, distance := swaps(inUse, c.other)
		if pairs != 4 || changed != c.changed || math.Abs(distance-c.distance) > 1e-9 {
			t.Errorf("%v: %d pairs, %d change, %v apart; want 4, %d, %v", c.other, pairs, changed, distance, c.changed, c.distance)
		}
	}
}

// costed is a study whose designs are made by hand: one network on all configurations.
func costed() *study {
	s := &study{Assessments: planted("not_met", [4]float64{0.1, 0.2, 0.3, 0.4}, 0.3, 0.2, 0.1)}
	for i := range s.Assessments {
		a := &s.Assessments[i]
		a.Full.Choice = []result.Choice{{Block: "cc", Mechanism: "parity"}}
		a.Paper.Choice = []result.Choice{{Block: "cc", Mechanism: "harden"}}
		s.Together = append(s.Together, together{NPU: a.NPU, Full: a.Full, Paper: a.Paper})
	}
	return s
}

// Designs are priced with the constants of the set, both areas of a ratio alike.
func TestRepriced(t *testing.T) {
	s := costed()
	for _, m := range netlist.CostSets() {
		got, err := repriced(s, &m.Costs)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Assessments {
			a := &got.Assessments[i]
			config, err := isa.ParseConfig(a.NPU)
			if err != nil {
				t.Fatal(err)
			}
			logic, all, cc := 0.0, 0.0, 0.0
			for _, x := range netlist.New(config, npu.ECCSECDED).Areas(&m.Costs) {
				logic, all = logic+x.LogicGE(), all+x.FlopGE
				if x.Block == "cc" {
					cc = x.FlopGE
				}
			}
			larger := mechanism.DefaultCells().DICE.Area - 1
			if math.Abs(a.Paper.Area-cc*larger/logic) > 1e-9 || math.Abs(a.HardenAll.AreaOverhead-all*larger/logic) > 1e-9 {
				t.Errorf("%s, %s: %v and %v of the logic, want %v and %v", m.Library, a.NPU, a.Paper.Area, a.HardenAll.AreaOverhead, cc*larger/logic, all*larger/logic)
			}
			if a.Lockstep.AreaOverhead < 1 || a.DuplicateAll.AreaOverhead < a.Lockstep.AreaOverhead || got.Together[i].Paper.Area != a.Paper.Area {
				t.Errorf("%s, %s: lock-step %v, copies %v", m.Library, a.NPU, a.Lockstep.AreaOverhead, a.DuplicateAll.AreaOverhead)
			}
		}
	}
	if s.Assessments[0].Paper.Area != 0.2 || s.Together[0].Full.Area != 0.1 {
		t.Error("the study itself has changed")
	}
	s.Assessments[1].Full.Choice[0].Block = "nowhere"
	if p, err := repriced(s, netlist.DefaultCosts()); err == nil {
		t.Errorf("a design of an unknown block has an area: %v", p.Assessments[1].Full.Area)
	}
}

// A claim that hangs on the constants is named.
func TestChangedClaimsAreNamed(t *testing.T) {
	s := costed()
	x, err := newSets(s)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	writeChangedClaims(&b, x)
	if !strings.Contains(b.String(), "no claim above changes") {
		t.Error(b.String())
	}
	last := len(x.all) - 1
	for i := range x.all[last].Assessments {
		x.all[last].Assessments[i].HardenAll.AreaOverhead = 0
	}
	b.Reset()
	writeChangedClaims(&b, x)
	if text := b.String(); !strings.Contains(text, x.names[last]+": claim 13 says") || strings.Contains(text, x.names[0]+": claim") {
		t.Error(text)
	}
}

// The section can be made of the stored results, of any age.
func TestCostsOfTheStoredResults(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	var s study
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := writeCosts(&b, &s); err != nil {
		t.Fatal(err)
	}
	x, err := newSets(&s)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range x.orders() {
		if !strings.Contains(b.String(), "| "+o.name+" |") {
			t.Errorf("no line for %s", o.name)
		}
	}
}
