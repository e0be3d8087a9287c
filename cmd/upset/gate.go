package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/npu"
	"upset/stats/report"
	"upset/stats/result"
)

func gateCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "gate",
		Usage:     "regression test: is fault coverage or residual FIT worse than a baseline?",
		ArgsUsage: "CAMPAIGN",
		Description: `Holds a campaign against a baseline, and passes it only where the worsening is shown
to be smaller than a margin (non-inferiority): residual FIT and SPFM decide; critical
FIT, coverage and the vulnerability of every block are tested for a worsening. Exit
code 4 says worse, or not shown: too few injections, and how many it takes (fewer with
campaign run --sampling adaptive). Beside every check stands the smallest worsening
that it could have seen.

With --design the machine with that protection must also still meet the target, by
calculation on the campaign: missed is worse, and what is not shown is not shown.

The default margin is half of the baseline, or 1 % of the budget where that is more.
The network's weights may differ; another network, NPU, set of inputs, version, fault
model, rates or blocks is an error unless declared with --allow.

The baseline is the JSON of a campaign (campaign.json in its folder, or what --format
json printed), the JSON of an assessment, or the folder of a campaign. An unfinished
campaign is exit code 3, a damaged one 2.

Examples:
  upset gate run2 --baseline run1/campaign.json --junit gate.xml
  upset gate run2 --baseline run1 --margin 0.2
  upset gate run2 --baseline run1 --allow inputs
  upset gate run2 --baseline run1 --design run1/protect.json`,
		Flags: commonFlags(append(questionFlags(),
			&cli.StringFlag{Name: "baseline", Usage: "`FILE` or folder of the campaign to hold against (required)"},
			&cli.StringFlag{Name: "junit", Usage: "`FILE` for the result as JUnit XML"},
			&cli.Float64Flag{Name: "margin", Value: gateDefaults.Margin, Usage: "worsening that must be shown not to be reached, as a fraction of the baseline"},
			&cli.Float64Flag{Name: "margin-fit", Usage: "the same in `FIT`; the larger of the two holds (default: 1 % of --budget)"},
			&cli.Float64Flag{Name: "tolerance", Usage: "relative worsening that never counts as worse, up to the margin"},
			&cli.Float64Flag{Name: "confidence", Value: gateDefaults.Confidence, Usage: "1 minus the error of passing a worsening of the margin"},
			&cli.Float64Flag{Name: "false-alarm", Value: gateDefaults.FalseAlarm, Usage: "error, over all checks, of calling equal campaigns worse"},
			&cli.StringFlag{Name: "decides", Value: strings.Join(gateDefaults.Decides, ","), Usage: "`METRICS` that must be within the margin: " + strings.Join(campaign.GateMetrics(), ", ")},
			&cli.StringFlag{Name: "allow", Usage: "`DIFFERENCES` that are meant: " + strings.Join(campaign.GateDifferences(), ", ")},
			designFlag(), cellsFlag(), hardenedRatioFlag())...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			return p.gate(c, o, q, args[0])
		},
	}
}

// gateDesign judges a given protection on the campaign and lets it decide.
func (p *program) gateDesign(c *cli.Context, o common, q campaign.Question, dir string, design []mechanism.Choice, g *result.Gate) error {
	inputs, err := readInputsOf(c)
	if err != nil {
		return err
	}
	s, err := loadRecords(dir)
	if err != nil {
		return err
	}
	if f := s.Spec.Fault; f != "" {
		return usage("the campaign is of %s faults: a design is judged against single upsets", f)
	}
	x, _, err := p.reopen(c.Context, s.Spec, s.Note)
	if err != nil {
		return err
	}
	inventory, err := loadInventory(s.Note[noteInventory])
	if err != nil {
		return err
	}
	tries := p.progress("records beside mechanisms", 0)
	defer tries.finish()
	g.Design, err = protect.Check(c.Context, x.engine, s, protect.Options{
		Question: q.Question, BudgetDUE: q.BudgetDUE, Deadline: q.Deadline, Inputs: inputs, Areas: inventory.Apply(x.engine.Table().Areas(nil), nil), AreasWith: areasWith(x.engine, inventory),
		Workers: o.workers, Trying: tries.setOf,
		Rebuild: func(ecc npu.ECC) (*engine.Engine, error) { return x.withECC(c.Context, ecc) },
	}, design)
	if err != nil {
		return bad(err)
	}
	g.Design.Name = filepath.Base(c.String("design"))
	switch {
	case g.Design.Result == campaign.GateWorse:
		g.Result = campaign.GateWorse
	case g.Design.Result != campaign.GatePass && g.Result == campaign.GatePass:
		g.Result = campaign.GateNotShown
	}
	return nil
}

