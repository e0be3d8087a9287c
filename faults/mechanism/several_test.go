package mechanism

import (
	"math"
	"slices"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Parity does not see an even number of wrong bits in a group, and sees an odd one.
// Interleaved, neighbours are in different groups; so are those at the border between
// two groups of a wide element.
func TestParityOfSeveralBits(t *testing.T) {
	_, tab := running(t, 3000)
	for _, tc := range []struct {
		first string
		n     int
		alarm map[Kind]bool
	}{
		{"mac.acc[3].5", 1, map[Kind]bool{ParityAlways: true, ParityInterleaved: true}},
		{"mac.acc[3].5", 2, map[Kind]bool{ParityAlways: false, ParityInterleaved: true}},
		{"mac.acc[3].5", 3, map[Kind]bool{ParityAlways: true, ParityInterleaved: true}},
		{"mac.acc[3].5", 4, map[Kind]bool{ParityAlways: false, ParityInterleaved: false}},
		{"mac.acc[3].39", 2, map[Kind]bool{ParityAlways: false, ParityInterleaved: true}}, // and the bit below
		{"mac.acc[3].19", 2, map[Kind]bool{ParityAlways: true, ParityInterleaved: true}},  // one in each half
		{"cc.parse.0", 2, map[Kind]bool{ParityAlways: false, ParityInterleaved: true}},
		{"mac.valid[1].0", 2, map[Kind]bool{ParityAlways: true, ParityInterleaved: true}}, // elements of one bit
	} {
		for kind, want := range tc.alarm {
			m, _ := running(t, 3000)
			id := site(t, tab, tc.first)
			p, err := tab.Place(id)
			if err != nil {
				t.Fatal(err)
			}
			d := design(t, tab, Choice{Block: p.Register.Block, Kind: kind})
			// Of a group that is read with its valid bit set, only what is stored counts here.
			for i, g := range d.groups {
				g.valid = nil
				d.groups[i] = g
			}
			state := m.S
			g := d.Guard()
			cells := d.Beside(id, tc.n)
			if len(cells) != tc.n {
				t.Fatalf("%s: %d cells of %d", tc.first, len(cells), tc.n)
			}
			if _, _, r, err := g.Upset(m, m.Cycle(), cells...); r != Live || err != nil {
				t.Fatal(r, err)
			}
			for _, c := range cells {
				if tab.Read(&m.S, c) == tab.Read(&state, c) {
					t.Errorf("%s under %s: %s did not flip", tc.first, kind, tab.Name(c))
				}
			}
			if alarm := g.Step(m); alarm != want {
				t.Errorf("%d bits from %s under %s: alarm %v, want %v", tc.n, tc.first, kind, alarm, want)
			}
		}
	}
}

// The parity bit of a group has its neighbour in the group, the worst place;
// interleaved, it has not.
func TestParityBitAndItsNeighbour(t *testing.T) {
	for kind, want := range map[Kind]bool{ParityAlways: false, ParityInterleaved: true} {
		m, tab := running(t, 3000)
		d := design(t, tab, Choice{Block: "cc", Kind: kind})
		part := d.Parts()[0]
		for i := range part.words {
			if part.words[i].valid = nil; len(part.words[i].sites) < 2 {
				continue
			}
			cells := d.Beside(part.First+netlist.SiteID(i), 2)
			if len(cells) != 2 {
				t.Fatalf("%s: cells %v", kind, cells)
			}
			g := d.Guard()
			state := m.S
			if _, _, r, err := g.Upset(m, m.Cycle(), cells...); r != Live || err != nil {
				t.Fatal(r, err)
			}
			if alarm := g.Step(m); alarm != want {
				t.Errorf("%s and its neighbour under %s: alarm %v, want %v", d.Name(cells[0]), kind, alarm, want)
			}
			m.Load(&state)
		}
	}
}

// Interleaved, no two neighbours in an element share a group, no group is larger than
// without, and wide elements need no more parity bits.
func TestInterleavedGroups(t *testing.T) {
	for _, c := range isa.Configs {
		tab := netlist.New(c, npu.ECCNone)
		for _, block := range []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"} {
			d := design(t, tab, Choice{Block: block, Kind: ParityInterleaved})
			covered := map[netlist.SiteID]bool{}
			for _, g := range d.Parts()[0].words {
				if len(g.sites) > parityGroup {
					t.Errorf("%s: a group of %d bits", block, len(g.sites))
				}
				for i, id := range g.sites {
					if covered[id] {
						t.Errorf("%s is in two groups", tab.Name(id))
					}
					if covered[id] = true; i > 0 && g.sites[i-1]+1 == id {
						t.Errorf("%s and its neighbour are in one group", tab.Name(id))
					}
				}
			}
			if n := length(d.flopSpans(block)); len(covered) != n {
				t.Errorf("%s: %d of %d flops under parity", block, len(covered), n)
			}
		}
	}
	tab := netlist.New(isa.U55x128, npu.ECCNone)
	for i := range tab.Registers {
		if r := &tab.Registers[i]; r.Name == "mac.acc" { // 40 bits: two groups either way
			s := span{r.First, r.Bits()}
			if a, b := len(words(tab, s, false)), len(words(tab, s, true)); a != b || a != 2*r.Count {
				t.Errorf("%s: %d groups, interleaved %d, want twice %d elements", r.Name, a, b, r.Count)
			}
		}
	}
}

// flopSpans are the registers of a block that a mechanism may cover.
func (d *Design) flopSpans(block string) (out []span) {
	for i := range d.table.Registers {
		if r := &d.table.Registers[i]; r.Block == block && !r.IsSRAM() && !r.Observer {
			out = append(out, span{r.First, r.Bits()})
		}
	}
	return out
}

