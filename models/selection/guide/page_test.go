package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/selection"
	"upset/models/selection/tasks"
)

// The stored page is what the registry gives.
func TestPageIsOfTheRegistry(t *testing.T) {
	name := filepath.Join(t.TempDir(), "page.md")
	if err := run(name); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "choosing.md")); err != nil || string(got) != string(want) {
		t.Errorf("docs/choosing.md is not what the registry gives: go run ./models/selection/guide (%v)", err)
	}
}

// A task that serves no use, a use without a task and a name that is no task are refused.
func TestPageRefuses(t *testing.T) {
	r, err := tasks.All()
	if err != nil {
		t.Fatal(err)
	}
	stray := append(selection.Registry{}, r...)
	stray[0].Family = "elsewhere"
	if _, err := page(stray); err == nil || !strings.Contains(err.Error(), stray[0].Name) {
		t.Errorf("a task without a use: %v", err)
	}
	var poor selection.Registry
	for _, task := range r {
		if task.Family != "sequence" {
			poor = append(poor, task)
		}
	}
	if _, err := page(poor); err == nil || !strings.Contains(err.Error(), "stream") {
		t.Errorf("a use without a task: %v", err)
	}
	before := kinds
	defer func() { kinds = before }()
	kinds = []kind{{here: "`no-such-task`"}}
	if _, err := page(r); err == nil || !strings.Contains(err.Error(), "no-such-task") {
		t.Errorf("a name that is no task: %v", err)
	}
}
