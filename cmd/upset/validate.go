package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"upset/faults/convergence"
	"upset/npu/isa"
	"upset/stats/result"
)

// everyNPU stands for all configurations.
const everyNPU = "all"

func validateCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:  "validate",
		Usage: "check the simulator: engine, residue, gates",
		Subcommands: []*cli.Command{validateResidueCommand(p), validateGatesCommand(p), {
			Name:      "engine",
			Usage:     "compare the fast engine with plain runs from cycle 0 to the end",
			ArgsUsage: "MODEL...",
			Description: `Draws faults and injects each twice: on the fast engine, and plainly from cycle 0
to the end. The records must agree; otherwise exit 1. The draw sees to it that
pruned faults, control and configuration, the path of the weights, and runs ended
by the hand-off, the hang proof, a time shift or the following of values are all
covered. With several
models, or with --npu all, the samples are spread over them. With --protect the
machine has mechanisms, which run beside it from cycle 0 in the plain runs. A
comparison without them that differs is written as a file that holds all of it, into
--out or upset-out/cases; given in place of a MODEL, such a file is repeated.

Examples:
  upset validate engine --samples 500 testdata/models/fashion-tiny.tflite
  upset validate engine --samples 4000 --npu all testdata/models/*.tflite`,
			Flags: commonFlags(experimentFlags(&cli.IntFlag{Name: "samples", Value: 200, Usage: "`N` faults in all"}, protectFlag(), alarmLatencyFlag())...),
			Action: func(c *cli.Context) error {
				args, err := arguments(c, "MODEL", "...")
				if err != nil {
					return err
				}
				o, configs, err := readConfigs(c)
				if err != nil {
					return err
				}
				if configs == nil {
					configs = []isa.Config{o.config}
				}
				parts := len(args) * len(configs)
				if n := c.Int("samples"); n < parts || n > maxValidated {
					return usage("--samples %d is not between %d and %d", n, parts, maxValidated)
				}
				return p.validateEngine(c, o, args, configs)
			},
		}},
	}
}

// readConfigs reads the common flags of a command whose --npu may be all: then it returns
// all configurations, and otherwise none.
func readConfigs(c *cli.Context) (common, []isa.Config, error) {
	var all []isa.Config
	if c.String("npu") == everyNPU {
		all = isa.Configs[:]
		if err := c.Set("npu", all[0].String()); err != nil {
			return common{}, nil, err
		}
	}
	o, err := readCommon(c)
	return o, all, err
}

// maxValidated bounds the plain runs of one call (our choice).
const maxValidated = 10_000_000

// validateEngine performs upset validate engine.
func (p *program) validateEngine(c *cli.Context, o common, files []string, configs []isa.Config) error {
	n, parts := c.Int("samples"), len(files)*len(configs)
	var runs []*result.ValidateEngine
	for _, file := range files {
		for _, o.config = range configs {
			o.npuGiven = o.npuGiven || len(configs) > 1
			k := len(runs)
			r, err := p.validateOne(c, o, file, (k+1)*n/parts-k*n/parts)
			if err != nil {
				return err
			}
			runs = append(runs, r)
		}
	}
	r, err := convergence.Join(runs)
	if err != nil {
		return err
	}
	if err := p.emit(o, "validate", *r); err != nil {
		return err
	}
	if r.Differences > 0 {
		return fmt.Errorf("%d of %d records differ from the plain run: please report this", r.Differences, r.Samples)
	}
	return nil
}

// validateOne compares n samples of a network on a configuration.
func (p *program) validateOne(c *cli.Context, o common, file string, n int) (*result.ValidateEngine, error) {
	if c.IsSet("alarm-latency") && c.String("protect") == "" {
		return nil, usage("--alarm-latency is that of mechanisms: name a design with --protect")
	}
	if strings.HasSuffix(file, caseSuffix) {
		return p.validateCase(c.Context, file, o.seed)
	}
	x, err := p.openExperiment(c, o, file)
	if err != nil {
		return nil, err
	}
	if c.String("protect") != "" {
		return p.validateProtected(c, o, x, n)
	}
	bar := p.progress("faults injected twice", n)
	defer bar.finish()
	table := x.engine.Table()
	var differing []convergence.Sample
	r, err := convergence.Validate(c.Context, x.engine, o.seed, n, o.workers, func(s *convergence.Sample) {
		differing = append(differing, *s)
		p.note("%s@%d, input %d: fast %s (%s), plain %s", table.Name(s.Site.ID), s.Site.Cycle, s.Input, s.Fast.Outcome, s.Fast.Path, s.Plain.Outcome)
	}, bar.set, nil)
	if err != nil {
		return nil, err
	}
	r.Model, r.Warnings = x.model, x.warnings()
	return r, p.keepCases(c.Context, o, x, differing)
}

// caseSuffix tells the file of a comparison from that of a network.
const caseSuffix = ".json"

// validateCase repeats a comparison that was written. Its options are those of the file.
func (p *program) validateCase(ctx context.Context, file string, seed uint64) (*result.ValidateEngine, error) {
	k, err := convergence.ReadCase(file)
	if err != nil {
		return nil, bad(err)
	}
	e, s, err := k.Repeat(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	r, err := convergence.Compare(e, seed, []convergence.Sample{s}, nil)
	if err != nil {
		return nil, err
	}
	r.Model = k.Model
	p.note("%s, %s at cycle %d: fast %s (%s), plain %s", k.Model, k.Site, k.Cycle, s.Fast.Outcome, s.Fast.Path, s.Plain.Outcome)
	return r, nil
}

// maxCases bounds the files that a comparison writes (our choice): differences have few causes.
const maxCases = 20

// keepCases writes comparisons that differ as files that the tests can repeat.
func (p *program) keepCases(ctx context.Context, o common, x *experiment, list []convergence.Sample) error {
	if len(list) == 0 {
		return nil
	}
	dir := o.out
	if dir == "" {
		dir = filepath.Join("upset-out", "cases")
	}
	if err := makeFolder(dir); err != nil {
		return err
	}
	model, err := readModel(x.file)
	if err != nil {
		return err
	}
	for i := range list[:min(len(list), maxCases)] {
		k, err := convergence.NewCase(ctx, x.engine, &list[i], x.model, model, o.opening)
		if err != nil {
			p.note("no case is written: %v", err)
			return nil
		}
		file, err := k.Write(dir)
		if err != nil {
			return err
		}
		p.note("%s repeats it: copied into faults/convergence/testdata/cases it becomes a test", file)
	}
	return nil
}
