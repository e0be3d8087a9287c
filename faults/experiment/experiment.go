// Package experiment runs a campaign that a Go program defines by three functions: the
// network with its inputs, what is observed of an output, and which observations are
// critical. The campaign runs in one process or in shards, with the same digest.
package experiment

import (
	"context"
	"fmt"
	"path/filepath"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/criterion"
	"upset/faults/engine"
	"upset/faults/runcache"
	"upset/models/network"
	"upset/stats/result"
)

// Experiment is a campaign. T is what is observed of an output.
type Experiment[T any] struct {
	// Rule names what Observe and Critical do. It is part of the digest and changes with
	// them.
	Rule string
	// Network gives the program and its inputs, each the bytes of all input tensors.
	Network func() (*network.Program, [][]byte, error)
	// Observe reads an output: the bytes of all output tensors, one behind the other. It is
	// called from several goroutines, as is Critical; both depend on nothing but their
	// arguments.
	Observe func(output []byte) T
	// Critical decides whether an inference that shows got in place of want is critical.
	// Without it every wrong output is.
	Critical func(want, got T) bool

	Spec     campaign.Spec     // size, sampling, seed; the rest is filled in
	Options  faults.Options    // memory system, ECC, fault model; the criterion is filled in
	Question campaign.Question // of the verdict
	Workers  int               // injections at once; 0 means one
	Progress func(campaign.Progress)
	// Runs is a folder of this machine in which processes share fault-free runs; without
	// it each makes them itself.
	Runs string
}

// Prepare makes the fault-free runs. What it returns serves any number of the calls below.
func (x Experiment[T]) Prepare(ctx context.Context) (*engine.Engine, error) {
	rule, err := criterion.Func(x.Rule, x.critical)
	if err != nil {
		return nil, err
	}
	p, inputs, err := x.Network()
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	o := x.Options
	o.Criterion = rule
	if x.Runs == "" {
		return engine.NewContext(ctx, p, inputs, o, nil)
	}
	e, _, err := runcache.Engine(ctx, x.Runs, p, inputs, o, nil)
	return e, err
}

// critical is the criterion that the two functions make.
func (x Experiment[T]) critical(want, got []byte) bool {
	return x.Critical == nil || x.Critical(x.Observe(want), x.Observe(got))
}

func (x Experiment[T]) options() campaign.RunOptions {
	return campaign.RunOptions{Workers: x.Workers, Question: x.Question, Progress: x.Progress}
}

// Run runs the campaign into a folder, or goes on with it.
func (x Experiment[T]) Run(ctx context.Context, e *engine.Engine, dir string) (*result.Campaign, error) {
	return campaign.Run(ctx, e, x.Spec, dir, x.options())
}

// Plan begins the campaign in a folder and cuts its first round into shards.
func (x Experiment[T]) Plan(ctx context.Context, e *engine.Engine, dir string, shards int) (*campaign.Job, error) {
	return campaign.Plan(ctx, e, x.Spec, dir, campaign.Cut{Shards: shards}, x.options())
}

// Shard runs one shard of the round whose turn it is.
func (x Experiment[T]) Shard(ctx context.Context, e *engine.Engine, dir string, number int) error {
	j, err := campaign.OpenJob(dir, 0)
	if err != nil {
		return err
	}
	return campaign.RunShard(ctx, e, j, number, x.options())
}

// Work runs shards that nobody else is at work on until the campaign is complete.
func (x Experiment[T]) Work(ctx context.Context, e *engine.Engine, dir string) (*result.Campaign, error) {
	return campaign.Work(ctx, e, dir, campaign.WorkOptions{RunOptions: x.options()})
}

// Merge folds the shards that are done, see [campaign.Merge].
func (x Experiment[T]) Merge(ctx context.Context, dir string) (*campaign.Merged, error) {
	return campaign.Merge(ctx, filepath.Clean(dir), nil, x.options())
}
