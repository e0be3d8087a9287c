package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The page and its figure are what the stored results give.
func TestPageIsOfItsResults(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	copyFile(t, root, resultsFile)
	if err := run(false, 0, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pageFile, figureFile} {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.ReadFile(filepath.Join(root, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s gives: go run ./faults/decision/generate (%v)", name, resultsFile, err)
		}
	}
}

// copyFile takes a file of the project into the current directory.
func copyFile(t *testing.T, root, name string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
