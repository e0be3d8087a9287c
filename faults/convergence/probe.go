package convergence

import (
	"sync"

	"upset/faults"
)

func Each(e *faults.Engine, seed uint64, injections, workers int, do func(s faults.Site, input int, r *faults.Record, n uint64)) error {
	lots := drawLots(e, seed, injections, workers)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for k := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			w, err := e.Worker()
			if err != nil {
				panic(err)
			}
			for _, l := range lots[k] {
				b := w.Stepped()
				r, err := w.Inject(l.input, l.site, nil)
				if err != nil {
					panic(err)
				}
				mu.Lock()
				do(l.site, l.input, &r, w.Stepped()-b)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return nil
}
