package netlist

import (
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// A cell is the place that the table reads and flips: every bit of every register.
func TestCellsAreSites(t *testing.T) {
	for _, c := range isa.Configs {
		tab := New(c, npu.ECCNone)
		cells, err := tab.Cells([]string{"traversal.", "dma.", "wd.", "mac.", "ao.", "sb.ibfull", "pmu.count"})
		if err != nil {
			t.Fatal(err)
		}
		var s npu.State
		r := rand.New(rand.NewPCG(1, uint64(c)))
		for i := range cells {
			x := &cells[i]
			v := r.Uint64() & x.in
			x.Set(&s.Flops, v|^x.in)
			if got := x.Get(&s.Flops); got != v || x.Wrong(&s.Flops) {
				t.Fatalf("%s[%d] holds %#x, was given %#x", x.Register.Name, x.Element, got, v)
			}
			for b := range x.Width {
				if got := tab.Read(&s, x.Site+SiteID(b)); uint64(got) != v>>b&1 {
					t.Fatalf("%s is %d, the cell says %#x", tab.Name(x.Site+SiteID(b)), got, v)
				}
			}
			x.Set(&s.Flops, 0)
		}
		if s != (npu.State{}) {
			t.Error("a cell wrote outside its place")
		}
	}
	for _, name := range []string{"wd.no", "cc.bank0", "sb.mem"} {
		if _, err := New(isa.U55x32, npu.ECCNone).Cells([]string{name}); err == nil {
			t.Errorf("%s has cells", name)
		}
	}
}
