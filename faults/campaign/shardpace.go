package campaign

import (
	"context"
	"errors"
	"time"

	"upset/faults/engine"
)

// paceSample is the most injections of a calibration (our choice: of the fastest networks
// they take the two seconds that are usual).
const paceSample = 1 << 16

// Pace measures how many injections a second the workers of one process do, on a sample
// of those that the campaign begins with. It takes the given time at most, and counts for
// nothing else.
func Pace(ctx context.Context, e *engine.Engine, spec Spec, o RunOptions, limit time.Duration) (perSecond float64, err error) {
	r, err := newRunner(e, spec, o)
	if err != nil {
		return 0, err
	}
	counts := newTally(r.frame, r.spec)
	total, _, err := next(r.frame, r.spec, 0, counts)
	if err != nil {
		return 0, err
	}
	round, err := plan(r.frame, r.spec, total, counts)
	if err != nil {
		return 0, err
	}
	step := max(1, round.Size/paceSample)
	var list []job
	for j, stratum := range round.strata() {
		if j%step == 0 {
			d := r.frame.draw(r.spec.Seed, round.Start+j, stratum)
			list = append(list, job{round.Start + j, d.cell, d.input, r.frame.site(r.pop, d)})
		}
	}
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done, began := 0, time.Now()
	crew := crew{max(1, o.Workers), r.worker, r.pop}
	err = crew.inject(inner, blocks(ctx, list, r.frame.block()), func(a answer) { done += len(a.jobs) }, func([]indexed) error { return nil })
	took := time.Since(began)
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case err != nil:
		return 0, err
	case done == 0:
		return 0, errors.New("not one injection was done in the time of the calibration: give the number of shards")
	}
	return float64(done) / took.Seconds(), nil
}
