package reftest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
)

// TestEvalFollowsRun runs every operator of a network on its own, on the values that those
// before it left: together they give what a whole run gives.
func TestEvalFollowsRun(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	data, err := os.ReadFile(filepath.Join(root, "models", "kws_ref_model.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	input, err := os.ReadFile(filepath.Join(root, "inputs", "kws_ref_model", "in_00.bin"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := reference.Run(m, [][]byte{input})
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	values := make([][]byte, len(g.Tensors))
	for i := range g.Tensors {
		if g.Tensors[i].Data == nil {
			values[i] = make([]byte, g.Tensors[i].Bytes())
		}
	}
	copy(values[g.Inputs[0]], input)
	for i := range g.Operators {
		if err := Eval(m, &g.Operators[i], values); err != nil {
			t.Fatal(err)
		}
	}
	for i, o := range g.Outputs {
		if !bytes.Equal(values[o], want[i]) {
			t.Errorf("output %d: the operators alone give another result", i)
		}
	}
	values[g.Operators[0].Inputs[0]] = values[g.Operators[0].Inputs[0]][1:]
	if err := Eval(m, &g.Operators[0], values); err == nil || !strings.Contains(err.Error(), "489 bytes") {
		t.Errorf("short value: error %v", err)
	}
}
