package convergence

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// tiny is an engine of the smallest shipped network.
func tiny(t *testing.T, o faults.Options) *engine.Engine {
	t.Helper()
	dir := filepath.Join("..", "..", "testdata", "models")
	data, err := os.ReadFile(filepath.Join(dir, "fashion-tiny.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x64)
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.ReadFile(filepath.Join(dir, "fashion-tiny.inputs", "in_000.bin"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(n.Program(), [][]byte{in, make([]byte, len(in))}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The quotas are filled, the draw does not depend on the workers, and the plain
// machine agrees.
func TestValidate(t *testing.T) {
	e := tiny(t, faults.Options{ECC: npu.ECCSECDED})
	r, err := Validate(context.Background(), e, 5, 200, 2, func(s *Sample) { t.Errorf("%+v", s) }, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	least := map[string]int{Pruned: 50, Control: 50, Weights: 30, Values: 10, All: 200}
	left := 0
	for _, c := range r.Categories {
		if c.Samples < least[c.Name] || c.Samples > 2 && c.Upper != 3/float64(c.Samples) {
			t.Errorf("%+v, wanted at least %d samples", c, least[c.Name])
		}
		if c.Name == HandOff || c.Name == HangProof || c.Name == TimeShift {
			left += c.Samples
		}
	}
	if left < 30 || r.Samples != 200 || r.Simulated+r.Pruned != 200 || r.PlainCycles < 100*int64(e.Cycles()) {
		t.Errorf("%d ended by hand-off, hang proof and time shift: %+v", left, r)
	}
	again, err := Validate(context.Background(), e, 5, 200, 1, nil, nil, nil)
	if err != nil || !reflect.DeepEqual(r, again) {
		t.Errorf("1 worker: %+v, %v; 2 workers: %+v", again, err, r)
	}
	if other, err := Validate(context.Background(), e, 6, 200, 2, nil, nil, nil); err != nil || reflect.DeepEqual(r, other) {
		t.Errorf("another seed draws the same: %v", err)
	}
	if _, err := Validate(context.Background(), e, 5, 0, 1, nil, nil, nil); err == nil {
		t.Error("no samples pass for a comparison")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Validate(ctx, e, 5, 10, 1, nil, nil, nil); err == nil {
		t.Error("an interrupted comparison passes for a complete one")
	}
}

// A record that was doctored in any field is a difference, in each of its categories.
func TestCompareCatchesDoctoredRecord(t *testing.T) {
	e := tiny(t, faults.Options{})
	list, err := draw(context.Background(), e, 1, 40, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].Plain = list[i].Fast
	}
	doctor := []func(*faults.Record){
		func(r *faults.Record) { r.Before ^= 1 },
		func(r *faults.Record) { r.Outcome = (r.Outcome + 1) % faults.NumOutcomes },
		func(r *faults.Record) { r.Cause = (r.Cause + 1) % faults.NumCauses },
		func(r *faults.Record) { r.Late = !r.Late },
		func(r *faults.Record) { r.End++ },
		func(r *faults.Record) { r.Output ^= 1 },
		func(r *faults.Record) { r.Op++ },
	}
	for i, change := range doctor {
		change(&list[i].Plain)
	}
	list[20].Plain.Path = faults.PathEnd // no part of the record
	var caught []int
	r, err := Compare(e, 1, list, func(s *Sample) {
		for i := range list {
			if s == &list[i] {
				caught = append(caught, i)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Differences != len(doctor) || !reflect.DeepEqual(caught, []int{0, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("%d differences, caught %v", r.Differences, caught)
	}
	all := r.Categories[len(r.Categories)-1]
	if all.Name != All || all.Differences != len(doctor) || all.Upper <= float64(len(doctor))/40 || all.Upper > 0.35 {
		t.Errorf("%+v", all)
	}
}

// The sum of two runs is that of their counts, with limits of its own.
func TestJoin(t *testing.T) {
	run := func(model string, n, wrong int) *result.ValidateEngine {
		r := &result.ValidateEngine{NPU: "u55-32", Model: model, Samples: n, Differences: wrong, PlainCycles: 10, ByBlock: map[string]int{"mac": n}}
		for _, name := range Categories() {
			r.Categories = append(r.Categories, result.ValidateCategory{Name: name, Samples: n, Differences: wrong})
		}
		return r
	}
	r, err := Join([]*result.ValidateEngine{run("a", 100, 0), run("b", 200, 0)})
	if err != nil || r.Samples != 300 || r.Model != "several" || r.NPU != "u55-32" || r.ByBlock["mac"] != 300 || len(r.Runs) != 2 || r.Categories[0].Upper != 0.01 {
		t.Errorf("%+v, %v", r, err)
	}
	// Two of 300: the root of sum over k ≤ 2 of C(300,k) p^k (1-p)^(300-k) = 0.05.
	if r, err = Join([]*result.ValidateEngine{run("a", 100, 2), run("b", 200, 0)}); err != nil || r.Categories[0].Upper < 0.0205 || r.Categories[0].Upper > 0.0212 {
		t.Errorf("%+v, %v", r, err)
	}
	// Beside mechanisms there are no categories.
	x, y := run("a", 100, 1), run("b", 200, 0)
	x.Categories, y.Categories = nil, nil
	if r, err = Join([]*result.ValidateEngine{x, y}); err != nil || r.Samples != 300 || len(r.Runs) != 2 || len(r.Categories) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Join([]*result.ValidateEngine{x, run("b", 200, 0)}); err == nil {
		t.Error("runs with and without categories are joined")
	}
	if _, err := Join(nil); err == nil {
		t.Error("nothing is joined")
	}
}

// Every upset has one fate, observers are left out, and an upset that is called dead
// is without effect.
func TestMeasure(t *testing.T) {
	e := tiny(t, faults.Options{})
	s, err := Measure(e, "fashion-tiny", 3, 300)
	if err != nil {
		t.Fatal(err)
	}
	sum, dead := 0, 0
	for _, f := range s.Fates {
		n := f.Pruned + f.Alive
		for _, d := range f.Dead {
			n, dead = n+d, dead+d
		}
		sum += f.Upsets
		if n != f.Upsets || f.Block == "pmu" || f.Bits == 0 {
			t.Errorf("%+v", f)
		}
	}
	if sum != 300 || dead == 0 {
		t.Errorf("%d upsets, %d died", sum, dead)
	}
	if _, err := Measure(tiny(t, faults.Options{ECC: npu.ECCParity}), "", 1, 1); err == nil {
		t.Error("a buffer with a code is measured")
	}
}

// What follow calls dead, the plain machine calls masked, or corrected; what is not
// masked is not dead.
func TestDeadIsMasked(t *testing.T) {
	e := tiny(t, faults.Options{})
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(8, 9))
	flops := poolOf(e.Table(), func(r *netlist.Register) bool { return !r.IsSRAM() && !r.Observer })
	dead, harmful := 0, 0
	for range 150 {
		site := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
		fates := map[[2]string]*Fate{}
		if err := follow(e, []faults.Site{site}, fates); err != nil {
			t.Fatal(err)
		}
		r, err := w.Plain(0, site)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fates {
			if f.Alive == 0 {
				dead++
			}
			if f.Alive == 0 && (r.Outcome != faults.Masked || r.Late) {
				t.Errorf("%s@%d is dead, the plain machine says %v", e.Table().Name(site.ID), site.Cycle, r.Outcome)
			}
		}
		if r.Outcome != faults.Masked {
			harmful++
		}
	}
	if dead < 20 || harmful == 0 {
		t.Errorf("%d dead, %d harmful: the sample proves nothing", dead, harmful)
	}
}

// The pages keep their form: every line of a table has the columns of its head.
func TestPages(t *testing.T) {
	e := tiny(t, faults.Options{})
	s, err := Measure(e, "fashion-tiny", 3, 60)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Validate(context.Background(), e, 1, 20, 1, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	v.Model = "fashion-tiny"
	if v, err = Join([]*result.ValidateEngine{v, v}); err != nil {
		t.Fatal(err)
	}
	sum := &Kind{Name: "a kind"}
	sum.Add(&Kind{Samples: 1000, Draws: 2000})
	sum.Add(&Kind{Samples: 500, Draws: 700})
	var a, b strings.Builder
	if err := WriteStudies(&a, []*Study{s, s}); err != nil {
		t.Fatal(err)
	}
	if err := WriteValidation(&b, v, []*Kind{sum}, 39); err != nil {
		t.Fatal(err)
	}
	checkTables(t, a.String(), 2)
	checkTables(t, b.String(), 3)
	for _, want := range []string{"## fashion-tiny, 1,", "| mac | datapath |", "| all | flops |"} {
		if !strings.Contains(a.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, a.String())
		}
	}
	for _, want := range []string{"-validate 39\n", "40 samples, **0 differences**", "| u55-64 | fashion-tiny | 1,", "| a kind | 1,500 | 2,700 | 0 | 0.002 |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, b.String())
		}
	}
	for _, page := range []string{"convergence.md", "engine.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"convergence.md": 3, "engine.md": 3}[page]
		checkTables(t, string(text), want)
	}
}

// checkTables fails unless a page has so many tables of even width.
func checkTables(t *testing.T, page string, want int) {
	t.Helper()
	head := regexp.MustCompile(`^\|(---:?\|)+$`)
	tables, width, last := 0, 0, 0
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		n := strings.Count(line, "|")
		switch {
		case n == 0:
			width = 0
		case head.MatchString(line):
			tables, width = tables+1, n
			if last != n {
				t.Errorf("the head above %q has %d marks", line, last)
			}
		case width != 0 && n != width:
			t.Errorf("%q has %d marks, its table %d", line, n, width)
		}
		last = n
	}
	if tables != want {
		t.Errorf("%d tables, wanted %d", tables, want)
	}
}

// Where the time is over, those done count, one at least, and they are among those of the
// whole comparison.
func TestEnoughEndsTheComparison(t *testing.T) {
	e := tiny(t, faults.Options{})
	calls := 0
	few, err := Validate(context.Background(), e, 5, 100, 1, nil, nil, func() bool { calls++; return calls > 7 })
	if err != nil {
		t.Fatal(err)
	}
	if few.Samples != 8 || few.Differences != 0 {
		t.Errorf("%d samples, %d differences, want 8 and none", few.Samples, few.Differences)
	}
	if one, err := Validate(context.Background(), e, 5, 100, 1, nil, nil, func() bool { return true }); err != nil || one.Samples != 1 {
		t.Errorf("%+v, %v, want one sample", one, err)
	}
}

// Upsets of one kind are compared with plain runs, and counted by the paths that are asked
// for; the stepped clocks of a draw add up, however they are sorted.
func TestKindAndCycles(t *testing.T) {
	e := tiny(t, faults.Options{})
	k, err := ValidateKind(context.Background(), e, netlist.Filter{Only: []string{"wd.buf*"}}, []faults.Path{faults.PathValues}, 7, 20, 200, 2, func(s *Sample) { t.Errorf("%+v", s) })
	if err != nil || k.Samples != 20 || k.Differences != 0 || k.Paths[faults.PathValues] != 20 || k.Draws < 20 {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err := ValidateKind(context.Background(), e, netlist.Filter{Only: []string{"no.such"}}, nil, 7, 20, 200, 2, nil); err == nil {
		t.Error("a filter that selects nothing is taken")
	}
	c, err := MeasureCycles(e, "fashion-tiny", 9, 400, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]Stepped{c.Classes, c.Paths, c.Both, c.Registers} {
		injections, cycles := 0, uint64(0)
		for _, s := range list {
			injections, cycles = injections+s.Injections, cycles+s.Cycles
		}
		if injections != 400 || cycles != c.Total || c.Total == 0 {
			t.Errorf("%d injections of 400, %d clocks of %d", injections, cycles, c.Total)
		}
	}
	var b strings.Builder
	if err := WriteCycles(&b, c, 5); err != nil || !strings.Contains(b.String(), "| class | injections |") {
		t.Errorf("%v: %s", err, b.String())
	}
}