// gateDefaults are the settings that do not depend on the budget.
var gateDefaults = campaign.DefaultGateOptions(0)

// gate performs upset gate.
func (p *program) gate(c *cli.Context, o common, q campaign.Question, dir string) error {
	began := time.Now()
	file := c.String("baseline")
	if file == "" {
		return usage("no baseline: give --baseline FILE")
	}
	options := campaign.DefaultGateOptions(q.BudgetFIT)
	options.Margin, options.Tolerance = c.Float64("margin"), c.Float64("tolerance")
	if c.IsSet("margin-fit") {
		options.MarginFIT = c.Float64("margin-fit")
	}
	options.Confidence, options.FalseAlarm = c.Float64("confidence"), c.Float64("false-alarm")
	options.Decides, options.Allow = names(c.String("decides")), names(c.String("allow"))
	now, err := gateFolder(dir, q)
	if err != nil {
		return err
	}
	base, err := loadBaseline(file, q)
	if err != nil {
		return err
	}
	design, err := readDesign(c)
	if err != nil {
		return err
	}
	g, err := campaign.Gate(now, base, options)
	if errors.Is(err, campaign.ErrInterrupted) {
		return &coded{codeIncomplete, err}
	}
	if err != nil {
		return bad(err)
	}
	g.Campaign.Name, g.Baseline.Name = filepath.Base(dir), filepath.Base(file)
	g.Command = p.command()
	if design != nil {
		if err := p.gateDesign(c, o, q, dir, design, g); err != nil {
			return err
		}
	}
	if xml := c.String("junit"); xml != "" {
		host, err := os.Hostname()
		if err != nil {
			host = "localhost"
		}
		run := report.JUnitRun{Began: began, Took: time.Since(began), Host: host}
		if err := report.WriteFileAtomic(xml, func(w io.Writer) error { return report.WriteJUnit(w, g, run) }); err != nil {
			return err
		}
	}
	if err := p.emit(o, "gate", g); err != nil {
		return err
	}
	return gateVerdict(g)
}

// gateVerdict is an error where the campaign does not pass.
func gateVerdict(g *result.Gate) error {
	var worse []string
	for _, k := range g.Checks {
		if k.Result == campaign.GateWorse {
			worse = append(worse, k.Metric+" of "+k.Block)
		}
	}
	if d := g.Design; d != nil && d.Result == campaign.GateWorse {
		worse = append(worse, "the design no longer meets "+d.Target)
	}
	switch {
	case g.Result == campaign.GatePass:
		return nil
	case g.Result == campaign.GateNotShown && g.Design != nil && g.Design.Result == campaign.GateNotShown:
		return &coded{codeNotMet, fmt.Errorf("not shown that the machine with the design meets %s: take a larger campaign", g.Design.Target)}
	case g.Result == campaign.GateWorse:
		return &coded{codeNotMet, fmt.Errorf("worse than the baseline: %s", strings.Join(worse, ", "))}
	case g.InjectionsNeeded == 0:
		return &coded{codeNotMet, errors.New("not shown to be within the margin, and no number of injections would do: the baseline says too little; give a larger --margin or --margin-fit")}
	case g.InjectionsNeeded <= min(g.Campaign.Injections, g.Baseline.Injections):
		return &coded{codeNotMet, errors.New("not shown to be within the margin, although both campaigns are large enough for equal ones to pass: take the worsening for real, or repeat both with more injections")}
	}
	return &coded{codeNotMet, fmt.Errorf("not shown to be within the margin: about %d injections in each campaign let equal ones pass 99 times of 100", g.InjectionsNeeded)}
}

// names splits a list of names at commas.
func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// gateFolder makes the result of a stored campaign; one that cannot be read is bad
// input, whatever the reason.
func gateFolder(dir string, q campaign.Question) (*result.Campaign, error) {
	s, r, err := loadCampaign(dir, q)
	switch {
	case errors.Is(err, campaign.ErrCorrupt):
		return nil, usage("%v: restore the folder, or run the campaign again", err)
	case err != nil:
		return nil, bad(err)
	case s.Complete && s.Torn:
		return nil, usage("%s: %v: something stands behind its end; restore the folder, or run the campaign again", dir, campaign.ErrCorrupt)
	}
	return r, nil
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
		return gateFolder(name, q)
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
	if err := campaign.CheckResult(r); err != nil {
		return nil, usage("%s: %v", name, err)
	}
	return r, nil
}
