package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"upset/faults/provenance"
)

// The page and its figures are what the stored results give. A page of older rules stays
// as it was made then, and must say that it is one.
func TestPageIsOfItsResults(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	var made provenance.Made
	if err := json.Unmarshal(data, &made); err != nil {
		t.Fatal(err)
	}
	if made.Probe == "" {
		page, err := os.ReadFile(filepath.Join(root, pageFile))
		if err != nil || !slices.Contains(provenance.Lines(page), made) {
			t.Errorf("%s does not say that it is of older rules (%v)", pageFile, err)
		}
		return
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
