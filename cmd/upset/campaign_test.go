package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fewInputs is a folder with four inputs of fashion-tiny.
func fewInputs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"in_000.bin", "in_001.bin", "in_002.bin", "in_003.bin"} {
		data := readTestFile(t, filepath.Join(filepath.Dir(tinyInput), name))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tinyCampaign runs a small campaign into a folder.
func tinyCampaign(t *testing.T, dir string, args ...string) map[string]any {
	t.Helper()
	args = append([]string{"campaign", "run", tiny, "--inputs", fewInputs(t), "--out", dir, "--injections", "600", "--format", "json"}, args...)
	return parse(t, mustRun(t, codeDone, args...).out)
}

func TestCampaignResult(t *testing.T) {
	dir := t.TempDir()
	r := tinyCampaign(t, dir)
	n := r["injections"].(float64)
	if n != 600 || r["simulated"].(float64)+r["cached"].(float64)+r["pruned"].(float64) != n {
		t.Errorf("%v injections: %v simulated, %v cached, %v pruned", n, r["simulated"], r["cached"], r["pruned"])
	}
	sum := 0.0
	for _, v := range r["outcomes"].(map[string]any) {
		sum += v.(float64)
	}
	if sum != n {
		t.Errorf("the outcomes sum to %v of %v", sum, n)
	}
	if v := r["verdict"]; v != "met" && v != "not_met" && v != "not_shown" {
		t.Errorf("verdict %v", v)
	}
	for _, name := range []string{campaignJSON, campaignHTML} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	stored := parse(t, string(readTestFile(t, filepath.Join(dir, campaignJSON))))
	reported := parse(t, mustRun(t, codeDone, "report", dir, "--format", "json").out)
	for _, other := range []map[string]any{stored, reported} {
		if other["result_digest"] != r["result_digest"] || other["verdict"] != r["verdict"] || other["command"] != r["command"] {
			t.Errorf("a stored result differs: %v, %v, %v", other["result_digest"], other["verdict"], other["command"])
		}
	}
	if stored["seconds"].(map[string]any)["total"] != reported["seconds"].(map[string]any)["total"] {
		t.Error("the report loses the times")
	}
}

// Neither workers nor an interruption may change a result.
func TestCampaignIsDeterministic(t *testing.T) {
	want := tinyCampaign(t, t.TempDir(), "--workers", "1")["result_digest"]
	if got := tinyCampaign(t, t.TempDir(), "--workers", "3")["result_digest"]; got != want {
		t.Errorf("three workers give %v, one %v", got, want)
	}
	if got := tinyCampaign(t, t.TempDir(), "--seed", "2")["result_digest"]; got == want {
		t.Error("another seed gives the same result")
	}
	inputs := fewInputs(t)
	for _, slow := range []time.Duration{10 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond} {
		dir := t.TempDir()
		ctx, cancel := context.WithTimeout(context.Background(), slow)
		var out, errs bytes.Buffer
		code := runContext(ctx, []string{"upset", "campaign", "run", tiny, "--inputs", inputs, "--out", dir, "--injections", "600", "--workers", "1"}, nil, &out, &errs)
		cancel()
		if code != codeDone && code != codeIncomplete {
			t.Fatalf("interrupted: exit %d, %s", code, errs.String())
		}
		if code == codeIncomplete && (out.Len() != 0 || !strings.HasPrefix(errs.String(), "upset: ")) {
			t.Errorf("interrupted: stdout %q, stderr %q", out.String(), errs.String())
		}
		if _, err := os.Stat(filepath.Join(dir, "records.log")); err != nil {
			continue // stopped before the first record
		}
		o := mustRun(t, codeDone, "campaign", "resume", dir, "--format", "json")
		if got := parse(t, o.out)["result_digest"]; got != want {
			t.Errorf("interrupted after %v and resumed: %v, want %v", slow, got, want)
		}
	}
}

func TestCampaignStatus(t *testing.T) {
	dir := t.TempDir()
	tinyCampaign(t, dir, "--sites", "flops")
	s := parse(t, mustRun(t, codeDone, "campaign", "status", dir, "--format", "json").out)
	if s["done"] != 600.0 || s["complete"] != true || s["running"] != false || s["model"] != "fashion-tiny" {
		t.Errorf("status: %v", s)
	}
	if text := mustRun(t, codeDone, "campaign", "status", dir).out; !strings.Contains(text, "600 of 600") || !strings.Contains(text, "complete") {
		t.Errorf("status: %s", text)
	}
	// A log with another spec is not overwritten.
	o := invoke("campaign", "run", tiny, "--out", dir, "--injections", "700")
	if o.code != codeFailed || !strings.Contains(o.errors, "another campaign") {
		t.Errorf("exit %d: %s", o.code, o.errors)
	}
}

func TestCampaignFilters(t *testing.T) {
	r := tinyCampaign(t, t.TempDir(), "--only", "mac.acc*, cc.bank*", "--bits", "0-3", "--layer", "1", "--class", "config,datapath")
	for _, b := range r["blocks"].([]any) {
		name := b.(map[string]any)["block"]
		if n := b.(map[string]any)["n"].(float64); n > 0 && name != "mac" && name != "cc" {
			t.Errorf("%v injections into %v", n, name)
		}
	}
	inputs := fewInputs(t)
	for _, line := range []string{
		"--only nothing*", "--only [", "--bits x", "--bits 5-2", "--layer x", "--layer 99", "--class soft", "--sites ram", "--sampling lucky",
		"--injections -5", "--injections 0", "--margin 2", "--margin 0.1 --relative 0.1", "--confidence 1", "--target asil-z", "--violation none",
		"--scenario hell", "--flop-fit 1", "--budget 0", "--duty 2", "--criterion tolerance:7", "--inventory main.go",
	} {
		o := invoke(append([]string{"campaign", "run", tiny, "--inputs", inputs, "--out", t.TempDir()}, strings.Fields(line)...)...)
		if o.code != codeUsage || strings.Count(complaint(o.errors), "\n") != 1 {
			t.Errorf("%s: exit %d\n%s", line, o.code, o.errors)
		}
	}
}

// An inventory with twice the flops of a block doubles what it contributes.
func TestCampaignInventory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(file, []byte("blocks: {cc: {flops: 66340}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	raw := func(r map[string]any) float64 { return r["fit"].(map[string]any)["raw"].(float64) }
	plain, own := tinyCampaign(t, t.TempDir()), tinyCampaign(t, t.TempDir(), "--inventory", file)
	if raw(own) <= raw(plain)*1.2 {
		t.Errorf("ten times the flops in cc: raw rate %v, without %v", raw(own), raw(plain))
	}
}

func TestCompare(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	tinyCampaign(t, a)
	tinyCampaign(t, b, "--assume-reload")
	r := parse(t, mustRun(t, codeDone, "compare", a, b, "--format", "json").out)
	pair := r["pairs"].([]any)[0].(map[string]any)
	if pair["paired"].(float64) != 600 || pair["total"].(map[string]any)["only_b"] != 0.0 {
		t.Errorf("campaigns of one seed: %v", pair)
	}
	mustRun(t, codeUsage, "compare", a)
	mustRun(t, codeUsage, "compare", a, t.TempDir())
	mustRun(t, codeUsage, "report", t.TempDir())
	mustRun(t, codeUsage, "campaign", "resume", t.TempDir())
	mustRun(t, codeUsage, "campaign")
	mustRun(t, codeUsage, "campaign", "erase", a)
}

// Flags work before and after the argument, for every command.
func TestFlagsOnBothSides(t *testing.T) {
	dir := t.TempDir()
	tinyCampaign(t, dir)
	for _, c := range []struct{ command, argument, flags string }{
		{"run", tiny, "--npu u55-64 --format json --input " + tinyInput},
		{"sites", tiny, "--format csv --npu u55-32"},
		{"inject", tiny, "--format json --site cc.bank1.ofm_width_m1.0@700"},
		{"campaign run", tiny, "--format csv --injections 300 --out " + dir + "/other"},
		{"campaign resume", dir, "--format csv"},
		{"campaign status", dir, "--format json"},
		{"report", dir, "--format html --scenario li"},
		{"compare", dir + " " + dir, "--format json --confidence 0.9"},
	} {
		var outputs []string
		for _, line := range []string{c.command + " " + c.flags + " " + c.argument, c.command + " " + c.argument + " " + c.flags} {
			out := mustRun(t, codeDone, strings.Fields(line)...).out
			// Only the line that repeats the command may differ.
			var kept []string
			for _, l := range strings.Split(out, "\n") {
				if !strings.Contains(l, "upset "+c.command) {
					kept = append(kept, l)
				}
			}
			outputs = append(outputs, strings.Join(kept, "\n"))
		}
		if outputs[0] != outputs[1] || outputs[0] == "" {
			t.Errorf("%s: flags before and after give different results:\n%s\n%s", c.command, outputs[0], outputs[1])
		}
	}
}

// A doubly robust report takes a uniform sample, and says so otherwise.
func TestDoublyRobustReport(t *testing.T) {
	dir := t.TempDir()
	tinyCampaign(t, dir, "--sampling", "uniform")
	r := parse(t, mustRun(t, codeDone, "report", dir, "--doubly-robust", "--format", "json").out)
	x := r["doubly_robust"].(map[string]any)["violating"].(map[string]any)
	if x["n"] != r["injections"] || x["used"].(bool) == (x["reason"] != nil) {
		t.Errorf("%v", x)
	}
	if text := mustRun(t, codeDone, "report", dir, "--doubly-robust").out; !strings.Contains(text, "DOUBLY ROBUST") {
		t.Error("the text does not show it")
	}
	other := t.TempDir()
	tinyCampaign(t, other)
	mustRun(t, codeUsage, "report", other, "--doubly-robust")
}
