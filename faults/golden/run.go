package golden

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"

	"upset/faults"
	"upset/faults/stream"
	"upset/npu"
	"upset/npu/isa"
)

// OpSpan is the stretch of an inference in which a kernel operation is the
// oldest one under way.
type OpSpan struct {
	Index int // among the kernel operations of the stream
	Name  string
	Kind  string
	Layer int
	Start uint64 // first cycle
	End   uint64 // last cycle
}

// Run is the fault-free run of one input, and the inference of another input that
// follows without a reset.
type Run struct {
	Input  []byte
	Next   []byte // input of the inference that follows
	Output []byte
	Cycles uint64 // of the inference
	Ops    []OpSpan

	Points []Point // in order of cycles
	End    int     // the last one, the end of the inference
	Begins []int   // those at which operations begin their first job
	Hash   uint64
	Handed []uint64 // hash of what the host takes over before each job, none where there is one

	step     uint64
	expected []byte   // output of the functional machine, until it is compared
	second   struct { // the inference that follows
		once sync.Once
		Later
		err error
	}
	Followed bool // the same run can be followed without a clock, see TraceOf
	known    bool // its trace can be made again by Recompute
}

// Before returns the last point at or before a cycle of the first inference.
func (g *Run) Before(cycle uint64) int {
	i := sort.Search(g.End+1, func(i int) bool { return g.Points[i].Cycle > cycle })
	return max(0, i-1)
}

// Behind returns the first point behind a cycle of the first inference.
func (g *Run) Behind(cycle uint64) int {
	return sort.Search(g.End, func(i int) bool { return g.Points[i].Cycle > cycle })
}

// OpAt returns the operation under way at a cycle.
func (g *Run) OpAt(cycle uint64) int {
	i := sort.Search(len(g.Ops), func(i int) bool { return g.Ops[i].End >= cycle })
	return min(i, max(0, len(g.Ops)-1))
}

// DoneAt is the first point at which an operation is done.
func (g *Run) DoneAt(f *stream.Stream, op int) int {
	for op > 0 && (f.Ops[op].DMA || f.Ops[op].Host) {
		op--
	}
	if op < 0 || f.Ops[op].DMA || f.Ops[op].Host || f.Ops[op].Kernel >= len(g.Ops) {
		return 0
	}
	end := g.Ops[f.Ops[op].Kernel].End
	return sort.Search(g.End, func(i int) bool { return g.Points[i].Cycle > end })
}

// LastWith returns the last point of the first inference, from its beginning on, up
// to which a condition holds that never holds again.
func (g *Run) LastWith(holds func(*npu.Flops) bool) int {
	return sort.Search(g.End, func(i int) bool { return !holds(&g.Points[i].Flops) }) - 1
}

// RunawayLimit bounds a fault-free run, which has no watchdog yet.
const RunawayLimit = 2_000_000_000

// first runs the first input and notes what is common to all. Where the number of
// checkpoints is given it takes none.
func (e *Runs) first(ctx context.Context, g *Run) (*timeline, error) {
	m, err := e.Machine(g.Input)
	if err != nil {
		return nil, err
	}
	e.noteHanded(m, g)
	line := e.newTimeline(m)
	line.start()
	if e.options.Checkpoints > 0 {
		for more := true; more && m.Cycle() < RunawayLimit; { // it pauses at operations
			if more, err = line.run(ctx, m, RunawayLimit); err != nil {
				return nil, err
			}
		}
	} else if err := e.points(ctx, m, g, closest, RunawayLimit, 0, line.run); err != nil {
		return nil, err
	}
	return line, line.done()
}

// golden runs an input without faults. Operations begin at the cycles given.
func (e *Runs) golden(ctx context.Context, g *Run, begins []uint64) error {
	m, err := e.Machine(g.Input)
	if err != nil {
		return err
	}
	e.noteHanded(m, g)
	e.program.Start(m)
	step, most := e.spacing(), e.options.Checkpoints
	if most == 0 {
		step, most = e.Golds[0].step, len(e.Golds[0].Points)
	}
	return e.points(ctx, m, g, step, e.Stream.Cycles+1, most, stopping(begins))
}

// points runs to the end of the inference and takes points.
func (e *Runs) points(ctx context.Context, m *npu.Machine, g *Run, step, limit uint64, most int, to runner) (err error) {
	room := e.pointRoom() / 5 * 4
	if g.Points, g.step, err = record(ctx, m, nil, step, limit, room, most, to); err != nil {
		return err
	}
	g.Cycles = m.Cycle()
	for g.Cycles > lifetimeCycles && g.step%windowGrid != 0 { // else nothing is known of the shared buffer there
		last := g.Points[len(g.Points)-1]
		g.Points, _ = Thin(g.Points, nil)
		if g.Points[len(g.Points)-1].Cycle != last.Cycle {
			g.Points = append(g.Points, last)
		}
		g.step *= 2
	}
	g.End = len(g.Points) - 1
	for i := range g.Points {
		if g.Points[i].Begin {
			g.Begins = append(g.Begins, i)
		}
	}
	g.Output = e.program.ReadOutputs(m.Mem)
	g.Hash = faults.HashOutput(g.Output)
	if e.program.Alarmed(m.Mem) != 0 {
		return errors.New("the host finds a difference in the fault-free run: its measures do not fit this network")
	}
	return nil
}

// finish compares a run with the functional machine, and its length with that of the first.
func (e *Runs) finish(g *Run) error {
	if !bytes.Equal(g.expected, g.Output) {
		return fmt.Errorf("the cycle-level machine and the functional machine disagree on the output of %s: %s", e.program.Name, e.program.WhyDiffer())
	}
	g.expected = nil
	if g.Cycles != e.Stream.Cycles {
		return fmt.Errorf("the fault-free run took %d cycles, for input 0 %d: its timing must not depend on the data", g.Cycles, e.Stream.Cycles)
	}
	return nil
}

// spacing is the distance of checkpoints where their number is given. A quarter as many
// cover the second inference.
func (e *Runs) spacing() uint64 {
	n, cycles := uint64(max(1, e.options.Checkpoints)), e.Stream.Cycles
	return max(1, (cycles+n-1)/n)
}

// functional runs the input without a clock, for comparison and, where differences
// can be followed, for the hand-off.
func (e *Runs) functional(g *Run) (err error) {
	if e.Dataflow == nil {
		g.expected, err = e.program.RunFunctional(g.Input)
		return err
	}
	mem := new(isa.Memory)
	if err := e.program.Load(mem, g.Input); err != nil {
		return err
	}
	trace, err := e.Dataflow.Program.Record(mem)
	if err != nil {
		g.expected, err = e.program.RunFunctional(g.Input)
		return err
	}
	g.Followed, g.known = true, trace.Known()
	e.Traces.Keep(g, trace, trace.Bytes(), e.traceRoom())
	g.expected = e.program.ReadOutputs(mem)
	return nil
}
