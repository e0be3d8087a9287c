package endurance

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
