package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The README is short enough to be read, and leads to what a reader looks for.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n >= 200 {
		t.Errorf("%d lines", n)
	}
	for _, title := range []string{"First steps", "More than one machine", "For the safety file", "In the browser", "How to trust it", "Limits"} {
		if !strings.Contains(string(text), "\n## "+title+"\n") {
			t.Errorf("no section %q", title)
		}
	}
	for _, page := range guides {
		if !strings.Contains(string(text), "]("+page+")") {
			t.Errorf("no link to %s", page)
		}
	}
}
