package job

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/faults/campaign"
)

const models = "../../../testdata/models/"

func nano(injections int) Request {
	return Request{Model: models + "fashion-nano.tflite", Inputs: models + "fashion-nano.inputs", Seed: 1, Injections: injections}
}

// A campaign gives records whose stories can be told, and the digest of a campaign that is
// run by hand.
func TestRunAndTell(t *testing.T) {
	ctx := context.Background()
	steps := map[string]int{}
	s := New(t.TempDir(), func(e Event) { steps[e.What]++ })
	if _, err := s.Tell(ctx, "mac.acc[3].17@60", 0); err == nil {
		t.Error("a story without a campaign")
	}
	r, err := s.Run(ctx, nano(300))
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Spec         campaign.Spec `json:"spec"`
		ResultDigest string        `json:"result_digest"`
	}
	if err := json.Unmarshal([]byte(r.Spec), &spec); err != nil || spec.Spec.Digest() != r.SpecDigest || spec.ResultDigest != r.ResultDigest || spec.Spec.ECC != standardECC {
		t.Errorf("the spec %s is not that of the campaign: %v", r.Spec, err)
	}
	if !strings.Contains(r.HTML, "<!DOCTYPE html>") || !strings.Contains(r.JSON, r.ResultDigest) || steps["injections"] == 0 || steps["fault-free runs"] == 0 {
		t.Errorf("report of %d bytes, result of %d, steps %v", len(r.HTML), len(r.JSON), steps)
	}
	if len(r.Flips) == 0 {
		t.Fatal("no flip to tell of")
	}
	for _, f := range []Flip{r.Flips[0], r.Flips[len(r.Flips)-1]} {
		tale, err := s.Tell(ctx, f.Site, f.Input)
		if err != nil || tale.Outcome != f.Outcome || tale.Site != f.Site {
			t.Errorf("flip %+v: %+v, %v", f, tale, err)
		}
	}
	for site, input := range map[string]int{"mac.acc[3].17": 0, "mac.acc[3].17@9999999": 0, "no.such[1].1@5": 0, "mac.acc[3].17@6": 200, "mac.acc[3].17@7": -1} {
		if _, err := s.Tell(ctx, site, input); err == nil {
			t.Errorf("%s, input %d has a story", site, input)
		}
	}
	again, err := s.Run(ctx, nano(300))
	if err != nil || again.ResultDigest != r.ResultDigest {
		t.Errorf("a second run has the digest %v, the first %s; %v", again, r.ResultDigest, err)
	}
}

// Whatever is wrong with a request is an error of one line, before anything runs.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	good, err := os.ReadFile(models + "fashion-nano.tflite")
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "half.tflite")
	if err := os.WriteFile(half, good[:len(good)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "none.inputs")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	ran := false
	s := New(dir, func(Event) { ran = true })
	for name, change := range map[string]func(*Request){
		"half a file":       func(q *Request) { q.Model = half },
		"no file":           func(q *Request) { q.Model = filepath.Join(dir, "gone.tflite") },
		"configuration":     func(q *Request) { q.NPU = "u65" },
		"code":              func(q *Request) { q.ECC = "hamming" },
		"target":            func(q *Request) { q.Target = "asil-e" },
		"violation":         func(q *Request) { q.Violation = "none" },
		"scenario":          func(q *Request) { q.Scenario = "mars" },
		"half of the rates": func(q *Request) { q.Scenario, q.FlopFIT = "custom", 1 },
		"budget":            func(q *Request) { q.Budget = -1 },
		"too many":          func(q *Request) { q.Injections = MaxInjections + 1 },
		"negative":          func(q *Request) { q.Injections = -5 },
		"seed":              func(q *Request) { q.Seed = 1 << 60 },
		"mechanisms":        func(q *Request) { q.Options = "some" },
		"no inputs":         func(q *Request) { q.Inputs = empty },
	} {
		q := nano(100)
		change(&q)
		if _, err := s.Run(context.Background(), q); err == nil || ran || strings.Contains(Line(err), "\n") || Line(err) == "" {
			t.Errorf("%s: %v, ran %t", name, err, ran)
		}
	}
	if _, err := Look(context.Background(), Request{Model: half}); err == nil || !strings.HasPrefix(Line(err), "half.tflite: ") {
		t.Errorf("half a file is %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Run(ctx, nano(100)); err == nil || Line(err) != "interrupted" {
		t.Errorf("cancelled: %v", err)
	}
}

// The command that a result names has every setting that is not the default, and names
// that a shell would take apart are quoted.
func TestCommand(t *testing.T) {
	for want, q := range map[string]Request{
		"upset campaign run testdata/models/fashion-tiny.tflite --injections 2000": {Model: "/in/testdata/models/fashion-tiny.tflite", Inputs: "/in/testdata/models/fashion-tiny.inputs", Injections: 2000, Seed: 1, ECC: "secded", Target: "asil-d", Scenario: "fidelity", Budget: 0.2, Violation: "any"},
		"upset assess 'my net'\\''s.tflite' --npu u55-64 --ecc none --injections 5 --seed 7 --target asil-b --violation critical --flop-fit 1e-06 --sram-fit 2e-06 --budget 3 --options paper --evidence 0": {
			Model: "/in/my net's.tflite", NPU: "u55-64", ECC: "none", Injections: 5, Seed: 7, Target: "asil-b", Violation: "critical", Scenario: "custom", FlopFIT: 1e-6, SRAMFIT: 2e-6, Budget: 3, Protect: true, Options: "paper"},
	} {
		if got := q.Command(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
