package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"upset/faults"
)

// ErrDiffers: a stored record is not what the machine gives now.
var ErrDiffers = errors.New("a stored record differs from its repetition")

const (
	// spotChecks is the number of stored records that are injected again before a
	// campaign goes on (our choice: of a build that gives another record for one
	// injection in seven, 95 of 100 are found, and it takes well under a second).
	spotChecks = 20
	// spotStream keeps these draws apart from those of the injections.
	spotStream = 0x73706f74 // "spot"
)

// spots chooses stored records: one at random from each of so many equal parts, which
// spreads them over the rounds and strata.
func spots(seed uint64, list []indexed) []indexed {
	n := min(spotChecks, len(list))
	rng := rand.New(rand.NewPCG(seed, spotStream))
	out := make([]indexed, n)
	for k := range n {
		from, to := k*len(list)/n, (k+1)*len(list)/n
		out[k] = list[from+rng.IntN(to-from)]
	}
	return out
}

// spotCheck injects some stored records again, so that records of two machines are never
// mixed. All but the path to a record must be the same.
func (r *runner) spotCheck(ctx context.Context, c *contents) error {
	list := spots(r.spec.Seed, c.records)
	if len(list) == 0 {
		return nil
	}
	w, err := r.worker()
	if err != nil {
		return err
	}
	guards := r.pop.Guards()
	for _, s := range list {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
		}
		want := s.record
		var g faults.Guard
		if guards != nil {
			g = guards(want.Site)
		}
		got, err := w.Inject(int(want.Input), want.Site, g)
		if err != nil {
			return fmt.Errorf("injection %d again (site %d, cycle %d, input %d): %w", s.index, want.Site.ID, want.Site.Cycle, want.Input, err)
		}
		if !got.Same(want) {
			return fmt.Errorf("%w: injection %d (site %d, cycle %d, input %d) is stored as %s (%s), ended at cycle %d, and is now %s (%s), ended at cycle %d; the log was begun by build %s, this is build %s: resume it with the former, or run the campaign again in a new folder",
				ErrDiffers, s.index, want.Site.ID, want.Site.Cycle, want.Input, want.Outcome, want.Cause, want.End, got.Outcome, got.Cause, got.End, c.builds[0], ThisBuild())
		}
	}
	return nil
}
