package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/criterion"
	"upset/faults/mechanism"
	"upset/models/check"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/report"
	"upset/stats/result"
)

func sweepCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "sweep",
		Usage:     "networks × configurations × raw rates × budgets × criteria from one file",
		ArgsUsage: "FILE",
		Description: `Runs a campaign for every network, configuration and criterion of a YAML file, and
judges each for every raw rate, budget and violation. The campaigns are stored below
--out (default ./upset-out/sweep); the same command goes on with an interrupted sweep
and repeats nothing. How pictures and sound are read is said for all networks here, or
for one in the file. --example prints a file with comments.

Examples:
  upset sweep --example > sweep.yaml
  upset sweep sweep.yaml --format csv > sweep.csv`,
		Flags: commonFlags(append(append(pictureFlags(), append(shardFlags(), engineFlags()...)...), eccFlag(), &cli.BoolFlag{Name: "example", Usage: "print a sweep file with comments"})...),
		Action: func(c *cli.Context) error {
			if c.Bool("example") {
				_, err := fmt.Fprint(p.stdout, sweepExample)
				return err
			}
			args, err := arguments(c, "FILE")
			if err != nil {
				return err
			}
			o, err := readCommon(c, report.FormatHTML)
			if err != nil {
				return err
			}
			for _, name := range []string{"npu", "seed"} {
				if c.IsSet(name) {
					return usage("--%s is given by the sweep file: change it there", name)
				}
			}
			ecc, err := readECC(c)
			if err != nil {
				return err
			}
			s, err := readSweep(args[0])
			if err != nil {
				return err
			}
			pictures, err := readPictureFlags(c)
			if err != nil {
				return err
			}
			if err := s.pictures(pictures); err != nil {
				return usage("%s: %w", args[0], err)
			}
			engine, err := readSubmission(c, o)
			if err != nil {
				return err
			}
			if engine != nil {
				return p.submitSweep(c, o, ecc, s, engine)
			}
			return p.sweep(c, o, ecc, s)
		},
	}
}

// sweep performs upset sweep.
func (p *program) sweep(c *cli.Context, o common, ecc npu.ECC, s *sweepFile) error {
	questions, err := s.questions()
	if err != nil {
		return bad(err)
	}
	if o.out == "" {
		o.out = filepath.Join("upset-out", "sweep")
	}
	out := &result.Sweep{Command: p.command()}
	total := len(s.Networks) * len(s.NPU) * len(s.Criteria)
	err = s.each(func(k sweepCase) error {
		k.ecc = ecc
		p.note("campaign %d of %d: %s on %s, criterion %s", len(out.Rows)/len(questions)+1, total, modelName(k.network.Model), k.config, k.criterion)
		rows, warnings, err := p.sweepCampaign(c, o, k, questions)
		if err != nil {
			return err
		}
		out.Rows = append(out.Rows, rows...)
		for _, w := range warnings {
			w.Subject = modelName(k.network.Model) + " on " + k.config.String()
			out.Warnings = append(out.Warnings, w)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.emitFile(o, out, "sweep", o.out)
}

// each calls a function for every campaign of a sweep, in order.
func (s *sweepFile) each(do func(sweepCase) error) error {
	for _, n := range s.Networks {
		for _, name := range s.NPU {
			for _, criterion := range s.Criteria {
				config, err := parseConfig(name)
				if err != nil {
					return err
				}
				if err := do(sweepCase{network: n, config: config, criterion: criterion, file: s}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sweepCase is one campaign of a sweep.
type sweepCase struct {
	network   sweepNetwork
	config    isa.Config
	criterion string
	ecc       npu.ECC
	file      *sweepFile
}

// sweepCampaign runs one campaign and asks it all questions. The warnings are about its
// inputs.
func (p *program) sweepCampaign(c *cli.Context, o common, k sweepCase, questions []campaign.Question) (rows []result.SweepRow, warnings []result.Warning, err error) {
	ready, err := p.prepareSweep(c, o, k)
	if err != nil {
		return nil, nil, err
	}
	defer ready.lock.Release()
	run, err := p.perform(c.Context, ready, campaign.RunOptions{Workers: o.workers, Question: questions[0]})
	if err != nil {
		return nil, nil, err
	}
	x, pop, dir := run.experiment, run.population, run.dir
	stored, err := campaign.Load(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, q := range questions {
		r, err := stored.Campaign(q)
		if err != nil {
			return nil, nil, err
		}
		row := sweepRow(r, dir)
		if k.file.Protect != "none" {
			found, err := p.protect(c.Context, o, search{x, stored, pop, nil, q, k.file.Protect, mechanism.DefaultInputs(), dir, 0, nil, "", ""})
			if err != nil {
				return nil, nil, err
			}
			row.Protection = &result.SweepProtection{Options: k.file.Protect, Meets: found.Meets, AreaOverhead: found.AreaOverhead, AreaOverheadRange: found.AreaOverheadRange, FITUpper: found.FITViolating.Upper}
		}
		rows = append(rows, row)
	}
	return rows, x.warnings(), nil
}

// prepareSweep prepares one campaign.
func (p *program) prepareSweep(c *cli.Context, o common, k sweepCase) (*prepared, error) {
	job, err := p.openSweep(c, o, k)
	if err != nil {
		return nil, err
	}
	spec := k.file.spec()
	spec.Model, spec.RandomInputs = modelName(job.file), job.inputs.random
	return p.prepare(job, spec, "", func(spec campaign.Spec) string {
		return filepath.Join(o.out, fmt.Sprintf("%s-%s-%.8s", fileName(spec.Model), k.config, spec.Digest()))
	})
}

// openSweep reads the network of one campaign.
func (p *program) openSweep(c *cli.Context, o common, k sweepCase) (*setup, error) {
	options := faults.Options{System: o.system, Memory: allowedMemory(), ECC: k.ecc}
	var err error
	if options.Criterion, err = criterion.Parse(k.criterion); err != nil {
		return nil, bad(err)
	}
	n, err := openModel(c.Context, k.network.Model, check.Choice{Config: k.config, Given: true, Options: o.opening})
	if err != nil {
		return nil, err
	}
	found, err := readInputs(k.network.Inputs, k.network.Model, uint64(k.file.Seed), n, k.network.read)
	if err != nil {
		return nil, err
	}
	return newSetup(n, found, options, k.network.Model, 1)
}

// sweepRow is the default cell of a campaign's verdicts.
func sweepRow(r *result.Campaign, dir string) result.SweepRow {
	a := &r.Assumptions
	row := result.SweepRow{
		Model: r.Model, NPU: r.NPU, Criterion: a.Criterion, Scenario: a.Scenario, LambdaFlop: a.LambdaFlop, LambdaSRAM: a.LambdaSRAM,
		BudgetFIT: a.BudgetFIT, Violation: a.Violation, Target: a.Target, Confidence: a.Confidence, Injections: r.Injections,
		Residual: r.FIT.Violating, SPFM: r.SPFM.Any, Verdict: r.Verdict, Folder: filepath.Base(dir), Digest: r.ResultDigest,
	}
	if a.Violation == "critical" {
		row.Residual, row.SPFM = r.FIT.Critical, r.SPFM.Critical
	}
	return row
}
