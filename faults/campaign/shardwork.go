package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"upset/faults/disk"
	"upset/faults/engine"
	"upset/stats/result"
)

// WorkOptions are about sharing the work on a folder.
type WorkOptions struct {
	RunOptions
	// Lease is the time after which a shard whose process does not move is taken over; 0
	// is [DefaultLease].
	Lease time.Duration
	// Began, which may be nil, is called before each shard, from the goroutine that calls
	// Progress.
	Began func(Shard)
}

// Work runs shards of a planned campaign until it is complete: any number of processes,
// on any machines that share the folder, may do so at once, join and leave. Each claims
// shards that nobody is at work on, and folds a round when all of it is done. The error
// is [ErrInterrupted] when the context ends.
func Work(ctx context.Context, e *engine.Engine, dir string, o WorkOptions) (*result.Campaign, error) {
	return workOn(ctx, dir, o, func(j *Job) (*runner, error) { return newRunner(e, j.Spec, o.RunOptions) })
}

// idle is the time between two looks at shards that others are at work on (our choice:
// there are no more of them than processes).
const idle = 500 * time.Millisecond

// shareOut shares the work on a folder.
type shareOut struct {
	dir     string
	options WorkOptions
	runner  func(*Job) (*runner, error)
	done    map[Shard]bool
	seen    map[string]sight
}

// workOn is Work on whatever machine makes the runners.
func workOn(ctx context.Context, dir string, o WorkOptions, runner func(*Job) (*runner, error)) (*result.Campaign, error) {
	if o.Lease <= 0 {
		o.Lease = DefaultLease
	}
	w := &shareOut{dir, o, runner, map[Shard]bool{}, map[string]sight{}}
	for {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
		}
		j, err := OpenJob(dir, 0)
		if err != nil {
			return nil, err
		}
		open, ran, err := w.round(ctx, j)
		if err != nil {
			return nil, err
		}
		if open == 0 {
			m, err := Merge(ctx, dir, o.Population, o.RunOptions)
			switch {
			case errors.Is(err, ErrLocked): // another one folds
			case err != nil:
				return nil, err
			case m.Result != nil:
				return m.Result, nil
			case m.Job.Round == j.Round: // a shard vanished or was spoilt since
				clear(w.done)
			default:
				continue
			}
		}
		if !ran {
			select {
			case <-ctx.Done():
			case <-time.After(min(o.Lease/beats, idle)):
			}
		}
	}
}

// round runs the shards of a round that are free. Open are those that somebody else is at
// work on.
func (w *shareOut) round(ctx context.Context, j *Job) (open int, ran bool, err error) {
	from := os.Getpid() // processes begin at different places
	for i := range j.Shards {
		number := (from+i)%j.Shards + 1
		if w.done[j.shard(number)] {
			continue
		}
		done, err := j.Done(number)
		if err != nil {
			return 0, ran, err
		}
		if done {
			w.done[j.shard(number)] = true
			continue
		}
		l, err := w.claim(j.leasePath(number))
		if err != nil {
			return 0, ran, err
		}
		if l == nil {
			open++
			continue
		}
		ran = true
		if err := w.one(ctx, j, number, l); err != nil {
			return 0, ran, err
		}
	}
	return open, ran, nil
}

// claim takes a lease that nobody has, or that nobody moves any more.
func (w *shareOut) claim(name string) (*lease, error) {
	every, d := w.options.Lease/beats, disk.Or(w.options.Disk)
	l, err := takeLease(d, name, every)
	if l != nil || err != nil || !expired(name, w.seen, w.options.Lease) || !breakLease(d, name, w.seen) {
		return l, err
	}
	return takeLease(d, name, every)
}

// one runs a shard under its lease.
func (w *shareOut) one(ctx context.Context, j *Job, number int, l *lease) error {
	defer l.release()
	if w.options.Began != nil {
		w.options.Began(j.shard(number))
	}
	r, err := w.runner(j)
	if err != nil {
		return err
	}
	if err := r.shard(ctx, j, number); err != nil {
		return err
	}
	w.done[j.shard(number)] = true
	return nil
}
