package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults/campaign"
	"upset/stats/report"
)

// Bounds of --lease in seconds (our choice).
const (
	leastLease = 0.1
	mostLease  = 86_400
)

func campaignWorkCommand(p *program) *cli.Command {
	return &cli.Command{
		Name:      "work",
		Usage:     "run shards of a planned campaign until it is complete",
		ArgsUsage: "CAMPAIGN",
		Description: `Runs shards that nobody is at work on, folds them, goes on with the next round, and
prints the result in the end. Start it as often as there are processors, on every machine
that sees the folder: no scheduler is needed. A process that is killed is noticed, and
its shard taken over, after the time of --lease.

Example:
  upset campaign work /shared/net-run`,
		Flags: commonFlags(append(questionFlags(),
			leaseFlag(), pulseFlag(), runsFlag())...),
		Action: func(c *cli.Context) error {
			args, o, q, err := readAsked(c, "CAMPAIGN")
			if err != nil {
				return err
			}
			return p.workCampaign(c, o, q, args[0])
		},
	}
}

// leaseFlag is --lease.
func leaseFlag() cli.Flag {
	return &cli.Float64Flag{Name: "lease", Value: campaign.DefaultLease.Seconds(), Usage: "`SECONDS` after which a shard is taken over from a process that gives no sign of life"}
}

// workCampaign performs upset campaign work.
func (p *program) workCampaign(c *cli.Context, o common, q campaign.Question, dir string) error {
	j, err := openJob(c, dir)
	if err != nil {
		return err
	}
	p.shareRuns(c)
	x, pop, err := p.reopen(c.Context, j.Spec, j.Note)
	if err != nil {
		return err
	}
	var bar *progress
	ended := func() {
		if bar != nil {
			bar.finish()
		}
	}
	options := campaign.WorkOptions{Lease: time.Duration(c.Float64("lease") * float64(time.Second))}
	options.RunOptions = campaign.RunOptions{Workers: o.workers, Population: pop, Question: q, Progress: func(g campaign.Progress) { bar.setOf(g.Done, g.Total) }}
	options.Began = func(s campaign.Shard) {
		ended()
		p.note("%s", s)
		bar = p.progress("injections of the shard", 0)
	}
	r, err := campaign.Work(c.Context, x.engine, dir, options)
	ended()
	switch {
	case errors.Is(err, campaign.ErrInterrupted):
		return &coded{codeIncomplete, fmt.Errorf("interrupted: go on with upset campaign work %s", quote(dir))}
	case errors.Is(err, campaign.ErrForeign), errors.Is(err, campaign.ErrShardDamaged), errors.Is(err, campaign.ErrShardTwice):
		return bad(err)
	case err != nil:
		return folderError(dir, err)
	}
	r.Command, r.Accuracy = j.Note[noteCommand], notedAccuracy(j.Note)
	p.note("the campaign is stored in %s", dir)
	if err := storeCampaign(dir, r, q); err != nil {
		return err
	}
	return report.Write(p.stdout, o.format, r)
}
