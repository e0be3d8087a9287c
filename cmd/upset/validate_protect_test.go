package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
)

// TestValidateProtected compares the fast engine with the plain machine under a
// design that has a mechanism of every sort, and refuses files that hold none.
func TestValidateProtected(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	design := write("design.yaml", `choice:
- {block: cc, group: config, mechanism: parity}
- {block: dma, group: datapath, mechanism: harden-light}
- {block: traversal, group: local, mechanism: triplicate}
- {block: ao, group: datapath, mechanism: parity-interleaved}
- {block: sb, mechanism: duplicate}
- {block: mac, mechanism: acc-checksum}
- {block: wd, mechanism: weight-crc}
`)
	o := mustRun(t, codeDone, "validate", "engine", tiny, "--inputs", fewInputs(t), "--ecc", "secded", "--protect", design, "--samples", "250", "--alarm-latency", "9", "--format", "json")
	var r result.ValidateEngine
	if err := json.Unmarshal([]byte(o.out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Samples != 250 || r.Differences != 0 || r.Simulated == 0 || r.Simulated+r.Pruned != r.Samples || r.PlainCycles == 0 {
		t.Errorf("%+v", r)
	}
	// Several bits at once, beside every mechanism; faults that stay are refused.
	for _, model := range []string{"pair", "mcu:shares=0/0.5/0.3/0.2:flops"} {
		o := mustRun(t, codeDone, "validate", "engine", tiny, "--inputs", fewInputs(t), "--ecc", "secded", "--protect", design, "--fault", model, "--samples", "150", "--format", "json")
		var r result.ValidateEngine
		if err := json.Unmarshal([]byte(o.out), &r); err != nil {
			t.Fatal(err)
		}
		if r.Samples != 150 || r.Differences != 0 || r.Simulated == 0 {
			t.Errorf("%s: %+v", model, r)
		}
	}
	// Several configurations are joined.
	o = mustRun(t, codeDone, "validate", "engine", tiny, "--npu", "all", "--inputs", fewInputs(t), "--ecc", "secded", "--protect", design, "--samples", "40", "--format", "json")
	if err := json.Unmarshal([]byte(o.out), &r); err != nil || r.Samples != 40 || r.Differences != 0 || len(r.Runs) != 4 {
		t.Errorf("%v: %+v", err, r)
	}
	if o := mustRun(t, codeFailed, "validate", "engine", tiny, "--inputs", fewInputs(t), "--ecc", "secded", "--protect", design, "--fault", "set", "--samples", "10"); !strings.Contains(o.errors, "choose the fault model seu, pair or mcu") {
		t.Errorf("pulses beside a mechanism: %q", o.errors)
	}
	mustRun(t, codeUsage, "validate", "engine", tiny, "--inputs", fewInputs(t), "--alarm-latency", "9", "--samples", "10")
	for _, file := range []string{write("empty.yaml", ""), write("magic.yaml", "choice: [{block: cc, mechanism: magic}]"), filepath.Join(folder, "absent")} {
		o := mustRun(t, codeUsage, "validate", "engine", tiny, "--inputs", fewInputs(t), "--protect", file, "--samples", "10")
		if !strings.Contains(o.errors, "upset: ") {
			t.Errorf("%s: %q", file, o.errors)
		}
	}
}
