package endurance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fuzzing is what came of fuzzing, over one run or several.
type Fuzzing struct {
	// Revisions are those that were fuzzed, the latest last.
	Revisions []string `json:"revisions"`
	Machine   string   `json:"machine"`
	// Targets had different shares of a processor: what each had is in it.
	Targets []Target `json:"targets"`
}

// Add adds an earlier run. Inputs that an earlier revision failed on are of no more
// interest, nor are targets that are gone.
func (f *Fuzzing) Add(earlier *Fuzzing, all []Target) {
	sum := make([]Target, 0, len(all))
	for _, t := range all {
		for _, run := range []*Fuzzing{earlier, f} {
			for _, x := range run.Targets {
				if x.Package == t.Package && x.Name == t.Name {
					t.Executions, t.New, t.CoreSeconds = t.Executions+x.Executions, t.New+x.New, t.CoreSeconds+x.CoreSeconds
					if run == f {
						t.Failed = x.Failed
					}
				}
			}
		}
		if t.Executions > 0 || t.Failed != "" {
			sum = append(sum, t)
		}
	}
	var revisions []string
	for _, r := range slices.Concat(earlier.Revisions, f.Revisions) {
		if !slices.Contains(revisions, r) {
			revisions = append(revisions, r)
		}
	}
	f.Targets, f.Revisions = sum, revisions
}

// Next sorts targets so that those come first that have had the least of a processor, and
// cuts the list to those that a budget of core time lasts for at a time for each.
func (f *Fuzzing) Next(list []Target, each, budget time.Duration) []Target {
	had := func(t Target) float64 {
		for _, x := range f.Targets {
			if x.Package == t.Package && x.Name == t.Name {
				return x.CoreSeconds
			}
		}
		return 0
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Target) int { return cmp.Compare(had(a), had(b)) })
	return list[:min(len(list), max(1, int(budget/each)))]
}

// Target is a fuzz target and what became of it.
type Target struct {
	Package string `json:"package"`
	Name    string `json:"name"`
	// Executions is how often it ran in so many seconds of processor time, New the number
	// of inputs that reached something new.
	Executions  int     `json:"executions"`
	New         int     `json:"new"`
	CoreSeconds float64 `json:"core_seconds"`
	// Failed is the output where an input failed.
	Failed string `json:"failed,omitempty"`
}

// Rate is in executions per second of processor time.
func (t Target) Rate() float64 {
	if t.CoreSeconds <= 0 {
		return 0
	}
	return float64(t.Executions) / t.CoreSeconds
}

// leastRate is the rate, in executions per second of processor time, below which a target cannot do its work
// (our choice: 30 minutes of it are not even 100,000 inputs).
const leastRate = 50

// Idle are the targets that are too slow to find anything.
func (f *Fuzzing) Idle() (list []Target) {
	for _, t := range f.Targets {
		if t.Rate() < leastRate {
			list = append(list, t)
		}
	}
	return list
}

// Total is the number of all executions, and of core seconds.
func (f *Fuzzing) Total() (executions int, seconds float64) {
	for _, t := range f.Targets {
		executions += t.Executions
		seconds += t.CoreSeconds
	}
	return executions, seconds
}

// Failures are the targets for which an input failed.
func (f *Fuzzing) Failures() (list []Target) {
	for _, t := range f.Targets {
		if t.Failed != "" {
			list = append(list, t)
		}
	}
	return list
}

// Targets finds the fuzz targets below a folder: packages are folders relative to it.
func Targets(root string, only *regexp.Regexp) (list []Target, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Fuzz") {
				continue
			}
			t := Target{Package: filepath.ToSlash(dir), Name: f.Name.Name}
			if only == nil || only.MatchString(t.Package+"."+t.Name) {
				list = append(list, t)
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Target) int {
		return strings.Compare(a.Package+" "+a.Name, b.Package+" "+b.Name)
	})
	return list, err
}

// Fuzz fuzzes targets of the module in a folder, one after the other on one processor, each
// for a time. New inputs go to a folder, from which the next run goes on, those that fail to
// testdata beside the target, as go test does.
func Fuzz(ctx context.Context, root, corpus string, targets []Target, each time.Duration, say func(format string, values ...any)) (*Fuzzing, error) {
	f := &Fuzzing{Machine: machine()}
	work, err := os.MkdirTemp("", "fuzz")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	built := ""
	for _, t := range targets {
		dir := filepath.Join(root, filepath.FromSlash(t.Package))
		binary := filepath.Join(work, "target.test")
		if built != t.Package {
			// Built once for all targets of a package, with the fuzzer's counters.
			cmd := exec.CommandContext(ctx, "go", "test", "-c", "-fuzz", "Fuzz", "-o", binary, ".")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				return f, fmt.Errorf("build %s: %w: %s", t.Package, err, bytes.TrimSpace(out))
			}
			built = t.Package
		}
		if err := t.fuzz(ctx, binary, dir, filepath.Join(corpus, filepath.FromSlash(t.Package)), each); err != nil {
			return f, err
		}
		f.Targets = append(f.Targets, t)
		word := ""
		if t.Failed != "" {
			word = "  FAILED"
		}
		say("%-28s %-20s %10d executions, %8.0f a core second in %.1f s, %4d new%s", t.Package, t.Name, t.Executions, t.Rate(), t.CoreSeconds, t.New, word)
	}
	return f, nil
}

// minimising bounds what the fuzzer does to make an input that reached something new
// shorter, in executions. Its own bound is a minute for each, byte by byte in quadratic time:
// a seed of a kilobyte then leaves no time for anything else, and a target runs some times in
// all (our choice: most of what can be cut goes in the first steps).
const minimising = "100x"

// progressLine is what the fuzzer prints.
var progressLine = regexp.MustCompile(`fuzz: elapsed: \S+, execs: (\d+) \(\d+/sec\), new interesting: (\d+)`)

// fuzz fuzzes a target.
func (t *Target) fuzz(ctx context.Context, binary, dir, cache string, each time.Duration) error {
	cmd := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.fuzz=^"+t.Name+"$", "-test.fuzztime="+each.String(), "-test.parallel=1", "-test.fuzzminimizetime="+minimising, "-test.fuzzcachedir="+filepath.Join(cache, t.Name))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil { // of the workers, too
		t.CoreSeconds = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	lines := progressLine.FindAllSubmatch(out, -1)
	if len(lines) == 0 && err == nil {
		return fmt.Errorf("%s in %s: no count of executions in %s", t.Name, t.Package, out)
	}
	for _, m := range lines {
		t.Executions, _ = strconv.Atoi(string(m[1])) // digits
		t.New, _ = strconv.Atoi(string(m[2]))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Failed = complaint(out)
		return nil
	}
	return err
}

// deadline is what the fuzzer reports as a failure without an input where its time ends, now and then: it
// compares the error of a context with that of its child, which may not have heard of the end yet
// (CoordinateFuzzing in Go's internal/fuzz, 1.26).
var deadline = regexp.MustCompile(`^--- FAIL: Fuzz\w+ \([0-9.]+s\)\n\s+context deadline exceeded\n(?:FAIL\n?)?(?:exit status 1\n?)?$`)

// complaint is what a run that failed said beside its progress, or nothing where only its time was over.
func complaint(out []byte) string {
	var rest []byte
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte("fuzz: elapsed: ")) {
			rest = append(rest, line...)
		}
	}
	if deadline.Match(rest) {
		return ""
	}
	return cmp.Or(head(string(rest), 2000), "no reason given")
}
