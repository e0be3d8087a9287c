package reference

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
)

// shared finds the folder of test data beside the project's root.
func shared(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("go.mod not found above the test's folder")
		}
		dir = filepath.Dir(dir)
	}
	s := filepath.Join(filepath.Dir(dir), "shared")
	if _, err := os.Stat(s); err != nil {
		t.Skipf("%s is absent: the shared networks and golden outputs are needed for this test", s)
	}
	return s
}

func readModel(t testing.TB, path string) *tflite.Model {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

// split cuts a file of concatenated tensors into the tensors of a list.
func split(t testing.TB, g *tflite.Subgraph, list []int, data []byte) [][]byte {
	t.Helper()
	var parts [][]byte
	for _, i := range list {
		n := g.Tensors[i].Bytes()
		if n > len(data) {
			t.Fatalf("file ends inside tensor %d", i)
		}
		parts, data = append(parts, data[:n]), data[n:]
	}
	if len(data) > 0 {
		t.Fatalf("file has %d bytes too many", len(data))
	}
	return parts
}

// full asks for all cases instead of one per network.
func full() bool { return os.Getenv("UPSET_FULL") == "1" }

// TestGolden compares outputs with those of an independent TFLite runtime, bit
// for bit.
func TestGolden(t *testing.T) {
	root := shared(t)
	models, err := filepath.Glob(filepath.Join(root, "models", "*.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	ops, err := filepath.Glob(filepath.Join(root, "models", "ops", "*.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	if len(models) < 10 || len(ops) < 50 {
		t.Fatalf("only %d networks and %d operators found", len(models), len(ops))
	}
	for _, path := range append(models, ops...) {
		name, err := filepath.Rel(filepath.Join(root, "models"), strings.TrimSuffix(path, ".tflite"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			cases := 0
			m := readModel(t, path)
			for _, folder := range []string{"golden", "inputs"} {
				in, err := filepath.Glob(filepath.Join(root, folder, name, "in_*.bin"))
				if err != nil {
					t.Fatal(err)
				}
				if !full() && len(in) > 2 {
					in = in[1:2] // uniform noise
				}
				for _, file := range in {
					cases++
					compare(t, m, file)
				}
			}
			if cases == 0 {
				t.Errorf("no case found")
			}
		})
	}
}

func compare(t *testing.T, m *tflite.Model, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(strings.Replace(file, "in_", "out_", 1))
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	outputs, err := Run(m, split(t, g, g.Inputs, data))
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Join(outputs, nil); !bytes.Equal(got, want) {
		t.Errorf("%s: %s", filepath.Base(file), difference(got, want))
	}
}

func difference(got, want []byte) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d bytes, want %d", len(got), len(want))
	}
	n, first := 0, -1
	for i := range got {
		if got[i] != want[i] {
			if n++; first < 0 {
				first = i
			}
		}
	}
	return fmt.Sprintf("%d of %d bytes differ, first at %d: %d, want %d", n, len(got), first, int8(got[first]), int8(want[first]))
}
