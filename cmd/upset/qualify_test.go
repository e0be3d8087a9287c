package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
)

// The page comes with every check, each with cases, and is filed.
func TestQualify(t *testing.T) {
	if testing.Short() {
		t.Skip("runs all checks")
	}
	t.Setenv(asCommand, "1") // the tool that is killed is this one
	dir := t.TempDir()
	o := mustRun(t, codeDone, "qualify", "--divide", "40", "--out", dir)
	for _, want := range []string{"16 of 16 checks passed", "It qualifies nothing", "KNOWN ANOMALIES", "POSSIBLE MALFUNCTIONS"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	var r result.Qualify
	data, err := os.ReadFile(filepath.Join(dir, "qualify.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if !c.Pass || c.Cases == 0 || c.Left != "" {
			t.Errorf("%+v", c)
		}
	}
	if page, err := os.ReadFile(filepath.Join(dir, "qualify.html")); err != nil || !strings.Contains(string(page), "Evaluation of tool confidence") {
		t.Errorf("no page: %v", err)
	}
	mustRun(t, codeUsage, "qualify", "--divide", "0")
	mustRun(t, codeUsage, "qualify", "net.tflite")
}
