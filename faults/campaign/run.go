package campaign

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"upset/faults"
	"upset/faults/disk"
	"upset/faults/engine"
	"upset/stats/result"
)

// RunOptions are about how a campaign is run, not what it is: nothing here
// changes a record or a digest, except the population, which the spec's Table
// names.
type RunOptions struct {
	// Workers is the number of injections under way at once; 0 means one.
	Workers int
	// Progress, which may be nil, is called from one goroutine.
	Progress func(Progress)
	// Population replaces the plain machine's, for a protected one.
	Population Population
	// Question is what the verdict answers; its zero value takes the defaults.
	Question Question
	// GoldenSeconds is the wall time of the fault-free runs, for the result.
	GoldenSeconds float64
	// Note is kept in the log's header, outside every digest: for example the
	// paths from which the campaign can be resumed.
	Note map[string]string
	// Disk is the file system that logs and shards are written to; nil is the system's.
	Disk disk.Disk
	// Lock is the caller's hold on the folder; nil takes one for the run.
	Lock *Lock
}

// Run runs a campaign into a directory, or goes on with the one that is there if
// it has the same spec. When the context ends, everything done so far is in the
// log and the error is [ErrInterrupted]; the result is then a provisional one. A damaged
// log is repaired, and what it lost injected again. Before a campaign goes on, some of
// its records are injected again; the error is [ErrDiffers] if one is another now.
func Run(ctx context.Context, e *engine.Engine, spec Spec, dir string, o RunOptions) (*result.Campaign, error) {
	r, err := newRunner(e, spec, o)
	if err != nil {
		return nil, err
	}
	return r.run(ctx, dir)
}

// newRunner prepares a campaign on an engine.
func newRunner(e *engine.Engine, spec Spec, o RunOptions) (*runner, error) {
	began := time.Now()
	spec = spec.For(e)
	if err := spec.Check(); err != nil {
		return nil, err
	}
	pop := o.Population
	if pop == nil {
		var err error
		if pop, err = NewPlain(e.Table(), spec); err != nil {
			return nil, err
		}
	}
	spec.Table = pop.Digest()
	f, err := newFrame(e, pop, spec)
	if err != nil {
		return nil, err
	}
	if err := o.Question.Check(f.Inputs); err != nil {
		return nil, err
	}
	return &runner{
		spec: spec, frame: f, pop: pop, options: o, began: began,
		worker: func() (injector, error) { return e.Worker() },
	}, nil
}

// injector performs injections one after the other, see [engine.Worker].
type injector interface {
	Inject(input int, s faults.Site, g faults.Guard) (faults.Record, error)
}

// runner is a campaign under way.
type runner struct {
	spec    Spec
	frame   *Frame
	pop     Population
	options RunOptions
	worker  func() (injector, error)
	began   time.Time
	// instead, if set, is done with a round in place of injecting what is left of it.
	instead func(ctx context.Context, k int) error
	cut     *Cut // of a log that is begun now

	log     *writer
	rounds  []Round
	records []faults.Record // by number
	have    []bool
	spare   map[int]faults.Record // of rounds whose plan was lost
	promise *ending               // what the end of a damaged log says
	builds  []Build
	counts  *tally // of the completed rounds
	done    int
	most    int // injections that there may be
	looks   int // rounds that there may be

	planSeconds   float64
	injectSeconds float64
	fresh         int // injections of this run
	freshFound    int
	watch         watch
}

// run opens the log, runs the rounds that are left and makes the result.
func (r *runner) run(ctx context.Context, dir string) (*result.Campaign, error) {
	w, c, release, err := openLog(r.options.Disk, dir, r.options.Lock)
	if err != nil {
		return nil, err
	}
	defer release()
	r.log = w
	if err := r.begin(c); err != nil {
		return nil, fmt.Errorf("campaign %s: %w", dir, err)
	}
	complete := c != nil && c.complete()
	if !complete {
		r.planSeconds = time.Since(r.began).Seconds()
		start := time.Now()
		if c != nil {
			err = r.goOn(ctx, dir, c)
		}
		if err == nil {
			complete, err = r.finish(ctx)
		}
		r.injectSeconds = time.Since(start).Seconds()
		if err != nil && !errors.Is(err, ErrInterrupted) {
			return nil, fmt.Errorf("campaign %s: %w", dir, err)
		}
	}
	s := r.stored(complete)
	res, aerr := s.Campaign(r.options.Question)
	if aerr != nil {
		return nil, errors.Join(err, aerr)
	}
	r.times(res)
	return res, err
}

