package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/faults/export"
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
  upset report run1 --failure-modes safety.xlsx   # filled in after upset export run1
  upset report run2 --doubly-robust   # run2 with --sampling uniform
  upset report audit.zip              # or records.zip/NAME, where an archive holds several`,
		Flags: commonFlags(append(questionFlags(),
			&cli.BoolFlag{Name: "doubly-robust", Usage: "sharpen the AVF of a uniform sample by a proxy of register and moment, cross-fitted; kept only where it helps"},
			&cli.StringFlag{Name: "failure-modes", Usage: "`FILE.xlsx` of upset export, filled in: add up rates by your own failure modes at the boundary of the IP"},
			pulseFlag())...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "CAMPAIGN")
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
			if file := c.String("failure-modes"); file != "" {
				labels, err := export.ReadModes(file)
				if err != nil {
					return bad(err)
				}
				if r.ModeGroups, err = campaign.GroupModes(r, labels); err != nil {
					return bad(fmt.Errorf("%s: %w", file, err))
				}
			}
			return p.emit(o, "campaign", r)
		},
	}
}

// loadCampaign makes the result of a stored campaign. Times are those stored
// with it.
func loadCampaign(path string, q campaign.Question) (*campaign.Stored, *result.Campaign, error) {
	dir, remove, err := campaignFolder(path)
	if err != nil {
		return nil, nil, err
	}
	defer remove()
	s, err := loadRecords(dir)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.Campaign(q)
	if err != nil {
		return nil, nil, folderError(path, err)
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
