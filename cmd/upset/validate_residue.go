package main

import (
	"upset/faults"
	"upset/faults/residue"

	"github.com/urfave/cli/v2"
)

// validateResidueCommand is upset validate residue.
func validateResidueCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "residue",
		Usage:     "follow masked faults into later inferences of other inputs",
		ArgsUsage: "MODEL",
		Description: `Injects upsets whose inference ends right but that leave something behind, lets
further inferences of other inputs run on the machine as it is, and counts those that
go wrong. None should, or the campaign calls masked what persists. Exit 1 if one does.

Example:
  upset validate residue testdata/models/fashion-tiny.tflite --samples 500`,
		Flags: commonFlags(experimentFlags(&cli.IntFlag{Name: "samples", Value: 2000, Usage: "`N` masked faults that left something behind"})...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			n := c.Int("samples")
			if n < 1 || n > maxValidated {
				return usage("--samples %d is not between 1 and %d", n, maxValidated)
			}
			x, err := p.openExperiment(c, o, args[0])
			if err != nil {
				return err
			}
			if x.engine.Options().Model.Kind != faults.SEU {
				return usage("--fault %s: residue is followed for single upsets", c.String("fault"))
			}
			if x.engine.Inputs() < 2 {
				return usage("one input: the inferences that follow need others; give two or more")
			}
			bar := p.progress("masked faults followed", n)
			r, err := residue.Examine(c.Context, x.engine, o.seed, n, residue.Later, o.workers, bar.set, nil)
			bar.finish()
			if err != nil {
				return err
			}
			r.Model, r.Warnings = x.model, x.warnings()
			if err := p.emit(o, "residue", r); err != nil {
				return err
			}
			if r.Masked.Harmed > 0 {
				return errHarm
			}
			return nil
		},
	}
}
