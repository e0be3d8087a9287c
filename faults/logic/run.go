package logic

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist/cosim"
	"upset/npu"
)

// Job is a fault on an input, from the first cycle on at which it shows.
type Job struct {
	Fault cosim.Stuck
	Input int
	From  uint64
}

// Effect is what a fault does on an input.
type Effect struct {
	Outcome faults.Outcome
	Cycles  uint64 // simulated behind the departure
	// Seen tells of every design, in order, whether it raises an alarm in time: before the end and before
	// a write to a foreign place.
	Seen []bool
}

// Departs finds the cycles at which faults show on an input.
func Departs(b *cosim.Block, e *engine.Engine, input int, list []cosim.Stuck) ([]uint64, error) {
	return b.Departures(func() (*npu.Machine, error) { return e.Begin(input) }, list)
}

// errJobs: a run in the loop knows of no host.
var errJobs = errors.New("the network runs in several jobs: permanent faults of logic need one")

// Run does jobs, each on a machine in the loop, beside the mechanisms of designs, which only look on:
// no alarm ends a run. Progress, which may be nil, is told the jobs done.
func Run(ctx context.Context, b *cosim.Block, e *engine.Engine, jobs []Job, designs []*mechanism.Design, workers int, progress func(done int)) ([]Effect, error) {
	if !e.Single() {
		return nil, errJobs
	}
	out := make([]Effect, len(jobs))
	var next, done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range max(1, workers) {
		group.Go(func() error {
			r, err := newRunner(b, e, designs)
			if err != nil {
				return err
			}
			take := func() int {
				if i := int(next.Add(1) - 1); i < len(jobs) {
					return i
				}
				return -1
			}
			for {
				if err := r.fill(take, jobs, out); err != nil {
					return err
				}
				if r.busy == 0 {
					return nil
				}
				r.clocks++
				r.loop.Clock(r.witness)
				ended, err := r.end(jobs, out)
				if err != nil {
					return err
				}
				if n := done.Add(int64(ended)); progress != nil && ended > 0 {
					progress(int(n))
				}
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
		})
	}
	return out, group.Wait()
}

// runner does jobs in the lanes of a loop.
type runner struct {
	e       *engine.Engine
	w       *engine.Worker
	loop    *cosim.Loop
	designs []*mechanism.Design
	lanes   [lanes]lane
	limit   uint64
	busy    int
	clocks  int
}

const lanes = 256

// restStep is the distance of looks for a machine that rests, in clocks (our choice).
const restStep = 64

// lane is a machine of a runner and what stands beside it.
type lane struct {
	job    int // -1 where there is none
	m      *npu.Machine
	beside []*mechanism.Standing
	seen   []bool
	before npu.Flops // of a look for a machine that rests
	stray  bool
	look   bool
}

func newRunner(b *cosim.Block, e *engine.Engine, designs []*mechanism.Design) (*runner, error) {
	r := &runner{e: e, designs: designs, limit: e.WatchdogOf(0)}
	var err error
	if r.loop, err = cosim.NewLoop(b); err != nil {
		return nil, err
	}
	if r.w, err = e.Worker(); err != nil {
		return nil, err
	}
	for i := range r.lanes {
		r.lanes[i].job = -1
	}
	return r, nil
}

// fill gives free lanes jobs.
func (r *runner) fill(take func() int, jobs []Job, out []Effect) error {
	for i := range r.lanes {
		l := &r.lanes[i]
		for l.job < 0 {
			k := take()
			if k < 0 {
				return nil
			}
			j := &jobs[k]
			if j.From == cosim.Never {
				out[k] = Effect{Outcome: faults.Masked, Seen: make([]bool, len(r.designs))}
				continue
			}
			if err := r.start(l, j); err != nil {
				return err
			}
			l.job = k
			r.loop.Put(i, l.m)
			r.loop.Stick(i, j.Fault)
			r.busy++
		}
	}
	return nil
}

// start brings the machine of a lane to the departure of a job.
func (r *runner) start(l *lane, j *Job) error {
	var err error
	if l.m == nil {
		if l.m, err = r.e.Begin(j.Input); err != nil {
			return err
		}
	}
	r.e.Seek(l.m, j.Input, j.From)
	l.seen = make([]bool, len(r.designs))
	for k, d := range r.designs {
		if len(l.beside) <= k {
			s, err := d.NewStanding(l.m)
			if err != nil {
				return err
			}
			l.beside = append(l.beside, s)
		}
		l.beside[k].Begin(l.m)
	}
	return nil
}

// witness is what stands beside a lane.
func (r *runner) witness(i int) cosim.Witness {
	l := &r.lanes[i]
	if l.look = r.clocks%restStep == 0; l.look || len(r.designs) > 0 {
		return l
	}
	return nil
}

// Before implements cosim.Witness.
func (l *lane) Before(m *npu.Machine) {
	l.stray = m.S.Bus.Stray != 0
	for k, s := range l.beside {
		if !l.seen[k] {
			l.seen[k] = s.Before(m)
		}
	}
	if l.look {
		l.before = m.S.Flops
	}
}

// After implements cosim.Witness.
func (l *lane) After(m *npu.Machine) {
	for k, s := range l.beside {
		if !l.seen[k] {
			l.seen[k] = s.After(m) && !l.stray
		}
	}
	m.Probe.Journal = nil
}

// end ends the runs that are over.
func (r *runner) end(jobs []Job, out []Effect) (ended int, err error) {
	for i := range r.lanes {
		l := &r.lanes[i]
		if l.job < 0 {
			continue
		}
		m := l.m
		if m.S.CC.Run != 0 && m.Cycle() < r.limit && m.S.Bus.Stray == 0 && !(l.look && engine.Rests(&l.before, m)) {
			continue
		}
		j := &jobs[l.job]
		x := &out[l.job]
		x.Cycles, x.Seen = m.Cycle()-j.From, l.seen
		if x.Outcome, err = r.w.Judge(j.Input, m); err != nil {
			return 0, err
		}
		r.loop.Take(i)
		l.job = -1
		r.busy--
		ended++
	}
	return ended, nil
}
