package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// perSecond is what differs from one run to the next.
var perSecond = regexp.MustCompile(`[0-9][0-9,.]* per second`)

// The tutorial runs from an empty folder and prints what stands on the page.
func TestOwnTaskPage(t *testing.T) {
	name, err := filepath.Abs("../../docs/owntask.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(readTestFile(t, name))
	t.Chdir(t.TempDir())
	now, blocks := withOutputs(t, text)
	now = perSecond.ReplaceAllString(now, "N per second")
	if blocks != 3 {
		t.Errorf("%d commands with their output", blocks)
	}
	if *update {
		if err := os.WriteFile(name, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if now != text {
		t.Errorf("a command prints something new; if that is right, run with -update\n%s", firstDifference(now, text))
	}
	config, err := os.ReadFile(filepath.Join("my-task", "task.json"))
	if err != nil {
		t.Fatal(err)
	}
	var indented strings.Builder
	for l := range strings.Lines(string(config)) {
		indented.WriteString("    " + l)
	}
	if !strings.Contains(text, indented.String()) {
		t.Error("the page shows another task.json")
	}
	// The decision does not depend on the workers, and a module decides of itself.
	one := parse(t, mustRun(t, codeDone, "select", "run", "--task", "my-task", "--workers", "1", "--format", "json").out)
	two := parse(t, mustRun(t, codeDone, "select", "run", "--task", "my-task", "--workers", "2", "--format", "json").out)
	if one["score_digest"] != two["score_digest"] || len(one["items"].([]any)) != 100 || one["inferences"].(float64) <= 100 || one["inferences"].(float64) >= 200 {
		t.Errorf("%v", one)
	}
	for _, line := range []string{
		"select new my-task", "select new", "select run --task nothing", "select run --task my-task window-cascade", "select run --task my-task --all",
		"select campaign --task my-task window-cascade", "select campaign --task my-task --rule my-task/rule.wasm", "select campaign --task my-task --exposure state",
	} {
		o := mustRun(t, codeUsage, strings.Fields(line)...)
		if o.out != "" || strings.Count(o.errors, "\n") != 1 {
			t.Errorf("upset %s:\n%s%s", line, o.errors, o.out)
		}
	}
}
