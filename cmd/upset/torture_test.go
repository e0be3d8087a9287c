package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"upset/faults/endurance"
)

// A small share of make torture: processes of every command that stores something are
// killed, assess among them, and two are on one folder at once.
func TestTorture(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("kills processes")
	}
	noArray(t)
	models, err := filepath.Abs("../../testdata/models")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &endurance.Harness{
		Program: endurance.Program{Path: self, Env: []string{asCommand + "=1"}},
		Dir:     t.TempDir(), Models: models, Seed: 20, Injections: 2000, Say: t.Logf,
	}
	list, err := h.Kills(context.Background(), 6)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := h.Twice(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	all := endurance.Torture{Scenarios: append(list, twice)}
	if err := all.Sound(); err != nil {
		t.Error(err)
	}
	if n := all.Total().Kills; n < 5 {
		t.Errorf("%d processes were killed: nothing is tested", n)
	}
}
