package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"upset/faults/array"
	"upset/faults/campaign"
	"upset/faults/runcache"
)

func campaignShardCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "shard",
		Usage:     "run one shard of a planned campaign",
		ArgsUsage: "CAMPAIGN",
		Description: `Runs a shard of the round whose turn it is: --shard k/n, or the one that a task of a
job array is to run, by the index that its scheduler sets (SLURM_ARRAY_TASK_ID,
LSB_JOBINDEX, SGE_TASK_ID, PBS_ARRAY_INDEX, PBS_ARRAYID, JOB_COMPLETION_INDEX,
AWS_BATCH_JOB_ARRAY_INDEX, BATCH_TASK_INDEX, PJM_BULKNUM). A shard that was killed goes
on where it was; one that is done ends at once. Exit code 3: interrupted, run it again.

Examples:
  upset campaign shard net-run --shard 3/64
  sbatch --array=0-63 --wrap 'upset campaign shard net-run'`,
		Flags: commonFlags(
			&cli.StringFlag{Name: "shard", Usage: "shard `K/N`, from 1/N to N/N"},
			&cli.IntFlag{Name: "first", Usage: "the scheduler's index of the first shard, 0 or 1, if it is not the usual one"},
			roundFlag(), runsFlag(),
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			o, err := readCommon(c)
			if err != nil {
				return err
			}
			j, err := openJob(c, args[0])
			if err != nil {
				return err
			}
			number, from, err := whichShard(c, j)
			if err != nil {
				return err
			}
			p.shareRuns(c)
			p.note("shard %d/%d of round %d (%s)", number, j.Shards, j.Round, from)
			return p.runShard(c.Context, o, j, number)
		},
	}
}

// runsFlag is --runs of the commands for shards.
func runsFlag() cli.Flag {
	return &cli.StringFlag{Name: "runs", Usage: "`DIR` on this machine in which processes share fault-free runs, or off; without it a folder below that for temporary files"}
}

// shareRuns reads --runs.
func (p *program) shareRuns(c *cli.Context) {
	switch dir := c.String("runs"); dir {
	case "":
		p.runs = runcache.Folder()
	case "off":
	default:
		p.runs = dir
	}
}

// roundFlag is --round of the commands for shards.
func roundFlag() cli.Flag {
	return &cli.IntFlag{Name: "round", Usage: "`ROUND` of the plan, from 1; without it the last one that is planned"}
}

// openJob reads the plan that --round names.
func openJob(c *cli.Context, dir string) (*campaign.Job, error) {
	round := c.Int("round")
	if round < 0 || c.IsSet("round") && round == 0 {
		return nil, usage("--round %d: rounds count from 1", round)
	}
	j, err := campaign.OpenJob(dir, round)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usage("no plan of shards in %s: make one with upset campaign plan", dir)
	}
	if err != nil {
		return nil, folderError(dir, err)
	}
	locate(dir, j.Note)
	return j, nil
}

// whichShard is the number of the shard that is to run, and where it comes from.
func whichShard(c *cli.Context, j *campaign.Job) (number int, from string, err error) {
	if text := c.String("shard"); text != "" {
		number, of, err := campaign.ParseShard(text)
		if err != nil {
			return 0, "", usage("--%w", err)
		}
		if of != j.Shards {
			return 0, "", usage("--shard %s: round %d has %d shards", text, j.Round, j.Shards)
		}
		return number, "--shard", nil
	}
	first := -1
	if c.IsSet("first") {
		if first = c.Int("first"); first != 0 && first != 1 {
			return 0, "", usage("--first %d: arrays count from 0 or from 1", first)
		}
	}
	task, ok, err := array.Find(os.Getenv, j.Shards, first)
	if err != nil {
		return 0, "", bad(err)
	}
	if !ok {
		return 0, "", usage("which shard? give --shard k/%d; no scheduler has set an index", j.Shards)
	}
	return task.Number, task.String(), nil
}

// runShard runs a shard.
func (p *program) runShard(ctx context.Context, o common, j *campaign.Job, number int) error {
	if done, err := j.Done(number); err != nil {
		return bad(err)
	} else if done {
		p.note("the shard is done: %s", j.Path(number))
		return nil
	}
	x, pop, err := p.reopen(ctx, j.Spec, j.Note)
	if err != nil {
		return err
	}
	bar := p.progress("injections of the shard", 0)
	err = campaign.RunShard(ctx, x.engine, j, number, campaign.RunOptions{
		Workers: o.workers, Population: pop, Progress: func(g campaign.Progress) { bar.setOf(g.Done, g.Total) },
	})
	bar.finish()
	switch {
	case errors.Is(err, campaign.ErrInterrupted):
		return &coded{codeIncomplete, fmt.Errorf("interrupted: run the shard again, which goes on where it was")}
	case errors.Is(err, campaign.ErrForeign):
		return bad(err)
	case err != nil:
		return folderError(j.Dir, err)
	}
	p.note("the shard is done: %s", j.Path(number))
	return nil
}
