package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// probeSource is the program that measures. It is laid over the tree of the earlier
// revision, which has none, or another one.
//
//go:embed probe/main.go
var probeSource []byte

// Places in both trees.
const (
	probeFolder  = "faults/convergence/generate/probe"
	engineFolder = "faults/engine"
	oldEngine    = "faults" // where it was before it had a folder of its own
	networks     = "models/network"
	oldNetworks  = "models/driver" // as it was called before
	profile      = "cmd/upset/default.pgo"
)

// steppedSource counts clocks in a tree whose workers do not tell them.
const steppedSource = `package %s

import "upset/npu"

// Stepped is the number of clocks that the worker's machines have made.
func (w *Worker) Stepped() uint64 { return w.m.Events[npu.EvActive] + w.base.Events[npu.EvActive] }
`

// compared are the networks of the comparison, and how many injections each gets of a
// thousand (our choice: those of the longest one take as long as all others).
var compared = []struct {
	name     string
	permille int
}{{"kws_ref_model", 1000}, {"vww_96_int8", 1000}, {"mobilenet_v2_quantized_1x3x224x224", 10}}

// comparison is what -before takes.
type comparison struct {
	revision   string
	injections int // of the short networks
	rounds     int
	networks   string // a regular expression
}

// measured mirrors what the probe prints.
type measured struct {
	Network                            string
	Cycles                             uint64
	Injections                         int
	GoldenWall, GoldenCore, Wall, Core float64
	Classes                            map[string]*measuredClass
	Records                            string
	PlainCycles                        float64
}

type measuredClass struct {
	Injections, Pruned int
	Stepped            uint64
	Seconds            float64
}

// print writes the comparison to a file, or to standard output.
func (c *comparison) print(shared, out string) error {
	if c.rounds < 1 || c.injections < 1 {
		return fmt.Errorf("%d rounds of %d injections: both must be at least 1", c.rounds, c.injections)
	}
	var page bytes.Buffer
	if err := c.write(&page, shared); err != nil {
		return err
	}
	if out == "" {
		_, err := os.Stdout.Write(page.Bytes())
		return err
	}
	return os.WriteFile(out, page.Bytes(), 0o644)
}

// write measures both trees in turn and prints their figures side by side.
func (c *comparison) write(w io.Writer, shared string) error {
	only, err := regexp.Compile(c.networks)
	if err != nil {
		return err
	}
	if shared, err = filepath.Abs(shared); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "upset-before-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	revision, err := output(".", "git", "rev-parse", "--short=12", c.revision)
	if err != nil {
		return err
	}
	tree := filepath.Join(folder, "tree")
	if _, err := output(".", "git", "worktree", "add", "--detach", tree, revision); err != nil {
		return err
	}
	defer output(".", "git", "worktree", "remove", "--force", tree)
	before, now := filepath.Join(folder, "before"), filepath.Join(folder, "now")
	if err := build(tree, before, folder); err != nil {
		return fmt.Errorf("revision %s: %w", revision, err)
	}
	if err := build(".", now, folder); err != nil {
		return err
	}
	fmt.Fprintf(w, `This is written by

    go run ./faults/convergence/generate -before %s -injections %d -rounds %d

*Before* is the tree of revision %s, *now* this one, both measured by the same program, in turn, on one processor, as the
product is built. Upsets are drawn uniformly over all flops and cycles, the same in both trees, on u55-128 with SECDED, without
a cache. *Core time* is that of the process; ratios are the medians of %d rounds. *Records* says whether outcome, cause, end and
output of every injection are the same in both trees.
`, c.revision, c.injections, c.rounds, revision, c.rounds)
	for _, n := range compared {
		if !only.MatchString(n.name) {
			continue
		}
		if err := c.network(w, n.name, max(1, c.injections*n.permille/1000), shared, before, now); err != nil {
			return err
		}
	}
	return nil
}

