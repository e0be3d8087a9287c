// Package nettest opens networks for tests: those of the tree, and those of the data
// folder beside it, without which tests are skipped.
package nettest

import (
	"os"
	"path/filepath"
	"testing"

	"upset/models/driver"
	"upset/npu/isa"
)

// Root is the folder of the tree.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

// Shipped opens a network of testdata/models as a single program.
func Shipped(t testing.TB, name string, c isa.Config) *driver.Program {
	t.Helper()
	return open(t, filepath.Join(Root(t), "testdata", "models", name+".tflite"), c).Program()
}

// Inputs are the first n inputs that lie beside a network of testdata/models.
func Inputs(t testing.TB, name string, n int) (out [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(Root(t), "testdata", "models", name+".inputs", "in_*.bin"))
	if err != nil || len(files) < n {
		t.Fatalf("inputs of %s: %d, %v", name, len(files), err)
	}
	for _, f := range files[:n] {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// Shared opens a file of the data folder.
func Shared(t testing.TB, file string, c isa.Config) *driver.Network {
	t.Helper()
	root := filepath.Join(Root(t), "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	return open(t, filepath.Join(root, filepath.FromSlash(file)), c)
}

// SharedProgram opens a model of the data folder that is one program.
func SharedProgram(t testing.TB, name string, c isa.Config) *driver.Program {
	t.Helper()
	return Shared(t, "models/"+name+".tflite", c).Program()
}

func open(t testing.TB, file string, c isa.Config) *driver.Network {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := driver.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
