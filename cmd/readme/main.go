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
	pairs := t.run("assess", network, "--pairs", "0.05", "--out", filepath.Join(dir, "p"))
	infer := t.run("run", network, "--input", "testdata/models/fashion-dscnn.inputs/in_000.bin")
	story := t.run("inject", small)
	many := t.run("campaign", "run", small, "--injections", "20000", "--out", filepath.Join(dir, "c"))
	choice := t.run("select", "campaign", "facility-location", "--workers", "1")
	bench, err := benchmarks()
	if t.err != nil || err != nil {
		return errors.Join(t.err, err)
	}
	speed, err := os.ReadFile("docs/speed.md")
	if err != nil {
		return err
	}
	for mark, value := range map[string]string{
		"@@ASSESS@@":     block(assess),
		"@@ASSESSTIME@@": fmt.Sprintf("about %d seconds, compilation apart", 5*(int(took)/5+1)),
		"@@PAIRS@@":      block(section(pairs, "WITH PROTECTION", "WHAT DECIDES"), first(section(pairs, "PROTECTION CHOSEN", ""), 5)),
		"@@RUN@@": block(
			first(section(infer, "", "PMU"), 22), first(section(infer, "PMU", "OUTPUTS"), 6), first(section(infer, "OUTPUTS", ""), 3)),
		"@@INJECT@@":   block(story),
		"@@BENCH@@":    block(bench),
		"@@SPEED@@":    firstTable(string(speed)),
		"@@SELECT@@":   block(section(choice, "SHARES OF THE FAULTS", "REPRODUCE")),
		"@@CAMPAIGN@@": block(section(many, "", "INPUTS"), section(many, "OUTCOMES", "VERDICTS")),
	} {
		if !bytes.Contains(text, []byte(mark)) {
			return fmt.Errorf("the template has no %s", mark)
		}
		text = bytes.ReplaceAll(text, []byte(mark), []byte(value))
	}
	return os.WriteFile("README.md", text, 0o644)
}

// firstTable is the first table of a page.
func firstTable(page string) string {
	var rows []string
	for _, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "|") {
			rows = append(rows, line)
		} else if len(rows) > 0 {
			break
		}
	}
	return strings.Join(rows, "\n")
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

// benchmarks returns what the benchmarks of the machine and the engine print.
func benchmarks() ([]string, error) {
	out, err := exec.Command("go", "test", "-run", "^$", "-bench", ".", "-benchtime", "2s", "./npu", "./faults/engine").Output()
	if err != nil {
		return nil, fmt.Errorf("benchmarks: %w", err)
	}
	var lines []string
	for _, l := range strings.Split(string(out), "\n") {
		if strings.HasPrefix(l, "Benchmark") || strings.HasPrefix(l, "cpu:") {
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// section returns the lines from the one that starts with from up to that which
// starts with to. An empty mark stands for the beginning or the end.
func section(lines []string, from, to string) []string {
	start, end := 0, len(lines)
	for i, l := range lines {
		if from != "" && start == 0 && strings.HasPrefix(l, from) {
			start = i
		}
		if to != "" && end == len(lines) && strings.HasPrefix(l, to) {
			end = i
		}
	}
	return lines[start:max(start, end)]
}

// first keeps n lines and says that there were more.
func first(lines []string, n int) []string {
	if len(lines) <= n {
		return lines
	}
	return append(append([]string(nil), lines[:n]...), "  ...")
}

// block sets parts of an output apart by dots, without overlong lines.
func block(parts ...[]string) string {
	var b strings.Builder
	b.WriteString("```\n")
	for i, p := range parts {
		if i > 0 {
			b.WriteString("...\n\n")
		}
		end := len(p)
		for end > 0 && strings.TrimSpace(p[end-1]) == "" {
			end--
		}
		cut := false
		for _, l := range p[:end] {
			if len(l) <= longest {
				b.WriteString(strings.TrimRight(l, " ") + "\n")
			} else if !cut {
				b.WriteString("  ...\n")
			}
			cut = len(l) > longest
		}
		if i < len(parts)-1 {
			b.WriteString("\n")
		}
	}
	b.WriteString("```")
	return b.String()
}
