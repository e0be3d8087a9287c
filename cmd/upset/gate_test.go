package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/stats/result"
)

// readCampaign reads the stored result of a campaign.
func readCampaign(t *testing.T, dir string) *result.Campaign {
	t.Helper()
	c := new(result.Campaign)
	if err := json.Unmarshal(readTestFile(t, filepath.Join(dir, campaignJSON)), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// jsonFile writes a value to a file of its own.
func jsonFile(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "baseline.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// thinned is a result as if a share of the violations had been masked, each by chance.
func thinned(t *testing.T, dir string, share float64) *result.Campaign {
	c, rng := readCampaign(t, dir), rand.New(rand.NewPCG(3, 4))
	for i := range c.Strata {
		s := &c.Strata[i]
		for _, k := range []*int{&s.SDCTolerable, &s.SDCCritical, &s.Latent, &s.StrayWrite} {
			for range *k {
				if rng.Float64() < share {
					*k--
					s.Masked++
				}
			}
		}
	}
	return c
}

// gateOf runs a regression test and reads its result.
func gateOf(t *testing.T, code int, args ...string) result.Gate {
	t.Helper()
	var g result.Gate
	if err := json.Unmarshal([]byte(mustRun(t, code, append(append([]string{"gate"}, args...), "--format", "json")...).out), &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestGate runs the regression test with campaigns of the same network that pass, that
// are worse, and that are too small.
func TestGate(t *testing.T) {
	inputs, old, now, one := fewInputs(t), t.TempDir(), t.TempDir(), t.TempDir()
	for _, c := range [][3]string{{old, "3", "20000"}, {now, "4", "20000"}, {one, "5", "1"}} {
		mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--seed", c[1], "--injections", c[2], "--out", c[0])
	}
	if g := gateOf(t, codeDone, old, "--baseline", filepath.Join(old, campaignJSON)); g.Result != "pass" || !g.Paired {
		t.Errorf("a campaign against itself: %s, paired %t", g.Result, g.Paired)
	}
	if g := gateOf(t, codeDone, now, "--baseline", old); g.Result != "pass" || g.Paired {
		t.Errorf("another seed: %s, paired %t", g.Result, g.Paired)
	}
	whole := jsonFile(t, map[string]any{"campaign": readCampaign(t, old)})
	if g := gateOf(t, codeDone, now, "--baseline", whole); g.Result != "pass" {
		t.Errorf("against an assessment: %s", g.Result)
	}

	report := filepath.Join(t.TempDir(), "gate.xml")
	for _, share := range []float64{1.0 / 3, 0.9} { // the campaign is worse by half, or ten times as bad
		better := jsonFile(t, thinned(t, old, share))
		g := gateOf(t, codeNotMet, now, "--baseline", better, "--junit", report)
		if g.Result == "pass" || share > 0.5 && (g.Result != "worse" || g.Checks[0].Result != "worse") {
			t.Errorf("against a baseline with %.0f %% fewer violations: %s, %+v", 100*share, g.Result, g.Checks[0])
		}
		if xml := string(readTestFile(t, report)); !strings.Contains(xml, `errors="0"`) || !strings.Contains(xml, "<failure ") {
			t.Errorf("the JUnit report shows no failure:\n%s", xml)
		}
		if share > 0.5 {
			mustRun(t, codeDone, "gate", now, "--baseline", better, "--margin", "30", "--tolerance", "30")
		}
	}

	g := gateOf(t, codeNotMet, one, "--baseline", old)
	if g.Result != "not_shown" || g.InjectionsNeeded < 5000 || g.Checks[0].Detectable != nil {
		t.Errorf("one injection against 20,000: %s, %d needed, could have seen %v", g.Result, g.InjectionsNeeded, g.Checks[0].Detectable)
	}
	if o := mustRun(t, codeNotMet, "gate", one, "--baseline", one); !strings.Contains(o.errors, "injections in each campaign") {
		t.Errorf("one injection against itself: %s", o.errors)
	}
	if g := gateOf(t, codeNotMet, now, "--baseline", old, "--decides", "avf_violating"); g.Result != "not_shown" {
		t.Errorf("if blocks decide: %s", g.Result)
	}
}

// otherWeights writes the small network with some weights changed, as training it
// further would.
func otherWeights(t *testing.T) string {
	t.Helper()
	data := append([]byte{}, readTestFile(t, tiny)...)
	m, err := tflite.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var weights []byte
	for _, x := range m.Subgraphs[0].Tensors {
		if x.Type == tflite.Int8 && len(x.Data) > len(weights) {
			weights = x.Data
		}
	}
	at := bytes.Index(data, weights)
	if len(weights) == 0 || at < 0 {
		t.Fatal("the network has no weights")
	}
	for i := 0; i < len(weights); i += 3 {
		data[at+i] = byte(int8(data[at+i]) / 2)
	}
	name := filepath.Join(t.TempDir(), "retrained.tflite")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestGateTakesOtherWeights compares a network with the same network trained further,
// which is what continuous integration does.
func TestGateTakesOtherWeights(t *testing.T) {
	inputs, old, now := fewInputs(t), t.TempDir(), t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--injections", "2000", "--out", old)
	mustRun(t, codeDone, "campaign", "run", otherWeights(t), "--inputs", inputs, "--injections", "2000", "--out", now)
	g := gateOf(t, codeDone, now, "--baseline", filepath.Join(old, campaignJSON), "--margin", "5", "--tolerance", "5")
	if len(g.Differences) != 1 || g.Differences[0].Name != "weights" || len(g.Warnings) != 0 {
		t.Errorf("differences %+v, warnings %v", g.Differences, g.Warnings)
	}
}

// TestGateRefuses gives the regression test campaigns and files that answer no or
// another question: one line and the exit code of the contract.
func TestGateRefuses(t *testing.T) {
	inputs, dir, small := fewInputs(t), t.TempDir(), t.TempDir()
	run := func(dir string, args ...string) {
		mustRun(t, codeDone, append([]string{"campaign", "run", "--injections", "2000", "--out", dir}, args...)...)
	}
	run(dir, tiny, "--inputs", inputs)
	run(small, tiny, "--inputs", inputs, "--npu", "u55-32")
	others, pairs, nano, flops := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	run(others, tiny, "--inputs", fewInputsOf(t, "fashion-tiny", 3))
	run(pairs, tiny, "--inputs", inputs, "--fault", "pair")
	run(nano, "../../testdata/models/fashion-nano.tflite", "--inputs", fewInputsOf(t, "fashion-nano", 4))
	run(flops, tiny, "--inputs", inputs, "--only", "mac.*")
	changed := func(change func(*result.Campaign)) string {
		c := readCampaign(t, dir)
		change(c)
		return jsonFile(t, c)
	}
	plain := changed(func(*result.Campaign) {})
	for _, c := range []struct {
		says string
		args []string
	}{
		{"baseline", []string{dir}},
		{"no baseline", []string{dir, "--baseline", filepath.Join(dir, "absent")}},
		{"not the result", []string{dir, "--baseline", jsonFile(t, map[string]any{})}},
		{"no JSON", []string{dir, "--baseline", jsonFile(t, []int{1})}},
		{"impossible counts", []string{dir, "--baseline", changed(func(c *result.Campaign) { c.Strata[0].N = 1 << 40 })}},
		{"missing in its blocks", []string{dir, "--baseline", changed(func(c *result.Campaign) { c.Blocks = nil })}},
		{"missing in its blocks", []string{dir, "--baseline", changed(func(c *result.Campaign) { c.Blocks[3].Block = "engine" })}},
		{"--allow blocks", []string{dir, "--baseline", changed(func(c *result.Campaign) {
			old := c.Blocks[3].Block
			c.Blocks[3].Block = "engine"
			for i := range c.Strata {
				if c.Strata[i].Block == old {
					c.Strata[i].Block = "engine"
				}
			}
		})}},
		{"--allow version", []string{dir, "--baseline", changed(func(c *result.Campaign) { c.Identity = nil })}},
		{"--allow npu", []string{dir, "--baseline", small}},
		{"--allow inputs", []string{dir, "--baseline", others}},
		{"--allow fault", []string{dir, "--baseline", pairs}},
		{"--allow network", []string{dir, "--baseline", nano}},
		{"--allow sites", []string{dir, "--baseline", flops}},
		{"--allow rates", []string{dir, "--baseline", plain, "--scenario", "li"}},
		{"confidence", []string{dir, "--baseline", plain, "--confidence", "2"}},
		{"margin", []string{dir, "--baseline", plain, "--margin", "-1"}},
		{"margin", []string{dir, "--baseline", plain, "--margin", "0", "--margin-fit", "0"}},
		{"margin", []string{dir, "--baseline", plain, "--margin-fit", "NaN"}},
		{"tolerance", []string{dir, "--baseline", plain, "--tolerance", "3"}},
		{"false alarms", []string{dir, "--baseline", plain, "--false-alarm", "0"}},
		{"unknown metric", []string{dir, "--baseline", plain, "--decides", "speed"}},
		{"unknown difference", []string{dir, "--baseline", plain, "--allow", "everything"}},
	} {
		o := mustRun(t, codeUsage, append([]string{"gate"}, c.args...)...)
		if strings.Count(strings.TrimSpace(o.errors), "\n") != 0 || !strings.Contains(o.errors, c.says) {
			t.Errorf("upset gate %v: want one line with %q: %s", c.args, c.says, o.errors)
		}
	}
	// What is declared is compared, and shown.
	o := invoke("gate", dir, "--baseline", others, "--allow", "inputs")
	if o.code != codeDone && o.code != codeNotMet {
		t.Errorf("exit %d: %s", o.code, o.errors)
	}
	if !strings.Contains(o.out, "another set of inputs was declared") {
		t.Errorf("a declared difference is not shown:\n%s", o.out)
	}
}

// TestGateOfUnfinishedAndDamagedCampaigns cuts and changes logs.
func TestGateOfUnfinishedAndDamagedCampaigns(t *testing.T) {
	inputs, dir := fewInputs(t), t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--injections", "2000", "--out", dir)
	log := readTestFile(t, filepath.Join(dir, "records.log"))
	with := func(data []byte) string {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "records.log"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	cut := with(log[:len(log)-200])
	part := filepath.Join(t.TempDir(), "part.json")
	if err := os.WriteFile(part, []byte(mustRun(t, codeDone, "report", cut, "--format", "json").out), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{cut, "--baseline", dir}, {dir, "--baseline", cut}, {dir, "--baseline", part}} {
		if o := mustRun(t, codeIncomplete, append([]string{"gate"}, args...)...); !strings.Contains(o.errors, "resume") {
			t.Errorf("upset gate %v: %s", args, o.errors)
		}
	}
	for _, n := range []int{0, 16, 100} { // killed before the header was written
		mustRun(t, codeUsage, "gate", with(log[:n]), "--baseline", dir)
	}
	behind := with(append(append([]byte{}, log...), "more"...))
	magic := with(append([]byte("x"), log[1:]...))
	for _, args := range [][]string{{behind, "--baseline", dir}, {dir, "--baseline", behind}, {magic, "--baseline", dir}, {dir, "--baseline", magic}} {
		if o := mustRun(t, codeUsage, append([]string{"gate"}, args...)...); !strings.Contains(o.errors, "damaged") {
			t.Errorf("upset gate %v: %s", args, o.errors)
		}
	}
}