// Each of two hardened cells flips with its own ratio; what is reported is the first
// that flips.
func TestPairsOfHardenedCells(t *testing.T) {
	m, tab := running(t, 3000)
	d := design(t, tab, Choice{Block: "mac", Kind: HardenLight})
	id := site(t, tab, "mac.acc[3].17")
	state, g := m.S, d.Guard()
	var count [3]int
	const n = 20000
	for i := range uint64(n) {
		before, after, r, err := g.Upset(m, i, d.Beside(id, 2)...)
		if err != nil {
			t.Fatal(err)
		}
		flipped := 0
		for k := range netlist.SiteID(2) {
			if tab.Read(&m.S, id+k) != tab.Read(&state, id+k) {
				flipped++
			}
		}
		if (r == Held) != (flipped == 0) || (before != after) != (flipped > 0) {
			t.Fatalf("%d flipped, response %v, bit %d to %d", flipped, r, before, after)
		}
		count[flipped]++
		m.Load(&state)
	}
	for k, want := range [3]float64{0.5625, 0.375, 0.0625} { // of a ratio of 0.25
		if got := float64(count[k]) / n; math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/n) {
			t.Errorf("%d of two cells flip in %.4f of the events, want %.4f", k, got, want)
		}
	}
}

// Two upset bits of one copy are out-voted, whichever copy it is.
func TestPairsAreOutvoted(t *testing.T) {
	m, tab := running(t, 3000)
	golden, _ := running(t, 3000)
	golden.Step()
	d := design(t, tab, Choice{Block: "ao", Kind: Triplicate})
	id := site(t, tab, "ao.val[1].9")
	state := m.S
	for _, at := range []netlist.SiteID{id, copyIn(t, d, id, "voted", 0), copyIn(t, d, id, "voted", 1)} {
		m.Load(&state)
		g := d.Guard()
		if _, _, r, err := g.Upset(m, m.Cycle(), d.Beside(at, 2)...); r != Live || err != nil || len(g.voters) != 2 || m.S != state {
			t.Errorf("%s: %v %v, %d voters", d.Name(at), r, err, len(g.voters))
		}
		if g.Step(m) || m.S != golden.S || !g.Corrected() || g.Active() {
			t.Errorf("%s: a pair is not corrected", d.Name(at))
		}
	}
}

// A pair in a duplicated block is contained, in the block and in its copy.
func TestDuplicateContainsPairs(t *testing.T) {
	alarms := 0
	for _, tc := range []struct{ block, register string }{
		{"mac", "mac.acc[3].17"}, {"cc", "cc.parse.0"}, {"traversal", "traversal.mac.ox.2"}, {"dma", "dma.ifm.addr.5"}, {"ao", "ao.val[1].9"},
	} {
		_, tab := running(t, 2500)
		d := design(t, tab, Choice{Block: tc.block, Kind: Duplicate})
		base := site(t, tab, tc.register)
		for _, id := range []netlist.SiteID{base, copyOf(t, d, base)} {
			m, _ := running(t, 2500)
			golden, _ := running(t, 2500)
			alarms += contained(t, d, m, golden, tc.block, d.Beside(id, 2)...)
		}
	}
	if alarms == 0 || alarms%2 != 0 {
		t.Errorf("%d alarms: the comparator must not care which copy is hit, and some pairs must show", alarms)
	}
}

// An event begins at its site, stays in the register or part of it, and hits as many
// cells as there are, each once.
func TestCellsOfAnEvent(t *testing.T) {
	_, tab := running(t, 10)
	d := design(t, tab,
		Choice{Block: "cc", Kind: Parity}, Choice{Block: "ao", Kind: ParityInterleaved}, Choice{Block: "mac", Kind: Duplicate},
		Choice{Block: "wd", Kind: Triplicate}, Choice{Block: "traversal", Kind: Residue}, Choice{Block: "cc", Kind: Watchdog})
	seen := map[string]int{}
	for k := range d.Bits() {
		id := netlist.SiteID(k)
		if k < tab.Bits() {
			if p, _ := tab.Place(id); p.Register.IsSRAM() {
				continue
			}
		}
		for n := 1; n <= maxWatched; n++ {
			cells := d.Beside(id, n)
			if len(cells) > n || len(cells) == 0 || cells[0] != id || n == 1 && len(cells) != 1 {
				t.Fatalf("%s: an event of %d cells hits %v", d.Name(id), n, cells)
			}
			part, _ := d.find(id)
			if part != nil && n == 2 && len(cells) == 2 {
				seen[part.Name]++
			}
			for i, c := range cells {
				if slices.Contains(cells[:i], c) {
					t.Fatalf("%s: cell %d is hit twice", d.Name(id), c)
				}
				if other, _ := d.find(c); part != nil && other != part && (other != nil || part.Name != "parity") {
					t.Fatalf("%s: an event goes on at %s", d.Name(id), d.Name(c))
				}
				if part != nil && part.base != nil && n == 2 { // copies stand as their originals do
					if a, b := part.source(int(c-part.First)), d.Beside(part.source(int(id-part.First)), n)[i]; a != b && part.Name != "voter" {
						t.Fatalf("%s: cell %d is a copy of %s, want %s", d.Name(id), i, tab.Name(a), tab.Name(b))
					}
				}
			}
		}
	}
	for _, name := range []string{"parity", "copy", "voted", "check"} {
		if seen[name] == 0 {
			t.Errorf("no pair in a part named %s", name)
		}
	}
	if seen["alarm"]+seen["voter"] > 0 {
		t.Error("alarms and voters are single")
	}
}