// begin checks the log's header against the campaign, or writes one, and takes
// over the records.
func (r *runner) begin(c *contents) error {
	h := newHeader(r.spec, r.pop.Digest(), r.frame, r.options.Note)
	h.Cut = r.cut
	r.builds = []Build{h.Build}
	r.counts = newTally(r.frame, r.spec)
	var err error
	if r.most, err = capSize(r.spec); err != nil {
		return err
	}
	if r.looks, err = mostRounds(r.spec); err != nil {
		return err
	}
	if c == nil {
		return r.log.begin(h)
	}
	if err := c.fits(r.spec, h.Table); err != nil {
		return err
	}
	if a, b := Digest(c.header.Frame), Digest(h.Frame); a != b {
		return fmt.Errorf("%w: its sampling frame has the digest %s, this build makes %s; resume it with the build that began it, %s", ErrSpecMismatch, a, b, c.builds[0])
	}
	r.options.Note, r.builds = c.header.Note, c.builds
	return r.takeOver(c)
}

// fits reports a log of another campaign.
func (c *contents) fits(s Spec, table string) error {
	if c.header.SpecDigest == s.Digest() && c.header.Table == table {
		return nil
	}
	return fmt.Errorf("%w: it has the spec digest %s and the site table %s, this campaign has %s and %s%s; choose another --out directory",
		ErrSpecMismatch, c.header.SpecDigest, c.header.Table, s.Digest(), table, describe(c.header.Spec.Differences(s)))
}

// goOn makes the log of an incomplete campaign ready for more.
func (r *runner) goOn(ctx context.Context, dir string, c *contents) error {
	if err := r.spotCheck(ctx, c); err != nil {
		return err
	}
	switch {
	case c.damaged():
		r.promise = c.end
		if err := r.log.repair(dir, c); err != nil {
			return err
		}
	case c.copies < 2 && len(c.rounds) == 0: // killed between the two
		if err := r.log.append(appendFrame(nil, frameHeader, c.raw)); err != nil {
			return err
		}
	}
	now := ThisBuild()
	if r.builds[len(r.builds)-1] == now {
		return nil
	}
	r.builds = append(r.builds, now)
	return r.log.json(frameBuild, now)
}

// takeOver checks every stored record against the draw that it must be.
func (r *runner) takeOver(c *contents) error {
	r.rounds = c.rounds
	r.grow()
	w := walker{rounds: r.rounds}
	for _, rec := range c.records {
		stratum, _ := w.at(rec.index) // the reader checked that a round has it
		d := r.frame.draw(r.spec.Seed, rec.index, stratum)
		if rec.record.Site != r.frame.site(r.pop, d) || int(rec.record.Input) != d.input {
			return fmt.Errorf("%w: record %d is not the injection that the plan asks for", ErrCorrupt, rec.index)
		}
		r.records[rec.index], r.have[rec.index] = rec.record, true
		r.done++
	}
	r.spare = map[int]faults.Record{}
	for _, rec := range c.spare {
		r.spare[rec.index] = rec.record
	}
	return nil
}

// reclaim takes over the records of a round whose plan was lost and is made again. They
// are in the log already.
func (r *runner) reclaim(round Round) error {
	if len(r.spare) == 0 {
		return nil
	}
	for j, stratum := range round.strata() {
		i := round.Start + j
		rec, ok := r.spare[i]
		if !ok {
			continue
		}
		d := r.frame.draw(r.spec.Seed, i, stratum)
		if rec.Site != r.frame.site(r.pop, d) || int(rec.Input) != d.input {
			return fmt.Errorf("%w: record %d is not the injection that the plan asks for", ErrCorrupt, i)
		}
		r.records[i], r.have[i] = rec, true
		r.done++
		delete(r.spare, i)
	}
	return nil
}

