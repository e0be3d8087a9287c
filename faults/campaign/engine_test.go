package campaign

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// tiny is the engine of the smallest network that we ship.
func tiny(t testing.TB, o faults.Options) *engine.Engine {
	t.Helper()
	root := filepath.Join("..", "..", "testdata", "models")
	data, err := os.ReadFile(filepath.Join(root, "fashion-tiny.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x32)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "fashion-tiny.inputs", "in_*.bin"))
	if err != nil || len(files) < 2 {
		t.Fatalf("inputs: %v", err)
	}
	var inputs [][]byte
	for _, name := range files[:2] {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, b)
	}
	o.Checkpoints = 64
	e, err := engine.New(n.Program(), inputs, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// On the real machine: any number of workers, an interruption and a torn tail
// lead to the same result, and every record proves its flip.
func TestRealMachine(t *testing.T) {
	e := tiny(t, faults.Options{ECC: npu.ECCSECDED})
	spec := Spec{Model: "fashion-tiny", Seed: 1, Injections: 600}
	first := t.TempDir()
	c, err := Run(context.Background(), e, spec, first, RunOptions{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, c)
	want := without(t, c)
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	_, err = Run(ctx, e, spec, dir, RunOptions{Workers: 3, Progress: func(p Progress) {
		if p.Round == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, ErrInterrupted) {
		t.Fatalf("cancelled: %v", err)
	}
	tear(t, filepath.Join(dir, LogName), 30)
	c, err = Resume(context.Background(), e, dir, RunOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := without(t, c); got != want {
		t.Errorf("resumed:\n%s\nwant\n%s", got, want)
	}
	s, err := Load(first)
	if err != nil || !s.Complete {
		t.Fatal(err)
	}
	for i, r := range s.Records {
		if r.Before == r.After || r.Site.Cycle >= e.Cycles() {
			t.Errorf("record %d proves no flip: %+v", i, r)
		}
	}
	if c.Outcomes.Masked == 0 || c.Outcomes.SDC()+c.Outcomes.DUE(true) == 0 {
		t.Errorf("outcomes %+v are too tame to mean anything", c.Outcomes)
	}
	t.Logf("%d injections per second, violating %+v FIT, verdict %s", int(c.Rate.Resolved), c.FIT.Violating, c.Verdict)
}

// The spec names what the engine is, so that another machine is refused.
func TestRealMismatch(t *testing.T) {
	dir := t.TempDir()
	spec := Spec{Injections: 20, Seed: 3}
	if _, err := Run(context.Background(), tiny(t, faults.Options{}), spec, dir, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(context.Background(), tiny(t, faults.Options{ECC: npu.ECCParity}), dir, RunOptions{}); !errors.Is(err, ErrSpecMismatch) {
		t.Errorf("another RAM code: %v", err)
	}
}

// Resume goes on with the campaign in a directory. The engine must be the one of
// the campaign's spec.
func Resume(ctx context.Context, e *engine.Engine, dir string, o RunOptions) (*result.Campaign, error) {
	c, err := loadContents(dir)
	if err != nil {
		return nil, err
	}
	if o.Note == nil {
		o.Note = c.header.Note
	}
	return Run(ctx, e, c.header.Spec, dir, o)
}
