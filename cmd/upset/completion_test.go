package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The script for bash completes commands and flags of this program in a real bash, and
// leaves names of files to it.
func TestBashCompletes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no bash")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "upset")); err != nil {
		t.Fatal(err)
	}
	const ask = `
set -eu
source <(upset completion bash)
complete -p upset >/dev/null
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_upset
printf '%s\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}"
`
	for _, c := range []struct {
		line  []string
		want  []string // among what is offered
		wrong string   // not among it
	}{
		{[]string{"upset", "ca"}, []string{"campaign"}, "assess"},
		{[]string{"upset", "campaign", ""}, []string{"run", "resume", "merge", "work"}, "assess"},
		{[]string{"upset", "campaign", "m"}, []string{"merge"}, "run"},
		{[]string{"upset", "run", "--np"}, []string{"--npu"}, "--seed"},
		{[]string{"upset", "assess", "net.tflite", "--seed", "3", "--evidence"}, []string{"--evidence-time"}, "--inputs"},
		{[]string{"upset", "run", "net.tfl"}, nil, "run"},
		{[]string{"upset", "--ver"}, []string{"--version"}, "--help"},
	} {
		cmd := exec.Command("bash", append([]string{"-c", ask, "bash"}, c.line...)...)
		cmd.Env = append(os.Environ(), asCommand+"=1", "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || errs.Len() > 0 {
			t.Fatalf("%q: %v: %s", c.line, err, errs.String())
		}
		got := strings.Fields(string(out))
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%q: %q is not among %q", c.line, w, got)
			}
		}
		if slices.Contains(got, c.wrong) || c.want == nil && len(got) > 0 {
			t.Errorf("%q gives %q", c.line, got)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	app := newApp(&program{})
	for _, s := range shells {
		o := mustRun(t, codeDone, "completion", s.name)
		if !strings.Contains(o.out, "upset") || o.errors != "" {
			t.Errorf("%s: %q, %s", s.name, o.out, o.errors)
		}
		if s.name != "fish" {
			continue
		}
		for name, c := range leaves(app.Commands, nil) { // it does not ask the program
			for _, f := range c.Flags {
				if !strings.Contains(o.out, " -l "+f.Names()[0]) {
					t.Errorf("fish: %s --%s is missing", name, f.Names()[0])
				}
			}
		}
	}
	file := filepath.Join(t.TempDir(), "script")
	if o := mustRun(t, codeDone, "completion", "ZSH", "--out", file); o.out != "" || !strings.Contains(string(readTestFile(t, file)), "compdef") {
		t.Errorf("--out: %q", o.out)
	}
	for _, line := range []string{"completion", "completion tcsh", "completion bash --format json", "completion bash zsh"} {
		mustRun(t, codeUsage, strings.Fields(line)...)
	}
	// Half a line is never run.
	if o := mustRun(t, codeDone, "run", "absent.tflite", askCompletion); strings.Contains(o.errors, "absent") {
		t.Errorf("the command ran: %s", o.errors)
	}
}

func TestVersion(t *testing.T) {
	form := regexp.MustCompile(`^upset version \S+, revision \S+, (not modified|modified|modified or not is unknown), go\S+, \w+/\w+\n$`)
	for _, args := range [][]string{{"--version"}, {"-v"}, {"-version"}} {
		if o := mustRun(t, codeDone, args...); !form.MatchString(o.out) || o.errors != "" {
			t.Errorf("%s prints %q, %q", args, o.out, o.errors)
		}
	}
	release = "v9.8"
	defer func() { release = "" }()
	if o := mustRun(t, codeDone, "--version"); !strings.HasPrefix(o.out, "upset version v9.8, ") {
		t.Errorf("a release prints %q", o.out)
	}
	for _, line := range []string{"run --version", "--version run", "--version --help extra", "--version --npu u55-32"} {
		if o := invoke(strings.Fields(line)...); o.code != codeUsage && !strings.Contains(line, "--help") {
			t.Errorf("upset %s: exit %d, %s", line, o.code, o.out)
		}
	}
}
