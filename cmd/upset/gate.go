package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/stats/report"
	"upset/stats/result"
)

func gateCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "gate",
		Usage:     "regression test: is fault coverage or residual FIT worse than a baseline?",
		ArgsUsage: "CAMPAIGN",
		Description: `Holds a campaign against a baseline: residual FIT, detection coverage, and the
vulnerability of every block. Exit code 4 says that one of them got worse beyond what
the statistics allow; equality within noise passes. The baseline is the JSON of a
campaign (campaign.json in its folder, or what --format json printed), the JSON of an
assessment, or the folder of a campaign.

Examples:
  upset gate run2 --baseline run1/campaign.json --junit gate.xml
  upset gate run2 --baseline run1 --tolerance 0.1`,
		Flags: commonFlags(append(questionFlags(),
			&cli.StringFlag{Name: "baseline", Usage: "`FILE` or folder of the campaign to hold against (required)"},
			&cli.StringFlag{Name: "junit", Usage: "`FILE` for the result as JUnit XML"},
			&cli.Float64Flag{Name: "tolerance", Usage: "relative worsening that is allowed"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "1 minus the error over all checks"})...),
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
			return p.gate(c, o, q, args[0])
		},
	}
}

// gate performs upset gate.
func (p *program) gate(c *cli.Context, o common, q campaign.Question, dir string) error {
	file := c.String("baseline")
	if file == "" {
		return usage("no baseline: give --baseline FILE")
	}
	_, now, err := loadCampaign(dir, q)
	if err != nil {
		return err
	}
	base, err := loadBaseline(file, q)
	if err != nil {
		return err
	}
	g, err := campaign.Gate(now, base, campaign.GateOptions{Confidence: c.Float64("confidence"), Tolerance: c.Float64("tolerance")})
	if err != nil {
		return bad(err)
	}
	g.Campaign.Name, g.Baseline.Name = filepath.Base(dir), filepath.Base(file)
	g.Command = p.command()
	if xml := c.String("junit"); xml != "" {
		if err := report.WriteFileAtomic(xml, func(w io.Writer) error { return report.WriteJUnit(w, g) }); err != nil {
			return err
		}
	}
	if err := p.emit(o, "gate", g); err != nil {
		return err
	}
	if g.Result == campaign.GateWorse {
		return &coded{codeNotMet, errors.New("worse than the baseline beyond what the statistics allow")}
	}
	return nil
}

// maxBaseline bounds the file of a baseline (our choice).
const maxBaseline = 64 << 20

// loadBaseline reads the result of a campaign from its folder, or from the JSON of a
// campaign or an assessment.
func loadBaseline(name string, q campaign.Question) (*result.Campaign, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, usage("no baseline in %s: give a campaign's folder or JSON file", name)
	}
	if info.IsDir() {
		_, r, err := loadCampaign(name, q)
		return r, err
	}
	if info.Size() > maxBaseline {
		return nil, usage("%s has %d bytes: a baseline has at most %d", name, info.Size(), maxBaseline)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	var either struct {
		result.Campaign
		Inner *result.Campaign `json:"campaign"`
	}
	if err := json.Unmarshal(data, &either); err != nil {
		return nil, usage("%s is no JSON of a campaign: %v", name, err)
	}
	r := &either.Campaign
	if either.Inner != nil {
		r = either.Inner
	}
	if err := checkBaseline(r); err != nil {
		return nil, usage("%s: %v", name, err)
	}
	return r, nil
}

// checkBaseline checks what a file says before anything is computed from it.
func checkBaseline(r *result.Campaign) error {
	if r.NPU == "" || r.ResultDigest == "" {
		return errors.New("not the result of a campaign: use what upset campaign run --format json printed")
	}
	for _, s := range r.Strata {
		o := s.Outcomes
		for _, n := range []int{o.Masked, o.Latent, o.SDCTolerable, o.SDCCritical, o.StrayWrite, o.DUEDetected, o.DUEHang, o.Detected, o.Corrected} {
			if n < 0 || n > s.N {
				return fmt.Errorf("stratum %s/%s has impossible counts", s.Block, s.Class)
			}
		}
		if o.Total() != s.N || !(s.Weight >= 0 && s.Weight <= 1) || !(s.Bits >= 0 && s.Bits < 1e12) {
			return fmt.Errorf("the counts or weights of stratum %s/%s do not add up", s.Block, s.Class)
		}
	}
	return nil
}
