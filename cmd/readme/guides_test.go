package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGuidesCanBeFollowed runs every command of the guides, each guide in an empty
// folder with a binary that its own first command builds, and compares what is printed
// with what stands on the page. `go run ./cmd/readme -guides` writes the pages anew.
func TestGuidesCanBeFollowed(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of campaigns")
	}
	root := filepath.Join("..", "..")
	for _, name := range guides {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			now, n, err := follow(string(text), root)
			if err != nil {
				t.Fatal(err)
			}
			if n < 4 {
				t.Errorf("%d commands: a guide has more", n)
			}
			want, got := strings.Split(string(text), "\n"), strings.Split(now, "\n")
			for i := range got {
				if i >= len(want) || got[i] != want[i] {
					t.Fatalf("line %d: the page does not show what is printed now: %q; write it anew with go run ./cmd/readme -guides", i+1, got[i])
				}
			}
			if len(want) != len(got) {
				t.Fatalf("the page has %d lines, now there are %d; write it anew with go run ./cmd/readme -guides", len(want), len(got))
			}
		})
	}
}

// A part of an output is marked as one, and keeps the exit code.
func TestPartOfAnOutput(t *testing.T) {
	lines := []string{"a", "b1", "b2", "c", "(exit 4)"}
	for mark, want := range map[string]string{
		`<!-- first 1 lines -->`:              "a|...|(exit 4)",
		`<!-- first 9 lines -->`:              "a|b1|b2|c|(exit 4)",
		`<!-- from "b", 2 lines -->`:          "...|b1|b2|...|(exit 4)",
		`<!-- from "c", 3 lines -->`:          "...|c|(exit 4)",
		`<!-- anything else is no remark -->`: "a|b1|b2|c|(exit 4)",
	} {
		got, err := part(lines, shown.FindStringSubmatch(mark))
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%s: %v %v, want %s", mark, got, err, want)
		}
	}
	if _, err := part(lines, shown.FindStringSubmatch(`<!-- from "z", 2 lines -->`)); err == nil {
		t.Error("a text that no line begins with is found")
	}
}

// A command that fails in earnest ends a guide, with what it said.
func TestGuideEndsWithAFailure(t *testing.T) {
	for page, want := range map[string]string{
		"```\n$ rm -rf x\n```":              "no command of a guide",
		"```\n$ go vet ./nothing-here\n```": "nothing-here",
		"```\n$ go version\n":               "no end",
	} {
		if _, _, err := follow(page, filepath.Join("..", "..")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", page, err, want)
		}
	}
}
