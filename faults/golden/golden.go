// Package golden runs a program without faults, cycle by cycle, and keeps what injections
// are compared with: checkpoints, the times at which operations begin and end, when the words
// of the shared buffer and of memory are read and written, and the inferences that follow.
package golden

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/stream"
	"upset/models/network"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Runs are the fault-free runs of a program, one for each input, and what is common to
// them, since control does not depend on the data. They do not change once they are made
// and may be used by many workers at once.
type Runs struct {
	Stream     *stream.Stream
	Dataflow   *Dataflow // nil where all must be done on the clock
	Milestones []milestone
	Life       lifeRecord // of the data in the shared buffer
	Codes      *lifetimes // of its coded words
	Inherits   inherited  // by an inference from those before

	program *network.Program
	options faults.Options
	inputs  int
	Golds   []*Run
	starts  *starts
	Traces  *recent[*cone.Trace]
	chains  *recent[chain]
}

// Checkpoints (our choice): the usual size of a point, of which the flops are 12 KiB and the rest pieces of memory that changed
// since the point before; the shared buffer changes as a whole. Points closer than closest cycles do not pay.
const (
	pointSize = 20 << 10 // besides the shared buffer
	minPoints = 16
	closest   = 64
)

// New runs every input without faults and checks the outputs against the
// functional machine. It ends with the context's error when the context does.
func New(ctx context.Context, p *network.Program, inputs [][]byte, o faults.Options, progress func(done, total int)) (*Runs, error) {
	e, err := begin(p, inputs, o)
	if err != nil {
		return nil, err
	}
	return e, e.runAll(ctx, inputs, progress)
}

// begin is what is known of the runs before anything has run.
func begin(p *network.Program, inputs [][]byte, o faults.Options) (*Runs, error) {
	if len(inputs) == 0 {
		return nil, errors.New("no inputs: give at least one")
	}
	for i, in := range inputs { // an inference also runs the input behind its own
		if n := p.InputBytes(); len(in) != n {
			return nil, fmt.Errorf("input %d: program %s: it has %d bytes, the network takes %d", i, p.Name, len(in), n)
		}
	}
	if o.System == (npu.System{}) {
		o.System = npu.DefaultSystem()
	}
	if err := o.System.Fits(p.Usage()); err != nil {
		return nil, fmt.Errorf("program %s: %w", p.Name, err)
	}
	e := &Runs{program: p, options: o, inputs: len(inputs), Stream: stream.New(p), starts: new(starts), Traces: new(recent[*cone.Trace]), chains: new(recent[chain])}
	e.Dataflow = e.newFollow()
	return e, nil
}

// runAll makes the fault-free runs. What is common to them is noted while the first input
// runs, and what the outputs must be is found beside it, without a clock. The others follow
// side by side and stop at the same cycles. Where the number of checkpoints is given, their
// distance is known only behind the first run, so that its input runs once more.
func (e *Runs) runAll(ctx context.Context, inputs [][]byte, progress func(done, total int)) error {
	e.Golds = make([]*Run, len(inputs))
	for i := range inputs {
		e.Golds[i] = &Run{Input: inputs[i], Next: next(inputs, i)}
	}
	var mu sync.Mutex
	done := 0
	finish := func(g *Run) error {
		if err := e.finish(g); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if done++; progress != nil {
			progress(done, len(inputs))
		}
		return nil
	}
	var line *timeline
	err := sideBySide(func(do func(input int, f func(*Run) error)) {
		do(0, func(g *Run) (err error) {
			line, err = e.first(ctx, g)
			return err
		})
		for i := range inputs {
			do(i, e.functional)
		}
	}, e.Golds)
	if err != nil {
		return err
	}
	err = sideBySide(func(do func(input int, f func(*Run) error)) {
		do(0, func(*Run) error { return line.again(ctx) })
		for i, g := range e.Golds {
			if g.Points != nil {
				do(i, finish)
				continue
			}
			do(i, func(g *Run) error {
				if err := e.golden(ctx, g, line.begins); err != nil {
					return err
				}
				return finish(g)
			})
		}
	}, e.Golds)
	if err != nil {
		return err
	}
	for _, g := range e.Golds {
		g.Ops = line.ops
	}
	if !e.seconds() {
		return nil
	}
	return sideBySide(func(do func(input int, f func(*Run) error)) {
		for i := range inputs {
			do(i, func(g *Run) error {
				_, err := e.second(ctx, g)
				return err
			})
		}
	}, e.Golds)
}

// sideBySide runs what a function asks for, each for an input, as many at once as there are
// processors, and returns the first error.
func sideBySide(ask func(do func(input int, f func(*Run) error)), golds []*Run) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	ask(func(i int, f func(*Run) error) {
		group.Go(func() error {
			if err := f(golds[i]); err != nil {
				return fmt.Errorf("input %d: %w", i, err)
			}
			return nil
		})
	})
	return group.Wait()
}

// Program is the program under test.
func (e *Runs) Program() *network.Program { return e.program }

// System is the memory system around the machine.
func (e *Runs) System() npu.System { return e.options.System }

// Inputs is the number of inputs.
func (e *Runs) Inputs() int { return len(e.Golds) }

// Golden returns the fault-free run of an input.
func (e *Runs) Golden(input int) *Run { return e.Golds[input] }

// Cycles is the length of an inference, the same for all inputs.
func (e *Runs) Cycles() uint64 { return e.Stream.Cycles }

// Machine builds a machine with an input loaded.
func (e *Runs) Machine(input []byte) (*npu.Machine, error) {
	mem := new(isa.Memory)
	if err := e.program.Load(mem, input); err != nil {
		return nil, err
	}
	m := npu.New(e.program.Config, e.options.System, e.options.ECC, mem)
	e.program.Attach(m)
	m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(e.program.SRAMBytes())
	return m, nil
}

// Begin returns a machine of its own at cycle 0 of the inference of an input: the
// start of a fault-free run.
func (e *Runs) Begin(input int) (*npu.Machine, error) {
	m, err := e.Machine(e.Golds[input].Input)
	if err != nil {
		return nil, err
	}
	e.program.Start(m)
	return m, nil
}

// Single reports whether the program is a single job, so that the host does nothing
// between start and end of an inference.
func (e *Runs) Single() bool { return len(e.Stream.Begins) == 1 }

// Seek brings a machine that [Runs.Begin] made to a cycle of the fault-free run of an
// input, whatever it has done before.
func (e *Runs) Seek(m *npu.Machine, input int, cycle uint64) {
	g := e.Golds[input]
	g.Points[g.Before(cycle)].Restore(m)
	m.Run(cycle)
}

// Begins are the cycles at which the jobs of the program begin in a fault-free run.
func (e *Runs) Begins() []uint64 { return e.Stream.Begins }
