package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test binary behave as the command itself.
const asCommand = "UPSET_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asSbatch) != "" {
		os.Exit(sbatchMain())
	}
	if os.Getenv(asCommand) != "" {
		main()
	}
	if os.Getenv(killedCommand) != "" {
		os.Exit(run(append([]string{"upset"}, os.Args[1:]...), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Whatever a command is doing, SIGTERM ends it within a second, with exit code 3 and
// one line that says so.
func TestSignalEndsEveryPhase(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	if testing.Short() {
		t.Skip("starts many commands")
	}
	large := shared(t, "models", "mobilenet_v2_quantized_1x3x224x224.tflite")
	medium := shared(t, "models", "vww_96_int8.tflite")
	dir := t.TempDir()
	list := filepath.Join(dir, "sweep.yaml")
	model, err := filepath.Abs(tiny)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, []byte("networks: [{model: \""+model+"\"}]\nnpu: [u55-32, u55-64, u55-128]\nprotect: full\ninjections: 200000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		phase, after string // the signal is sent when stderr has a line with these words
		args         []string
		wait         time.Duration // and so long has passed, instead of a tenth of a second
	}{
		{"compile", "", []string{"compile", large}, 0},
		{"functional run", "no --input", []string{"run", large}, 0},
		{"cycle-level run", "no --input", []string{"run", large}, 1500 * time.Millisecond},
		{"trace", "no --input", []string{"run", large, "--trace", out("trace.json")}, 1500 * time.Millisecond},
		{"fault-free runs", "inventory of", []string{"campaign", "run", medium, "--out", out("golden")}, 0},
		{"fault-free runs of one fault", "inventory of", []string{"inject", medium}, 0},
		{"injections", "fault-free run:", []string{"campaign", "run", tiny, "--injections", "5000000", "--out", out("injections")}, 0},
		{"plan of a round", "provisional", []string{"campaign", "run", tiny, "--injections", "5000000", "--sampling", "adaptive", "--out", out("adaptive")}, 0},
		{"search and proof", "the campaign is stored", []string{"assess", tiny, "--injections", "20000", "--out", out("assess")}, 0},
		{"sweep", "campaign 1 of", []string{"sweep", list, "--out", out("sweep")}, 0},
		{"comparison of engines", "fault-free run:", []string{"validate", "engine", tiny, "--samples", "1000000"}, 0},
		{"residue", "fault-free run:", []string{"validate", "residue", tiny, "--samples", "1000000"}, 0},
		{"selection", "", []string{"select", "run", "--all"}, 0},
	} {
		t.Run(c.phase, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], c.args...)
			cmd.Env = append(os.Environ(), asCommand+"=1")
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			begun, read := make(chan bool, 1), make(chan []string, 1)
			go func() {
				var lines []string
				for s := bufio.NewScanner(errs); s.Scan(); {
					if lines = append(lines, s.Text()); c.after != "" && strings.Contains(s.Text(), c.after) {
						select {
						case begun <- true:
						default:
						}
					}
				}
				read <- lines
			}()
			if c.after == "" {
				begun <- true
				time.Sleep(300 * time.Millisecond) // past the start of the program
			}
			select {
			case <-begun:
			case <-time.After(2 * time.Minute):
				t.Fatalf("the phase does not begin: %q", <-read)
			}
			time.Sleep(max(c.wait, 100*time.Millisecond))
			sent := time.Now()
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatalf("the command has ended before: %v", err)
			}
			lines := <-read
			err = cmd.Wait()
			took := time.Since(sent)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != codeIncomplete {
				t.Fatalf("ended with %v: %q", err, lines)
			}
			// A second, and as much again for a busy machine.
			if took > 2*time.Second {
				t.Errorf("ended after %v", took)
			}
			if last := lines[len(lines)-1]; !strings.Contains(last, "interrupted") {
				t.Errorf("the last line is %q", last)
			}
			t.Logf("ended after %v: %s", took.Round(time.Millisecond), lines[len(lines)-1])
		})
	}
}
