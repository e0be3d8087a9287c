package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/models/inputs"
	"upset/stats/report"
)

// shardPlan is the result of upset campaign plan.
type shardPlan struct {
	Campaign   string `json:"campaign"`
	NPU        string `json:"npu"`
	Model      string `json:"model"`
	SpecDigest string `json:"spec_digest"`
	// Round is that whose turn it is, of at most MaxRounds. It has Injections in Shards.
	Round      int `json:"round"`
	MaxRounds  int `json:"max_rounds"`
	Injections int `json:"injections"`
	Shards     int `json:"shards"`
	// Rate is the injections per second of one process, where they were measured for the
	// choice of the shards.
	Rate float64 `json:"rate,omitempty"`
}

// shardFlags are those of the commands that plan.
func shardFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "shards", Usage: "`N` shards in each round, at most 1,000; without it a short calibration chooses as many as take a minute"},
	}
}

func campaignPlanCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "prepare a campaign for many processes or machines",
		ArgsUsage: "MODEL",
		Description: `Writes a campaign that has not run yet into a folder, with the model and its inputs,
and cuts its first round into shards. Any machine that sees the folder, or has a copy,
can run them: upset campaign shard. Then upset campaign merge folds them and plans the
next round. The result is that of upset campaign run with the same flags.

Example:
  upset campaign plan net.tflite --injections 100000 --shards 64 --out net-run
  upset campaign shard net-run --shard 1/64
  upset campaign merge net-run`,
		Flags: commonFlags(append(experimentFlags(specFlags()...), append(shardFlags(), inventoryFlag(), runsFlag())...)...),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "MODEL")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			p.shareRuns(c)
			j, rate, err := p.planCampaign(c, o, args[0])
			if err != nil {
				return err
			}
			r, err := planned(j, rate)
			if err != nil {
				return err
			}
			return p.emitPlan(o, r)
		},
	}
}

// planned is the result of a plan.
func planned(j *campaign.Job, rate float64) (shardPlan, error) {
	s, err := loadStatus(j.Dir)
	return shardPlan{
		Campaign: j.Dir, NPU: j.Spec.NPU, Model: j.Spec.Model, SpecDigest: j.Spec.Digest(), Round: j.Round, MaxRounds: s.MaxRounds,
		Injections: j.Size, Shards: j.Shards, Rate: rate,
	}, err
}

// emitPlan prints a plan.
func (p *program) emitPlan(o common, r shardPlan) error {
	switch o.format {
	case report.FormatJSON:
		return report.EncodeJSON(p.stdout, r)
	case report.FormatCSV:
		return csv.NewWriter(p.stdout).WriteAll([][]string{
			{"campaign", "npu", "model", "spec_digest", "round", "max_rounds", "injections", "shards", "rate"},
			{report.Cell(r.Campaign), report.Cell(r.NPU), report.Cell(r.Model), r.SpecDigest, strconv.Itoa(r.Round), strconv.Itoa(r.MaxRounds), strconv.Itoa(r.Injections), strconv.Itoa(r.Shards), strconv.FormatFloat(r.Rate, 'g', 4, 64)},
		})
	}
	fmt.Fprintf(p.stdout, "%s on %s, spec %s\nround %d of at most %d: %d injections in %d shards\n\nNEXT\n  upset campaign shard %s --shard k/%d   (k from 1 to %d, on any machine)\n  upset campaign merge %s\n",
		report.Plain(r.Model), r.NPU, r.SpecDigest, r.Round, r.MaxRounds, r.Injections, r.Shards, quote(r.Campaign), r.Shards, r.Shards, quote(r.Campaign))
	return nil
}

// planCampaign plans a campaign as the flags say. The rate is that of a process, where it
// was measured.
func (p *program) planCampaign(c *cli.Context, o common, file string) (*campaign.Job, float64, error) {
	if n := c.Int("shards"); c.IsSet("shards") && (n < 1 || n > campaign.MaxShards) {
		return nil, 0, usage("--shards %d is not between 1 and %d", n, campaign.MaxShards)
	}
	ready, err := p.prepareCampaign(c, o, file, false)
	if err != nil {
		return nil, 0, err
	}
	defer ready.lock.Release()
	return p.planPrepared(c.Context, ready, campaign.Cut{Shards: c.Int("shards")}, o.workers)
}

