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
		if !strings.Contains(line, "# ") || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		numbers++
		if !strings.Contains(line, "Vela 3.10") && !strings.Contains(line, "Arm U55 register header") && !strings.Contains(line, "Arm U55 core driver") && !strings.Contains(line, "our choice") {
			t.Errorf("no source: %s", line)
		}
	}
	if n := len(newSystemFile(s).parameters()); numbers != n+5 || n != 56 {
		t.Errorf("%d numbers, addresses and lists are printed of %d, want 56 and 5", numbers, n)
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
			if p.part == "" {
				text = fmt.Sprintf("%s: %d\n", p.name, v)
			}
			_, err := parseSystem([]byte(text))
			if good && p.name == "size" && (v == 0 || v == p.high) {
				continue // the program's parts have no place, or two memories overlap
			}
			if (err == nil) != good {
				t.Errorf("%s: %v", strings.TrimSpace(text), err)
			}
			if err != nil && !strings.Contains(err.Error(), strings.TrimPrefix(p.part+"."+p.name, ".")) {
				t.Errorf("%s: the error does not name the number: %v", strings.TrimSpace(text), err)
			}
		}
	}
}

// TestSystemNames prints every named system, reads it back, and runs a network on it.
func TestSystemNames(t *testing.T) {
	list := mustRun(t, codeDone, "system", "--list").out
	digests := map[string]bool{}
	for _, p := range presets {
		if !strings.Contains(list, p.name) || !strings.Contains(list, p.source) {
			t.Errorf("%s is not listed with its source", p.name)
		}
		want, err := readSystem(p.name)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		o := mustRun(t, codeDone, "system", p.name)
		got, err := parseSystem([]byte(o.out))
		if err != nil || got != want || !strings.Contains(o.out, p.source) || !strings.Contains(o.out, "clock_hz: ") {
			t.Errorf("%s is read back as %+v, %v; want %+v", p.name, got, err, want)
		}
		if o := mustRun(t, codeDone, "system", "--system", p.name); o.out != mustRun(t, codeDone, "system", p.name).out {
			t.Errorf("%s: --system prints another file", p.name)
		}
		digests[fmt.Sprint(want)] = true
		mustRun(t, codeDone, "run", tiny, "--system", p.name)
	}
	// Clock aside, the first is the default and equals no other.
	if len(digests) != len(presets) {
		t.Errorf("%d different systems of %d", len(digests), len(presets))
	}
	for _, args := range [][]string{{"nowhere"}, {"--list", "corstone-300"}, {"corstone-300", "--system", "corstone-300"}, {"a", "b"}} {
		mustRun(t, codeUsage, append([]string{"system"}, args...)...)
	}
}

// TestSystemRoom refuses a network that the memories of the system have no room for.
func TestSystemRoom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.yaml")
	for text, want := range map[string]string{
		"sram: {size: 16}":  "16",
		"flash: {size: 64}": "weights and commands in 64 bytes of flash",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range [][]string{{"run", tiny}, {"inject", tiny}} {
			o := mustRun(t, codeUsage, append(command, "--system", file)...)
			if !strings.Contains(o.errors, want) {
				t.Errorf("%s, %s: %q", command[0], text, o.errors)
			}
		}
	}
}

// TestSystemMap refuses maps that no program can use.
func TestSystemMap(t *testing.T) {
	for text, want := range map[string]string{
		"sram: {base: 0x6fffff00}":                  "overlap",
		"sram: {base: 0x31000008}":                  "multiples of 16",
		"sram: {base: 0xfff00000}":                  "32-bit",
		"sram: {base: 4294967296}":                  "no address",
		"sram: {base: hello}":                       "no address",
		"sram: {size: 0}":                           "has no bytes",
		"places: {arena: flash}":                    "does not write",
		"places: {arena: dram}":                     "has no bytes",
		"places: {arena: rom}":                      "unknown memory",
		"axi0: {regions: [1, 2, 3, 4, 5, 6, 7, 0]}": "same region",
		"axi0: {regions: [1, 2, 3, 4, 5, 6]}":       "between them",
		"axi0: {regions: [1, 2, 3, 4, 5, 6, 9]}":    "want 0 to 7",
		"axi1: {burst: 96}":                         "none of 64",
	} {
		if _, err := parseSystem([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	s, err := parseSystem([]byte("sram: {base: 0x31000000, size: 2097152}\n"))
	if err != nil || s != npu.DefaultSystem() {
		t.Errorf("the default map in words is %+v, %v", s, err)
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
