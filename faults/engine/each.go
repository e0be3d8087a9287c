package engine

import (
	"context"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Each does something for every one of n upsets, on so many workers. At names the input and
// the cycle of upset i: a worker takes a share of them in the order of inputs and cycles,
// along the fault-free run. Begin is called once for each worker and returns what it does
// for an upset. Progress, which may be nil, is called from one goroutine.
func (e *Engine) Each(ctx context.Context, n, workers int, at func(i int) (input int, cycle uint64), begin func(w *Worker) (func(i int) error, error), progress func(done int)) error {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, c := at(a)
		y, d := at(b)
		if x != y {
			return x - y
		}
		return int(int64(c) - int64(d))
	})
	workers = max(1, min(workers, n))
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for k := range workers {
		g.Go(func() error {
			w, err := e.Worker()
			if err != nil {
				return err
			}
			do, err := begin(w)
			if err != nil {
				return err
			}
			for _, i := range order[k*n/workers : (k+1)*n/workers] {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(i); err != nil {
					return err
				}
				if m := done.Add(1); progress != nil && k == 0 {
					progress(int(m))
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// Some does something for upsets 0, 1, 2 … of n, on so many workers, until enough, which may
// be nil, says so: no further one begins then, but at least one is done, and what has begun
// is finished, so that those that take long are not left out. It returns how many were
// done, the first so many. Begin and progress are as those of [Engine.Each], but progress
// may be called from several goroutines.
func (e *Engine) Some(ctx context.Context, n, workers int, begin func(w *Worker) (func(i int) error, error), progress func(done int), enough func() bool) (int, error) {
	var begun, done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range max(1, min(workers, n)) {
		g.Go(func() error {
			w, err := e.Worker()
			if err != nil {
				return err
			}
			do, err := begin(w)
			if err != nil {
				return err
			}
			for {
				if err := ctx.Err(); err != nil {
					return err
				}
				if enough != nil && begun.Load() > 0 && enough() {
					return nil
				}
				i := begun.Add(1) - 1
				if i >= int64(n) {
					return nil
				}
				if err := do(int(i)); err != nil {
					return err
				}
				if k := done.Add(1); progress != nil {
					progress(int(k))
				}
			}
		})
	}
	err := g.Wait()
	return int(done.Load()), err
}
