package mechanism

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// running returns a machine some way into an inference of the shipped network.
func running(t testing.TB, cycles uint64) (*npu.Machine, *netlist.Table) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "models", "fashion-dscnn.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Program()
	mem := new(isa.Memory)
	size := 0
	for _, b := range p.Inputs {
		size += b.Size
	}
	in := make([]byte, size)
	for i := range in {
		in[i] = byte(i * 7)
	}
	if err := p.Load(mem, in); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCSECDED, mem)
	m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(p.SRAMBytes())
	p.Start(m)
	if m.Run(cycles); m.S.CC.Run == 0 {
		t.Fatalf("the inference ended before cycle %d", cycles)
	}
	return m, netlist.New(p.Config, npu.ECCSECDED)
}

func site(t testing.TB, tab *netlist.Table, name string) netlist.SiteID {
	t.Helper()
	id, err := tab.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func design(t testing.TB, tab *netlist.Table, choices ...Choice) *Design {
	t.Helper()
	d, err := New(tab, choices, DefaultCells(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A duplicated machine steps exactly as a plain one while its copies agree.
func TestTwinDoesNotDisturb(t *testing.T) {
	m, tab := running(t, 3000)
	plain, _ := running(t, 3000)
	for _, block := range []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"} {
		d := design(t, tab, Choice{Block: block, Kind: Duplicate})
		g := d.Guard()
		g.pair(m, block)
		for range 200 {
			// Keep the pair apart, so that it goes on watching.
			g.watch = Duplicate
			if g.stepPair(m) {
				t.Fatalf("%s: alarm between equal copies at cycle %d", block, m.Cycle())
			}
			plain.Step()
		}
		if m.S != plain.S {
			t.Fatalf("%s: the duplicated machine differs from the plain one", block)
		}
	}
}

// An upset in a duplicated block either raises an alarm or leaves everything
// outside the block as it is without the upset.
func TestDuplicateContainsUpsets(t *testing.T) {
	cases := []struct{ block, register string }{
		{"mac", "mac.acc[3].17"}, {"mac", "mac.ux.0"}, {"cc", "cc.parse.0"}, {"cc", "cc.run.0"}, {"traversal", "traversal.mac.ox.2"},
		{"dma", "dma.ifm.addr.5"}, {"wd", "wd.count.2"}, {"ao", "ao.val[1].9"}, {"sb", "sb.ibfull[0].0"},
	}
	for _, tc := range cases {
		var alarms [2]int
		for _, cycle := range []uint64{2500, 3300, 4100} {
			_, tab := running(t, cycle)
			d := design(t, tab, Choice{Block: tc.block, Kind: Duplicate})
			base := site(t, tab, tc.register)
			for side := range 2 {
				m, _ := running(t, cycle)
				golden, _ := running(t, cycle)
				id := base
				if side == 1 {
					id = copyOf(t, d, base)
				}
				alarms[side] += contained(t, d, m, golden, tc.block, id)
			}
		}
		if alarms[0] != alarms[1] {
			t.Errorf("%s: %d alarms for the machine's bit, %d for its copy: the comparator must not care which", tc.register, alarms[0], alarms[1])
		}
	}
}

// contained injects one event and returns 1 for an alarm.
func contained(t *testing.T, d *Design, m, golden *npu.Machine, block string, ids ...netlist.SiteID) int {
	t.Helper()
	g := d.Guard()
	id := ids[0]
	before, after, r, err := g.Upset(m, m.Cycle(), ids...)
	if err != nil || before == after {
		t.Fatalf("%s: bit %d to %d, %v", d.Name(id), before, after, err)
	}
	if r == Alarm {
		return 1
	}
	for range 1500 {
		if !g.Active() {
			if !sameBlock(&m.S.Flops, &golden.S.Flops, block) {
				t.Fatalf("%s: the guard stopped watching while the copies differ", d.Name(id))
			}
			return 0
		}
		if g.Step(m) {
			return 1
		}
		golden.Step()
		if !sameRest(&m.S.Flops, &golden.S.Flops, block) || m.S.RAM != golden.S.RAM {
			t.Fatalf("%s: an upset left the block at cycle %d without an alarm", d.Name(id), m.Cycle())
		}
	}
	return 0
}

// copyOf finds the site of the copy of a bit.
func copyOf(t *testing.T, d *Design, base netlist.SiteID) netlist.SiteID {
	t.Helper()
	return copyIn(t, d, base, "", 0)
}

// copyIn finds the copy of a bit with the given number in a part, or in any.
func copyIn(t *testing.T, d *Design, base netlist.SiteID, part string, number int) netlist.SiteID {
	t.Helper()
	for i := range d.parts {
		for k := range d.parts[i].Bits {
			if p := &d.parts[i]; p.base != nil && p.source(k) == base && (part == "" || p.Name == part) {
				if number == 0 {
					return p.First + netlist.SiteID(k)
				}
				number--
			}
		}
	}
	t.Fatalf("%s has no copy", d.table.Name(base))
	return 0
}

func TestParity(t *testing.T) {
	m, tab := running(t, 3000)
	d := design(t, tab, Choice{Block: "mac", Kind: ParityAlways})
	id := site(t, tab, "mac.acc[3].17")
	g := d.Guard()
	if _, _, r, err := g.Upset(m, m.Cycle(), id); r != Live || err != nil {
		t.Fatal(r, err)
	}
	cycle := m.Cycle()
	if !g.Step(m) || m.Cycle() != cycle {
		t.Fatal("parity must raise the alarm before the next clock")
	}
	// A second flip in the same group hides the first; one in another group
	// (the upper half of the same element) does not.
	for _, tc := range []struct {
		second string
		alarm  bool
	}{{"mac.acc[3].5", false}, {"mac.acc[3].30", true}, {"mac.acc[4].17", true}} {
		m, _ := running(t, 3000)
		if _, _, _, err := g.Upset(m, m.Cycle(), id); err != nil {
			t.Fatal(err)
		}
		if _, _, err := tab.Flip(m, site(t, tab, tc.second)); err != nil {
			t.Fatal(err)
		}
		if got := g.Step(m); got != tc.alarm {
			t.Errorf("second flip at %s: alarm %v, want %v", tc.second, got, tc.alarm)
		}
	}
	// The parity bit itself.
	part := d.Parts()[0]
	m, _ = running(t, 3000)
	state := m.S
	if _, _, _, err := g.Upset(m, m.Cycle(), part.First+5); err != nil || m.S != state || !g.Step(m) {
		t.Error("a flipped parity bit must raise a false alarm and leave the machine alone")
	}
}

func TestHardenedCellsFlipAtTheirRate(t *testing.T) {
	_, tab := running(t, 100)
	d, err := New(tab, []Choice{{Block: "mac", Kind: HardenLight}}, DefaultCells(), 7)
	if err != nil {
		t.Fatal(err)
	}
	const n = 40000
	flips := 0
	for i := range n {
		if d.flips(netlist.SiteID(i%977), uint64(i), 0.25) {
			flips++
		}
	}
	if p := float64(flips) / n; math.Abs(p-0.25) > 4*math.Sqrt(0.25*0.75/n) {
		t.Errorf("%v of the upsets flip, want 0.25", p)
	}
	if d.flips(3, 4, 0) || !d.flips(3, 4, 1) {
		t.Error("rates 0 and 1 must be certain")
	}
}

// An upset copy is out-voted at the next clock; an upset of the voter's output is
// seen by everything for a clock.
func TestTriplicateVotes(t *testing.T) {
	m, tab := running(t, 3000)
	golden, _ := running(t, 3000)
	golden.Step()
	d := design(t, tab, Choice{Block: "ao", Classes: []netlist.Class{netlist.Datapath}, Kind: Triplicate})
	id := site(t, tab, "ao.val[1].9")
	state := m.S
	for _, tc := range []struct {
		part    string
		first   int
		correct bool
	}{{"", 0, true}, {"voted", 0, true}, {"voted", 1, true}, {"voter", 0, false}} {
		m.Load(&state)
		g := d.Guard()
		at := id
		if tc.part != "" {
			at = copyIn(t, d, id, tc.part, tc.first)
		}
		before, after, r, err := g.Upset(m, m.Cycle(), at)
		if r != Live || before == after || err != nil || (m.S == state) != tc.correct || g.Active() != tc.correct {
			t.Errorf("%s: %v %v: only an upset voter shows in the machine", d.Name(at), r, err)
		}
		if g.Step(m) {
			t.Errorf("%s: a voter has no alarm", d.Name(at))
		}
		if (m.S == golden.S) != tc.correct || g.Corrected() != tc.correct || g.Active() {
			t.Errorf("%s: corrected %v, machine right %v", d.Name(at), g.Corrected(), m.S == golden.S)
		}
	}
	// A register of another class is not covered.
	if _, _, r, _ := d.Guard().Upset(m, m.Cycle(), site(t, tab, "ao.slot.0")); r != Live || m.S == state {
		t.Error("an unprotected bit must flip")
	}
}

func TestDesignSites(t *testing.T) {
	_, tab := running(t, 10)
	d := design(t, tab, Choice{Block: "mac", Kind: Duplicate}, Choice{Block: "wd", Kind: Parity}, Choice{Block: "cc", Kind: Triplicate})
	next := netlist.SiteID(tab.Bits())
	want := map[string]int{}
	for i := range tab.Registers {
		if r := &tab.Registers[i]; !r.IsSRAM() && !r.Observer {
			want[r.Block] += r.Bits()
		}
	}
	for _, p := range d.Parts() {
		if p.First != next {
			t.Errorf("%s %s starts at %d, want %d", p.Block, p.Name, p.First, next)
		}
		next += netlist.SiteID(p.Bits)
		switch p.Name {
		case "copy":
			if p.Bits != want["mac"] {
				t.Errorf("copy of %d bits, want %d", p.Bits, want["mac"])
			}
		case "voted":
			if p.Bits != 2*want["cc"] {
				t.Errorf("%d voted bits, want %d", p.Bits, 2*want["cc"])
			}
		case "parity":
			covered := 0
			for _, g := range p.words {
				covered += len(g.sites)
				if len(g.sites) > parityGroup {
					t.Errorf("a group of %d bits", len(g.sites))
				}
			}
			if covered != want["wd"] {
				t.Errorf("parity over %d bits, want %d", covered, want["wd"])
			}
		}
	}
	if int(next) != d.Bits() {
		t.Errorf("%d sites, want %d", d.Bits(), next)
	}
	for _, bad := range [][]Choice{
		{{Block: "mac", Kind: Duplicate}, {Block: "mac", Classes: []netlist.Class{netlist.Datapath}, Kind: Harden}},
		{{Block: "pmu", Kind: Duplicate}}, {{Block: "nothing", Kind: Harden}},
		{{Block: "mac", Classes: []netlist.Class{netlist.Datapath}, Kind: Duplicate}},
	} {
		if _, err := New(tab, bad, DefaultCells(), 0); err == nil {
			t.Errorf("%v must be refused", bad)
		}
	}
}

func TestAreas(t *testing.T) {
	for _, c := range isa.Configs {
		tab := netlist.New(c, npu.ECCNone)
		areas := tab.Areas(nil)
		p := NewPricing(tab, areas, nil, DefaultCells())
		logic, sram := p.Logic()
		if logic <= 0 || sram < 16*8192 {
			t.Fatalf("logic %v, SRAM %v", logic, sram)
		}
		cost := func(ch Choice) float64 {
			x, err := p.Cost(ch)
			if err != nil {
				t.Fatal(err)
			}
			return x.LogicGE
		}
		for _, a := range areas {
			if a.Block == "pmu" {
				continue
			}
			harden := cost(Choice{Block: a.Block, Kind: Harden})
			if math.Abs(harden-a.FlopGE) > 1e-6*a.FlopGE {
				t.Errorf("%s: hardening costs %v, want the flops' own area %v", a.Block, harden, a.FlopGE)
			}
			if light := cost(Choice{Block: a.Block, Kind: HardenLight}); math.Abs(light-0.2*a.FlopGE) > 1e-6*a.FlopGE {
				t.Errorf("%s: light hardening costs %v", a.Block, light)
			}
			if d := cost(Choice{Block: a.Block, Kind: Duplicate}); d <= a.LogicGE() {
				t.Errorf("%s: duplication costs %v, not more than the block's %v", a.Block, d, a.LogicGE())
			}
			if v := cost(Choice{Block: a.Block, Kind: Triplicate}); math.Abs(v-float64(a.Flops)*(2*netlist.DefaultCosts().Flop+netlist.DefaultCosts().Voter)) > 1 {
				t.Errorf("%s: triplication costs %v", a.Block, v)
			}
		}
		code := cost(Choice{Block: "sb", Kind: SECDED})
		lock, err := p.Lockstep()
		if err != nil || lock.LogicGE <= logic || lock.LogicGE > 1.2*logic || code <= 0 {
			t.Errorf("lock-step %v of %v logic, code %v: %v", lock.LogicGE, logic, code, err)
		}
	}
}
