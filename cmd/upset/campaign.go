package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults"
	"upset/faults/campaign"
	"upset/npu"
	"upset/stats/report"
	"upset/stats/result"
)

// Keys of the note in a campaign's log, from which it is resumed and reported.
const (
	noteModel     = "model"
	noteInputs    = "inputs"
	noteInventory = "inventory"
	noteCommand   = "command"
)

// Files beside the log of a campaign.
const (
	campaignJSON = "campaign.json"
	campaignHTML = "report.html"
)

func campaignCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:        "campaign",
		Usage:       "many faults: run, resume, status",
		Subcommands: []*cli.Command{campaignRunCommand(p), campaignResumeCommand(p), campaignStatusCommand(p)},
	}
}

func campaignRunCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "inject many faults and estimate rates",
		ArgsUsage: "MODEL",
		Description: `Draws faults over all bits and cycles, injects them, and estimates how often the
output is wrong, what that means in FIT, and whether the target is met. The
records go to a folder; an interrupted campaign goes on with campaign resume.

Examples:
  upset campaign run testdata/models/fashion-tiny.tflite --injections 2000
  upset campaign run net.tflite --margin 0.002 --confidence 0.99 --out net-run
  upset campaign run net.tflite --only 'mac.acc*' --bits 24-31`,
		Flags: commonFlags(append(append(experimentFlags(specFlags()...), questionFlags()...), inventoryFlag())...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL")
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
			done, err := p.runCampaign(c, o, q, args[0])
			if err != nil {
				return err
			}
			return report.Write(p.stdout, o.format, done.result)
		},
	}
}

// campaignRun is a finished campaign.
type campaignRun struct {
	experiment *experiment
	population campaign.Population
	dir        string
	result     *result.Campaign
}

// runCampaign runs a campaign as the flags say.
func (p *program) runCampaign(c *cli.Context, o common, q campaign.Question, file string) (*campaignRun, error) {
	spec, err := readSpec(c, o.seed)
	if err != nil {
		return nil, err
	}
	inventory, err := readInventory(c)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	x, err := p.openExperiment(c, o, file)
	if err != nil {
		return nil, err
	}
	golden := time.Since(began).Seconds()
	if err := checkLayers(x.engine, spec.Layers); err != nil {
		return nil, err
	}
	spec.Model, spec.RandomInputs, spec.Inventory = x.model, x.inputs.random, c.String("inventory")
	note := map[string]string{noteModel: absolute(file), noteCommand: p.command()}
	if x.inputs.folder != "" {
		note[noteInputs] = absolute(x.inputs.folder)
	}
	if inventory != nil {
		note[noteInventory] = absolute(spec.Inventory)
	}
	spec = spec.For(x.engine)
	pop, err := campaign.NewPlain(x.engine.Table(), spec)
	if err != nil {
		return nil, bad(err)
	}
	if pop, err = scale(pop, x.engine.Table(), inventory); err != nil {
		return nil, err
	}
	spec.Table = pop.Digest()
	dir := o.out
	if dir == "" {
		dir = filepath.Join("upset-out", fmt.Sprintf("%s-%s-%.8s", fileName(x.model), o.config, spec.Digest()))
	}
	run := &campaignRun{experiment: x, population: pop, dir: dir}
	run.result, err = p.injectAll(c.Context, x.engine, spec, dir, campaign.RunOptions{
		Workers: o.workers, Population: pop, Question: q, GoldenSeconds: golden, Note: note,
	})
	return run, err
}

// checkLayers refuses layers that the network does not have.
func checkLayers(e *faults.Engine, layers []int) error {
	last := 0
	for _, op := range e.Golden(0).Ops {
		last = max(last, op.Layer)
	}
	for _, l := range layers {
		if l > last {
			return usage("--layer %d: the network has the layers 0 to %d", l, last)
		}
	}
	return nil
}

// injectAll runs or resumes the campaign in a folder and stores its results there.
func (p *program) injectAll(ctx context.Context, e *faults.Engine, spec campaign.Spec, dir string, o campaign.RunOptions) (*result.Campaign, error) {
	bar := p.progress("injections", 0)
	told := 0
	o.Progress = func(g campaign.Progress) {
		bar.setOf(g.Done, g.Total)
		if g.Estimated && g.Round > told {
			told = g.Round
			p.note("provisional, %d injections: residual %.3g [%.3g, %.3g] FIT, one-sided limits", g.Outcomes.Total(),
				g.FITViolating.Estimate, g.FITViolating.Lower, g.FITViolating.Upper)
		}
	}
	r, err := campaign.Run(ctx, e, spec, dir, o)
	bar.finish()
	if errors.Is(err, campaign.ErrInterrupted) {
		return nil, &coded{codeIncomplete, fmt.Errorf("interrupted: go on with upset campaign resume %s", quote(dir))}
	}
	if err != nil {
		return nil, err
	}
	r.Command = o.Note[noteCommand]
	p.note("the campaign is stored in %s", dir)
	return r, storeCampaign(dir, r)
}