// RecordBytes is what a planned injection takes in memory until its campaign ends.
const RecordBytes = int(unsafe.Sizeof(faults.Record{}) + unsafe.Sizeof(false))

// grow makes room for the records of all rounds. All of it is written to at once: without that the system gives
// pages as records arrive, a campaign seems to leak, and one without room ends after hours instead of here.
func (r *runner) grow() {
	n := 0
	if len(r.rounds) > 0 {
		n = r.rounds[len(r.rounds)-1].end()
	}
	// Of that length and no more: append would leave room for as much as a quarter beyond.
	records, have := make([]faults.Record, n), make([]bool, n)
	clear(records[copy(records, r.records):])
	clear(have[copy(have, r.have):])
	r.records, r.have = records, have
}

// finish runs the rounds that are left. It reports whether the campaign is
// complete.
func (r *runner) finish(ctx context.Context) (bool, error) {
	for k := 0; ; k++ {
		total, more, err := next(r.frame, r.spec, k, r.counts)
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
		round, err := plan(r.frame, r.spec, total, r.counts)
		if err != nil {
			return false, err
		}
		switch {
		case k >= len(r.rounds):
			if err := r.log.json(framePlan, round); err != nil {
				return false, err
			}
			r.rounds = append(r.rounds, round)
			r.grow()
			if err := r.reclaim(round); err != nil {
				return false, err
			}
		case !r.rounds[k].same(round):
			return false, fmt.Errorf("%w, or another version wrote it: the stored plan of round %d is not the one that follows from its records; run the campaign again in a new folder", ErrCorrupt, k)
		}
		do := r.round
		if r.instead != nil {
			do = r.instead
		}
		if err := do(ctx, k); err != nil {
			return false, err
		}
		r.count(k)
	}
	if k := len(r.rounds) - 1; k >= 0 && r.rounds[k].end() > r.counts.done() {
		return false, fmt.Errorf("%w, or another version wrote it: round %d is stored but does not follow from the records before; run the campaign again in a new folder", ErrCorrupt, k)
	}
	end := ending{Injections: len(r.records), ResultDigest: resultDigest(r.spec.Digest(), r.records)}
	switch {
	case len(r.spare) > 0:
		return false, fmt.Errorf("%w: it holds %d records behind the last round; run the campaign again in a new folder", ErrCorrupt, len(r.spare))
	case r.promise != nil && *r.promise != end:
		return false, fmt.Errorf("%w: repaired, it has %d records of digest %s, but its end named %d of digest %s; run the campaign again in a new folder",
			ErrDiffers, end.Injections, end.ResultDigest, r.promise.Injections, r.promise.ResultDigest)
	}
	return true, r.log.json(frameEnd, end)
}

// count adds a completed round to the counts.
func (r *runner) count(k int) {
	round := r.rounds[k]
	for j, stratum := range round.strata() {
		i := round.Start + j
		r.counts.add(k, r.frame.draw(r.spec.Seed, i, stratum).cell, r.records[i])
	}
}

// stored is the campaign so far, as it stands in the log.
func (r *runner) stored(complete bool) *Stored {
	s := &Stored{Spec: r.spec.normal(), Frame: r.frame, Rounds: r.rounds, Complete: complete, Note: r.options.Note, Builds: r.builds}
	for i, ok := range r.have {
		if ok {
			s.Index = append(s.Index, i)
			s.Records = append(s.Records, r.records[i])
		}
	}
	return s
}

// times fills in the wall time and the rates of this run.
func (r *runner) times(c *result.Campaign) {
	c.Seconds = result.Seconds{Golden: r.options.GoldenSeconds, Plan: r.planSeconds, Inject: r.injectSeconds}
	c.Seconds.Total = c.Seconds.Golden + c.Seconds.Plan + c.Seconds.Inject
	if r.injectSeconds > 0 {
		c.Rate.Resolved = float64(r.fresh) / r.injectSeconds
		c.Rate.Simulated = float64(r.fresh-r.freshFound) / r.injectSeconds
	}
}
