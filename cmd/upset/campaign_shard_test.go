package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/faults/array"
)

// noArray hides the scheduler under which the tests may run, and what other processes left.
func noArray(t *testing.T) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // for fault-free runs that processes share
	for _, name := range array.Names() {
		s, err := array.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(s.Variable, "")
	}
	for _, name := range []string{"SLURM_JOB_ID", "LSB_JOBID", "SGE_CELL", "PBS_JOBID", "KUBERNETES_SERVICE_HOST", "AWS_BATCH_JOB_ID", "BATCH_JOB_UID", "PJM_JOBID"} {
		t.Setenv(name, "")
	}
}

// shardsOf runs the shards of the round whose turn it is and returns the merge after them.
func shardsOf(t *testing.T, dir string, shards ...string) outcome {
	t.Helper()
	for _, s := range shards {
		mustRun(t, codeDone, "campaign", "shard", dir, "--shard", s)
	}
	return invoke("campaign", "merge", dir, "--format", "json")
}

// A planned campaign is all that another machine needs: its folder moves, the originals
// vanish, and its shards, whatever names them, give the digest of one process. Other
// commands read the folder as they read any campaign.
func TestShards(t *testing.T) {
	noArray(t)
	work := t.TempDir()
	model, inputs := filepath.Join(work, "fashion-tiny.tflite"), fewInputs(t)
	if err := os.WriteFile(model, readTestFile(t, tiny), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--inputs", inputs, "--injections", "600", "--sampling", "adaptive"}
	alone := filepath.Join(work, "alone")
	want := parse(t, mustRun(t, codeDone, append([]string{"campaign", "run", model, "--out", alone, "--format", "json"}, flags...)...).out)

	planned, dir := filepath.Join(work, "planned"), filepath.Join(work, "moved")
	r := parse(t, mustRun(t, codeDone, append([]string{"campaign", "plan", model, "--out", planned, "--shards", "3", "--format", "json"}, flags...)...).out)
	if r["round"] != 1.0 || r["shards"] != 3.0 || r["spec_digest"] != want["spec_digest"] {
		t.Errorf("plan: %v", r)
	}
	// Twice is once.
	mustRun(t, codeDone, append([]string{"campaign", "plan", model, "--out", planned, "--shards", "3"}, flags...)...)
	if err := os.Rename(planned, dir); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{model, inputs} {
		if err := os.RemoveAll(old); err != nil {
			t.Fatal(err)
		}
	}

	// The first round by three ways to name a shard.
	mustRun(t, codeDone, "campaign", "shard", dir, "--shard", "3/3")
	t.Setenv("SLURM_ARRAY_TASK_ID", "0")
	if o := mustRun(t, codeDone, "campaign", "shard", dir); !strings.Contains(o.errors, "shard 1/3 of round 1 (SLURM_ARRAY_TASK_ID=0, counted from 0)") {
		t.Errorf("the shard does not say which it is: %s", o.errors)
	}
	o := invoke("campaign", "merge", dir)
	if o.code != codeIncomplete || !strings.Contains(o.out, "--array=1\n") || !strings.Contains(o.errors, "1 of 3 shards are missing") {
		t.Errorf("exit %d: %s%s", o.code, o.out, o.errors)
	}
	o = invoke("campaign", "merge", dir, "--format", "json", "--scheduler", "lsf")
	if m := parse(t, o.out); o.code != codeIncomplete || m["missing"].([]any)[0] != 2.0 || m["again"].([]any)[0] != `-J "shard[2]"` || m["folded"] != 0.0 {
		t.Errorf("exit %d: %v", o.code, m)
	}
	t.Setenv("SLURM_ARRAY_TASK_ID", "")
	t.Setenv("SGE_TASK_ID", "2")
	mustRun(t, codeDone, "campaign", "shard", dir)
	t.Setenv("SGE_TASK_ID", "")
	for range 20 {
		o = shardsOf(t, dir, "1/3", "2/3", "3/3")
		if o.code != codeIncomplete {
			break
		}
	}
	if o.code != codeDone {
		t.Fatalf("merge: exit %d: %s", o.code, o.errors)
	}
	got := parse(t, o.out)
	if got["result_digest"] != want["result_digest"] || got["verdict"] != want["verdict"] {
		t.Errorf("shards give %v, one process %v", got["result_digest"], want["result_digest"])
	}
	for _, args := range [][]string{
		{"report", dir}, {"compare", alone, dir}, {"gate", dir, "--baseline", filepath.Join(alone, campaignJSON)},
		{"campaign", "merge", dir}, {"campaign", "resume", dir}, {"inject", "--record", dir + ":5"},
	} {
		if args[0] == "gate" { // two equal campaigns are too small to show anything, or not
			if o := invoke(args...); o.code != codeDone && o.code != codeNotMet {
				t.Errorf("gate: exit %d: %s", o.code, o.errors)
			}
			continue
		}
		mustRun(t, codeDone, args...)
	}
}

// What is wrong with a command for shards is said in a line, with exit code 2.
func TestShardErrors(t *testing.T) {
	noArray(t)
	dir := filepath.Join(t.TempDir(), "planned")
	inputs := fewInputs(t)
	mustRun(t, codeDone, "campaign", "plan", tiny, "--inputs", inputs, "--injections", "200", "--shards", "4", "--out", dir)
	plain := t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--injections", "200", "--out", plain)
	for line, says := range map[string]string{
		"shard DIR":                          "no scheduler has set an index",
		"shard DIR --shard 1/5":              "has 4 shards",
		"shard DIR --shard 0/4":              "write k/n",
		"shard DIR --shard 4":                "write k/n",
		"shard DIR --shard 1/4 --round 2":    "no plan of shards",
		"shard DIR --shard 1/4 --round 0":    "count from 1",
		"shard PLAIN --shard 1/4":            "no plan of shards",
		"merge PLAIN":                        "not cut into shards",
		"merge DIR --scheduler cron":         "unknown scheduler",
		"merge NOWHERE":                      "no campaign",
		"plan MODEL --shards 0":              "between 1 and 1000",
		"plan MODEL --shards 1001":           "between 1 and 1000",
		"shard DIR --first 2":                "from 0 or from 1",
		"plan MODEL --shards 5 --out DIR":    "other shards",
		"plan MODEL --shards 4 --out PLAIN":  "not cut into shards",
		"run MODEL --injections 7 --out DIR": "another campaign",
	} {
		text := strings.NewReplacer("DIR", dir, "PLAIN", plain, "MODEL", tiny+" --inputs "+inputs+" --injections 200", "NOWHERE", filepath.Join(plain, "none")).Replace(line)
		text = strings.Replace(text, "--injections 200 --injections 7", "--injections 7", 1)
		o := invoke(append([]string{"campaign"}, strings.Fields(text)...)...)
		if o.code != codeUsage && !strings.HasPrefix(line, "run") || !strings.Contains(o.errors, says) || strings.Count(complaint(o.errors), "\n") != 1 {
			t.Errorf("%s: exit %d, %s", line, o.code, o.errors)
		}
	}
	// A shard that was spoilt is named, and running it again mends it.
	for k := 1; k <= 4; k++ {
		mustRun(t, codeDone, "campaign", "shard", dir, "--shard", fmt.Sprintf("%d/4", k))
	}
	name := filepath.Join(dir, "shards", "round-1-shard-0002.done")
	whole := readTestFile(t, name)
	spoilt := slices.Clone(whole)
	spoilt[len(spoilt)/3] ^= 1
	if err := os.WriteFile(name, spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := invoke("campaign", "merge", dir); o.code != codeUsage || !strings.Contains(o.errors, filepath.Base(name)) {
		t.Errorf("a damaged shard: exit %d, %s", o.code, o.errors)
	}
	mustRun(t, codeDone, "campaign", "shard", dir, "--shard", "2/4")
	if o := invoke("campaign", "merge", dir); o.code != codeIncomplete && o.code != codeDone {
		t.Errorf("mended: exit %d, %s", o.code, o.errors)
	}
}
