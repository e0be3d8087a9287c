package endurance

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
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
	if s.Torture != nil {
		if err := s.Torture.Sound(); err != nil {
			t.Error(err)
		}
	}
	if s.Fuzzing != nil && len(s.Fuzzing.Failures()) > 0 {
		t.Error("a fuzz target failed in the stored run")
	}
}

// All targets of the module are found, those that the readers of files need among them.
func TestTargets(t *testing.T) {
	list, err := Targets("../..", nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, x := range list {
		found[x.Package+" "+x.Name] = true
	}
	for _, want := range []string{
		"models/tflite FuzzParse", "models/executorch FuzzParse", "models/network FuzzPTE", "models/container FuzzPayload", "models/network FuzzFromVela", "npu FuzzContainer",
		"npu FuzzStream", "npu/mlw FuzzDecode", "models/inputs FuzzParseNPY", "models/inputs FuzzNPZ", "cmd/upset FuzzParseSystem", "cmd/upset FuzzParseSweep",
		"faults/campaign FuzzReadLog", "faults/campaign FuzzShard", "models/guest FuzzExamine", "netlist/gate FuzzRead",
	} {
		if !found[want] {
			t.Errorf("there is no target %s", want)
		}
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

func TestSlope(t *testing.T) {
	g := &Growth{}
	for i := range 40 {
		g.Samples = append(g.Samples, Moment{float64(90 * i), 100 + math.Min(float64(i), 10) + float64(i)*0.5 + 0.01*float64(i%2)})
	}
	// Half a MiB in 90 s behind the first quarter.
	if err := g.Fit(); err != nil || math.Abs(g.SlopeMiBPerHour-20) > 3*g.SlopeError || g.SlopeError > 0.05 || g.SlopeError <= 0 {
		t.Errorf("%v MiB an hour, error %v, %v", g.SlopeMiBPerHour, g.SlopeError, err)
	}
	if err := (&Growth{Samples: g.Samples[:3]}).Fit(); err == nil {
		t.Error("two samples have a slope")
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
