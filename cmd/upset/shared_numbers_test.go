package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// Whole numbers mean what is written, in every command: leading zeros are nothing,
// and what is no whole number in decimal digits is refused.
func TestWholeNumbersMeanWhatIsWritten(t *testing.T) {
	app := newApp(&program{stdout: io.Discard, stderr: io.Discard})
	checked := 0
	for name, c := range leaves(app.Commands, nil) {
		for _, f := range c.Flags {
			switch f.(type) {
			case *cli.IntFlag, *cli.Int64Flag, *cli.UintFlag, *cli.Uint64Flag:
			default:
				continue
			}
			flag := "--" + f.Names()[0]
			call := func(text string) ([]string, error) {
				return reorder(app, append(append([]string{"upset"}, strings.Fields(name)...), flag, text, "x"))
			}
			for text, want := range map[string]string{"010": "10", "+5": "5", "0100": "100", "7": "7", "08": "8", "9007199254740991": "9007199254740991"} {
				got, err := call(text)
				if err != nil || !strings.Contains(strings.Join(got, " ")+" ", " "+flag+"="+want+" ") {
					t.Errorf("%s %s %s: %v, %v", name, flag, text, got, err)
				}
			}
			for _, text := range []string{"1.5", "1e3", "0x10", "0b1", "0o7", "1_0", "", " 1", "NaN", "9007199254740992", "99999999999999999999", "１"} {
				if got, err := call(text); exitCode(err) != codeUsage || err == nil || !strings.Contains(err.Error(), flag) {
					t.Errorf("%s %s %q: %v, %v", name, flag, text, got, err)
				}
			}
			checked++
		}
	}
	if checked < 40 {
		t.Errorf("%d flags were checked", checked)
	}
}

// No flag takes a number that is not finite, not decimal, negative or so large that
// what follows from it would not be finite.
func TestNumbersAreFinite(t *testing.T) {
	app := newApp(&program{stdout: io.Discard, stderr: io.Discard})
	checked := 0
	for name, c := range leaves(app.Commands, nil) {
		for _, f := range c.Flags {
			if _, ok := f.(*cli.Float64Flag); !ok {
				continue
			}
			flag := "--" + f.Names()[0]
			for _, text := range []string{"NaN", "Inf", "-Inf", "infinity", "-1", "1e300", "1e999", "0x1p3", "1_0", "", "1e", "."} {
				if got, err := reorder(app, append(append([]string{"upset"}, strings.Fields(name)...), flag, text, "x")); exitCode(err) != codeUsage || err == nil || !strings.Contains(err.Error(), flag) {
					t.Errorf("%s %s %q: %v, %v", name, flag, text, got, err)
				}
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("%d flags were checked", checked)
	}
	o := mustRun(t, codeUsage, "report", "x", "--flop-fit", "1e300", "--sram-fit", "1e300")
	if !strings.Contains(o.errors, "--flop-fit 1e300 is not between 1e-12 and 1e+06") {
		t.Errorf("the range is not named: %s", o.errors)
	}
	for _, bad := range []string{"NaN,1", "0x1p-1,0.5", "1e-300,1", "-1,2"} {
		mustRun(t, codeUsage, "protect", "a", "b", "--mix", bad)
	}
}

// A seed and a count in the result are those that were written.
func TestSeedAndInjectionsAsWritten(t *testing.T) {
	o := mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", fewInputs(t), "--seed", "010", "--injections", "0500", "--out", t.TempDir(), "--format", "json")
	if r := parse(t, o.out); r["seed"] != 10.0 || r["injections"] != 500.0 {
		t.Errorf("--seed 010 --injections 0500 give seed %v and %v injections", r["seed"], r["injections"])
	}
}

func TestSweepNumbersAsWritten(t *testing.T) {
	s, err := parseSweep([]byte("networks: [{model: a.tflite}]\nseed: 010\ninjections: 0100\nbudgets: [010, 0.2]\nconfidence: .9\n"))
	if err != nil || s.Seed != 10 || s.Injections != 100 || s.Budgets[0] != 10 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, line := range []string{
		"seed: 1.5", "seed: 0x10", "seed: 0o17", "seed: 1_000", "seed: 1e3", "seed: -1", "seed: 9007199254740992", "seed: 99999999999999999999", "seed: '7'", "seed: !!int 7",
		"injections: 1.5", "injections: 0b11", "injections: 1_000", "budgets: [.nan]", "budgets: [.inf]", "budgets: [-1]", "budgets: [1e300]", "budgets: [0x10]",
		"budgets: [1_0]", "confidence: .nan", "confidence: 1", "confidence: 0", "seed: 1\n---\nseed: 2",
	} {
		if s, err := parseSweep([]byte("networks: [{model: a.tflite}]\n" + line + "\n")); err == nil {
			t.Errorf("%s is read as %+v", line, s)
		}
	}
	file := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(file, []byte("networks: [{model: a.tflite}]\nseed: 1.5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := mustRun(t, codeUsage, "sweep", file); strings.Count(o.errors, "\n") != 1 || !strings.Contains(o.errors, "1.5") {
		t.Errorf("seed: 1.5: %s", o.errors)
	}
}

func TestSystemNumbersAsWritten(t *testing.T) {
	if s, err := parseSystem([]byte("sram: {read_latency: 010}")); err != nil || s.SRAM.ReadLatency != 10 {
		t.Errorf("010 is read as %d, %v", s.SRAM.ReadLatency, err)
	}
	for _, text := range []string{"1.5", "0x10", "0o17", "1_0", "1e1", "'32'"} {
		if s, err := parseSystem([]byte("sram: {read_latency: " + text + "}")); err == nil {
			t.Errorf("%s is read as %d", text, s.SRAM.ReadLatency)
		}
	}
}

// Every rate, budget and time within its range gives a result, at once and finite.
func TestEndsOfRangesGiveResults(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", fewInputs(t), "--injections", "1000", "--out", dir)
	for _, line := range []string{
		"--flop-fit 1e6 --sram-fit 1e6", "--flop-fit 1e-12 --sram-fit 1e-12", "--flop-fit 1e6 --sram-fit 1e-12", "--flop-fit 1e-12 --sram-fit 1e6 --duty 1e-9",
		"--budget 1e-12", "--budget 1e12 --budget-due 1e12", "--permanent-fit 1e9 --lifetime 1e9 --test-interval 1e-6 --test-coverage 1",
		"--permanent-fit 1e-9 --lifetime 1e-6 --test-interval 1e-6 --flop-fit 1e-12 --sram-fit 1e-12 --duty 1e-9",
	} {
		done := make(chan outcome, 1)
		go func() {
			done <- invoke(append([]string{"report", dir, "--format", "json"}, strings.Fields(line)...)...)
		}()
		select {
		case o := <-done:
			if o.code != codeDone {
				t.Fatalf("%s: exit %d: %s", line, o.code, o.errors)
			}
			fit := parse(t, o.out)["fit"].(map[string]any)["violating"].(map[string]any)
			if low, x, high := fit["lower"].(float64), fit["estimate"].(float64), fit["upper"].(float64); !(0 < low && low <= x && x <= high && high < 1e12) {
				t.Errorf("%s: %v", line, fit)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s does not end", line)
		}
	}
}
