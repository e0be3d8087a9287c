package main

import (
	"path/filepath"

	"upset/faults/campaign"
	"upset/stats"

	"github.com/urfave/cli/v2"
)

func compareCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "campaigns side by side, with tests of their differences",
		ArgsUsage: "A B [C...]",
		Description: `Compares every campaign with the first. Campaigns of one seed share their faults
and are compared in pairs. "~" stands where no difference is shown.

Example:
  upset compare run-secded run-parity
  upset compare run-secded audit.zip`,
		Flags: commonFlags(append(questionFlags(),
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "1 minus the error over all blocks of a pair"})...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "A", "B", "...")
			if err != nil {
				return err
			}
			if k := c.Float64("confidence"); !(k > 0 && k < 1) {
				return usage("--confidence %v must lie between 0 and 1", k)
			}
			if q.InputsAre != stats.InputsFixed {
				return usage("--inputs-are %s: campaigns are compared on the inputs that they share", q.InputsAre)
			}
			var list []campaign.Contender
			for _, dir := range args {
				s, r, err := loadCampaign(dir, q)
				if err != nil {
					return err
				}
				list = append(list, campaign.Contender{Name: filepath.Base(dir), Stored: s, Result: r})
			}
			r, err := campaign.Compare(list, c.Float64("confidence"))
			if err != nil {
				return err
			}
			r.Command = p.command()
			return p.emit(o, "compare", r)
		},
	}
}
