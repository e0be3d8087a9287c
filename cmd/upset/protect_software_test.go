package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
)

// The upset that docs/software.md tells of: both runs of every frame are equally wrong, and
// a reset between them lets the host find it.
func TestComparingTwoRunsFails(t *testing.T) {
	line := []string{"inject", tiny, "--frames", "2", "--site", "traversal.mac.kx.9@688", "--measures"}
	o := mustRun(t, codeDone, append(line, "twice")...)
	if strings.Count(o.out, "the host compares two outputs: they are equal") != 2 || !strings.Contains(o.out, "sdc_critical (output)") {
		t.Errorf("twice:\n%s", o.out)
	}
	o = mustRun(t, codeDone, append(line, "reset+twice")...)
	if !strings.Contains(o.out, "they differ") || !strings.Contains(o.out, "detected (host alarm)") {
		t.Errorf("reset+twice:\n%s", o.out)
	}
	page := string(readTestFile(t, "../../docs/software.md"))
	for _, l := range strings.Split(o.out, "\n") {
		if strings.Contains(l, "the host") && !strings.Contains(page, l) {
			t.Errorf("docs/software.md does not have %q", l)
		}
	}
}

// The search writes its result, and says by its exit code whether the target is shown.
func TestAssessSoftware(t *testing.T) {
	dir := t.TempDir()
	o := mustRun(t, codeDone, "assess", tiny, "--options", "software", "--inputs", fewInputs(t), "--frames", "2", "--injections", "300", "--target", "asil-b", "--budget", "10", "--out", dir)
	var r result.Software
	data, err := os.ReadFile(filepath.Join(dir, "software.json"))
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !r.Meets || !r.Proof.Holds || len(r.Combinations) == 0 || !strings.Contains(o.out, r.Chosen) || r.Frames != 2 || r.ECC != "none" {
		t.Errorf("%+v\n%s", r, o.out)
	}
}

// What has no meaning beside software measures is refused with what to do.
func TestSoftwareRefusals(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"protect somewhere --options software", "upset assess MODEL --options software"},
		{"assess " + tiny + " --options software --unit register", "--unit"},
		{"assess " + tiny + " --options software --assume-reload", "reset"},
		{"assess " + tiny + " --options software --margin 0.01", "--injections"},
		{"inject " + tiny + " --measures thrice", "thrice"},
		{"inject " + tiny + " --measures moved", "twice+moved"},
	} {
		o := mustRun(t, codeUsage, strings.Fields(c.line)...)
		if !strings.Contains(o.errors, c.want) {
			t.Errorf("%s: %s", c.line, o.errors)
		}
	}
}
