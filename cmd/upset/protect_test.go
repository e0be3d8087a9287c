package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// judged runs a command that may end with exit code 0 or 4 and checks that the
// code agrees with the result.
func judged(t *testing.T, part func(map[string]any) map[string]any, args ...string) map[string]any {
	t.Helper()
	o := invoke(append(args, "--format", "json")...)
	if o.code != codeDone && o.code != codeNotMet {
		t.Fatalf("upset %s: exit %d\n%s", strings.Join(args, " "), o.code, o.errors)
	}
	r := parse(t, o.out)
	p := part(r)
	if meets := p["meets"] == true; meets != (o.code == codeDone) {
		t.Errorf("upset %s: exit %d, meets %v", strings.Join(args, " "), o.code, meets)
	}
	if holds := p["proof"].(map[string]any)["holds"]; p["meets"] == true && holds != true {
		t.Errorf("upset %s: the target is met without a proof", strings.Join(args, " "))
	}
	return r
}

// The assessment consists of the results of its parts.
func TestAssess(t *testing.T) {
	dir := t.TempDir()
	inputs := fewInputs(t)
	r := judged(t, func(r map[string]any) map[string]any { return r["protect"].(map[string]any) },
		"assess", tiny, "--inputs", inputs, "--injections", "3000", "--out", dir)
	c, p := r["campaign"].(map[string]any), r["protect"].(map[string]any)
	if c["injections"] != 3000.0 || p["target"] != "asil-d" || p["npu"] != "u55-128" || p["model"] != "fashion-tiny" {
		t.Errorf("%v injections, target %v for %v on %v", c["injections"], p["target"], p["model"], p["npu"])
	}
	again := judged(t, func(r map[string]any) map[string]any { return r }, "protect", dir)
	for _, key := range []string{"meets", "area_overhead", "choice", "proof", "pareto", "fit_violating", "spfm"} {
		a, err := json.Marshal(p[key])
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(again[key])
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Errorf("%s differs between assess and protect:\n%s\n%s", key, a, b)
		}
	}
	stored := parse(t, string(readTestFile(t, filepath.Join(dir, "assess.json"))))
	if stored["protect"].(map[string]any)["area_overhead"] != p["area_overhead"] {
		t.Error("assess.json holds another result")
	}
	if html := string(readTestFile(t, filepath.Join(dir, "assess.html"))); !strings.Contains(html, "</html>") {
		t.Error("assess.html is no page")
	}
	a := invoke("protect", dir, "--options", "paper", "--format", "csv")
	b := invoke("protect", "--options", "paper", "--format", "csv", dir)
	if a.out != b.out || a.code != b.code || a.out == "" {
		t.Errorf("flags before and after: exit %d and %d\n%s\n%s", a.code, b.code, a.out, b.out)
	}
}

func TestAssessUsage(t *testing.T) {
	for _, line := range []string{
		"assess", "assess " + tiny + " --only mac.*", "assess " + tiny + " --sites flops", "assess " + tiny + " --layer 0",
		"assess " + tiny + " --options some", "assess " + tiny + " --target asil-a", "protect", "protect absent", "protect absent other", "protect . --mix 1", "protect a b --mix 1", "protect a b --mix x,y", "protect . --hardened-ratio 2", "protect . --options x",
	} {
		if o := mustRun(t, codeUsage, strings.Fields(line)...); strings.Count(complaint(o.errors), "\n") != 1 || o.out != "" {
			t.Errorf("%s: %s", line, o.errors)
		}
	}
}
