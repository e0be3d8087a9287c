package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// docs/software.md holds what the stored results give.
func TestPageIsOfItsResults(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..")
	want, err := write(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what %s gives: go run ./faults/protect/software/generate", page, results)
	}
}
