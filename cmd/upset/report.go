package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/stats"
	"upset/stats/report"
	"upset/stats/result"
)

func reportCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "the result of a stored campaign: text, JSON, CSV or HTML",
		ArgsUsage: "CAMPAIGN",
		Description: `Makes the result from the stored records, without injecting anything. Target,
rates and budget may be others than at the time of the campaign.

Examples:
  upset report upset-out/fashion-tiny-u55-128-1a2b3c4d
  upset report run1 --format html > run1.html
  upset report run1 --scenario li --budget 10
  upset report run2 --doubly-robust   # run2 with --sampling uniform`,
		Flags: commonFlags(append(questionFlags(),
			&cli.BoolFlag{Name: "doubly-robust", Usage: "sharpen the AVF of a uniform sample by a proxy of register and moment, cross-fitted; kept only where it helps"},
			pulseFlag())...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			o, err := readCommon(c, report.FormatHTML)
			if err != nil {
				return err
			}
			q, err := readQuestion(c)
			if err != nil {
				return err
			}
			q.DoublyRobust = c.Bool("doubly-robust")
			_, r, err := loadCampaign(args[0], q)
			if errors.Is(err, campaign.ErrNotUniform) {
				return bad(err)
			}
			if err != nil {
				return err
			}
			return p.emit(o, "campaign", r)
		},
	}
}

// loadCampaign makes the result of a stored campaign. Times are those stored
// with it.
func loadCampaign(dir string, q campaign.Question) (*campaign.Stored, *result.Campaign, error) {
	s, err := loadRecords(dir)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.Campaign(q)
	if err != nil {
		return nil, nil, folderError(dir, err)
	}
	r.Command, r.Accuracy = s.Note[noteCommand], notedAccuracy(s.Note)
	var old result.Campaign
	if data, err := os.ReadFile(filepath.Join(dir, campaignJSON)); err == nil && json.Unmarshal(data, &old) == nil && old.ResultDigest == r.ResultDigest {
		r.Seconds, r.Rate = old.Seconds, old.Rate
	}
	return s, r, nil
}

// loadRecords reads a stored campaign; a folder without one is bad input.
func loadRecords(dir string) (*campaign.Stored, error) {
	s, err := campaign.Load(dir)
	if err != nil {
		return nil, folderError(dir, err)
	}
	locate(dir, s.Note)
	return s, nil
}

func compareCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "campaigns side by side, with tests of their differences",
		ArgsUsage: "A B [C...]",
		Description: `Compares every campaign with the first. Campaigns of one seed share their faults
and are compared in pairs. "~" stands where no difference is shown.

Example:
  upset compare run-secded run-parity`,
		Flags: commonFlags(append(questionFlags(),
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "1 minus the error over all blocks of a pair"})...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "A", "B", "...")
			if err != nil {
				return err
			}
			o, err := readCommon(c, report.FormatHTML)
			if err != nil {
				return err
			}
			q, err := readQuestion(c)
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
