package convergence

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
)

// kindStream keeps these draws apart from all others.
const kindStream = 0x6b696e64 // "kind"

// Kind is a comparison of one kind of upsets with plain runs.
type Kind struct {
	Name        string
	Samples     int
	Differences int
	Draws       int // upsets that were injected to find the samples
	Paths       [faults.NumPaths]int
}

// Add adds another comparison of the same kind.
func (k *Kind) Add(other *Kind) {
	k.Samples += other.Samples
	k.Differences += other.Differences
	k.Draws += other.Draws
	for p, n := range other.Paths {
		k.Paths[p] += n
	}
}

// Upper is the upper limit of the share of such upsets that differ, at 95 %.
func (k *Kind) Upper() (float64, error) { return upper(k.Differences, k.Samples) }

// ValidateKind draws upsets of the registers that a filter selects, keeps those that end
// on one of the paths, all simulated ones where none is named, and injects each plainly as
// well. It gives up after so many draws for each sample. Report is called with those whose
// records differ.
func ValidateKind(ctx context.Context, e *engine.Engine, only netlist.Filter, paths []faults.Path, seed uint64, n, draws, workers int, report func(s *Sample)) (*Kind, error) {
	selected := e.Table().Select(only)
	p := poolOf(e.Table(), func(r *netlist.Register) bool { return slices.Contains(selected, r) })
	if len(p) == 0 {
		return nil, errors.New("the filter selects no register")
	}
	keep := func(r *faults.Record) bool {
		for _, q := range paths {
			if r.Path == q {
				return true
			}
		}
		return len(paths) == 0 && !r.Path.Pruned()
	}
	k := &Kind{}
	rng := rand.New(rand.NewPCG(seed, kindStream))
	for k.Samples < n && k.Draws < n*draws {
		batch := make([]Sample, searchBatch)
		for i := range batch {
			batch[i] = Sample{Input: rng.IntN(e.Inputs()), Site: faults.Site{ID: p[rng.IntN(len(p))], Cycle: rng.Uint64N(e.Cycles())}}
		}
		k.Draws += len(batch)
		var wrong atomic.Int64
		err := each(ctx, e, batch, workers, func(w *engine.Worker, s *Sample) (err error) {
			s.Fast, err = w.Inject(s.Input, s.Site, nil)
			return err
		})
		if err != nil {
			return nil, err
		}
		left := batch[:0]
		for _, s := range batch {
			if keep(&s.Fast) && k.Samples < n {
				k.Samples++
				k.Paths[s.Fast.Path]++
				left = append(left, s)
			}
		}
		err = each(ctx, e, left, workers, func(w *engine.Worker, s *Sample) (err error) {
			if s.Plain, err = w.Plain(s.Input, s.Site); err == nil && !s.Fast.Same(s.Plain) {
				wrong.Add(1)
				if report != nil {
					report(s)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		k.Differences += int(wrong.Load())
	}
	return k, nil
}
