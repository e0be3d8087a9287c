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
	blockSize = 512
	batchSize = 32
	chunkSize = 1024 // records that are written at once
	frameSize = 64   // records per frame of the log: what a flipped bit costs
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
	blocks := make([][]job, (len(left)+blockSize-1)/blockSize)
	for j, x := range left {
		b := j % len(blocks)
		blocks[b] = append(blocks[b], x)
	}
	for _, b := range blocks {
		if ctx.Err() != nil {
			return nil
		}
		slices.SortFunc(b, func(x, y job) int {
			return cmp.Or(cmp.Compare(x.input, y.input), cmp.Compare(x.site.Cycle, y.site.Cycle), cmp.Compare(x.index, y.index))
		})
	}
	return blocks
}

// round does what is left of a round and logs it.
func (r *runner) round(ctx context.Context, k int) error {
	blocks := r.jobs(ctx, k)
	if ctx.Err() != nil && r.missing(k) {
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	r.begun(k, blocks)
	if len(blocks) == 0 {
		return nil
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	group, inner := errgroup.WithContext(inner)
	feed, answers := make(chan batch), make(chan answer)
	group.Go(func() error {
		defer close(feed)
		for b, list := range blocks {
			for part := range slices.Chunk(list, batchSize) {
				select {
				case feed <- batch{b, part}:
				case <-inner.Done():
					return nil
				}
			}
		}
		return nil
	})
	for range max(1, r.options.Workers) {
		group.Go(func() error { return r.work(inner, feed, answers) })
	}
	var failed error
	go func() {
		failed = group.Wait()
		close(answers)
	}()
	err := r.collect(answers, cancel)
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	case ctx.Err() != nil && r.missing(k):
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	return nil
}

// missing reports injections of a round that are not done.
func (r *runner) missing(k int) bool {
	return slices.Contains(r.have[r.rounds[k].Start:r.rounds[k].end()], false)
}

// work injects batches until there are no more. What is done when the context
// ends is handed over before returning.
func (r *runner) work(ctx context.Context, feed <-chan batch, answers chan<- answer) error {
	w, err := r.worker()
	if err != nil {
		return err
	}
	guards := r.pop.Guards()
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

// collect takes the answers, logs them in chunks and reports progress. It reads
// until the channel closes, so that no worker is left waiting.
func (r *runner) collect(answers <-chan answer, cancel func()) error {
	var pending []indexed
	var err error
	flush := func() {
		if err == nil {
			err = r.log.records(pending)
		}
		if err != nil {
			cancel()
		} else {
			for _, p := range pending {
				r.records[p.index], r.have[p.index] = p.record, true
				r.done++
				r.fresh++
				if p.record.Path.Pruned() || p.record.Path == faults.PathCached {
					r.freshFound++
				}
			}
		}
		pending = pending[:0]
	}
	last := time.Now()
	for a := range answers {
		pending = append(pending, a.records...)
		r.watch.take(a)
		if len(pending) >= chunkSize || time.Since(last) >= flushAfter {
			flush()
			r.report()
			last = time.Now()
		}
	}
	flush()
	if err == nil {
		r.report()
	}
	return err
}
