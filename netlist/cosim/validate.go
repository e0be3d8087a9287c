package cosim

import (
	"context"

	"upset/netlist/gate"
)

// Lengths of stretches in clocks (our choice): short ones without flips, so that many places
// of a run are seen; with flips, a few of them after each other.
const (
	plainStretch = 200
	flipStretch  = 1000
	flipRounds   = 16 // stretches of a run before the next run follows
)

// Options say how much Validate compares.
type Options struct {
	Clocks  int // without flips, at least, over all runs
	Flips   int
	Each    bool // Flips of each bit, not in all
	Seed    uint64
	Workers int
}

// Validate compares a block with its gates on runs, first without and then with flips. Progress,
// which may be nil, is told the clocks done.
func Validate(ctx context.Context, b *Block, runs []Run, o Options, progress func(clocks int)) (*Result, error) {
	// Every lane of every group takes a stretch at once: one walk through the runs should
	// do for them.
	lanes := (gate.Patterns*o.Workers + len(runs) - 1) / len(runs)
	n := max(lanes, (o.Clocks+plainStretch*len(runs)-1)/(plainStretch*len(runs)))
	plain := NewStretches(runs, n, plainStretch, o.Seed)
	plain.Repeat = true // a stretch may end with its run
	r, err := Compare(ctx, b, plain, nil, o.Clocks, o.Workers, progress)
	if err != nil || o.Flips == 0 {
		return r, err
	}
	source := NewStretches(runs, max(lanes, flipRounds), flipStretch, o.Seed+1)
	source.Repeat = true
	var plan Plan = NewSample(b.Bits(), o.Flips, o.Seed)
	if o.Each {
		plan = NewEvery(b.Bits(), o.Flips, o.Seed)
	}
	before := r.Clocks
	with, err := Compare(ctx, b, source, plan, 0, o.Workers, func(n int) {
		if progress != nil {
			progress(before + n)
		}
	})
	if err != nil {
		return nil, err
	}
	with.Disturbed, with.Clocks = with.Clocks, 0
	r.Join(with)
	return r, nil
}
