package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/models/network"
	"upset/stats/report"
	"upset/stats/result"
)

// Keys of the note in a campaign's log, from which it is resumed and reported.
const (
	noteModel     = "model"
	noteInputs    = "inputs"
	noteLenient   = "lenient"
	noteDelegate  = "delegate"
	noteScale     = "image_scale"
	noteResize    = "resize"
	noteRate      = "sample_rate"
	noteAccuracy  = "accuracy" // labelled inputs that are right, and all of them
	noteInventory = "inventory"
	noteHeld      = "held" // every second input is kept back for the proof
	noteCommand   = "command"
	// Digests of the model's file and of each input, by which a change is found.
	noteModelSHA  = "model_sha256"
	noteInputSHAs = "input_sha256"
)

// Files beside the log of a campaign.
const (
	campaignJSON = "campaign.json"
	campaignHTML = "report.html"
	// questionJSON holds what the stored verdict answers, so that it can be computed anew.
	questionJSON = "question.json"
)

func campaignCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:  "campaign",
		Usage: "many faults: run, resume, status, verify, pack; in shards: plan, shard, merge, work, submit",
		Subcommands: []*cli.Command{
			campaignRunCommand(p), campaignResumeCommand(p), campaignStatusCommand(p),
			campaignPlanCommand(p), campaignShardCommand(p), campaignMergeCommand(p), campaignWorkCommand(p), campaignSubmitCommand(p),
			campaignVerifyCommand(p), campaignPackCommand(p),
		},
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
		Flags: commonFlags(append(append(experimentFlags(specFlags()...), questionFlags()...), inventoryFlag(), pulseFlag())...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "MODEL")
			if err != nil {
				return err
			}
			done, err := p.runCampaign(c, o, q, args[0], false)
			if err != nil {
				return err
			}
			defer done.lock.Release()
			return report.Write(p.stdout, o.format, done.result)
		},
	}
}

// campaignRun is a finished campaign. Its folder is held until the lock is released.
type campaignRun struct {
	experiment *experiment
	population campaign.Population
	dir        string
	result     *result.Campaign
	lock       *campaign.Lock
}

// runCampaign runs a campaign as the flags say. With hold it keeps inputs back for a
// proof.
func (p *program) runCampaign(c *cli.Context, o common, q campaign.Question, file string, hold bool) (*campaignRun, error) {
	ready, err := p.prepareCampaign(c, o, file, hold)
	if err != nil {
		return nil, err
	}
	run, err := p.perform(c.Context, ready, campaign.RunOptions{Workers: o.workers, Question: q})
	if err != nil {
		ready.lock.Release()
		return nil, err
	}
	return run, nil
}

// prepareCampaign prepares a campaign as the flags say.
func (p *program) prepareCampaign(c *cli.Context, o common, file string, hold bool) (*prepared, error) {
	spec, err := readSpec(c, o.seed)
	if err != nil {
		return nil, err
	}
	s, err := p.openSetup(c, o, file)
	if err != nil {
		return nil, err
	}
	if hold {
		s.inputs = s.inputs.split()
	}
	if err := checkLayers(s.program, spec.Layers); err != nil {
		return nil, err
	}
	spec.Model, spec.RandomInputs = modelName(file), s.inputs.random
	return p.prepare(s, spec, c.String("inventory"), func(spec campaign.Spec) string {
		if o.out != "" {
			return o.out
		}
		return filepath.Join("upset-out", fmt.Sprintf("%s-%s-%.8s", fileName(spec.Model), s.program.Config, spec.Digest()))
	})
}

// prepared is a campaign whose folder is held and whose machine has not run yet.
type prepared struct {
	setup      *setup
	spec       campaign.Spec
	population campaign.Population
	dir        string
	note       map[string]string
	lock       *campaign.Lock
}