// storeCampaign writes the result of a campaign beside its log.
func storeCampaign(dir string, r *result.Campaign) error {
	for name, format := range map[string]string{campaignJSON: report.FormatJSON, campaignHTML: report.FormatHTML} {
		err := report.WriteFileAtomic(filepath.Join(dir, name), func(w io.Writer) error { return report.Write(w, format, r) })
		if err != nil {
			return err
		}
	}
	return nil
}

// absolute is a path from which a campaign can be resumed anywhere.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func campaignResumeCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "resume",
		Usage:     "go on with an interrupted campaign",
		ArgsUsage: "CAMPAIGN",
		Description: `Goes on where the campaign in the folder stopped. The result is the same as
without the interruption. Model and inputs are read from where they were; give
--model and --inputs if they have moved.

Example:
  upset campaign resume upset-out/fashion-tiny-u55-128-1a2b3c4d`,
		Flags: commonFlags(append([]cli.Flag{
			&cli.StringFlag{Name: "model", Usage: "`FILE` of the model, if it has moved"},
			&cli.StringFlag{Name: "inputs", Usage: "`DIR` of the inputs, if it has moved"},
		}, questionFlags()...)...),
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
			return p.resumeCampaign(c, o, q, args[0])
		},
	}
}

// resumeCampaign performs upset campaign resume.
func (p *program) resumeCampaign(c *cli.Context, o common, q campaign.Question, dir string) error {
	state, err := loadStatus(dir)
	if err != nil {
		return err
	}
	note := state.Note
	for name, flag := range map[string]string{noteModel: "model", noteInputs: "inputs"} {
		if c.IsSet(flag) {
			note[name] = c.String(flag)
		}
	}
	began := time.Now()
	x, pop, err := p.reopen(c.Context, state.Spec, note)
	if err != nil {
		return err
	}
	r, err := p.injectAll(c.Context, x.engine, state.Spec, dir, campaign.RunOptions{
		Workers: o.workers, Population: pop, Question: q, GoldenSeconds: time.Since(began).Seconds(), Note: note,
	})
	if err != nil {
		return err
	}
	return report.Write(p.stdout, o.format, r)
}

// reopen rebuilds the experiment of a stored campaign.
func (p *program) reopen(ctx context.Context, s campaign.Spec, note map[string]string) (*experiment, campaign.Population, error) {
	var o faults.Options
	var err error
	if err := json.Unmarshal([]byte(s.System), &o.System); err != nil || o.System == (npu.System{}) {
		return nil, nil, fmt.Errorf("the campaign names the system %q, which is not known", s.System)
	}
	if o.Criterion, err = faults.ParseCriterion(s.Criterion); err != nil {
		return nil, nil, err
	}
	if o.Model, err = faults.ParseModel(s.Fault); err != nil {
		return nil, nil, err
	}
	o.ECC, o.NoWatchdog, o.AssumeReload = eccNames[s.ECC], s.NoWatchdog, s.AssumeReload
	config, err := parseConfig(s.NPU)
	if err != nil {
		return nil, nil, err
	}
	n, err := openModel(note[noteModel], config)
	if err != nil {
		return nil, nil, err
	}
	inputs := drawInputs(s.Seed, n.InputBytes())
	if !s.RandomInputs {
		if inputs, err = readInputs(note[noteInputs], note[noteModel], s.Seed, n); err != nil {
			return nil, nil, err
		}
	}
	x, err := p.newExperiment(ctx, n, inputs, o, note[noteModel])
	if err != nil {
		return nil, nil, err
	}
	inventory, err := loadInventory(note[noteInventory])
	if err != nil {
		return nil, nil, err
	}
	pop, err := campaign.NewPlain(x.engine.Table(), s)
	if err != nil {
		return nil, nil, err
	}
	pop, err = scale(pop, x.engine.Table(), inventory)
	return x, pop, err
}

// loadStatus reads the state of a campaign; a folder without one is bad input.
func loadStatus(dir string) (campaign.State, error) {
	s, err := campaign.Status(dir)
	if errors.Is(err, os.ErrNotExist) {
		return s, usage("no campaign in %s: give the folder of one", dir)
	}
	return s, err
}
