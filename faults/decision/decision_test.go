package decision

import (
	"bytes"
	"context"
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/tasks"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

func open(t *testing.T, name string, struck int) (*Subject, Machine) {
	t.Helper()
	registry, err := tasks.All()
	if err != nil {
		t.Fatal(err)
	}
	task, err := registry.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	m := Machine{Config: isa.U55x128, ECC: npu.ECCSECDED, Workers: 2}
	s, err := OpenTask(task, m, struck, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, m
}

// The list of faults depends on the machine and the seed alone, and is uniform.
func TestDraw(t *testing.T) {
	table := netlist.New(isa.U55x128, npu.ECCSECDED)
	list := Draw(table, 4, 20_000)
	if !slices.Equal(list[:100], Draw(table, 4, 100)) || slices.Equal(list[:100], Draw(table, 5, 100)) {
		t.Error("the list does not follow from the seed")
	}
	var place, time float64
	blocks := map[string]int{}
	for _, f := range list {
		place, time = place+f.Place, time+f.Time
		p, err := table.Place(f.Flop)
		if err != nil || p.Register.IsSRAM() || p.Register.Observer {
			t.Fatalf("%+v: %v", f, err)
		}
		blocks[p.Register.Block]++
	}
	n := float64(len(list))
	if math.Abs(place/n-0.5) > 0.01 || math.Abs(time/n-0.5) > 0.01 {
		t.Errorf("means %v and %v", place/n, time/n)
	}
	bits := map[string]int{}
	for _, r := range table.Select(netlist.Filter{NoSRAM: true}) {
		if !r.Observer {
			bits[r.Block] += r.Bits()
		}
	}
	for b, k := range bits {
		want := float64(k) / float64(Flops(table))
		if got := float64(blocks[b]) / n; math.Abs(got-want) > 5*math.Sqrt(want/n) {
			t.Errorf("%s has a share of %.4f, want %.4f", b, got, want)
		}
	}
}

// Hits do not depend on the workers; a visible one that is judged anew by running the
// whole pool says the same.
func TestRun(t *testing.T) {
	s, _ := open(t, "feature-set", 5)
	list := Draw(s.Table(), 2, 3000)
	one, err := s.Run(context.Background(), list, nil, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	three, err := s.Run(context.Background(), list, nil, 3, func(done int) { last = done })
	if err != nil || !slices.Equal(one, three) {
		t.Fatalf("the hits depend on the workers: %v", err)
	}
	if last != len(list) {
		t.Errorf("progress ends at %d", last)
	}
	visible, changed := 0, 0
	for _, h := range one {
		if !slices.Contains(s.Parts[h.Part].Struck, h.Call) {
			t.Fatalf("inference %d is struck", h.Call)
		}
		if (h.Changed || h.Label) && !h.Visible || h.Consequential && !h.Changed || h.DUE() && h.Visible {
			t.Fatalf("%+v", h)
		}
		if h.Visible {
			visible++
		}
		if h.Changed {
			changed++
		}
	}
	if visible < 10 || changed == 0 || changed >= visible {
		t.Errorf("%d visible, %d changed: too little is tested", visible, changed)
	}
	var a, b result.Decision
	a.Confidence, b.Confidence = 0.95, 0.95
	if err := s.Fill(&a, one); err != nil {
		t.Fatal(err)
	}
	if err := s.Fill(&b, three); err != nil || a.ResultDigest != b.ResultDigest || a.Whole.Changed.Failures != changed || a.Whole.Visible.Failures != visible {
		t.Errorf("%+v, %+v: %v", a.Whole, b.Whole, err)
	}
	n := 0
	for _, x := range a.Blocks {
		n += x.Changed.Failures
	}
	if n != changed {
		t.Errorf("the blocks have %d changed decisions, the whole %d", n, changed)
	}
}

// Parts are struck in proportion to the time of their pools.
func TestLocate(t *testing.T) {
	s := &Subject{Parts: []Part{
		{Calls: make([]int, 10), Struck: []int{1, 6}, cycles: 100},
		{Rows: 5}, // nothing of it is executed
		{Calls: make([]int, 30), Struck: []int{0, 10, 20}, cycles: 200},
		{Rows: 9},
	}}
	count := map[[2]int]int{}
	for i := range 7000 {
		part, index, site := s.locate(Fault{Place: (float64(i) + 0.5) / 7000, Time: 0.999})
		if site.Cycle != []uint64{99, 0, 199}[part] {
			t.Fatalf("part %d is struck at cycle %d", part, site.Cycle)
		}
		count[[2]int{part, index}]++
	}
	for k, want := range map[[2]int]int{{0, 0}: 500, {0, 1}: 500, {2, 0}: 2000, {2, 1}: 2000, {2, 2}: 2000} {
		if got := count[k]; got < want-2 || got > want+2 {
			t.Errorf("part %d, row %d: %d of 7000, want %d", k[0], k[1], got, want)
		}
	}
}

// A flipped bit of the program gives what the machine gives on every row.
func TestPersistent(t *testing.T) {
	s, m := open(t, "feature-set", 3)
	list, err := s.RunPersistent(context.Background(), m, 3, 40, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Workers = 1
	again, err := s.RunPersistent(context.Background(), m, 3, 40, nil)
	if err != nil || !slices.Equal(list, again) {
		t.Fatalf("the result depends on the workers: %v", err)
	}
	p := &s.Parts[0]
	checked, due, visible := 0, 0, 0
	for _, u := range list {
		if u.DUE {
			due++
			continue
		}
		if u.Visible {
			visible++
		}
		if checked++; checked > 4 {
			continue
		}
		p := &s.Parts[u.Part]
		infer, q := p.rescore(m, u.Bit, p.engine.Watchdog()), flipped(p.Program, u.Bit)
		for _, call := range p.Calls[:min(20, len(p.Calls))] {
			c := s.run.Calls[call]
			want, err := infer(c.Input)
			if err != nil {
				t.Fatal("the pool cannot be scored twice")
			}
			if out, ok := clocked(m, q, c.Input, p.engine.Watchdog()); !ok || !bytes.Equal(out, want) {
				t.Errorf("bit %d, row %d: the machine says another thing", u.Bit, c.Row)
			}
		}
	}
	if due == 0 || visible == 0 {
		t.Errorf("%d without a result, %d visible of %d", due, visible, len(list))
	}
	if bytes.Equal(p.Program.Flash, flipped(p.Program, 0).Flash) || slices.Equal(p.Program.Commands, flipped(p.Program, 8*len(p.Program.Flash)+5).Commands) {
		t.Error("no bit is flipped, or one of the program itself")
	}
}

func TestSystematic(t *testing.T) {
	if got := systematic(3, 24, 1, 0); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("all of a small pool: %v", got)
	}
	got := systematic(300, 24, 1, 0)
	if len(got) != 24 || got[0] > 12 || got[23] < 287 || slices.Equal(got, systematic(300, 24, 2, 0)) {
		t.Errorf("%v", got)
	}
}

// The first of equal elements is the label; single elements are their own.
func TestLabel(t *testing.T) {
	for _, c := range []struct {
		row  []byte
		want int
	}{{[]byte{5, 9, 9}, 1}, {[]byte{0x80, 0xff}, 1}, {[]byte{0xfe}, -2}} {
		if got := label(c.row, false); got != c.want {
			t.Errorf("%v has label %d", c.row, got)
		}
	}
}

// Only inferences that the fault-free decision takes are struck. A fault that sends a
// row on is judged with the answer of the network that it was sent to.
func TestOnlyWhatRunsIsStruck(t *testing.T) {
	s, _ := open(t, "window-cascade", 3)
	second := 0
	for _, depth := range s.run.Outcome.Items {
		second += depth - 1
	}
	if n := len(s.Parts[1].Calls); n != second || n == 0 || n >= s.Parts[1].Rows/2 || len(s.Parts[0].Calls) != s.Parts[0].Rows {
		t.Fatalf("%d and %d inferences; %d rows are sent on", len(s.Parts[0].Calls), n, second)
	}
	for _, call := range s.Parts[1].Struck {
		if s.run.Outcome.Items[s.row(call)] != 2 {
			t.Errorf("row %d is struck in the second network, which does not see it", s.row(call))
		}
	}
	for _, call := range s.Parts[0].Calls {
		row := s.row(call)
		if s.run.Outcome.Items[row] == 2 {
			continue
		}
		flat := make([]byte, len(s.run.Scores[0].Row(row))) // no class leads: certainty 0.1
		v, err := s.judge(0, call, flat)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := s.run.Workload.Transient(s.run.Scores, 0, row, flat); err != nil || v.Changed == want.Equal(s.run.Outcome) {
			t.Errorf("row %d: %+v, %v", row, v, err)
		}
	}
}

// A subject whose rule asks for nothing cannot be struck.
func TestNothingRuns(t *testing.T) {
	task := selection.Task{Name: "idle", Metric: selection.Set, Build: func(uint64) (*selection.Workload, error) {
		return &selection.Workload{Rule: idle{}}, nil
	}}
	if _, err := OpenTask(&task, Machine{Config: isa.U55x128}, 1, 1, nil); err == nil {
		t.Error("no error")
	}
}

type idle struct{}

func (idle) Decide(*selection.Ask) (selection.Outcome, error) {
	return selection.Outcome{Metric: selection.Set}, nil
}

func (idle) Consequence(_ []selection.Table, _, _ selection.Outcome) float64 { return 0 }
