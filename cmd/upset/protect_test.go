package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
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
	e := r["evidence"].(map[string]any)
	for _, key := range []string{"plain", "protected"} {
		if x := e[key].(map[string]any); x["n"] != 100.0 || x["differences"] != 0.0 || x["upper"].(float64) > 0.03 || x["pruned"] == 0.0 {
			t.Errorf("evidence, %s: %v", key, x)
		}
	}
	if m := e["residue"].(map[string]any)["masked"].(map[string]any); m["n"].(float64) < 100 || m["harmed"] != 0.0 {
		t.Errorf("evidence of residue: %v", m)
	}
	if e["asked"] != 100.0 {
		t.Errorf("%v faults asked for", e["asked"])
	}
	if e["fault_free"] != c["inputs"] {
		t.Errorf("%v of %v inputs compared", e["fault_free"], c["inputs"])
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

// An assessment by a tool that was found wrong must not pass.
func TestEvidenceAgainstTheTool(t *testing.T) {
	wrong, right := result.Repeat{Samples: 10, Differences: 1}, result.Repeat{Samples: 10}
	for name, e := range map[string]*result.Evidence{
		"plain":     {Plain: wrong},
		"protected": {Plain: right, Protected: &wrong},
		"residue":   {Plain: right, Residue: &result.Residue{Masked: result.ResidueCount{N: 10, Harmed: 1}}},
	} {
		if sound(e) == nil {
			t.Errorf("%s: a wrong tool passes", name)
		}
	}
	for _, e := range []*result.Evidence{nil, {Plain: right}, {Plain: right, Protected: &right, Residue: &result.Residue{Latent: result.ResidueCount{N: 3, Harmed: 3}}}} {
		if err := sound(e); err != nil {
			t.Error(err)
		}
	}
}

func TestValidateResidue(t *testing.T) {
	r := parse(t, mustRun(t, codeDone, "validate", "residue", tiny, "--samples", "50", "--inputs", fewInputs(t), "--format", "json").out)
	if m := r["masked"].(map[string]any); m["n"].(float64) < 50 || m["harmed"] != 0.0 || r["model"] != "fashion-tiny" {
		t.Errorf("%v", r)
	}
	mustRun(t, codeUsage, "validate", "residue", tiny, "--samples", "0")
	mustRun(t, codeUsage, "validate", "residue", tiny, "--fault", "set", "--inputs", fewInputs(t))
	mustRun(t, codeUsage, "validate", "residue", tiny, "--samples", "5", "--inputs", fewInputsOf(t, "fashion-tiny", 1))
	mustRun(t, codeUsage, "assess", tiny, "--evidence", "-1")
}

func TestAssessUsage(t *testing.T) {
	for _, line := range []string{
		"assess", "assess " + tiny + " --only mac.*", "assess " + tiny + " --sites flops", "assess " + tiny + " --layer 0",
		"assess " + tiny + " --options some", "assess " + tiny + " --target asil-a", "protect", "protect absent", "protect absent other", "protect . --mix 1", "protect a b --mix 1", "protect a b --mix x,y", "protect . --hardened-ratio 2", "protect . --options x", "protect . --searcher best", "protect . --searcher flow --unit register",
	} {
		if o := mustRun(t, codeUsage, strings.Fields(line)...); strings.Count(complaint(o.errors), "\n") != 1 || o.out != "" {
			t.Errorf("%s: %s", line, o.errors)
		}
	}
}

// TestDeclaredPermanentRatesDecide: a verdict joins everything that is declared. A
// machine whose transients meet the target is not said to meet it, and the exit code is
// not 0, as long as permanent faults miss theirs.
func TestDeclaredPermanentRatesDecide(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", fewInputs(t), "--injections", "4000", "--out", dir)
	alone := parse(t, mustRun(t, codeDone, "protect", dir, "--budget", "10", "--target", "asil-b", "--format", "json").out)
	if alone["statement"] != "hardware-metric targets of ASIL B met under the listed assumptions, transient faults only" || alone["verdict"] != "met" || alone["meets"] != true {
		t.Errorf("transients alone: %v, %v", alone["verdict"], alone["statement"])
	}
	line := []string{"protect", dir, "--budget", "10", "--target", "asil-b", "--permanent-fit", "1", "--lifetime", "100000", "--test-interval", "1", "--test-coverage", "0.9"}
	r := parse(t, mustRun(t, codeNotMet, append(line, "--format", "json")...).out)
	results := map[string]any{}
	for _, x := range r["decided"].([]any) {
		d := x.(map[string]any)
		results[d["metric"].(string)] = d["result"]
	}
	if results["fit"] != "met" || results["spfm"] != "met" || results["spfm_permanent"] == "met" || results["lfm"] == nil || results["pmhf"] == nil {
		t.Errorf("decided by %v", results)
	}
	if r["meets"] != false || r["verdict"] == "met" || r["proof"].(map[string]any)["holds"] != true {
		t.Errorf("meets %v, verdict %v, proof %v", r["meets"], r["verdict"], r["proof"])
	}
	text := mustRun(t, codeNotMet, line...)
	for _, printed := range []string{text.out, text.errors} {
		if strings.Contains(printed, "MET -") || strings.Contains(printed, "ASIL B met") || !strings.Contains(printed, "permanent faults of the gates between them not assessed") {
			t.Errorf("the text says:\n%s", printed)
		}
	}
	declared := parse(t, mustRun(t, codeNotMet, append(line, "--permanent-coverage", "annex-d", "--format", "json")...).out)
	if s := declared["safety"].(map[string]any); s["stuck_ats"] != nil || s["declared"].(map[string]any)["coverage"] != "annex-d" {
		t.Errorf("declared coverage: %v", s)
	}
	if s := r["safety"].(map[string]any)["stuck_ats"].(map[string]any); s["faults"].(float64) < 1200 || s["inputs"] != 4.0 || len(s["mechanisms"].([]any)) != len(r["choice"].([]any)) {
		t.Errorf("measured: %v", s)
	}
	partly := mustRun(t, codeNotMet, "protect", dir, "--budget", "10", "--target", "asil-b", "--permanent-fit", "1")
	if !strings.Contains(partly.errors, "not assessed: permanent SPFM, LFM, PMHF") {
		t.Errorf("a rate without a life: %s", partly.errors)
	}
	flops := []string{"protect", dir, "--target", "asil-d", "--permanent-fit", "0.1", "--lifetime", "100000", "--test-interval", "1", "--test-coverage", "0.9", "--permanent-flop-share", "1", "--stuck-at", "4800", "--format", "json"}
	one, two := mustRun(t, codeDone, append(flops, "--workers", "1")...), mustRun(t, codeDone, append(flops, "--workers", "3")...)
	x, y := parse(t, one.out), parse(t, two.out)
	if x["statement"] != "hardware-metric targets of ASIL D met under the listed assumptions, transient faults, and permanent faults of flops only" {
		t.Errorf("a search for both: %v", x["statement"])
	}
	if a, b := fmt.Sprint(x["safety"], x["choice"]), fmt.Sprint(y["safety"], y["choice"]); a != b {
		t.Errorf("another number of workers gives another result:\n%s\n%s", a, b)
	}
	for _, bad := range []string{"--permanent-coverage guess", "--permanent-flop-share 0", "--permanent-flop-share 1.5", "--stuck-at 0", "--stuck-at-cycles 0"} {
		mustRun(t, codeUsage, append([]string{"protect", dir, "--permanent-fit", "1"}, strings.Fields(bad)...)...)
	}
	for _, bad := range []string{"--permanent-fit 1e300", "--permanent-fit 1e-300", "--lifetime 1e300", "--pmhf-budget 1e300"} {
		mustRun(t, codeUsage, append([]string{"protect", dir}, strings.Fields(bad)...)...)
	}
	mustRun(t, codeUsage, "protect", dir, "--pmhf-budget", "1")
	mustRun(t, codeUsage, "protect", dir, "--permanent-fit", "1", "--pmhf-budget", "-1")
}
