package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden outputs of the commands")

// unstable matches what differs between runs and machines: wall time, the number
// of processors, paths of temporary folders.
var unstable = regexp.MustCompile(`(?m)^ *(rate |repeat |upset |--workers ).*$`)

// TestGolden compares what the commands print with stored outputs, stderr
// included. Rewrite them with go test ./cmd/upset -run TestGolden -update.
func TestGolden(t *testing.T) {
	dir, inputs := t.TempDir(), fewInputs(t)
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--injections", "500", "--out", dir)
	for _, g := range []struct{ name, line string }{
		{"run", "run " + tiny + " --input " + tinyInput},
		{"run-json", "run " + tiny + " --format json --npu u55-64"},
		{"run-csv", "run --format csv --npu u55-256 " + tiny + " --input " + tinyInput},
		{"sites", "sites --npu u55-32 " + tiny},
		{"inject", "inject --inputs " + inputs + " --site mac.acc[3].12@700 " + tiny},
		{"inject-csv", "inject --inputs " + inputs + " --site cc.bank1.ofm_width_m1.0@700 --format csv " + tiny},
		{"status", "campaign status " + dir},
		{"report", "report " + dir},
		{"report-csv", "report --format csv --scenario li --violation critical " + dir},
		{"compare", "compare " + dir + " " + dir},
		{"gate", "gate " + dir + " --baseline " + dir + " --margin 2"},
		{"help", "--help"},
		{"help-assess", "assess --help"},
	} {
		t.Run(g.name, func(t *testing.T) {
			o := mustRun(t, codeDone, strings.Fields(g.line)...)
			text := "stdout:\n" + o.out + "stderr:\n" + o.errors
			text = strings.ReplaceAll(text, filepath.Base(dir), "DIR")
			text = unstable.ReplaceAllString(text, "...")
			file := filepath.Join("testdata", g.name+".golden")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(readTestFile(t, file)); text != want {
				t.Errorf("upset %s prints something new; if that is right, run with -update\n%s", g.line, firstDifference(text, want))
			}
		})
	}
}

// firstDifference shows the first line that differs.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) {
			return "new: " + a[i]
		}
		if a[i] != b[i] {
			return "now: " + a[i] + "\nwas: " + b[i]
		}
	}
	return "the output ends early"
}