// prepare completes a spec, and finds and locks the folder of the campaign: whatever can
// be refused is refused before the fault-free runs, which may take minutes.
func (p *program) prepare(s *setup, spec campaign.Spec, inventory string, folder func(campaign.Spec) string) (*prepared, error) {
	override, err := loadInventory(inventory)
	if err != nil {
		return nil, err
	}
	spec.Inventory = campaign.PlainText(inventory)
	note, err := s.note(p.command())
	if err != nil {
		return nil, err
	}
	if override != nil {
		note[noteInventory] = absolute(inventory)
	}
	spec = spec.Of(s.program, s.inputs.data, s.options)
	if err := spec.Check(); err != nil {
		return nil, bad(err)
	}
	table := s.table()
	pop, err := campaign.NewPlain(table, spec)
	if err != nil {
		return nil, bad(err)
	}
	if pop, err = scale(pop, table, override); err != nil {
		return nil, err
	}
	spec.Table = pop.Digest()
	dir := folder(spec)
	lock, err := campaign.TakeLock(dir)
	if err != nil {
		return nil, err
	}
	if err := lock.Fits(spec); err != nil {
		lock.Release()
		return nil, folderError(dir, err)
	}
	return &prepared{s, spec, pop, dir, note, lock}, nil
}

// perform makes the fault-free runs and the injections of a campaign. The folder stays
// held.
func (p *program) perform(ctx context.Context, k *prepared, o campaign.RunOptions) (*campaignRun, error) {
	began := time.Now()
	x, err := p.start(ctx, k.setup)
	if err != nil {
		return nil, err
	}
	golden := time.Since(began)
	if err := p.plan(x.engine, golden, o.Workers); err != nil {
		return nil, err
	}
	o.Population, o.GoldenSeconds, o.Note, o.Lock = k.population, golden.Seconds(), k.note, k.lock
	x.noteAccuracy(k.note)
	r, err := p.injectAll(ctx, x.engine, k.spec, k.dir, o)
	if err != nil {
		return nil, err
	}
	return &campaignRun{x, k.population, k.dir, r, k.lock}, nil
}

// checkLayers refuses layers that the network does not have.
func checkLayers(p *network.Program, layers []int) error {
	last := 0
	for _, op := range p.Operations {
		if op.Kind != "dma" {
			last = max(last, op.Layer)
		}
	}
	for _, l := range layers {
		if l > last {
			return usage("--layer %d: the network has the layers 0 to %d", l, last)
		}
	}
	return nil
}

// injectAll runs or resumes the campaign in a folder and stores its results there.
func (p *program) injectAll(ctx context.Context, e *engine.Engine, spec campaign.Spec, dir string, o campaign.RunOptions) (*result.Campaign, error) {
	p.noteRecords(spec.Injections)
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
		return nil, folderError(dir, err)
	}
	r.Command, r.Accuracy = o.Note[noteCommand], notedAccuracy(o.Note)
	p.note("the campaign is stored in %s", dir)
	return r, storeCampaign(dir, r, o.Question)
}

// storeCampaign writes the result of a campaign and its question beside the log.
func storeCampaign(dir string, r *result.Campaign, q campaign.Question) error {
	err := report.WriteFileAtomic(filepath.Join(dir, questionJSON), func(w io.Writer) error { return report.EncodeJSON(w, q) })
	if err != nil {
		return err
	}
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
			pulseFlag(),
		}, questionFlags()...)...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "CAMPAIGN")
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
	lock, err := campaign.TakeLock(dir)
	if err != nil {
		return err
	}
	defer lock.Release()
	if was, now := state.Builds[len(state.Builds)-1], campaign.ThisBuild(); was != now && !state.Complete {
		p.note("warning: the campaign comes from build %s, this is build %s: some of its records are compared before it goes on", was, now)
	}
	if state.Damage != nil {
		p.note("the log is damaged: %s", state.Damage)
	}
	began := time.Now()
	x, pop, err := p.reopen(c.Context, state.Spec, note)
	if err != nil {
		return err
	}
	r, err := p.injectAll(c.Context, x.engine, state.Spec, dir, campaign.RunOptions{
		Workers: o.workers, Population: pop, Question: q, GoldenSeconds: time.Since(began).Seconds(), Note: note, Lock: lock,
	})
	if err != nil {
		return err
	}
	return report.Write(p.stdout, o.format, r)
}

// loadStatus reads the state of a campaign; a folder without one is bad input.
func loadStatus(dir string) (campaign.State, error) {
	s, err := campaign.Status(dir)
	locate(dir, s.Note)
	return s, folderError(dir, err)
}

// folderError marks what is wrong with the folder of a campaign as bad input, with the
// remedy.
func folderError(dir string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return usage("no campaign in %s: give the folder of one", dir)
	case errors.Is(err, campaign.ErrDamaged):
		return usage("%w: upset campaign resume %s", err, quote(dir))
	case errors.Is(err, campaign.ErrCorrupt), errors.Is(err, campaign.ErrVersion):
		return bad(err)
	}
	return err
}
