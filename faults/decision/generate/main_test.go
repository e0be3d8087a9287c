package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page and its figures are what the stored results give.
func TestPageIsOfItsResults(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(root, folder))); err != nil {
		t.Fatal(err)
	}
	names := []string{pageFile}
	for name := range figures {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := run(nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.ReadFile(filepath.Join(root, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s gives: go run ./faults/decision/generate (%v)", name, folder, err)
		}
	}
}

// Earlier and corrected shares of the six tasks stand side by side.
func TestCorrectedShares(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	s, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if s.earlier == nil || len(s.earlier.Tasks) != 6 {
		t.Fatalf("%+v", s.earlier)
	}
	a, err := judge(s)
	if err != nil {
		t.Fatal(err)
	}
	page, err := writePage(a)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "## Corrected shares")
	section, _, _ := strings.Cut(rest, "\n## ")
	for _, e := range s.earlier.Tasks {
		if !strings.Contains(section, "| "+e.Task+" | ") || !strings.Contains(section, share(e.Changed)) {
			t.Errorf("%s is not in the section:\n%s", e.Task, section)
		}
	}
}
