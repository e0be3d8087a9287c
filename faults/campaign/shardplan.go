package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
	w, c, release, err := openLog(dir, r.options.Lock)
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
	return writePlan(dir)
}

// writePlan writes the plan of the last round of a log, if it is not there.
func writePlan(dir string) (*Job, error) {
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
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("folder of shards: %w", err)
	}
	return j, writeWhole(filepath.Join(folder, planName(j.Round)), b)
}

// writeWhole writes a file that is there as a whole or not at all, also when the machine
// loses its power.
func writeWhole(name string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o644) // CreateTemp makes files readable by the owner only
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one to report
		return fmt.Errorf("write %s: %w", name, err)
	}
	syncFolder(filepath.Dir(name))
	return nil
}

// syncFolder makes a rename durable. Where a folder cannot be synced the rename is atomic
// all the same, so that failing is no error.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
