// Command readme writes README.md from cmd/readme/README.tmpl: every block of
// output in it is what the commands print now. Run it in the project's folder:
//
//	go run ./cmd/readme
//
// With -guides it writes what commands print into the guides in docs instead.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	inGuides := flag.Bool("guides", false, "write the guides instead")
	flag.Parse()
	do := write
	if *inGuides {
		do = writeGuides
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "readme:", err)
		os.Exit(1)
	}
}

const (
	network = "testdata/models/fashion-dscnn.tflite"
	small   = "testdata/models/fashion-tiny.tflite"
	longest = 175 // characters: longer lines are left out, and marked
)

func write() error {
	dir, err := os.MkdirTemp("", "readme")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tool := filepath.Join(dir, "upset")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/upset").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	text, err := os.ReadFile("cmd/readme/README.tmpl")
	if err != nil {
		return err
	}
	t := printed{tool: tool}
	assess := t.run("assess", network, "--out", filepath.Join(dir, "a"))
	took := t.seconds
	story := t.run("inject", small)
	if t.err != nil {
		return t.err
	}
	for mark, value := range map[string]string{
		"@@ASSESS@@":     block(assess),
		"@@ASSESSTIME@@": fmt.Sprintf("about %d seconds, compilation apart", 5*(int(took)/5+1)),
		"@@INJECT@@":     block(story),
	} {
		if !bytes.Contains(text, []byte(mark)) {
			return fmt.Errorf("the template has no %s", mark)
		}
		text = bytes.ReplaceAll(text, []byte(mark), []byte(value))
	}
	return os.WriteFile("README.md", text, 0o644)
}

// printed runs the tool and keeps the first error.
type printed struct {
	tool    string
	seconds float64
	err     error
}

// run returns the lines that a command prints. Exit code 4 is a verdict, not an
// error.
func (p *printed) run(args ...string) []string {
	if p.err != nil {
		return nil
	}
	begin := time.Now()
	out, err := exec.Command(p.tool, args...).Output()
	p.seconds = time.Since(begin).Seconds()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 4 {
		err = nil
	}
	if err != nil {
		p.err = fmt.Errorf("upset %s: %w", strings.Join(args, " "), err)
	}
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
}

// block sets an output apart, without overlong lines.
func block(lines []string) string {
	var b strings.Builder
	b.WriteString("```\n")
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	cut := false
	for _, l := range lines {
		if len(l) <= longest {
			b.WriteString(strings.TrimRight(l, " ") + "\n")
		} else if !cut {
			b.WriteString("  ...\n")
		}
		cut = len(l) > longest
	}
	b.WriteString("```")
	return b.String()
}
