package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The page and its figures are what the stored results give.
func TestPageIsOfItsResults(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.MkdirAll(filepath.Dir(resultsFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(resultsFile, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage(); err != nil {
		t.Fatal(err)
	}
	figures, err := filepath.Glob("docs/study/*.svg")
	if err != nil || len(figures) == 0 {
		t.Fatalf("no figures: %v", err)
	}
	for _, name := range append(figures, pageFile) {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.ReadFile(filepath.Join(root, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s gives: go run ./cmd/study (%v)", name, resultsFile, err)
		}
	}
}
