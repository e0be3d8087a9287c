package cosim

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Compare runs a block over all stretches of a source, in so many groups side by side, with the
// flips of a plan, which may be nil. It stops early when so many clocks are done (0 for no
// bound), when the plan has given its last flip and all flips have ended, and when there is nothing but differences. Progress, which may be nil, is told
// the clocks done so far.
func Compare(ctx context.Context, b *Block, source Source, plan Plan, most, workers int, progress func(clocks int)) (*Result, error) {
	results := make([]*Result, workers)
	var clocks atomic.Int64
	e, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		e.Go(func() error {
			g, err := NewGroup(b, source, plan)
			if err != nil {
				return err
			}
			results[w] = &g.Result
			for before := 0; ctx.Err() == nil && g.Result.Different < kept && g.Clock(); before = g.Result.Clocks {
				n := clocks.Add(int64(g.Result.Clocks - before))
				if progress != nil {
					progress(int(n))
				}
				if most > 0 && n >= int64(most) || g.done && !g.pending() {
					break
				}
			}
			return ctx.Err()
		})
	}
	if err := e.Wait(); err != nil {
		return nil, err
	}
	r := &Result{}
	for _, x := range results {
		r.Join(x)
	}
	return r, nil
}

// pending reports whether a flip is still followed.
func (g *Group) pending() bool {
	for i := range g.lanes {
		if g.lanes[i].flip != nil {
			return true
		}
	}
	return false
}
