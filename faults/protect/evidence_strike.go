package protect

import (
	"context"
	"sync"

	"upset/faults"
	"upset/faults/engine"
)

// event is an event of several bits that begins in a unit.
type event struct {
	unit, input int
	site        faults.Site
	added       bool
}

// strikeAll does something for every event, see [engine.Engine.Each].
func strikeAll(ctx context.Context, e *engine.Engine, events []event, workers int, begin func(w *engine.Worker) (func(i int) error, error), progress func(done, total int)) error {
	at := func(i int) (int, uint64) { return events[i].input, events[i].site.Cycle }
	return e.Each(ctx, len(events), workers, at, begin, func(done int) {
		if progress != nil {
			progress(done, len(events))
		}
	})
}

// shares makes tallies like a list, one for each worker that asks, and lists them all.
func shares[T any](like []T) (tally func() []T, all func() [][]T) {
	var mu sync.Mutex
	var parts [][]T
	return func() []T {
			mu.Lock()
			defer mu.Unlock()
			parts = append(parts, make([]T, len(like)))
			return parts[len(parts)-1]
		}, func() [][]T {
			return parts
		}
}