// network measures one network and writes its part.
func (c *comparison) network(w io.Writer, name string, injections int, shared, before, now string) error {
	var old, young []*measured
	for range c.rounds {
		for _, x := range []struct {
			program string
			list    *[]*measured
		}{{before, &old}, {now, &young}} {
			text, err := output(".", x.program, "-network", name, "-shared", shared, "-injections", strconv.Itoa(injections))
			if err != nil {
				return err
			}
			m := new(measured)
			if err := json.Unmarshal([]byte(text), m); err != nil {
				return err
			}
			*x.list = append(*x.list, m)
		}
		fmt.Fprintf(os.Stderr, "%s: core time %.1f s and %.1f s\n", name, old[len(old)-1].Core, young[len(young)-1].Core)
	}
	same := "the same"
	if old[0].Records != young[0].Records {
		same = "**different**"
	}
	fmt.Fprintf(w, "\n## %s\n\n%s cycles, %s injections. Records: %s.\n", name, grouped(young[0].Cycles), grouped(uint64(injections)), same)
	fmt.Fprint(w, "\n| figure | before | now | ratio |\n|---|---:|---:|---:|\n")
	row := func(what string, digits int, of func(m *measured) float64) {
		x, y := middle(old, of), middle(young, of)
		ratios := make([]float64, len(old))
		for i := range old {
			ratios[i] = of(young[i]) / of(old[i])
		}
		fmt.Fprintf(w, "| %s | %.*f | %.*f | %.2f |\n", what, digits, x, digits, y, median(ratios))
	}
	row("plain machine, million cycles per second of core time", 2, func(m *measured) float64 { return m.PlainCycles / 1e6 })
	row("stepped cycles per injection", 0, func(m *measured) float64 { return float64(m.stepped()) / float64(m.Injections) })
	for _, k := range slices.Sorted(maps.Keys(young[0].Classes)) {
		row("– "+k, 0, func(m *measured) float64 {
			return float64(m.Classes[k].Stepped) / float64(max(1, m.Classes[k].Injections))
		})
	}
	row("core time per stepped cycle, ns", 0, func(m *measured) float64 { return 1e9 * m.Core / float64(m.stepped()) })
	row("injections per second of core time", 0, func(m *measured) float64 { return float64(m.Injections) / m.Core })
	row("core time of the fault-free runs, s", 2, func(m *measured) float64 { return m.GoldenCore })
	row("resolved per second of core time, fault-free runs included", 0, func(m *measured) float64 { return float64(m.Injections) / (m.Core + m.GoldenCore) })
	return nil
}

// stepped adds up the clocks of all classes.
func (m *measured) stepped() (n uint64) {
	for _, c := range m.Classes {
		n += c.Stepped
	}
	return max(1, n)
}

// middle is the median of a figure.
func middle(list []*measured, of func(m *measured) float64) float64 {
	x := make([]float64, len(list))
	for i, m := range list {
		x[i] = of(m)
	}
	return median(x)
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// grouped writes a number with commas.
func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// build builds the probe in a tree, with its profile if it has one. What the tree lacks is
// laid over it.
func build(tree, program, folder string) error {
	lay := map[string]string{}
	over := func(name string, text []byte) error {
		file := filepath.Join(folder, fmt.Sprintf("%s-%d.go", filepath.Base(program), len(lay)))
		place, err := filepath.Abs(filepath.Join(tree, name))
		if err != nil {
			return err
		}
		lay[place] = file
		return os.WriteFile(file, text, 0o644)
	}
	engine := engineFolder
	if _, err := os.Stat(filepath.Join(tree, engine)); errors.Is(err, fs.ErrNotExist) {
		engine = oldEngine
	}
	text := bytes.ReplaceAll(probeSource, []byte(`"upset/`+engineFolder+`"`), []byte(`"upset/`+engine+`"`))
	if _, err := os.Stat(filepath.Join(tree, networks)); errors.Is(err, fs.ErrNotExist) {
		text = bytes.ReplaceAll(text, []byte(`"upset/`+networks+`"`), []byte(`network "upset/`+oldNetworks+`"`))
	}
	if err := over(filepath.Join(probeFolder, "main.go"), text); err != nil {
		return err
	}
	if tells, err := tellsClocks(filepath.Join(tree, engine)); err != nil {
		return err
	} else if !tells {
		if err := over(filepath.Join(engine, "stepped.go"), fmt.Appendf(nil, steppedSource, filepath.Base(engine))); err != nil {
			return err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": lay})
	if err != nil {
		return err
	}
	list := program + ".json"
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		return err
	}
	pgo := "off"
	if _, err := os.Stat(filepath.Join(tree, profile)); err == nil {
		if pgo, err = filepath.Abs(filepath.Join(tree, profile)); err != nil {
			return err
		}
	}
	_, err = output(tree, "go", "build", "-overlay", list, "-pgo", pgo, "-o", program, "./"+probeFolder)
	return err
}

// tellsClocks reports whether the workers of an engine tell how many clocks they made.
func tellsClocks(folder string) (bool, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return false, err
		}
		if bytes.Contains(text, []byte("func (w *Worker) Stepped()")) {
			return true, nil
		}
	}
	return false, err
}

// output runs a command in a folder and returns what it prints, less the last line's end.
func output(folder, name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Dir = folder
	var problem bytes.Buffer
	c.Stderr = &problem
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, cmp.Or(strings.TrimSpace(problem.String()), "no message"))
	}
	return strings.TrimSpace(string(out)), nil
}
