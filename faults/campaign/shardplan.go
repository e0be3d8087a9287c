package campaign

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"upset/faults/disk"
	"upset/faults/engine"
)

// errPlanned ends a run behind the plan of a round.
var errPlanned = errors.New("the round is planned")

// Plan begins a campaign in a folder and plans its first round, to be run in shards. Where
// the campaign is there already, it changes nothing.
func Plan(ctx context.Context, e *engine.Engine, spec Spec, dir string, cut Cut, o RunOptions) (*Job, error) {
	if err := cut.Check(); err != nil {
		return nil, err
	}
	r, err := newRunner(e, spec, o)
	if err != nil {
		return nil, err
	}
	r.cut = &cut
	return r.plan(ctx, dir)
}

// plan begins the log and plans the round whose turn it is.
func (r *runner) plan(ctx context.Context, dir string) (*Job, error) {
	w, c, release, err := openLog(r.options.Disk, dir, r.options.Lock)
	if err != nil {
		return nil, err
	}
	defer release()
	r.log = w
	if c != nil && (c.damaged() || c.header.Cut == nil) {
		if d := c.damage(); d != nil {
			return nil, fmt.Errorf("campaign %s: %w", dir, d.error())
		}
		return nil, fmt.Errorf("campaign %s: %w: one process runs it, it is not cut into shards; choose another --out directory", dir, ErrSpecMismatch)
	}
	if c != nil && *c.header.Cut != *r.cut {
		return nil, fmt.Errorf("campaign %s: %w: it is cut into other shards (%+v and not %+v); choose another --out directory", dir, ErrSpecMismatch, *c.header.Cut, *r.cut)
	}
	if err := r.begin(c); err != nil {
		return nil, fmt.Errorf("campaign %s: %w", dir, err)
	}
	if len(r.rounds) == 0 {
		r.instead = func(context.Context, int) error { return errPlanned }
		if _, err := r.finish(ctx); !errors.Is(err, errPlanned) {
			return nil, fmt.Errorf("campaign %s: %w", dir, err)
		}
	}
	return writePlan(r.options.Disk, dir)
}

// writePlan writes the plan of the last round of a log, if it is not there.
func writePlan(d disk.Disk, dir string) (*Job, error) {
	c, err := loadContents(dir)
	if err != nil {
		return nil, err
	}
	j := newJob(dir, c)
	if old, err := OpenJob(dir, j.Round); err == nil && old.head == j.head {
		return j, nil
	}
	b := appendStart(nil, c.raw)
	for _, x := range c.builds[1:] {
		body, err := jsonBody(frameBuild, x)
		if err != nil {
			return nil, err
		}
		b = appendFrame(b, frameBuild, body)
	}
	for _, round := range c.rounds {
		body, err := jsonBody(framePlan, round)
		if err != nil {
			return nil, err
		}
		b = appendFrame(b, framePlan, body)
	}
	folder := filepath.Join(dir, shardFolder)
	if err := disk.Or(d).MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("folder of shards: %w", err)
	}
	return j, disk.WriteWhole(d, filepath.Join(folder, planName(j.Round)), b)
}
