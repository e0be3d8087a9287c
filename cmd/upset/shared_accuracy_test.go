package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Labels beside the inputs give the accuracy of the fault-free network, in the campaign
// as in its report.
func TestAccuracy(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inputs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	raw := readTestFile(t, tinyInput)
	for i := range 3 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("in_%d.bin", i)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := parse(t, mustRun(t, codeDone, "run", tiny, "--input", tinyInput, "--format", "json").out)
	class := int(run["outputs"].([]any)[0].(map[string]any)["top1"].(float64))
	label := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "labels.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	label(fmt.Sprintf("in_0.bin,%d\nin_2.bin,%d\n", class, (class+1)%4))
	out := filepath.Join(t.TempDir(), "campaign")
	args := []string{"campaign", "run", tiny, "--inputs", dir, "--injections", "100", "--out", out}
	for _, line := range [][]string{args, {"report", out}} {
		r := parse(t, mustRun(t, codeDone, append(line, "--format", "json")...).out)
		a, _ := r["accuracy"].(map[string]any)
		if a["labelled"] != 2.0 || a["right"] != 1.0 || a["share"] != 0.5 {
			t.Errorf("%v: %v", line, a)
		}
	}
	if o := mustRun(t, codeDone, "report", out); !strings.Contains(o.out, "1 of 2 labelled inputs") {
		t.Errorf("%s", o.out)
	}
	label("in_0.bin,10\n")
	args[len(args)-1] += "2"
	if o := mustRun(t, codeUsage, args...); !strings.Contains(o.errors, "classes 0 to 3") {
		t.Errorf("%s", o.errors)
	}
}
