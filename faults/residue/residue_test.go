package residue

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

func open(t *testing.T, o faults.Options) *engine.Engine {
	t.Helper()
	dir := filepath.Join("..", "..", "testdata", "models")
	data, err := os.ReadFile(filepath.Join(dir, "fashion-tiny.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	var in [][]byte
	for i := range 4 {
		b, err := os.ReadFile(filepath.Join(dir, "fashion-tiny.inputs", fmt.Sprintf("in_%03d.bin", i)))
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, b)
	}
	e, err := engine.New(n.Program(), in, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestMaskedDoesNoHarm(t *testing.T) {
	r, err := Examine(context.Background(), open(t, faults.Options{ECC: npu.ECCNone}), 1, 200, Later, 2, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if r.Masked.N < 200 || r.Masked.Harmed != 0 || r.Clean == 0 {
		t.Errorf("%+v", r)
	}
}

// Where the next inference is not looked at, what was left behind counts as masked, and
// the comparison finds the harm.
func TestHarmIsFound(t *testing.T) {
	r, err := Examine(context.Background(), open(t, faults.Options{ECC: npu.ECCNone, AssumeReload: true}), 1, 400, Later, 2, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if r.Masked.Harmed == 0 || r.Example == "" || r.Latent.N != 0 {
		t.Errorf("%+v", r)
	}
	if r.Masked.Upper <= float64(r.Masked.Harmed)/float64(r.Masked.N) || r.Masked.Upper >= 1 {
		t.Errorf("upper limit %v", r.Masked.Upper)
	}
}

func TestOneInput(t *testing.T) {
	e := open(t, faults.Options{})
	one, err := engine.New(e.Program(), [][]byte{e.Golden(0).Input}, faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Examine(context.Background(), one, 1, 1, Later, 1, nil, nil); err == nil {
		t.Error("one input is enough for two inferences")
	}
}
