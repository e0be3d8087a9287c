package campaign

import (
	"math"
	"slices"
	"testing"

	"upset/faults"
	"upset/faults/golden"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

// Every bit of the table is in exactly one group, and Bit finds each once.
func TestPlainCoversTable(t *testing.T) {
	for _, tc := range []struct {
		name string
		spec Spec
		want func(t *netlist.Table, p netlist.Place) bool // selected
	}{
		{"all", Spec{}, func(*netlist.Table, netlist.Place) bool { return true }},
		{"flops", Spec{Sites: SitesFlops}, func(_ *netlist.Table, p netlist.Place) bool { return !p.Register.IsSRAM() }},
		{"sram", Spec{Sites: SitesSRAM}, func(_ *netlist.Table, p netlist.Place) bool { return p.Register.IsSRAM() }},
		{"only", Spec{Only: []string{"mac.*"}}, func(_ *netlist.Table, p netlist.Place) bool { return p.Register.Block == "mac" }},
		{"control", Spec{Classes: []string{"control"}}, func(_ *netlist.Table, p netlist.Place) bool {
			return p.Register.Class == netlist.LocalControl || p.Register.Class == netlist.GlobalControl
		}},
		{"bits", Spec{Bits: &BitRange{0, 0}}, func(_ *netlist.Table, p netlist.Place) bool { return p.Bit == 0 }},
		{"bits of config", Spec{Bits: &BitRange{4, 7}, Classes: []string{"config"}}, func(_ *netlist.Table, p netlist.Place) bool {
			return p.Bit >= 4 && p.Bit <= 7 && p.Register.Class == netlist.Configuration
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tab := netlist.New(isa.U55x32, npu.ECCNone)
			pop, err := NewPlain(tab, tc.spec.normal())
			if err != nil {
				t.Fatal(err)
			}
			seen := make([]bool, tab.Bits())
			total := uint64(0)
			for g, group := range pop.Groups() {
				total += group.Bits
				if group.Excluded {
					continue
				}
				for k := range group.Bits {
					id := pop.Bit(g, k)
					if seen[id] {
						t.Fatalf("site %d twice", id)
					}
					seen[id] = true
					place, err := tab.Place(id)
					if err != nil {
						t.Fatal(err)
					}
					if r := place.Register; r.Block != group.Block || r.IsSRAM() != group.SRAM || !r.Observer && r.Class.String() != group.Class || r.Observer != group.Known {
						t.Fatalf("%s is in the group %+v", tab.Name(id), group)
					}
				}
			}
			if total != uint64(tab.Bits()) {
				t.Errorf("groups hold %d bits of %d", total, tab.Bits())
			}
			for id := range seen {
				place, _ := tab.Place(netlist.SiteID(id))
				if seen[id] != tc.want(tab, place) {
					t.Fatalf("%s selected: %v", tab.Name(netlist.SiteID(id)), seen[id])
				}
			}
		})
	}
	if _, err := NewPlain(netlist.New(isa.U55x32, npu.ECCNone), Spec{Only: []string{"nothing*"}}); err == nil {
		t.Error("filters that select nothing are accepted")
	}
}

// RAM under SECDED is known not to violate, RAM under parity is not.
func TestKnownRAM(t *testing.T) {
	for ecc, want := range map[npu.ECC]bool{npu.ECCNone: false, npu.ECCParity: false, npu.ECCSECDED: true} {
		pop, err := NewPlain(netlist.New(isa.U55x32, ecc), Spec{ECC: eccName(ecc)})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range pop.Groups() {
			if g.SRAM && g.Known != want {
				t.Errorf("%s: RAM known: %v", eccName(ecc), g.Known)
			}
		}
	}
}

// Different machines have different digests, equal ones the same.
func TestTableDigest(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []isa.Config{isa.U55x32, isa.U55x64} {
		for _, ecc := range []npu.ECC{npu.ECCNone, npu.ECCParity, npu.ECCSECDED} {
			d := TableDigest(netlist.New(c, ecc))
			if seen[d] || d != TableDigest(netlist.New(c, ecc)) {
				t.Errorf("%v %v: digest %s", c, ecc, d)
			}
			seen[d] = true
		}
	}
}

// Weights are exact: the strata partition bits × cycles.
func TestStrataPartition(t *testing.T) {
	const bits = 64 + 16 + 256 + 32 + 512
	for _, tc := range []struct {
		name  string
		spec  Spec
		sites uint64
	}{
		{"all", toySpec(nil), bits * toyCycles},
		{"uniform", toySpec(samplings["uniform"]), bits * toyCycles},
		{"thin", toySpec(func(s *Spec) { s.Injections = 60 }), bits * toyCycles},
		{"layers", toySpec(func(s *Spec) { s.Layers = []int{1, 3} }), bits * 400},
	} {
		f := newToy().frame(t, tc.spec)
		var sites uint64
		seen := map[int]bool{}
		for _, cells := range f.Strata {
			sites += f.stratumSites(cells)
			for _, c := range cells {
				if seen[c] {
					t.Errorf("%s: cell %d twice", tc.name, c)
				}
				seen[c] = true
				if g, h := f.Groups[f.Cells[c].Group], f.group(cells); tc.name != "uniform" && (g.Block != h.Block || g.SRAM != h.SRAM || g.Known != h.Known) {
					t.Errorf("%s: %+v and %+v in one stratum", tc.name, g, h)
				}
			}
		}
		if sites != tc.sites || float64(sites) != f.sites() {
			t.Errorf("%s: %d sites, want %d", tc.name, sites, tc.sites)
		}
	}
}

// Draws are uniform over the sites and inputs of a stratum.
func TestDrawsAreUniform(t *testing.T) {
	m := newToy()
	spec := toySpec(func(s *Spec) { s.Sampling, s.Layers = SamplingUniform, []int{1, 3} })
	f := m.frame(t, spec)
	const n = 88_000
	groups, cycles, inputs, low := map[int]int{}, make([]int, toyCycles), [2]int{}, 0
	for i := range n {
		d := f.draw(1, i, 0)
		if d != f.draw(1, i, 0) {
			t.Fatal("a draw is not repeatable")
		}
		g := f.Cells[d.cell].Group
		groups[g]++
		cycles[d.cycle]++
		inputs[d.input]++
		if d.bit < f.Groups[g].Bits/2 {
			low++
		}
	}
	near := func(what string, got int, p float64) {
		if sigma := math.Sqrt(n * p * (1 - p)); math.Abs(float64(got)-n*p) > 5*sigma {
			t.Errorf("%s: %d of %d, want %.0f", what, got, n, n*p)
		}
	}
	for g, group := range m.groups {
		near(group.Block+" "+group.Class, groups[g], float64(group.Bits)/880)
	}
	near("input 0", inputs[0], 0.5)
	near("low half of the bits", low, 0.5)
	for c, k := range cycles {
		inside := c >= 200 && c < 400 || c >= 600 && c < 800
		if !inside && k > 0 {
			t.Errorf("cycle %d lies outside the layers", c)
		}
		if inside {
			near("cycle", k, 1.0/400)
		}
	}
	if a, b := f.draw(1, 0, 0), f.draw(2, 0, 0); a == b {
		t.Error("the seed does not matter")
	}
}

func TestSegmentsAndPhases(t *testing.T) {
	var ops []golden.OpSpan
	at := uint64(0)
	for i := range 30 {
		length := uint64(10 + 7*(i%5))
		ops = append(ops, golden.OpSpan{Layer: i / 2, Start: at, End: at + length - 1})
		at += length
	}
	s := segments(ops, at+5)
	if len(s) != 15 || s[0].Start != 0 || s[14].End != at+5 {
		t.Fatalf("%d segments: %+v", len(s), s)
	}
	p := phases(s)
	if len(p) != maxPhases {
		t.Fatalf("%d phases", len(p))
	}
	var cycles uint64
	for i, x := range p {
		cycles += x.cycles()
		if i > 0 && x.Spans[0].Start != p[i-1].Spans[len(p[i-1].Spans)-1].End {
			t.Errorf("phase %d does not follow on the one before", i)
		}
	}
	if cycles != at+5 {
		t.Errorf("phases hold %d cycles of %d", cycles, at+5)
	}
	if one := segments(nil, 7); len(one) != 1 || one[0].End != 7 {
		t.Errorf("no operations: %+v", one)
	}
}

// The plan allocates everything, keeps the floor and follows the schedule.
func TestPlan(t *testing.T) {
	for name, change := range samplings {
		spec := toySpec(change)
		f := newToy().frame(t, spec)
		most, err := mostRounds(spec)
		if err != nil {
			t.Fatal(err)
		}
		sum := make([]int, len(f.Strata))
		counts := newTally(f, spec)
		var rounds []Round
		var every []int
		for k := 0; ; k++ {
			total, more, err := next(f, spec, k, counts)
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
			r, err := plan(f, spec, total, counts)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for i, a := range r.Alloc {
				n += a
				sum[i] += a
			}
			if n != r.Size || r.end() != total || len(r.strata()) != n {
				t.Errorf("%s round %d: %+v", name, k, r)
			}
			for j, stratum := range r.strata() {
				d := f.draw(spec.Seed, r.Start+j, stratum)
				counts.add(k, d.cell, faults.Record{Site: faults.Site{Cycle: d.cycle}, Input: uint32(d.input), Outcome: faults.Outcome(j % 3)})
			}
			rounds = append(rounds, r)
			every = append(every, r.strata()...)
		}
		if len(rounds) == 0 || len(rounds) > most {
			t.Errorf("%s: %d rounds of at most %d", name, len(rounds), most)
		}
		for _, step := range []int{1, 37} {
			w := walker{rounds: rounds}
			for i := 0; i < len(every); i += step {
				if s, ok := w.at(i); !ok || s != every[i] {
					t.Fatalf("%s: injection %d is in stratum %d, want %d", name, i, s, every[i])
				}
			}
			if _, ok := w.at(len(every)); ok {
				t.Errorf("%s: an injection behind the last round has a stratum", name)
			}
		}
		if least := slices.Min(sum); name == "stratified" && least < stats.MinStratum {
			t.Errorf("a stratum has %d samples only", least)
		}
	}
}

func TestSchedule(t *testing.T) {
	for _, tc := range []struct {
		change func(*Spec)
		want   []int
		most   int
	}{
		{func(s *Spec) { s.Injections = 1 }, []int{1}, 1},
		{func(s *Spec) { s.Injections = 1001 }, []int{251, 501, 1001}, 1001},
		{func(s *Spec) { s.Injections, s.Margin = 5000, 0.01 }, nil, 5000},
		{func(s *Spec) { s.Injections, s.Relative = 3, 0.5 }, nil, 3},
		{func(s *Spec) { s.Injections, s.Margin = 0, 0.05 }, nil, 844},
	} {
		s := toySpec(tc.change)
		if got := schedule(s); tc.want != nil && !slices.Equal(got, tc.want) {
			t.Errorf("%v, want %v", got, tc.want)
		}
		if got, err := capSize(s); err != nil || got != tc.most {
			t.Errorf("at most %v, %v, want %v", got, err, tc.most)
		}
	}
	if _, err := capSize(toySpec(func(s *Spec) { s.Injections, s.Margin = 0, 1e-6 })); err == nil {
		t.Error("a margin that nobody can pay is accepted")
	}
}

func TestSpecCheck(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"negative":   func(s *Spec) { s.Injections = -1 },
		"both":       func(s *Spec) { s.Margin, s.Relative = 0.1, 0.1 },
		"margin":     func(s *Spec) { s.Margin = 1 },
		"nan":        func(s *Spec) { s.Relative = math.NaN() },
		"confidence": func(s *Spec) { s.Confidence = 1 },
		"sites":      func(s *Spec) { s.Sites = "ram" },
		"sampling":   func(s *Spec) { s.Sampling = "random" },
		"bits":       func(s *Spec) { s.Bits = &BitRange{5, 4} },
		"pattern":    func(s *Spec) { s.Only = []string{"["} },
		"class":      func(s *Spec) { s.Classes = []string{"data"} },
		"format":     func(s *Spec) { s.Format = formatVersion + 1 },
	} {
		s := toySpec(nil)
		if change(&s); s.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	a, b := toySpec(nil), toySpec(nil)
	a.Only, b.Only = []string{"x", "y"}, []string{"y", "x", "y"}
	if a.Digest() != b.Digest() {
		t.Error("the order of filters changes the digest")
	}
	if b.Seed++; a.Digest() == b.Digest() {
		t.Error("the seed is not in the digest")
	}
}

func TestNames(t *testing.T) {
	f := newToy().frame(t, toySpec(nil))
	cell := func(group, phase int) int {
		return slices.Index(f.Cells, Cell{group, phase})
	}
	for _, tc := range []struct {
		cells        []int
		class, phase string
	}{
		{[]int{cell(0, 1)}, "config", "layer 1"},
		{[]int{cell(0, 1), cell(0, 2), cell(0, 4)}, "config", "layers 1-2, layer 4"},
		{[]int{cell(0, 0), cell(0, 1), cell(0, 2), cell(0, 3), cell(0, 4)}, "config", "all"},
		{[]int{cell(0, 1), cell(1, 1)}, "config+global", "layer 1"},
		{[]int{cell(0, 1), cell(1, 2)}, "config+global", "mixed"},
		{[]int{cell(3, 5)}, "observer", "all"},
	} {
		if class, phase := f.names(tc.cells); class != tc.class || phase != tc.phase {
			t.Errorf("%v: %s %s, want %s %s", tc.cells, class, phase, tc.class, tc.phase)
		}
	}
}
