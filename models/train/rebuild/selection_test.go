package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"upset/models/selection/tasks"
	"upset/models/train"
	"upset/models/zoo"
)

// TestSelectionRebuildGivesTheShippedBytes trains the conformal task anew, which
// takes a moment; with UPSET_TRAIN=1 all tasks.
func TestSelectionRebuildGivesTheShippedBytes(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the bytes of the shipped networks are pinned on amd64 only")
	}
	names := []string{"conformal-selection"}
	if os.Getenv("UPSET_TRAIN") == "1" {
		if _, err := os.Stat(train.DefaultDataDir); err != nil {
			t.Skip("Debian package dataset-fashion-mnist is not installed")
		}
		names = nil
		for _, s := range tasks.Stores() {
			names = append(names, s.Task)
		}
	}
	models, err := zoo.Dir()
	if err != nil {
		t.Fatal(err)
	}
	shipped := filepath.Join(models, "..", "..", "models", "selection", "tasks")
	for _, name := range names {
		dir := t.TempDir()
		var out strings.Builder
		if err := run([]string{"-selection", "-out", dir, name}, &out); err != nil {
			t.Fatal(err)
		}
		made, err := filepath.Glob(filepath.Join(dir, name, "data", "*", "*"))
		if err != nil || len(made) == 0 {
			t.Fatalf("%s: %d files, error %v", name, len(made), err)
		}
		stored, err := filepath.Glob(filepath.Join(shipped, name, "data", "*", "*"))
		if err != nil || len(stored) != len(made) {
			t.Fatalf("%s: %d files made, %d shipped, error %v", name, len(made), len(stored), err)
		}
		for _, path := range made {
			relative, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			compareFiles(t, path, filepath.Join(shipped, relative))
		}
	}
}

func TestSelectionErrors(t *testing.T) {
	if err := run([]string{"-selection", "-out", t.TempDir(), "nothing"}, &strings.Builder{}); err == nil {
		t.Error("unknown task: no error")
	}
	if err := run([]string{"-selection", "-data", t.TempDir(), "-out", t.TempDir(), "window-cascade"}, &strings.Builder{}); err == nil {
		t.Error("no pictures: no error")
	}
}
