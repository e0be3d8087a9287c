package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGateKeepsTheDesign holds campaigns against silicon that was there before: the
// network must still meet the target with it, whatever the comparison with the baseline
// says.
func TestGateKeepsTheDesign(t *testing.T) {
	inputs, dir, small := fewInputs(t), t.TempDir(), t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--seed", "3", "--injections", "8000", "--out", dir)
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--seed", "3", "--injections", "300", "--out", small)
	design := func(text string) string {
		name := filepath.Join(t.TempDir(), "silicon.yaml")
		if err := os.WriteFile(name, []byte("choice:\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	all := ""
	for _, block := range []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"} {
		all += "- {block: " + block + ", mechanism: parity}\n"
	}
	strong, weak := design(all), design("- {block: cc, group: config, registers: [cc.bank1], mechanism: parity}\n")
	for _, c := range []struct {
		dir, design, result string
		code                int
	}{
		{dir, strong, "pass", codeDone}, {dir, weak, "worse", codeNotMet}, {small, strong, "not_shown", codeNotMet},
	} {
		xml := filepath.Join(t.TempDir(), "gate.xml")
		g := gateOf(t, c.code, c.dir, "--baseline", c.dir, "--margin-fit", "100", "--design", c.design, "--junit", xml)
		if g.Design == nil || g.Design.Result != c.result || g.Result != c.result || len(g.Design.Decided) != 2 || g.Design.AreaOverhead <= 0 {
			t.Fatalf("%s: result %s, design %+v", c.result, g.Result, g.Design)
		}
		report := string(readTestFile(t, xml))
		if !strings.Contains(report, `name="design silicon.yaml meets asil-d"`) || strings.Contains(report, "<failure") != (c.code != codeDone) {
			t.Errorf("%s: %s", c.result, report)
		}
	}
	if g := gateOf(t, codeDone, dir, "--baseline", dir); g.Design != nil {
		t.Errorf("without --design: %+v", g.Design)
	}
	o := mustRun(t, codeNotMet, "gate", dir, "--baseline", dir, "--design", weak)
	if !strings.Contains(o.errors, "the design no longer meets asil-d") || !strings.Contains(o.out, "silicon.yaml") {
		t.Errorf("%s\n%s", o.errors, o.out)
	}
	if o := mustRun(t, codeUsage, "gate", dir, "--baseline", dir, "--design", design("- {block: cc, registers: [cc.nothing], mechanism: parity}\n")); !strings.Contains(o.errors, "cc.nothing") {
		t.Errorf("an unknown register: %s", o.errors)
	}
}
