package main

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"upset/faults/provenance"
)

// first are the numbers from a up to, but not including, b.
func first(a, b int) (n numbers) {
	for i := a; i < b; i++ {
		n = append(n, i)
	}
	return n
}

// planted is a study of 4,000 faults, half in each of two blocks, of which the
// protected classifier has 10 in the second block; 1 % is allowed.
func planted(tasks ...measured) *study {
	const n = 4000
	s := &study{shared: shared{
		Made: provenance.Made{Revision: "0123456", Probe: "a"}, Faults: n, Confidence: 0.95, Flops: 1000, LambdaFlop: 0.001, BudgetFIT: 0.2, TargetSPFM: 0.99,
		Blocks: []string{"first", "second"}, Struck: strings.Repeat("a", n/2) + strings.Repeat("b", n/2),
		Plain: events{Label: first(1000, 1100)}, Protected: events{Label: first(2000, 2010)},
	}, tasks: tasks}
	for i := range s.tasks {
		s.tasks[i].Persistent.N = 10
	}
	return s
}

func protected(task, family string, left numbers) measured {
	return measured{Task: task, Family: family, Protected: events{Visible: left, Changed: left, Consequential: left}}
}

// Families of known answers: one below the target, one far above it whose faults lie in
// the first block, one in between, and one in which a single task decides.
func TestJudge(t *testing.T) {
	s := planted(
		protected("good", "below", first(2000, 2012)), protected("better", "below", nil),
		protected("bad", "above", slices.Concat(first(0, 90), first(2000, 2010))),
		protected("middling", "between", first(0, 36)),
		protected("clean", "mixed", nil), protected("foul", "mixed", first(3000, 3080)),
	)
	a, err := judge(s)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"below": isEnough, "above": isShort, "between": notShown, "mixed": isShort}
	for _, g := range a.families {
		if got := g.verdict(0.95); got != want[g.name] {
			t.Errorf("%s: %s (P %v)", g.name, got, g.holm)
		}
	}
	if len(a.families) != 4 || a.families[0].worst.Task != "good" || a.families[3].worst.Task != "foul" {
		t.Fatalf("%d families", len(a.families))
	}
	bad := a.families[1].worst
	if b, left := a.block(bad); b != 0 || left != 90 {
		t.Errorf("block %d with %d", b, left)
	}
	if x := bad.byBlock[0]; x.onlyTask != 90 || x.onlyClassifier != 0 || x.holm > 1e-6 {
		t.Errorf("first block: %+v", x)
	}
	if x := bad.byBlock[1]; x.onlyTask != 0 || x.onlyClassifier != 0 || x.holm != 1 {
		t.Errorf("second block, the same faults: %+v", x)
	}
	if x := bad.after; x.onlyTask != 90 || x.onlyClassifier != 0 || x.low < 0.015 || x.high > 0.03 {
		t.Errorf("paired: %+v", x)
	}
	rest, met, err := a.without(bad, 0)
	if err != nil || !met || rest.Failures != 10 {
		t.Errorf("without the first block: %+v %t, %v", rest, met, err)
	}
	if good := a.families[0].worst; math.Abs(a.families[0].p-good.enough) > 1e-15 || a.families[0].holm < a.families[0].p {
		t.Errorf("P %v of the family, %v of its worst task", a.families[0].p, good.enough)
	}
}

// Many families make each less sure.
func TestHolmOverFamilies(t *testing.T) {
	alone, err := judge(planted(protected("a", "a", first(0, 27))))
	if err != nil {
		t.Fatal(err)
	}
	var list []measured
	for _, name := range strings.Split("abcdefgh", "") {
		list = append(list, protected(name, name, first(0, 27)))
	}
	many, err := judge(planted(list...))
	if err != nil {
		t.Fatal(err)
	}
	if alone.families[0].verdict(0.95) != isEnough || many.families[0].verdict(0.95) != notShown {
		t.Errorf("P %v alone, %v of eight", alone.families[0].holm, many.families[0].holm)
	}
}

// The words say what the table says, and name what is not measured.
func TestPlainWords(t *testing.T) {
	s := planted(protected("good", "below", first(2000, 2012)), protected("bad", "above", first(0, 90)))
	s.missing = []string{"absent"}
	a, err := judge(s)
	if err != nil {
		t.Fatal(err)
	}
	page, err := writePage(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Not for every family: for 1 of 2 it is, for 1 it is not.", "below (above 99.99 %)", "not to be enough for above: more is left of bad",
		"In above, the first unit makes the difference: 90 of 90 faults that still matter to bad lie in it",
		"**Not measured yet:** absent.", "first: 90 of 90, against 0 only of the classifier (P < 0.0001)",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(string(page), "too few") {
		t.Error("4,000 faults are enough for two families")
	}
	if strings.Contains(string(page), "%!") {
		t.Error("a figure has no place in its text")
	}
	for name, draw := range figures {
		if svg, err := draw(a); err != nil || len(svg) < 1000 {
			t.Errorf("%s: %d bytes, %v", name, len(svg), err)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, n := range []numbers{nil, {0}, {0, 1, 2}, {5, 900, 901}} {
		text, err := json.Marshal(events{Label: n})
		if err != nil {
			t.Fatal(err)
		}
		var e events
		if err := json.Unmarshal(text, &e); err != nil || !slices.Equal(e.Label, n) {
			t.Errorf("%v becomes %v: %v", n, e.Label, err)
		}
	}
	if _, err := json.Marshal(numbers{3, 3}); err == nil {
		t.Error("a number twice")
	}
	for _, bad := range []string{"0", "-1", "x", "1 0", "99999999999999"} {
		if err := new(numbers).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// Files that do not fit each other are refused or left out.
func TestStored(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := read(); err == nil || !strings.Contains(err.Error(), "-measure") {
		t.Errorf("nothing is stored: %v", err)
	}
	s := planted()
	if err := store(sharedFile, &s.shared); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); err == nil {
		t.Error("no task is stored")
	}
	m := protected("window-cascade", "exit", first(0, 3))
	m.Made, m.Faults = s.Made, s.Faults
	if err := store(taskFile(m.Task), &m); err != nil {
		t.Fatal(err)
	}
	got, err := read()
	if err != nil || len(got.tasks) != 1 || len(got.missing) == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	m.Probe = "b"
	if err := store(taskFile(m.Task), &m); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); err == nil {
		t.Error("a task of another program is read")
	}
	m.Probe, m.Plain.Label = s.Probe, numbers{s.Faults}
	if err := store(taskFile(m.Task), &m); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); err == nil {
		t.Error("a fault beyond the list is read")
	}
	s.Struck = s.Struck[1:] + "c"
	if err := store(sharedFile, &s.shared); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); err == nil || !strings.Contains(err.Error(), "block") {
		t.Errorf("a block beyond the list: %v", err)
	}
}
