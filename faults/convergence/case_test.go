package convergence

import (
	"os"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/nettest"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Comparisons that differed once, and some that are kept as examples, do not differ any more:
// a case that validate engine writes becomes a test by being copied into the folder.
func TestCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "cases", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		c, err := ReadCase(file)
		if err != nil {
			t.Error(err)
			continue
		}
		_, s, err := c.Repeat(t.Context())
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if !s.Fast.Same(s.Plain) {
			t.Errorf("%s: the engine says %+v, the plain machine %+v", file, s.Fast, s.Plain)
		}
	}
}

// A case holds all that its injection depends on: repeated from its file it gives the records
// that the engine gave, also where later inferences decide, and a case that is tampered with
// is refused or gives others.
func TestCaseIsWhole(t *testing.T) {
	model, err := os.ReadFile(filepath.Join(nettest.Root(t), "testdata", "models", "fashion-tiny.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(nettest.Shipped(t, "fashion-tiny", isa.U55x64), nettest.Inputs(t, "fashion-tiny", 12), faults.Options{ECC: npu.ECCParity, Model: faults.Model{Kind: faults.Pair}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := draw(t.Context(), e, 5, 60, 2)
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	dir, seen := t.TempDir(), map[faults.Outcome]int{}
	for i := range list {
		s := &list[i]
		if s.Plain, err = w.Plain(s.Input, s.Site); err != nil {
			t.Fatal(err)
		}
		if seen[s.Plain.Outcome]++; seen[s.Plain.Outcome] > 3 {
			continue
		}
		c, err := NewCase(t.Context(), e, s, "fashion-tiny", model, network.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := min(faults.MaxFollowed+2, e.Inputs()); len(c.Inputs) != want {
			t.Errorf("%d inputs, want %d", len(c.Inputs), want)
		}
		file, err := c.Write(dir)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = ReadCase(file); err != nil {
			t.Fatal(err)
		}
		_, r, err := c.Repeat(t.Context())
		if err != nil || r.Fast != c.Fast || r.Plain != c.Plain {
			t.Fatalf("%s: %+v and %+v, not %+v and %+v: %v", file, r.Fast, r.Plain, c.Fast, c.Plain, err)
		}
		if info, err := os.Stat(file); err != nil || info.Size() > 128<<10 {
			t.Errorf("%s is no small file: %v", file, err)
		}
		c.Site = "no.such.register"
		if _, _, err := c.Repeat(t.Context()); err == nil {
			t.Error("a case of a register that does not exist is repeated")
		}
	}
	if len(seen) < 3 {
		t.Errorf("outcomes of the sample: %v", seen)
	}
}
