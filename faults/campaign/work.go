package campaign

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"upset/faults"
)

// Sizes of the units of work (our choice). A block is a systematic sample of the
// round, so that what is known after each block is an unbiased estimate; within a
// block injections go by input and cycle, so that checkpoints stay in the cache.
const (
	blockSize   = 512
	blockCycles = 500_000 // of an inference, for each of which a block is as large again
	mostBlock   = 16 * blockSize
	batchSize   = 32
	chunkSize   = 1024 // records that are written at once
	frameSize   = 64   // records per frame of the log: what a flipped bit costs
)

// flushAfter is the longest time that a record stays out of the log.
const flushAfter = time.Second

// job is one injection to be done.
type job struct {
	index int
	cell  int
	input int
	site  faults.Site
}

// batch is a run of jobs of one block.
type batch struct {
	block int
	jobs  []job
}

// answer is what a worker did of a batch.
type answer struct {
	block   int
	jobs    []job
	records []indexed
}

// jobs lists what is left of a round, in blocks; not all of it when the context ends.
func (r *runner) jobs(ctx context.Context, k int) [][]job {
	round := r.rounds[k]
	var left []job
	for j, stratum := range round.strata() {
		if j%chunkSize == 0 && ctx.Err() != nil {
			return nil
		}
		if i := round.Start + j; !r.have[i] {
			d := r.frame.draw(r.spec.Seed, i, stratum)
			left = append(left, job{i, d.cell, d.input, r.frame.site(r.pop, d)})
		}
	}
	return blocks(ctx, left, r.frame.block())
}

// block is the number of injections of a block. It is larger where inferences are long: to
// walk to the injections of an input costs up to an inference for each block.
func (f *Frame) block() int {
	return int(min(mostBlock, max(1, f.Cycles/blockCycles)*blockSize))
}

// blocks deals jobs out into blocks of a size; not all of them when the context ends.
func blocks(ctx context.Context, left []job, size int) [][]job {
	list := make([][]job, (len(left)+size-1)/size)
	for j, x := range left {
		b := j % len(list)
		list[b] = append(list[b], x)
	}
	for _, b := range list {
		if ctx.Err() != nil {
			return nil
		}
		slices.SortFunc(b, func(x, y job) int {
			return cmp.Or(cmp.Compare(x.input, y.input), cmp.Compare(x.site.Cycle, y.site.Cycle), cmp.Compare(x.index, y.index))
		})
	}
	return list
}

// round does what is left of a round and logs it.
func (r *runner) round(ctx context.Context, k int) error {
	list := r.jobs(ctx, k)
	if ctx.Err() != nil && r.missing(k) {
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	r.begun(k, list)
	crew := crew{max(1, r.options.Workers), r.worker, r.pop}
	if err := crew.inject(ctx, list, r.watch.take, r.flush); err != nil {
		return err
	}
	if ctx.Err() != nil && r.missing(k) {
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	return nil
}

// flush logs records and takes them over.
func (r *runner) flush(list []indexed) error {
	if err := r.log.records(list); err != nil {
		return err
	}
	for _, p := range list {
		r.records[p.index], r.have[p.index] = p.record, true
		r.done++
		r.fresh++
		if p.record.Path.Pruned() || p.record.Path == faults.PathCached {
			r.freshFound++
		}
	}
	r.report()
	return nil
}

// crew are the workers that inject side by side.
type crew struct {
	size   int
	worker func() (injector, error)
	pop    Population
}

// inject injects blocks of jobs. Take sees every answer, keep stores what was done since
// its last call; both are called from one goroutine. When the context ends, what is done
// has been kept, and there is no error.
func (c *crew) inject(ctx context.Context, list [][]job, take func(answer), keep func([]indexed) error) error {
	if len(list) == 0 {
		return nil
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	group, inner := errgroup.WithContext(inner)
	feed, answers := make(chan batch), make(chan answer)
	group.Go(func() error {
		defer close(feed)
		for b, block := range list {
			for part := range slices.Chunk(block, batchSize) {
				select {
				case feed <- batch{b, part}:
				case <-inner.Done():
					return nil
				}
			}
		}
		return nil
	})
	for range c.size {
		group.Go(func() error { return c.work(inner, feed, answers) })
	}
	var failed error
	go func() {
		failed = group.Wait()
		close(answers)
	}()
	if err := collect(answers, cancel, take, keep); err != nil {
		return err
	}
	return failed
}

// missing reports injections of a round that are not done.
func (r *runner) missing(k int) bool {
	return slices.Contains(r.have[r.rounds[k].Start:r.rounds[k].end()], false)
}

// work injects batches until there are no more. What is done when the context
// ends is handed over before returning.
func (c *crew) work(ctx context.Context, feed <-chan batch, answers chan<- answer) error {
	w, err := c.worker()
	if err != nil {
		return err
	}
	guards := c.pop.Guards()
	for b := range feed {
		a := answer{block: b.block}
		for _, j := range b.jobs {
			if ctx.Err() != nil {
				break
			}
			var g faults.Guard
			if guards != nil {
				g = guards(j.site)
			}
			var rec faults.Record
			if rec, err = w.Inject(j.input, j.site, g); err != nil {
				err = fmt.Errorf("injection %d (site %d, cycle %d, input %d): %w", j.index, j.site.ID, j.site.Cycle, j.input, err)
				break
			}
			if rec.Site != j.site || int(rec.Input) != j.input {
				err = fmt.Errorf("injection %d: the record is of another site", j.index)
				break
			}
			a.jobs = append(a.jobs, j)
			a.records = append(a.records, indexed{j.index, rec})
		}
		answers <- a
		if err != nil {
			return err
		}
	}
	return nil
}

// collect takes the answers and has them kept in chunks. It reads until the channel
// closes, so that no worker is left waiting.
func collect(answers <-chan answer, cancel func(), take func(answer), keep func([]indexed) error) error {
	var pending []indexed
	var err error
	flush := func() {
		if err == nil {
			err = keep(pending)
		}
		if err != nil {
			cancel()
		}
		pending = pending[:0]
	}
	last := time.Now()
	for a := range answers {
		pending = append(pending, a.records...)
		take(a)
		if len(pending) >= chunkSize || time.Since(last) >= flushAfter {
			flush()
			last = time.Now()
		}
	}
	flush()
	return err
}
