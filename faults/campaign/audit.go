package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"upset/faults"
	"upset/faults/engine"
)

// ErrNotThePlan: records or plans of a log are not those that follow from its spec.
var ErrNotThePlan = errors.New("the log does not follow from its spec")

// repeatStream keeps the draw of records that are repeated apart from all others.
const repeatStream = 0x61756469 // "audi"

// Follows checks a complete campaign against its own spec, with its records alone: every
// round has the plan that follows from the rounds before, every injection of a round is
// there once, at the cycle and with the input that were drawn for it, and there is no
// round more. The error wraps [ErrNotThePlan].
func (s *Stored) Follows() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrNotThePlan, fmt.Sprintf(format, args...))
	}
	t, at := newTally(s.Frame, s.Spec), 0
	for k := 0; ; k++ {
		total, more, err := next(s.Frame, s.Spec, k, t)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		round, err := plan(s.Frame, s.Spec, total, t)
		switch {
		case err != nil:
			return err
		case k >= len(s.Rounds):
			return fail("the records ask for round %d, which is not there", k+1)
		case !s.Rounds[k].same(round):
			return fail("the stored plan of round %d is not the one that follows from the records before", k+1)
		}
		for stratum, n := range round.Alloc {
			for range n {
				if at >= len(s.Records) || s.Index[at] != at {
					return fail("record %d is missing", at)
				}
				d, r := s.Frame.draw(s.Spec.Seed, at, stratum), s.Records[at]
				if d.cycle != r.Site.Cycle || d.input != int(r.Input) {
					return fail("record %d is of cycle %d and input %d, the draw of cycle %d and input %d", at, r.Site.Cycle, r.Input, d.cycle, d.input)
				}
				t.add(k, d.cell, r)
				at++
			}
		}
	}
	switch {
	case len(s.Rounds) > 0 && at < s.Rounds[len(s.Rounds)-1].end():
		return fail("round %d is stored but does not follow from the records before", len(s.Rounds))
	case at != len(s.Records):
		return fail("it holds %d records, its rounds have %d", len(s.Records), at)
	}
	return nil
}

// IsOf checks that a campaign was drawn from a machine: its sampling frame and its sites
// are those of the engine and the population, and every record is of the site that was
// drawn. The error wraps [ErrNotThePlan].
func (s *Stored) IsOf(e *engine.Engine, pop Population) error {
	if d := pop.Digest(); d != s.Spec.Table {
		return fmt.Errorf("%w: the sites have the digest %.16s, those of the campaign %.16s", ErrNotThePlan, d, s.Spec.Table)
	}
	f, err := newFrame(e, pop, s.Spec)
	if err != nil {
		return err
	}
	if a, b := Digest(f), Digest(s.Frame); a != b {
		return fmt.Errorf("%w: the sampling frame of this machine and program has the digest %.16s, the stored one %.16s", ErrNotThePlan, a, b)
	}
	w := walker{rounds: s.Rounds}
	for j, i := range s.Index {
		stratum, ok := w.at(i)
		if !ok {
			return fmt.Errorf("%w: record %d belongs to no round", ErrNotThePlan, i)
		}
		d := f.draw(s.Spec.Seed, i, stratum)
		if want := f.site(pop, d); s.Records[j].Site != want || int(s.Records[j].Input) != d.input {
			return fmt.Errorf("%w: record %d is of site %d, the draw of site %d", ErrNotThePlan, i, s.Records[j].Site.ID, want.ID)
		}
	}
	return nil
}

// Repeats says how stored records were injected again.
type Repeats struct {
	// Seed drew them: the first Done of a random order of all records.
	Seed uint64
	Done int
	// Differences are those whose repetition is another record, First is the one with the
	// least number, in words.
	Differences int
	First       string

	first int
}

// Repeat injects records again on the machine that uses none of the engine's shortcuts, from
// cycle 0 to the end of the inference: most of them at the most, in a random order, until
// enough, which may be nil, says so, but at least one. Standing, which may be nil for the
// machine without mechanisms, makes the guard of one worker. Progress may be nil and is
// called from several goroutines.
func (s *Stored) Repeat(ctx context.Context, e *engine.Engine, seed uint64, most, workers int, standing func() (faults.Guard, error), progress func(done int), enough func() bool) (*Repeats, error) {
	order := rand.New(rand.NewPCG(seed, repeatStream)).Perm(len(s.Records))
	order = order[:min(most, len(order))]
	if len(order) == 0 {
		return nil, errors.New("no record to repeat")
	}
	out := &Repeats{Seed: seed}
	var mu sync.Mutex
	var err error
	out.Done, err = e.Some(ctx, len(order), workers, func(w *engine.Worker) (func(int) error, error) {
		var g faults.Guard
		if standing != nil {
			var err error
			if g, err = standing(); err != nil {
				return nil, err
			}
		}
		return func(i int) error {
			want := s.Records[order[i]]
			if int(want.Input) >= e.Inputs() {
				return fmt.Errorf("%w: record %d is of input %d, there are %d", ErrNotThePlan, s.Index[order[i]], want.Input, e.Inputs())
			}
			got, err := w.PlainGuarded(int(want.Input), want.Site, g)
			if err != nil {
				return fmt.Errorf("injection %d again: %w", s.Index[order[i]], err)
			}
			if !got.Same(want) {
				mu.Lock()
				defer mu.Unlock()
				out.differs(s.Index[order[i]], want, got)
			}
			return nil
		}, nil
	}, progress, enough)
	return out, err
}

// differs notes a record whose repetition is another one.
func (r *Repeats) differs(i int, want, got faults.Record) {
	r.Differences++
	if r.First != "" && r.first < i {
		return
	}
	r.first = i
	r.First = fmt.Sprintf("record %d (site %d, cycle %d, input %d) is stored as %s (%s), ended at cycle %d; repeated it is %s (%s), ended at cycle %d",
		i, want.Site.ID, want.Site.Cycle, want.Input, want.Outcome, want.Cause, want.End, got.Outcome, got.Cause, got.End)
}
