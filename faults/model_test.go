package faults

import (
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
		got, err := c.m.Cells(table, Site{ID: c.site})
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
