package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

const (
	tiny      = "../../testdata/models/fashion-tiny.tflite"
	tinyInput = "../../testdata/models/fashion-tiny.inputs/in_003.bin"
)

// outcome is what a call of the command did.
type outcome struct {
	code        int
	out, errors string
}

func invoke(args ...string) outcome {
	var out, errs bytes.Buffer
	code := run(append([]string{"upset"}, args...), strings.NewReader(""), &out, &errs)
	return outcome{code, out.String(), errs.String()}
}

// mustRun fails the test unless the command ends with the given code.
func mustRun(t *testing.T, code int, args ...string) outcome {
	t.Helper()
	o := invoke(args...)
	if o.code != code {
		t.Fatalf("upset %s: exit %d, want %d\n%s", strings.Join(args, " "), o.code, code, o.errors)
	}
	return o
}

// parse reads a JSON object.
func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("no JSON object: %v\n%s", err, text)
	}
	return v
}

// leaves are all commands that do something, with their full names.
func leaves(list []*cli.Command, parent []string) map[string]*cli.Command {
	all := map[string]*cli.Command{}
	for _, c := range list {
		path := append(slices.Clone(parent), c.Name)
		if len(c.Subcommands) == 0 {
			all[strings.Join(path, " ")] = c
		}
		for name, sub := range leaves(c.Subcommands, path) {
			all[name] = sub
		}
	}
	return all
}

// notes are what the commands say on stderr beside errors.
var notes = regexp.MustCompile(`(?m)^upset: (no --input|inventory of|fault-free run|the campaign is stored).*\n`)

// complaint is stderr without the notes.
func complaint(stderr string) string { return notes.ReplaceAllString(stderr, "") }

func TestUsageErrors(t *testing.T) {
	for _, line := range []string{
		"nonsense", "--nonsense", "run", "run --nonsense x", "run x y", "run --npu", "run --npu u65 " + tiny,
		"run --format pdf " + tiny, "run --seed many " + tiny, "run --workers 0 " + tiny, "run absent.tflite", "run .",
		"run --system absent.yaml " + tiny, "run --input absent.bin " + tiny, "run --input ../../LICENSE " + tiny,
		"run main.go", "run " + tiny + " --output-dir", "sites a b", "sites --ecc strong", "inject", "inject --site mac.acc " + tiny,
		"inject --site nothing.3@5 " + tiny, "inject --site mac.acc[3].17@999999 " + tiny, "inject --criterion luck " + tiny,
		"inject --input-index 999 " + tiny, "inject --inputs absent " + tiny, "inject --inputs . " + tiny, "run --ecc none " + tiny,
		"help", "run help extra", "sites --inventory main.go",
	} {
		o := mustRun(t, codeUsage, strings.Fields(line)...)
		if text := complaint(o.errors); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "upset: ") || o.out != "" {
			t.Errorf("upset %s: stderr is not one line, or stdout not empty:\n%s%s", line, o.errors, o.out)
		}
	}
}

func TestHelp(t *testing.T) {
	app := newApp(&program{stdout: io.Discard, stderr: io.Discard})
	for name, c := range leaves(app.Commands, nil) {
		o := mustRun(t, codeDone, append(strings.Fields(name), "--help")...)
		if !strings.Contains(o.out, "upset "+name) || !strings.Contains(o.out, "Example") || c.Usage == "" {
			t.Errorf("the help of %s does not show its use with an example:\n%s", name, o.out)
		}
		for _, n := range []string{"npu", "seed", "workers", "memory", "format", "out", "system"} {
			if !hasFlag(c, n) {
				t.Errorf("%s lacks the common flag --%s", name, n)
			}
		}
	}
	if o := mustRun(t, codeDone); !strings.Contains(o.out, "COMMANDS") {
		t.Errorf("upset alone prints:\n%s", o.out)
	}
}

