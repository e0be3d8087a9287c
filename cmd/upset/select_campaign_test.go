package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A campaign does not depend on the workers, counts every fault once, and stores a
// page and its numbers.
func TestSelectCampaign(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	line := []string{"select", "campaign", "feature-set", "--injections", "400", "--struck", "4", "--format", "json"}
	one := parse(t, mustRun(t, codeDone, append(line, "--workers", "1", "--out", dir)...).out)
	two := parse(t, mustRun(t, codeDone, append(line, "--workers", "2")...).out)
	if one["result_digest"] != two["result_digest"] || len(one["result_digest"].(string)) != 64 {
		t.Errorf("digests %v and %v", one["result_digest"], two["result_digest"])
	}
	n := 0.0
	for _, v := range one["blocks"].([]any) {
		n += v.(map[string]any)["visible"].(map[string]any)["n"].(float64)
	}
	if n != 400 || one["injections"].(float64) != 400 {
		t.Errorf("%v faults in the blocks", n)
	}
	for _, file := range []string{"select-campaign.json", "select-campaign.html"} {
		if b, err := os.ReadFile(filepath.Join(dir, file)); err != nil || len(b) < 500 {
			t.Errorf("%s: %d bytes, %v", file, len(b), err)
		}
	}
	persistent := parse(t, mustRun(t, codeDone, "select", "campaign", "feature-set", "--exposure", "persistent", "--injections", "30", "--format", "json").out)
	if persistent["exposure"] != "persistent" || len(persistent["blocks"].([]any)) != 2 {
		t.Errorf("%v", persistent)
	}
}

func TestSelectCampaignRefuses(t *testing.T) {
	for _, line := range []string{
		"select campaign", "select campaign nothing", "select campaign adaptive-sampling", "select campaign feature-set --injections 0",
		"select campaign feature-set --exposure both", "select campaign feature-set --struck 0", "select campaign feature-set --confidence 1",
		"select campaign feature-set window-cascade", "select campaign feature-set --ecc x",
	} {
		o := mustRun(t, codeUsage, strings.Fields(line)...)
		if o.out != "" || strings.Count(o.errors, "\n") != 1 {
			t.Errorf("upset %s:\n%s%s", line, o.errors, o.out)
		}
	}
}
