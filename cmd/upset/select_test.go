package main

import (
	"strings"
	"testing"
)

func TestSelectList(t *testing.T) {
	all := parse(t, mustRun(t, codeDone, "select", "list", "--format", "json").out)["tasks"].([]any)
	kinds := map[string]int{}
	for _, v := range all {
		task := v.(map[string]any)
		for _, key := range []string{"name", "title", "family", "kind", "utility", "mechanism"} {
			if task[key] == "" || task[key] == nil {
				t.Errorf("%v has no %s", task["name"], key)
			}
		}
		kinds[task["kind"].(string)]++
	}
	if kinds["npu"] < 3 || kinds["product"] < 3 || len(kinds) != 2 {
		t.Errorf("tasks by kind: %v", kinds)
	}
	some := parse(t, mustRun(t, codeDone, "select", "list", "--mechanism", "threshold", "--format", "json", "--family", "exit").out)["tasks"].([]any)
	if len(some) != 2 {
		t.Errorf("%d tasks of the family exit with a threshold", len(some))
	}
	if lines := strings.Count(mustRun(t, codeDone, "select", "list", "--format", "csv").out, "\n"); lines != len(all)+1 {
		t.Errorf("%d lines of CSV for %d tasks", lines, len(all))
	}
}

// TestSelectRun runs the shortest task; flags may stand on either side of it.
func TestSelectRun(t *testing.T) {
	before := mustRun(t, codeDone, "select", "run", "--format", "json", "conformal-selection")
	after := mustRun(t, codeDone, "select", "run", "conformal-selection", "conformal-selection", "--workers", "1", "--format", "json")
	if before.out != after.out {
		t.Error("the result depends on the number of workers or the place of the flags")
	}
	tasks := parse(t, before.out)["tasks"].([]any)
	task := tasks[0].(map[string]any)
	if len(tasks) != 1 || task["pass"] != true || task["inferences"].(float64) != 3*160 || task["cycles"].(float64) <= 1000 || task["total_cycles"].(float64) < 3*160*1000 || len(task["score_digest"].(string)) != 64 {
		t.Errorf("%s", before.out)
	}
	for _, line := range []string{
		"select run", "select run --all window-cascade", "select run nothing", "select run adaptive-sampling", "select list x", "select list --family none",
		"select", "select run --npu u55 window-cascade",
	} {
		o := mustRun(t, codeUsage, strings.Fields(line)...)
		if o.out != "" || strings.Count(o.errors, "\n") != 1 {
			t.Errorf("upset %s:\n%s%s", line, o.errors, o.out)
		}
	}
}

// An audit names every network that scores a pool, and says the same in every form.
func TestSelectAudit(t *testing.T) {
	r := parse(t, mustRun(t, codeDone, "select", "audit", "conformal-selection", "--draws", "300", "--format", "json").out)
	list := r["networks"].([]any)
	if len(list) == 0 || r["draws"] != 300.0 || r["error"] != 0.1 {
		t.Fatalf("%v", r)
	}
	for _, v := range list {
		n := v.(map[string]any)
		whole, bias := n["whole_bits"].(float64), n["bias_bits"].(float64)
		if n["task"] != "conformal-selection" || whole <= 0 || bias < 0 || n["dimension"].(float64) <= 0 {
			t.Errorf("%v", n)
		}
	}
	if lines := strings.Count(mustRun(t, codeDone, "select", "audit", "conformal-selection", "--draws", "300", "--format", "csv").out, "\n"); lines != len(list)+1 {
		t.Errorf("%d lines for %d networks", lines, len(list))
	}
	for _, line := range []string{"select audit", "select audit --all window-cascade", "select audit adaptive-sampling", "select audit window-cascade --error 1", "select audit window-cascade --draws 99"} {
		if o := mustRun(t, codeUsage, strings.Fields(line)...); o.out != "" || strings.Count(o.errors, "\n") != 1 {
			t.Errorf("upset %s:\n%s%s", line, o.errors, o.out)
		}
	}
}

// A task whose published effect does not show says so instead of claiming to hold.
func TestSelectRunNotReproduced(t *testing.T) {
	o := mustRun(t, codeDone, "select", "run", "gradient-boosting")
	if !strings.Contains(o.out, "not reproduced, regression check holds") {
		t.Errorf("%s", o.out)
	}
}

// Another seed trains other networks and draws another pool; the check still holds.
func TestSelectRunSeed(t *testing.T) {
	task := func(args ...string) map[string]any {
		line := append([]string{"select", "run", "conformal-selection", "--format", "json"}, args...)
		return parse(t, mustRun(t, codeDone, line...).out)["tasks"].([]any)[0].(map[string]any)
	}
	one, seven := task(), task("--seed", "7")
	if one["score_digest"] == seven["score_digest"] || one["measured"] == seven["measured"] || seven["seeds"].([]any)[2].(float64) != 9 {
		t.Errorf("%v, %v", one, seven)
	}
}
