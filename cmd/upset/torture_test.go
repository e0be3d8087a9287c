package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"upset/faults/endurance"
)

// A small share of make torture: processes of commands that store something are killed.
// With UPSET_FULL=1 more of them are, and two are on one folder at once.
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
		Dir:     t.TempDir(), Models: models, Seed: 20, Injections: 800, Say: t.Logf,
	}
	kills := 1
	if os.Getenv("UPSET_FULL") != "" {
		kills = 12
	}
	list, err := h.Kills(context.Background(), kills)
	if err != nil {
		t.Fatal(err)
	}
	all := endurance.Torture{Scenarios: list}
	if kills > 1 {
		twice, err := h.Twice(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		all.Scenarios = append(all.Scenarios, twice)
	}
	if err := all.Sound(); err != nil {
		t.Error(err)
	}
	if n := all.Total().Kills; n < kills {
		t.Errorf("%d processes were killed: nothing is tested", n)
	}
}
