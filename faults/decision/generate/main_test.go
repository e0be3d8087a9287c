package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
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

// A page of executed inferences shows earlier and corrected shares side by side.
func TestCorrectedShares(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	text, err := os.ReadFile(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	var r results
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if r.Earlier, err = readEarlier(); err != nil || len(r.Earlier.Tasks) != 6 {
		t.Fatalf("%+v, %v", r.Earlier, err)
	}
	var page bytes.Buffer
	if err := writePage(&page, &r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## Corrected shares", "| expert-router | router ", "0.33 [0.259, 0.42]", "cannot be struck"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "dilute the shares. Up to") {
		t.Error("the page still says that faults strike what nobody needs")
	}
}
