package protect

import (
	"context"
	"math"
	"testing"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/stats/result"
)

// Every overhead has what the libraries span of it: both areas of the same design with the
// constants of one library after the other.
func TestOverheadsHaveTheRangeOfTheLibraries(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	s := baseCampaign(t, e, 3000)
	for _, set := range []string{OptionsPaper, OptionsFull} {
		p, err := Run(context.Background(), e, s, Options{Dir: t.TempDir(), Set: set, NoProof: true, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		choices, err := Choices(p.Choice)
		if err != nil || len(choices) == 0 {
			t.Fatalf("%v, %v", choices, err)
		}
		spans, err := mechanism.Spans(e.Table(), mechanism.DefaultCells(), choices)
		if err != nil || len(spans) != len(netlist.MeasuredCosts()) || len(p.Libraries) != len(spans) {
			t.Fatalf("%d libraries of %d, %v", len(p.Libraries), len(spans), err)
		}
		want, withRAM := result.Range{Low: math.Inf(1)}, result.Range{Low: math.Inf(1)}
		for i, x := range spans {
			want, withRAM = widened(want, x.Overhead()), widened(withRAM, x.OverheadWithRAM())
			if l := p.Libraries[i]; l.Library != x.Library || !near(l.AreaGE, x.Adds.LogicGE) || !near(l.LogicGE, x.LogicGE) || !near(l.AreaOverhead, x.Adds.LogicGE/x.LogicGE) {
				t.Errorf("%s: %+v, want %+v", set, l, x)
			}
		}
		if !same(p.AreaOverheadRange, want) || !same(p.AreaOverheadWithRAMRange, withRAM) || want.High-want.Low < 1e-3 {
			t.Errorf("%s: %+v, want %+v; with RAM %+v, want %+v", set, p.AreaOverheadRange, want, p.AreaOverheadWithRAMRange, withRAM)
		}
		// The constants in use are the middle of the two. Of a ratio that need not be the
		// middle, but little beside it.
		within := func(what string, x float64, r result.Range) {
			if !(r.Low <= 1.03*x && x <= 1.03*r.High && r.High > 0) {
				t.Errorf("%s, %s: %v beside %+v", set, what, x, r)
			}
		}
		within("design", p.AreaOverhead, p.AreaOverheadRange)
		for _, c := range p.Choice {
			within(c.Block+" "+c.Mechanism, c.Overhead, c.OverheadRange)
		}
		within("harden all", p.HardenAll.AreaOverhead, p.HardenAll.AreaOverheadRange)
		within("duplicate all", p.DuplicateAll.AreaOverhead, p.DuplicateAll.AreaOverheadRange)
		for _, x := range p.Pareto {
			if x.Design != "none" {
				within(x.Design, x.AreaOverhead, x.AreaOverheadRange)
			}
		}
		if p.Unprotected.AreaOverheadRange != (result.Range{}) || !(p.Lockstep.AreaOverheadRange.High > 1) {
			t.Errorf("%s: %+v, %+v", set, p.Unprotected.AreaOverheadRange, p.Lockstep.AreaOverheadRange)
		}
	}
	// Areas of one's own have no range unless they are known with other constants.
	own := Options{Dir: t.TempDir(), NoProof: true, NoFront: true, Areas: e.Table().Areas(nil)}
	p, err := Run(context.Background(), e, s, own)
	if err != nil || p.AreaOverheadRange != (result.Range{}) || p.Libraries != nil {
		t.Fatalf("%+v, %v", p, err)
	}
	fixed := netlist.Figure(1e6)
	o := &netlist.Override{Blocks: map[string]netlist.BlockOverride{"mac": {CombArea: &fixed}}}
	own.AreasWith = func(c *netlist.Costs) []netlist.BlockArea { return o.Apply(e.Table().Areas(c), c) }
	if own.Areas = o.Apply(own.Areas, nil); err != nil {
		t.Fatal(err)
	}
	if p, err = Run(context.Background(), e, s, own); err != nil {
		t.Fatal(err)
	}
	for i, l := range p.Libraries {
		logic := 0.0
		for _, a := range own.AreasWith(&netlist.MeasuredCosts()[i].Costs) {
			logic += a.LogicGE()
		}
		if !near(l.LogicGE, logic) {
			t.Errorf("%+v, want logic of %v", l, logic)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

func same(a, b result.Range) bool { return near(a.Low, b.Low) && near(a.High, b.High) }
