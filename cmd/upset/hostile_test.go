package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"upset/models/check"
)

var (
	formulaCell = regexp.MustCompile(`^[=+@\t\r-].`)
	numberCell  = regexp.MustCompile(`^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$`)
)

// hostileModel is a network whose operators have names that a spreadsheet or a
// terminal would obey.
func hostileModel(t *testing.T) string {
	t.Helper()
	return shared(t, "cases", "formula_op_names.tflite")
}

// copyAs copies a model to a new name.
func copyAs(t *testing.T, from, name string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(to, readTestFile(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// No command writes a CSV in which a name becomes a formula.
func TestNamesAreNoFormulas(t *testing.T) {
	model := copyAs(t, hostileModel(t), "=1+1.tflite")
	dir := t.TempDir()
	campaign, trace := filepath.Join(dir, "=cmd"), filepath.Join(dir, "trace.csv")
	mustRun(t, codeDone, "campaign", "run", model, "--injections", "300", "--out", campaign)
	mustRun(t, codeDone, "run", model, "--trace", trace)
	list := filepath.Join(dir, "sweep.yaml")
	if err := os.WriteFile(list, []byte("networks: [{model: \""+model+"\"}]\ninjections: 300\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tables := map[string]string{"trace": string(readTestFile(t, trace))}
	for _, line := range [][]string{
		{"run", model}, {"compile", model}, {"disasm", model}, {"sites", model}, {"inject", model}, {"report", campaign}, {"compare", campaign, campaign},
		{"campaign", "status", campaign}, {"sweep", list, "--out", filepath.Join(dir, "swept")}, {"gate", campaign, "--baseline", campaign}, {"select", "list"},
	} {
		o := invoke(append(slices.Clone(line), "--format", "csv")...)
		if o.code != codeDone && o.code != codeNotMet {
			t.Errorf("%v: exit %d: %s", line, o.code, o.errors)
		}
		tables[line[0]] = o.out
	}
	for what, text := range tables {
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) == 0 {
			t.Errorf("%s: %d records, %v", what, len(records), err)
		}
		for _, record := range records {
			for i, cell := range record {
				if formulaCell.MatchString(cell) && !numberCell.MatchString(cell) || strings.Contains(records[0][i], "name") && strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") && cell != "-" {
					t.Errorf("%s has the cell %q", what, cell)
				}
			}
		}
	}
	if !strings.Contains(tables["run"], "'=9*91") {
		t.Errorf("the name =9*91 is not there:\n%s", tables["run"])
	}
}

// What a model, a file name or a message holds does not reach the terminal as control
// characters.
func TestNamesDoNotReachTheTerminal(t *testing.T) {
	name := "\x1b[31m\u202ered\u009b2J\x07.tflite"
	model := copyAs(t, shared(t, "cases", "ops", "evil_names.tflite"), name)
	dir := t.TempDir()
	mustRun(t, codeDone, "campaign", "run", model, "--injections", "100", "--out", dir)
	for _, line := range [][]string{
		{"run", model}, {"run", model, "--format", "json"}, {"run", model, "--format", "csv"}, {"compile", model}, {"compile", model, "--format", "json"},
		{"compile", model, "--format", "csv"}, {"disasm", model}, {"disasm", model, "--format", "json"}, {"inject", model}, {"inject", model, "--format", "json"}, {"sites", model},
		{"report", dir}, {"report", dir, "--format", "json"}, {"report", dir, "--format", "html"}, {"campaign", "status", dir}, {"campaign", "status", dir, "--format", "json"},
		{"campaign", "status", dir, "--format", "csv"}, {"run", "\x1b[2J" + name}, {"report", "\x1b[2J" + name}, {"run", model, "--npu", "\x1b[2J"}, {"\x1b[2J"}, {"run", "--\x1b[2J"},
		{"sweep", "\u202e"}, {"run", model, "--input", "\x9b"}, {"run", model, "--seed", "\x1b[1m"}, {"gate", dir, "--baseline", "\u2028"},
	} {
		o := invoke(line...)
		for _, text := range []string{o.out, o.errors} {
			if at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }); at >= 0 || !utf8.ValidString(text) {
				t.Errorf("%q passes control characters on: %q", line, text[max(0, at-20):min(len(text), max(0, at)+20)])
			}
		}
	}
}

// The networks with odd shapes, types and names run, and give on the cycle-level
// machine what the functional one gives; what cannot be run is refused in one line.
func TestOddNetworksRun(t *testing.T) {
	files, err := filepath.Glob(shared(t, "cases", "ops", "*.tflite"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d networks, %v", len(files), err)
	}
	refused := map[string]string{"custom.tflite": "TFLite_Detection_PostProcess", "fc_int8_int16.tflite": "FULLY_CONNECTED"}
	for _, file := range files {
		want, no := refused[filepath.Base(file)]
		for _, npu := range []string{"u55-32", "u55-128", "u55-256"} {
			if no {
				if o := mustRun(t, codeUsage, "run", file, "--npu", npu); strings.Count(o.errors, "\n") != 1 || !strings.Contains(o.errors, want) {
					t.Errorf("%s: %s", file, o.errors)
				}
				continue
			}
			c, err := parseConfig(npu)
			if err != nil {
				t.Fatal(err)
			}
			n, err := openModel(t.Context(), file, check.Choice{Config: c, Given: true})
			if err != nil {
				t.Errorf("%s on %s: %v", file, npu, err)
				continue
			}
			rng := rand.New(rand.NewPCG(1, 2))
			input := make([]byte, n.InputBytes())
			for i := range input {
				input[i] = byte(rng.Uint32())
			}
			if strings.HasPrefix(filepath.Base(file), "float") {
				clear(input) // random bits are no numbers
			}
			dir := t.TempDir()
			given := filepath.Join(dir, "input.bin")
			if err := os.WriteFile(given, input, 0o600); err != nil {
				t.Fatal(err)
			}
			functional, err := n.RunFunctional(input)
			if err != nil {
				t.Errorf("%s on %s, functional: %v", file, npu, err)
				continue
			}
			o := mustRun(t, codeDone, "run", file, "--npu", npu, "--input", given, "--output-dir", dir, "--format", "json")
			if !json.Valid([]byte(o.out)) || !bytes.Equal(readTestFile(t, filepath.Join(dir, "output.bin")), functional) {
				t.Errorf("%s on %s: the machines differ", file, npu)
			}
		}
	}
}
