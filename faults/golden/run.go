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

	step   uint64
	second struct { // the inference that follows
		once sync.Once
		Later
		err error
	}
	Followed bool // the same run can be followed without a clock, see traceOf
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

// golden runs an input without faults.
func (e *Runs) golden(ctx context.Context, input, following []byte) (*Run, error) {
	m, err := e.Machine(input)
	if err != nil {
		return nil, err
	}
	g := &Run{Input: input, Next: following}
	e.noteHanded(m, g)
	e.program.Start(m)
	step, limit := uint64(closest), uint64(RunawayLimit)
	if e.options.Checkpoints > 0 {
		step, limit = e.spacing(), e.Stream.Cycles+1
	}
	room := e.pointRoom() / 5 * 4
	if g.Points, g.step, err = record(ctx, m, nil, step, limit, room, true); err != nil {
		return nil, err
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
		return nil, errors.New("the host finds a difference in the fault-free run: its measures do not fit this network")
	}
	want, err := e.functional(g)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(want, g.Output) {
		return nil, fmt.Errorf("the cycle-level machine and the functional machine disagree on the output of %s: %s", e.program.Name, e.program.WhyDiffer())
	}
	return g, nil
}

// spacing is the distance of checkpoints where their number is given. A quarter as many
// cover the second inference.
func (e *Runs) spacing() uint64 {
	n, cycles := uint64(e.options.Checkpoints), e.Stream.Cycles
	return max(1, (cycles+n-1)/n)
}

// functional runs the input without a clock, for comparison and, where differences
// can be followed, for the hand-off.
func (e *Runs) functional(g *Run) ([]byte, error) {
	if e.Dataflow == nil {
		return e.program.RunFunctional(g.Input)
	}
	mem := new(isa.Memory)
	if err := e.program.Load(mem, g.Input); err != nil {
		return nil, err
	}
	trace, err := e.Dataflow.Program.Record(mem)
	if err != nil {
		return e.program.RunFunctional(g.Input)
	}
	g.Followed = true
	e.Traces.Keep(g, trace, trace.Bytes(), e.traceRoom())
	return e.program.ReadOutputs(mem), nil
}
