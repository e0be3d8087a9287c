// Command testlog reads the output of go test -json, prints a line per package
// and fails on failed tests, on skipped tests and on tests that take too long.
// With -summary FILE it also writes a table of the results, in Markdown.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"upset/faults/provenance"
)

// Limits on two cores: seconds of one package, and of the whole run. The package of the command
// takes about 240, and some machines are a third slower at times.
const (
	packageLimit = 600
	totalLimit   = 900
)

// event is one line of go test -json.
type event struct {
	Time                          time.Time
	Action, Package, Test, Output string
	Elapsed                       float64
	FailedBuild                   string
}

// tally counts the tests of a package.
type tally struct {
	seconds               float64
	passed, failed, skips int
	result                string
}

func main() {
	summary := flag.String("summary", "", "write a table to this file")
	full := flag.Bool("full", false, "long tests: no limits of time")
	flag.Parse()
	if err := run(*summary, *full); err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(1)
	}
}

func run(summary string, full bool) error {
	packages := map[string]*tally{}
	output := map[string][]string{}
	var problems []string
	var first, last time.Time
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text())
			continue
		}
		if first.IsZero() && !e.Time.IsZero() {
			first = e.Time
		}
		if e.Time.After(last) {
			last = e.Time
		}
		if e.Package == "" {
			if e.Action == "build-output" {
				fmt.Print(e.Output)
			}
			continue
		}
		p := packages[e.Package]
		if p == nil {
			p = &tally{}
			packages[e.Package] = p
		}
		key := e.Package + " " + e.Test
		if e.Action == "output" {
			output[key] = append(output[key], e.Output)
			continue
		}
		problems = append(problems, p.count(e, output[key])...)
	}
	if err := in.Err(); err != nil {
		return err
	}
	total := last.Sub(first).Seconds()
	names := make([]string, 0, len(packages))
	for name := range packages {
		names = append(names, name)
	}
	slices.Sort(names)
	var sum tally
	for _, name := range names {
		p := packages[name]
		sum.passed, sum.failed, sum.skips = sum.passed+p.passed, sum.failed+p.failed, sum.skips+p.skips
		fmt.Printf("%-30s %6.1f s  %5d passed %3d failed %3d skipped  %s\n", name, p.seconds, p.passed, p.failed, p.skips, p.result)
		if !full && p.seconds > packageLimit {
			problems = append(problems, fmt.Sprintf("%s takes %.0f s, more than %d", name, p.seconds, packageLimit))
		}
	}
	fmt.Printf("%d packages in %.0f s\n", len(names), total)
	fmt.Printf("%d passed, %d failed, %d skipped\n", sum.passed, sum.failed, sum.skips)
	if !full && total > totalLimit {
		problems = append(problems, fmt.Sprintf("the tests take %.0f s, more than %d", total, totalLimit))
	}
	if len(names) == 0 {
		problems = append(problems, "no package was tested")
	}
	if summary != "" {
		if err := writeSummary(summary, names, packages, total, len(problems) == 0); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems:\n%s", len(problems), strings.Join(problems, "\n"))
	}
	return nil
}

// count enters one event and returns what is wrong with it.
func (p *tally) count(e event, output []string) []string {
	text := strings.Join(output, "")
	switch e.Action {
	case "pass":
		if e.Test != "" {
			p.passed++
		}
	case "fail":
		if e.Test != "" {
			p.failed++
			return []string{fmt.Sprintf("%s %s failed:\n%s", e.Package, e.Test, text)}
		}
		p.seconds, p.result = e.Elapsed, "FAIL"
		return []string{fmt.Sprintf("%s failed\n%s", e.Package, text)}
	case "skip":
		if e.Test == "" {
			p.result = "no tests"
			return nil
		}
		p.skips++
		if !mayskip(text) {
			return []string{fmt.Sprintf("%s %s was skipped: %s", e.Package, e.Test, strings.TrimSpace(text))}
		}
	}
	if e.Test == "" && e.Action == "pass" {
		p.seconds, p.result = e.Elapsed, "ok"
	}
	return nil
}

// mayskip tells skips that are in order: tests of a data set that Debian did not
// provide, bytes that are pinned on another processor, what a step of its own does in a
// browser, and all of them where the data folder is absent.
func mayskip(text string) bool {
	if _, err := os.Stat(filepath.Join("..", "shared")); err != nil {
		return true
	}
	for _, reason := range []string{"dataset-fashion-mnist", "amd64 only", "Chromium"} {
		if strings.Contains(text, reason) {
			return true
		}
	}
	return false
}

// writeSummary writes the results as a table.
func writeSummary(file string, names []string, packages map[string]*tally, total float64, good bool) error {
	var b strings.Builder
	result := "all passed"
	if !good {
		result = "NOT all passed"
	}
	fmt.Fprintf(&b, "# Full tests\n\nWritten by `make full` on %s in %.0f seconds: %s.\n\n", time.Now().UTC().Format(time.DateOnly), total, result)
	b.WriteString("| package | seconds | passed | failed | skipped | result |\n|---|---:|---:|---:|---:|---|\n")
	for _, n := range names {
		p := packages[n]
		fmt.Fprintf(&b, "| %s | %.1f | %d | %d | %d | %s |\n", n, p.seconds, p.passed, p.failed, p.skips, p.result)
	}
	return provenance.Write(context.Background(), file, []byte(b.String()), false)
}