// planPrepared plans a campaign. A short calibration with so many workers measures the
// pace of a process, from which a cut without a number of shards follows, unless the
// campaign is there already.
func (p *program) planPrepared(ctx context.Context, k *prepared, cut campaign.Cut, workers int) (*campaign.Job, float64, error) {
	began := time.Now()
	x, err := p.start(ctx, k.setup)
	if err != nil {
		return nil, 0, err
	}
	k.note[noteGolden] = strconv.FormatFloat(time.Since(began).Seconds(), 'g', 4, 64)
	x.noteAccuracy(k.note)
	var rate float64
	if old, err := campaign.Status(k.dir); err == nil && old.Cut != nil {
		if cut.Shards == 0 {
			cut = *old.Cut
		}
	} else if rate, err = campaign.Pace(ctx, x.engine, k.spec, campaign.RunOptions{Workers: workers, Population: k.population}, paceTime); err != nil {
		return nil, 0, err
	} else {
		k.note[notePace] = strconv.FormatFloat(rate, 'g', 4, 64)
		if cut.Shards == 0 {
			cut.Length = int(math.Ceil(rate * shardTime.Seconds()))
			p.note("calibration: %.0f injections a second on %d workers; shards have %d and more, which take a minute", rate, workers, cut.Length)
		}
	}
	if err := carry(k.dir, k.note); err != nil {
		return nil, 0, err
	}
	j, err := campaign.Plan(ctx, x.engine, k.spec, k.dir, cut, campaign.RunOptions{Population: k.population, Note: k.note, Lock: k.lock})
	if errors.Is(err, campaign.ErrSpecMismatch) {
		return nil, 0, bad(err)
	}
	return j, rate, folderError(k.dir, err)
}

// The calibration of shards: it injects for two seconds, and a shard is to take a minute
// at least, so that a scheduler, which needs some 0.2 s for a task, takes less than a
// hundredth of the time (measured with Slurm 22.05 on two cores: 23.1 s for 100 tasks).
const (
	paceTime  = 2 * time.Second
	shardTime = time.Minute
)

// networkFolder holds what a planned campaign needs, within its folder.
const networkFolder = "network"

// carry copies model, inputs and inventory into the folder of a campaign, so that the
// folder is all that another machine needs, and names them in the note relative to it.
func carry(dir string, note map[string]string) error {
	into := func(key, name string) error {
		if note[key] == "" {
			return nil
		}
		if err := duplicate(note[key], filepath.Join(dir, name)); err != nil {
			return err
		}
		note[key] = filepath.ToSlash(name)
		return nil
	}
	if err := into(noteModel, filepath.Join(networkFolder, filepath.Base(note[noteModel]))); err != nil {
		return err
	}
	if err := into(noteInventory, filepath.Join(networkFolder, "inventory.yaml")); err != nil {
		return err
	}
	if note[noteInputs] == "" {
		return nil
	}
	entries, err := os.ReadDir(note[noteInputs])
	if err != nil {
		return fmt.Errorf("inputs: %w", err)
	}
	name := filepath.Join(networkFolder, "inputs")
	for _, e := range entries {
		kind := strings.ToLower(filepath.Ext(e.Name()))
		if e.IsDir() || !slices.Contains(inputs.Kinds, kind) && e.Name() != "labels.csv" && e.Name() != "labels.txt" {
			continue
		}
		if err := duplicate(filepath.Join(note[noteInputs], e.Name()), filepath.Join(dir, name, e.Name())); err != nil {
			return err
		}
	}
	note[noteInputs] = filepath.ToSlash(name)
	return nil
}

// duplicate copies a file, unless its copy is there.
func duplicate(from, to string) error {
	a, err := os.Stat(from)
	if err != nil {
		return err
	}
	if b, err := os.Stat(to); err == nil && os.SameFile(a, b) {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := makeFolder(filepath.Dir(to)); err != nil {
		return err
	}
	return report.WriteFileAtomic(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// locate makes the paths of a note that are relative to the campaign's folder real ones.
func locate(dir string, note map[string]string) {
	for _, key := range []string{noteModel, noteInputs, noteInventory} {
		if v := note[key]; v != "" && !filepath.IsAbs(v) {
			note[key] = filepath.Join(dir, filepath.FromSlash(v))
		}
	}
}
