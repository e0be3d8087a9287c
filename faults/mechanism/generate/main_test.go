package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"upset/faults/mechanism"
)

// The page says what the program counts.
func TestPageIsUpToDate(t *testing.T) {
	want, err := page()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "mechanism-area.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs/mechanism-area.md differs from what the program counts: run go run ./faults/mechanism/generate")
	}
}

// Every mechanism is on the page, with what its area leaves out.
func TestEveryMechanismIsOnThePage(t *testing.T) {
	for k := mechanism.None + 1; ; k++ {
		if _, err := mechanism.ParseKind(k.String()); err != nil {
			break
		}
		if !slices.ContainsFunc(examples, func(c mechanism.Choice) bool { return c.Kind == k }) {
			t.Errorf("%s has no example", k)
		}
		if len(mechanism.LeftOut(k)) == 0 || mechanism.Source(k) == "" {
			t.Errorf("%s: nothing is said of what its area leaves out, or of its source", k)
		}
	}
}
