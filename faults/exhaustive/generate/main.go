// Command generate rebuilds the ground truth of fashion-nano on U55-32, compares it
// with the plain machine and writes docs/validation.md, with the verdicts of
// faults/verdicts/generate. Run it from the project's root:
//
//	go run ./faults/exhaustive/generate
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/exhaustive"
	"upset/faults/provenance"
	"upset/faults/verdicts"
	"upset/stats"
)

// Choices of ours.
const (
	plainSamples = 200_000
	fastSamples  = 1_000_000
	repeats      = 10_000
	stopRepeats  = 1_000
	seed         = 20263
	softMemory   = 6 << 30
)

// Sizes of the campaigns (our choice): one that sees few failures, and the default.
var campaignSizes = []int{2_000, 20_000}

// Precisions at which campaigns stop (our choice): from a dozen failures to some eighty.
var precisions = []stats.Precision{{Absolute: 0.002}, {Absolute: 0.005}, {Relative: 0.25}, {Relative: 0.5}}

func main() {
	inputs := flag.Int("inputs", exhaustive.Inputs, "number of inputs")
	keep := flag.Bool("keep", false, "read the table instead of rebuilding it")
	divide := flag.Int("divide", 1, "compare with injections on so many times fewer samples")
	table := flag.String("table", filepath.FromSlash("testdata/truth/fashion-nano-u55-32.bin"), "file of the table")
	page := flag.String("out", filepath.FromSlash("docs/validation.md"), "page to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	debug.SetMemoryLimit(softMemory)
	if err := run(ctx, *inputs, *keep, max(1, *divide), *table, *page); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, inputs int, keep bool, divide int, file, page string) error {
	e, err := exhaustive.Engine(filepath.FromSlash("testdata/models"), inputs)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d cycles, %d inputs\n", e.Cycles(), e.Inputs())
	t, err := build(ctx, e, keep, file)
	if err != nil {
		return err
	}
	var checks []exhaustive.Check
	for _, c := range []struct {
		name    string
		samples int
		way     exhaustive.Way
	}{
		{"stepped from cycle 0, without any shortcut", plainSamples, exhaustive.Stepped},
		{"plain machine of package faults", plainSamples, exhaustive.Plain},
		{"its fast engine", fastSamples, exhaustive.Fast},
	} {
		d, err := t.Compare(ctx, e, c.samples/divide, c.way, seed)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %d samples, %d differences %s\n", c.name, d.Samples, d.Differences, d.Example)
		if d.Differences > 0 {
			return fmt.Errorf("the table is wrong: %s", d.Example)
		}
		checks = append(checks, exhaustive.Check{Name: c.name, Compared: d})
	}
	strata := t.Strata(e)
	var studies []*exhaustive.Study
	for _, n := range campaignSizes {
		s, err := exhaustive.Examine(strata, n, repeats, seed)
		if err != nil {
			return err
		}
		studies = append(studies, s)
	}
	samplings := []string{campaign.SamplingStratified, campaign.SamplingAdaptive, campaign.SamplingUniform}
	stops, err := exhaustive.Stops(t, e, samplings, precisions, stopRepeats, seed)
	if err != nil {
		return err
	}
	list, err := verdicts.Read(verdicts.File)
	if err != nil {
		return err
	}
	text, err := verdicts.Page(list)
	if err != nil {
		return err
	}
	return provenance.Write(ctx, page, []byte(exhaustive.Page(t, strata, checks, studies, stops)+text), false)
}

// build solves or reads the table.
func build(ctx context.Context, e *engine.Engine, keep bool, file string) (*exhaustive.Table, error) {
	if keep {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return exhaustive.Parse(data)
	}
	t, work, err := exhaustive.Solve(ctx, e, func(done int) { fmt.Fprintf(os.Stderr, "%d inputs done\n", done) })
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%d upsets stepped on, %d clocks, %d cores\n", work.Walked, work.Steps, runtime.GOMAXPROCS(0))
	data, err := t.Marshal()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return t, os.WriteFile(file, data, 0o644)
}
