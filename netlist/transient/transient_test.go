package transient

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

func TestModelsAreSound(t *testing.T) {
	for _, v := range Variants() {
		if err := v.Model.Check(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
	if v := Variants(); !reflect.DeepEqual(v[0].Model, Default()) {
		t.Error("the first variant is not the default")
	}
	for _, change := range []func(m *Model){
		func(m *Model) { m.Period = 0 }, func(m *Model) { m.Setup = m.Period }, func(m *Model) { m.Hold = -1 }, func(m *Model) { m.Shrink = math.NaN() },
		func(m *Model) { m.Widths = nil }, func(m *Model) { m.Widths[0].PS = 0 }, func(m *Model) { m.Widths[1].Share = -m.Widths[1].Share },
	} {
		m := Default()
		change(&m)
		if m.Check() == nil {
			t.Errorf("%+v is taken", m)
		}
	}
}

// A wide pulse one level behind its gate: taken while it covers the window, which
// takes its width less what it loses and less the window.
func TestIntervalIsWidthLessWindow(t *testing.T) {
	m := Model{Period: 1000, Setup: 30, Hold: 20, Shrink: 5}
	from, to, alive := m.Interval(100, 3, 50)
	if from != 1000+20-150-85 || to != 1000-30-150 || !alive {
		t.Errorf("from %v to %v, %t", from, to, alive)
	}
	if share, _ := m.Covered(100, []int{3}, 50); math.Abs(share-35./1000) > 1e-12 {
		t.Errorf("covered %v", share)
	}
	if _, _, alive := m.Interval(15, 3, 50); alive {
		t.Error("a pulse that has lost its width lives on")
	}
	if share, alive := m.Covered(49, []int{0}, 50); share != 0 || !alive {
		t.Errorf("a pulse below the window: %v, %t", share, alive)
	}
}

func table() *netlist.Table { return netlist.New(isa.U55x128, npu.ECCNone) }

func site(t *testing.T, name string) netlist.SiteID {
	t.Helper()
	id, err := table().Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func testBlock(t *testing.T) *Block {
	at := func(names ...string) (list []netlist.SiteID) {
		for _, n := range names {
			list = append(list, site(t, n))
		}
		slices.Sort(list)
		return list
	}
	return &Block{
		Name: "traversal", Registers: []string{"traversal.ifm.oy", "traversal.ofm.oy"}, GE: 100,
		Idle: Share{0.01, 0, 1}, Active: Share{0.03, 0, 1},
		Events: []Event{
			{false, 3, at("traversal.ifm.oy.0")}, {false, 1, at("traversal.ifm.oy.0", "traversal.ofm.oy.4")},
			{true, 2, at("traversal.ofm.oy.4", "traversal.ofm.oy.5")},
		},
	}
}

func TestFileRoundTrip(t *testing.T) {
	b := testBlock(t)
	var f bytes.Buffer
	if err := Write(&f, table(), []*Block{b}); err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(f.Bytes()), table())
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], b) {
		t.Errorf("%v: read %+v, want %+v", err, got[0], b)
	}
	if _, err := Read(bytes.NewReader(f.Bytes()), netlist.New(isa.U55x64, npu.ECCNone)); err == nil || !strings.Contains(err.Error(), "u55-128") {
		t.Errorf("read for another configuration: %v", err)
	}
	for i := range f.Len() {
		if _, err := Read(bytes.NewReader(f.Bytes()[:i]), table()); err == nil {
			t.Fatalf("cut at %d: no error", i)
		}
	}
	b.Registers = append(b.Registers, "traversal.none")
	f.Reset()
	if err := Write(&f, table(), []*Block{b}); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&f, table()); err == nil {
		t.Error("a register that does not exist was read")
	}
}

// Places and Draw together give each event as often as its weight and its kind of clock say.
func TestDrawsFollowTheWeights(t *testing.T) {
	b := testBlock(t)
	s := NewSet(table(), []*Block{b})
	places := s.Places(0)
	if want := 2 * 16; len(places) != want {
		t.Fatalf("%d places, want one for each of %d flops", len(places), want)
	}
	// Idle: 0.01, ¾ of it the first event and ¼ the second; active: 0.03.
	want := map[string]float64{"false 1": 0.0075 / 0.04, "false 2": 0.0025 / 0.04, "true 2": 0.03 / 0.04}
	have := map[string]float64{}
	const cycles = 2000
	for _, id := range places {
		if !slices.Contains([]netlist.SiteID{site(t, "traversal.ifm.oy.0"), site(t, "traversal.ofm.oy.4"), site(t, "traversal.ofm.oy.5")}, id) {
			t.Fatalf("%s is in no event", table().Name(id))
		}
		for c := range uint64(cycles) {
			sites, active, ok := s.Draw(id, c)
			if again, _, _ := s.Draw(id, c); !ok || sites[0] != id || !slices.Equal(sites, again) {
				t.Fatalf("%s@%d: %v, %v", table().Name(id), c, sites, again)
			}
			k := map[bool]string{false: "false ", true: "true "}[active] + string('0'+rune(len(sites)))
			have[k] += 1. / cycles / float64(len(places))
		}
	}
	for k, w := range want {
		if math.Abs(have[k]-w) > 0.03 { // a place is a 32nd
			t.Errorf("%s: %v, want %v", k, have[k], w)
		}
	}
	if _, _, ok := s.Draw(site(t, "traversal.ifm.oy.1"), 5); ok || s.Weight(site(t, "traversal.ifm.oy.1")) != 0 {
		t.Error("a flop without an event was drawn")
	}
	if _, ok := s.Block(site(t, "traversal.ifm.oy.1")); !ok {
		t.Error("a flop without an event is not of the block")
	}
	if _, ok := s.Block(site(t, "traversal.ifm.ox.1")); ok {
		t.Error("a flop of another register is of the block")
	}
}

func TestWhatComesWithTheProgram(t *testing.T) {
	for _, c := range isa.Configs {
		s, err := Of(c)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range s.Blocks {
			if len(b.Events) == 0 || len(s.Places(i)) == 0 || b.GE <= 0 || !(b.Derating.Value > 0) {
				t.Errorf("%s on %s: %d events, %v GE, derating %v", b.Name, c, len(b.Events), b.GE, b.Derating)
			}
			for _, e := range b.Events {
				for _, id := range e.Sites {
					if k, ok := s.Block(id); !ok || k != i {
						t.Fatalf("%s on %s changes a register of another block", b.Name, c)
					}
				}
			}
		}
	}
	if _, err := Of(isa.Config(99)); err == nil {
		t.Error("a configuration that does not exist has a set")
	}
}