// The same flag must take a value everywhere or nowhere, for arguments are
// reordered before the command is known.
func TestFlagsAgree(t *testing.T) {
	app := newApp(&program{stdout: io.Discard, stderr: io.Discard})
	kinds := map[string]bool{}
	for name, c := range leaves(app.Commands, nil) {
		for _, f := range c.Flags {
			_, isBool := f.(*cli.BoolFlag)
			if was, ok := kinds[f.Names()[0]]; ok && was != isBool {
				t.Errorf("%s: flag --%s takes a value in one command and none in another", name, f.Names()[0])
			}
			kinds[f.Names()[0]] = isBool
		}
	}
}

func TestReorder(t *testing.T) {
	app := newApp(&program{stdout: io.Discard, stderr: io.Discard})
	want := "upset run --npu=u55-64 --format=json -- net.tflite"
	for _, line := range []string{
		"run --npu u55-64 --format json net.tflite", "run net.tflite --npu u55-64 --format json", "--npu u55-64 run net.tflite --format=json",
		"run --npu=u55-64 net.tflite -format json", "run --npu u55-64 --format json -- net.tflite",
	} {
		got, err := reorder(app, append([]string{"upset"}, strings.Fields(line)...))
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if text := strings.ReplaceAll(strings.Join(got, " "), " -format", " --format"); text != want {
			t.Errorf("%s becomes %q, want %q", line, text, want)
		}
	}
	got, err := reorder(app, []string{"upset", "run", "--", "--odd-name.tflite"})
	if err != nil || got[len(got)-1] != "--odd-name.tflite" {
		t.Errorf("a name behind -- becomes %q, %v", got, err)
	}
}

func FuzzReorder(f *testing.F) {
	f.Add("run --npu u55-64 x.tflite")
	f.Add("--help -- --")
	f.Add("sites --format=json --")
	f.Fuzz(func(t *testing.T, line string) {
		app := newApp(&program{stdout: io.Discard, stderr: io.Discard})
		args := append([]string{"upset"}, strings.Fields(line)...)
		got, err := reorder(app, args)
		if err != nil {
			if exitCode(err) != codeUsage {
				t.Errorf("%q: %v is no usage error", line, err)
			}
			return
		}
		if got[0] != "upset" {
			t.Errorf("%q becomes %q", line, got)
		}
	})
}

// A result that cannot be written is a failure in one line.
func TestFullDisk(t *testing.T) {
	var errs bytes.Buffer
	code := run([]string{"upset", "sites"}, nil, brokenWriter{}, &errs)
	if code != codeFailed || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "disk") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := mustRun(t, codeFailed, "run", tiny, "--input", tinyInput, "--output-dir", filepath.Join(file, "sub"))
	if strings.Count(o.errors, "\n") != 1 || o.out != "" {
		t.Errorf("output folder below a file:\n%s%s", o.errors, o.out)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on the disk") }

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, line := range []string{"run " + tiny, "inject " + tiny} {
		var out, errs bytes.Buffer
		code := runContext(ctx, append([]string{"upset"}, strings.Fields(line)...), nil, &out, &errs)
		if code != codeIncomplete || out.Len() != 0 {
			t.Errorf("%s, interrupted: exit %d\n%s", line, code, errs.String())
		}
	}
}

// A command is found by its name: it stands in the file of that name, what belongs to it in
// files that begin with it, and what several share in files that begin with shared.
func TestCommandsStandWhereTheyAreLookedFor(t *testing.T) {
	app := newApp(&program{stdout: io.Discard, stderr: io.Discard})
	known := []string{"main", "app", "commands", "shared"}
	for _, c := range app.Commands {
		if c.Name == "help" {
			continue
		}
		known = append(known, c.Name)
		text, err := os.ReadFile(c.Name + ".go")
		if err != nil || !strings.Contains(string(text), "func "+c.Name+"Command(") {
			t.Errorf("upset %s does not stand in %s.go: %v", c.Name, c.Name, err)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		first, _, _ := strings.Cut(strings.TrimSuffix(f, ".go"), "_")
		if !strings.HasSuffix(f, "_test.go") && !slices.Contains(known, first) {
			t.Errorf("%s belongs to no command", f)
		}
	}
}
