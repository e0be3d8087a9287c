package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/npu"
)

// TestSystemPrints checks that the printed file is read back as what it was
// printed from, and that every number has a source.
func TestSystemPrints(t *testing.T) {
	o := mustRun(t, codeDone, "system")
	s, err := parseSystem([]byte(o.out))
	if err != nil || s != npu.DefaultSystem() {
		t.Fatalf("the printed file is read as %+v, %v", s, err)
	}
	numbers := 0
	for _, line := range strings.Split(strings.TrimSpace(o.out), "\n") {
		if !strings.HasPrefix(line, "  ") {
			continue
		}
		numbers++
		if !strings.Contains(line, "Vela 3.10") && !strings.Contains(line, "Arm U55 register header") && !strings.Contains(line, "our choice") {
			t.Errorf("no source: %s", line)
		}
	}
	if n := len(newSystemFile(s).parameters()); numbers != n || n != 19 {
		t.Errorf("%d numbers are printed of %d, want 19", numbers, n)
	}
	file := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(file, []byte("limits: {weights_per_cycle: 5}\nflash: {beat_interval: 3}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o = mustRun(t, codeDone, "system", "--system", file)
	if s, err = parseSystem([]byte(o.out)); err != nil || s.Limits.Weights != 5 || s.Flash.BeatInterval != 3 || s.Limits.ScaleFIFO != 32 {
		t.Errorf("the numbers in force are printed as %+v, %v", s, err)
	}
}

// TestSystemRanges puts every number just outside and just inside its range.
func TestSystemRanges(t *testing.T) {
	for _, p := range newSystemFile(npu.DefaultSystem()).parameters() {
		for v, good := range map[int]bool{p.low - 1: false, p.low: true, p.high: true, p.high + 1: false} {
			text := fmt.Sprintf("%s: {%s: %d}\n", p.part, p.name, v)
			_, err := parseSystem([]byte(text))
			if (err == nil) != good {
				t.Errorf("%s: %v", strings.TrimSpace(text), err)
			}
			if err != nil && !strings.Contains(err.Error(), p.part+"."+p.name) {
				t.Errorf("%s: the error does not name the number: %v", strings.TrimSpace(text), err)
			}
		}
	}
}

// TestSystemWrites checks that what is set in a system survives printing.
func TestSystemWrites(t *testing.T) {
	sys := npu.System{SRAM: npu.Timing{BeatInterval: 2, ReadLatency: 3, WriteLatency: 4}, Flash: npu.Timing{BeatInterval: 5, ReadLatency: 6, WriteLatency: 7}, Limits: npu.MinLimits()}
	var b bytes.Buffer
	if err := newSystemFile(sys).write(&b); err != nil {
		t.Fatal(err)
	}
	if got, err := parseSystem(b.Bytes()); err != nil || got != sys {
		t.Errorf("%+v, %v; want %+v", got, err, sys)
	}
}
