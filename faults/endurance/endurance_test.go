package endurance

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const models = "../../testdata/models"

// Every failure of a disk is met at least once by a campaign, by shards and by a proof, on
// the real machine.
func TestDisks(t *testing.T) {
	h := &Harness{Dir: t.TempDir(), Models: models, Seed: 3, Injections: 1000, Say: t.Logf}
	list, err := h.Disks(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	all := Torture{Scenarios: list}
	if err := all.Sound(); err != nil {
		t.Error(err)
	}
	if n := all.Total(); n.Failures < len(list)/3 {
		t.Errorf("%d of %d trials met a failure: nothing is tested", n.Failures, n.Trials)
	}
}

// The page is what is stored, and what is stored has nothing wrong in it.
func TestPage(t *testing.T) {
	s, err := Read("summary.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.Page()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/endurance.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/endurance.md is not what is stored: go run ./faults/endurance/generate -page")
	}
	if s.Torture == nil || s.Fuzzing == nil || s.Growth == nil {
		t.Fatal("something was never measured")
	}
	if err := s.Torture.Sound(); err != nil {
		t.Error(err)
	}
	if n := s.Torture.Total().Kills; n < 100 {
		t.Errorf("only %d kills", n)
	}
	if len(s.Fuzzing.Failures()) > 0 {
		t.Error("a fuzz target failed in the stored run")
	}
	for _, h := range s.Fuzzing.Readers() {
		if h.Short() {
			t.Errorf("%s had %.1f core-minutes of the fuzzer", h.Name, h.CoreSeconds/60)
		}
	}
}

