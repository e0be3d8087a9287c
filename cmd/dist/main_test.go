package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRefused(t *testing.T) {
	out := filepath.Join(t.TempDir(), "dist")
	for _, c := range []struct {
		version, only string
		rest          []string
		says          string
	}{
		{"v1 -extld=/tmp/x", "", nil, "letters, digits"},
		{"v1", "plan9/amd64", nil, "unknown target"},
		{"v1", "linux/amd64,", nil, "unknown target"},
		{"v1", "", []string{"more"}, "unexpected argument"},
	} {
		if err := dist(out, c.version, c.only, c.rest); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("what is refused leaves a folder")
	}
}

func TestDigest(t *testing.T) {
	name := filepath.Join(t.TempDir(), "abc")
	if err := os.WriteFile(name, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	// FIPS 180-4's example.
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if sum, size, err := digest(name); err != nil || sum != want || size != 3 {
		t.Errorf("%s, %d, %v", sum, size, err)
	}
	if err := static(name); err == nil {
		t.Error("three letters are a static program")
	}
}