// Every target of the readers is there.
func TestReadersHaveTargets(t *testing.T) {
	list, err := Targets("../..", nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, x := range list {
		found[x.Package+"."+x.Name] = true
	}
	if found["faults/endurance.FuzzLetters"] {
		t.Error("a target that stands in the text of a test counts")
	}
	for _, r := range readers {
		for _, want := range r.Targets {
			if !found[want] {
				t.Errorf("%s: there is no target %s", r.Name, want)
			}
		}
	}
}

// The targets of a reader share its time.
func TestReadersShareTime(t *testing.T) {
	half := leastTime.Seconds() / 2
	f := &Fuzzing{Targets: []Target{
		{Package: "models/guest", Name: "FuzzLoad", Executions: 3, CoreSeconds: half},
		{Package: "models/guest", Name: "FuzzExamine", Executions: 4, CoreSeconds: half},
		{Package: "npu", Name: "FuzzStream", CoreSeconds: half},
	}}
	for _, h := range f.Readers() {
		if guests := strings.HasPrefix(h.Name, "guests"); h.Short() == guests || guests && h.Executions != 7 {
			t.Errorf("%+v, short %v", h, h.Short())
		}
	}
}

// Of a corpus those inputs are kept that reach something which nothing before reached, and
// they are where go test runs them.
func TestKeep(t *testing.T) {
	root, corpus := t.TempDir(), t.TempDir()
	target := Target{Package: "p", Name: "FuzzLetters"}
	from := target.corpus(corpus)
	apart, theirs := filepath.Join(root, "apart"), "the quick brown fox jumps over it"
	for _, dir := range []string{filepath.Join(root, "p"), from, apart} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	input := func(text string) string { return "go test fuzz v1\nstring(" + strconv.Quote(text) + ")\n" }
	for name, text := range map[string]string{
		filepath.Join(root, "go.mod"): "module letters\n\ngo 1.24\n",
		filepath.Join(root, "p", "p.go"): `package p

func Count(s string) (a, b, c int) {
	for _, x := range s {
		switch x {
		case 'a':
			a++
		case 'b':
			b++
		case 'c':
			c++
		}
	}
	return a, b, c
}
`,
		filepath.Join(root, "p", "p_test.go"): `package p

import "testing"

func FuzzLetters(f *testing.F) {
	f.Add("a")
	f.Fuzz(func(t *testing.T, s string) { Count(s) })
}
`,
		filepath.Join(from, "both"): input("bbc"), filepath.Join(from, "one"): input("b"), filepath.Join(from, "none"): input("a"),
		filepath.Join(from, "alien"):   input(theirs + "bbcc"),
		filepath.Join(apart, "a.file"): "x" + theirs + "y",
		filepath.Join(from, "long"):    input(strings.Repeat("abc", mostKept)),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(root, "link")
	if err := os.Symlink(apart, link); err != nil {
		link = apart // a system that has none
	}
	kept, err := target.Keep(t.Context(), root, corpus, link, 3)
	if err != nil || !slices.Equal(kept, []string{"both"}) {
		t.Fatalf("%q, %v", kept, err)
	}
	list, err := os.ReadDir(filepath.Join(root, "p", "testdata", "fuzz", "FuzzLetters"))
	if err != nil || len(list) != 1 || list[0].Name() != "both" {
		t.Errorf("%v, %v", list, err)
	}
	if kept, err = target.Keep(t.Context(), root, corpus, apart, 3); err != nil || len(kept) != 0 {
		t.Errorf("once more %q, %v", kept, err)
	}
	if kept, err = target.Keep(t.Context(), root, corpus, filepath.Join(root, "absent"), 3); err != nil || len(kept) != 0 {
		t.Errorf("without the folder apart %q, %v", kept, err)
	}
}

// Runs of the fuzzer add up, an earlier failure is forgotten, and a budget goes to those that had least.
func TestFuzzingAddsUp(t *testing.T) {
	all := []Target{{Package: "a", Name: "FuzzX"}, {Package: "b", Name: "FuzzY"}, {Package: "c", Name: "FuzzZ"}}
	earlier := &Fuzzing{Revisions: []string{"1"}, Targets: []Target{
		{Package: "a", Name: "FuzzX", Executions: 10, New: 1, CoreSeconds: 100, Failed: "mended since"},
		{Package: "b", Name: "FuzzY", Executions: 7, CoreSeconds: 40},
		{Package: "gone", Name: "FuzzW", Executions: 5, CoreSeconds: 1},
	}}
	next := earlier.Next(all, time.Minute, 2*time.Minute)
	if len(next) != 2 || next[0].Name != "FuzzZ" || next[1].Name != "FuzzY" {
		t.Errorf("next are %v", next)
	}
	f := &Fuzzing{Revisions: []string{"2"}, Targets: []Target{{Package: "a", Name: "FuzzX", Executions: 5, New: 2, CoreSeconds: 50}}}
	f.Add(earlier, all)
	if n, seconds := f.Total(); len(f.Targets) != 2 || n != 22 || seconds != 190 || f.Targets[0].New != 3 || len(f.Failures()) != 0 || !slices.Equal(f.Revisions, []string{"1", "2"}) {
		t.Errorf("together they are %+v", f)
	}
}

// What the fuzzer says where its time ends is no failure; everything else is, with what was said beside the progress.
func TestComplaints(t *testing.T) {
	progress := strings.Repeat("fuzz: elapsed: 3s, execs: 46776 (15591/sec), new interesting: 0 (total: 145)\n", 100)
	over := "--- FAIL: FuzzX (0.15s)\n    context deadline exceeded\nFAIL\n"
	found := "--- FAIL: FuzzX (0.15s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:9: context deadline exceeded\n    \n    Failing input written to testdata/fuzz/FuzzX/1\nFAIL\n"
	for text, want := range map[string]string{progress + over: "", progress + found: found, progress: "no reason given", "panic: x\n" + over: "panic: x\n" + over} {
		if got := complaint([]byte(text)); got != want {
			t.Errorf("%.20q...: %q", text[max(0, len(text)-200):], got)
		}
	}
}

// A slope is found beside a step where a round is planned, and a step alone is none.
func TestSlope(t *testing.T) {
	g := &Growth{}
	for i := range 40 {
		m := Moment{Seconds: float64(90 * i), MiB: 100 + math.Min(float64(i), 10) + float64(i)*0.5 + 0.01*float64(i%2), LiveMiB: 50 + 0.01*float64(i%2), Planned: 1000}
		if i >= 25 {
			m.MiB, m.LiveMiB, m.Planned = m.MiB+70, m.LiveMiB+70, 2000
		}
		if i == 25 {
			m.LiveMiB = 0 // nothing was collected since
		}
		g.Samples = append(g.Samples, m)
	}
	g.Samples[15].MiB, g.Samples[15].LiveMiB = 900, 900 // in the middle of a collection
	// Half a MiB in 90 s behind the first quarter.
	if err := g.Fit(); err != nil || math.Abs(g.Resident.MiBPerHour-20) > 0.1 || !(g.Resident.Lower <= 20 && 20 <= g.Resident.Upper) || g.Resident.Upper-g.Resident.Lower > 1 {
		t.Errorf("resident %v, %v", g.Resident, err)
	}
	if !(g.Live.Lower <= 0 && 0 <= g.Live.Upper) || g.Live.Upper-g.Live.Lower > 1 {
		t.Errorf("alive %v", g.Live)
	}
	if err := (&Growth{Samples: g.Samples[:3]}).Fit(); err == nil {
		t.Error("three samples have a slope")
	}
}

// What a process prints is passed on, but for what the collector says, which is taken from it.
func TestListener(t *testing.T) {
	var printed bytes.Buffer
	l := &listener{to: &printed}
	for _, part := range []string{"upset: injections: 12 of 50", "00\ngc 22 @74.631s 0%: 13+503+0.12 ms clock, 27+0.030/138/69+0.25 ms cpu, 902->905->49", "4 MB, 908 MB goal, 0 MB stacks\nmore\n"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := l.Write([]byte("upset: injections: 13 of 5000\n")); err != nil {
		t.Fatal(err)
	}
	if live, planned := l.heard(); live != 494 || planned != 5000 || printed.String() != "upset: injections: 12 of 5000\nmore\nupset: injections: 13 of 5000\n" {
		t.Errorf("%v alive, %d planned, printed %q", live, planned, printed.String())
	}
	if _, err := l.Write([]byte("upset: injections: 5001 of 9000\n")); err != nil {
		t.Fatal(err)
	}
	if live, planned := l.heard(); live != 0 || planned != 9000 {
		t.Errorf("behind the plan of a round %v alive, %d planned", live, planned)
	}
}

func TestTimeless(t *testing.T) {
	got, err := timeless([]byte(`{"a":1,"seconds":{"total":3},"list":[{"rate":2,"command":"upset x","b":"/tmp/x","c":"y"}]}`))
	if err != nil || strings.Join(strings.Fields(got), "") != `{"a":1,"list":[{"c":"y"}]}` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestLitter(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".campaign.json.1.tmp", "records.log", "round-1-shard-0001.host-2-3.part", "campaign.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n := litter(dir); n != 2 {
		t.Errorf("%d files", n)
	}
}
