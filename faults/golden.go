package faults

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"

	"upset/models/driver"
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

// Golden is the fault-free run of one input, and the inference of another input that
// follows without a reset.
type Golden struct {
	Input  []byte
	Next   []byte // input of the inference that follows
	Output []byte
	Cycles uint64 // of the inference
	Ops    []OpSpan

	points []point // in order of cycles
	end    int     // the last one, the end of the inference
	begins []int   // those at which operations begin
	hash   uint64
	handed []uint64 // hash of what the host takes over before each job, none where there is one

	second   later // the inference that follows
	followed bool  // the same run can be followed without a clock, see traceOf
}

// point is the machine at one cycle of the fault-free run. RAM banks and memory
// pages that did not change since the point before are shared with it.
type point struct {
	cycle uint64
	flops npu.Flops
	ram   [][]byte
	mem   [][]byte
	begin bool // an operation begins its first job at this cycle
}

const (
	ramPiece = isa.BankBytes
	memPiece = 1 << npu.PageShift
)

// snapshot records the machine, sharing what equals the point before.
func snapshot(m *npu.Machine, prev *point) point {
	p := point{cycle: m.Cycle(), flops: m.S.Flops}
	n := m.Spec.SHRAMBytes()
	p.ram = pieces(m.S.RAM.Mem[:n], ramPiece, prev, func(q *point) [][]byte { return q.ram })
	p.mem = pieces(m.Mem.SRAM, memPiece, prev, func(q *point) [][]byte { return q.mem })
	return p
}

func pieces(b []byte, size int, prev *point, of func(*point) [][]byte) [][]byte {
	out := make([][]byte, 0, (len(b)+size-1)/size)
	for i := 0; i*size < len(b); i++ {
		piece := b[i*size : min(len(b), (i+1)*size)]
		if prev != nil && bytes.Equal(of(prev)[i], piece) {
			out = append(out, of(prev)[i])
			continue
		}
		out = append(out, bytes.Clone(piece))
	}
	return out
}

// restore puts the machine in the state of the point.
func (p *point) restore(m *npu.Machine) {
	m.S.Flops = p.flops
	for i, b := range p.ram {
		copy(m.S.RAM.Mem[i*ramPiece:], b)
	}
	if m.S.RAM.SynLive != 0 {
		m.S.RAM.Syn = [len(m.S.RAM.Syn)]uint8{}
		m.S.RAM.SynLive = 0
	}
	for i, b := range p.mem {
		copy(m.Mem.SRAM[i*memPiece:], b)
	}
	m.Touched()
}

// before returns the last point at or before a cycle of the first inference.
func (g *Golden) before(cycle uint64) int {
	i := sort.Search(g.end+1, func(i int) bool { return g.points[i].cycle > cycle })
	return max(0, i-1)
}

// behind returns the first point behind a cycle of the first inference.
func (g *Golden) behind(cycle uint64) int {
	return sort.Search(g.end, func(i int) bool { return g.points[i].cycle > cycle })
}

// opAt returns the operation under way at a cycle.
func (g *Golden) opAt(cycle uint64) int {
	i := sort.Search(len(g.Ops), func(i int) bool { return g.Ops[i].End >= cycle })
	return min(i, max(0, len(g.Ops)-1))
}

// next is the input of the inference behind one of a list: the one that follows in the
// list, or the complement of the only one.
func next(inputs [][]byte, i int) []byte {
	if len(inputs) > 1 {
		return inputs[(i+1)%len(inputs)]
	}
	out := make([]byte, len(inputs[0]))
	for k, b := range inputs[0] {
		out[k] = ^b
	}
	return out
}

// again prepares the machine for another inference: the host writes the input and
// starts the NPU, with the clock at the given cycle. The host takes its time, so that
// whatever was under way on the bus has arrived.
func again(m *npu.Machine, p *driver.Program, input []byte, cycle uint64) {
	m.S.Bus.Cycle = cycle
	for i := range m.S.Bus.Port {
		m.S.Bus.Port[i].Arrive(cycle)
	}
	p.Renew(m.Mem, input)
	for _, b := range p.Inputs {
		if b.Offset >= 0 {
			m.Writes.Note(isa.SRAMBase+uint32(b.Offset), b.Size)
		}
	}
	for _, r := range p.HostWrites(0) {
		m.Writes.Note(r.Lo, int(r.Hi-r.Lo))
	}
	p.Start(m)
}

// runawayLimit bounds a fault-free run, which has no watchdog yet.
const runawayLimit = 2_000_000_000

// golden runs an input without faults. The number of cycles does not depend on
// the data; cycles is that of the first input, or 0.
func (e *Engine) golden(ctx context.Context, input, following []byte, cycles uint64) (*Golden, error) {
	m, err := e.machine(input)
	if err != nil {
		return nil, err
	}
	g := &Golden{Input: input, Next: following, Cycles: cycles}
	if cycles == 0 {
		if g.Ops, g.Cycles, err = e.timeline(ctx, m); err != nil {
			return nil, err
		}
		if m, err = e.machine(input); err != nil {
			return nil, err
		}
	}
	e.noteHanded(m, g)
	e.program.Start(m)
	step := e.spacing(g.Cycles)
	if g.points, step, err = record(ctx, m, nil, step, g.Cycles+1, e.pointRoom()/5*4, e.begins); err != nil {
		return nil, err
	}
	m.Host = nil
	e.program.Attach(m)
	g.end = len(g.points) - 1
	for i := range g.points {
		if _, ok := slices.BinarySearch(e.begins, g.points[i].cycle); ok {
			g.begins = append(g.begins, i)
		}
	}
	g.Output = e.program.ReadOutputs(m.Mem)
	g.hash = hashOutput(g.Output)
	if e.program.Alarmed(m.Mem) != 0 {
		return nil, errors.New("the host finds a difference in the fault-free run: its measures do not fit this network")
	}
	if cycles != 0 && m.Cycle() != cycles {
		return nil, fmt.Errorf("the fault-free run took %d cycles for one input and %d for another: its timing must not depend on the data", cycles, m.Cycle())
	}
	want, err := e.functional(g)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(want, g.Output) {
		return nil, fmt.Errorf("the cycle-level machine and the functional machine disagree on the output of %s: %s", e.program.Name, e.program.WhyDiffer())
	}
	g.second, err = e.behind(ctx, m, &g.points[g.end], following, g.Cycles, 4*step)
	return g, err
}

// spacing is the distance of checkpoints: as near as memory allows. A quarter as
// many cover the second inference.
func (e *Engine) spacing(cycles uint64) uint64 {
	n := uint64(e.points)
	if n == 0 {
		size := pointSize + e.program.Config.Spec().SHRAMBytes()
		n = uint64(max(minPoints, e.pointRoom()/size*4/5))
		n = min(n, cycles/closest+1)
	}
	step := max(1, (cycles+n-1)/n)
	if cycles > lifetimeCycles {
		step = (step + windowGrid - 1) / windowGrid * windowGrid
	}
	return step
}

// functional runs the input without a clock, for comparison and, where differences
// can be followed, for the hand-off.
func (e *Engine) functional(g *Golden) ([]byte, error) {
	if e.follow == nil {
		return e.program.RunFunctional(g.Input)
	}
	mem := new(isa.Memory)
	if err := e.program.Load(mem, g.Input); err != nil {
		return nil, err
	}
	trace, err := e.follow.program.Record(mem)
	if err != nil {
		return e.program.RunFunctional(g.Input)
	}
	g.followed = true
	e.traces.keep(g, trace, trace.Bytes(), e.traceRoom())
	return e.program.ReadOutputs(mem), nil
}

// timeline runs an inference and notes when operations retire.
func (e *Engine) timeline(ctx context.Context, m *npu.Machine) ([]OpSpan, uint64, error) {
	var ops []OpSpan
	var kernels []int
	for i := range e.program.Operations {
		if e.program.Operations[i].Kind != "dma" {
			kernels = append(kernels, i)
		}
	}
	at := uint64(0)
	from := newInheritance(m, e.program, e.follow == nil)
	m.Observe = func(n npu.Note) {
		if n.Kind != npu.NoteRetire {
			return
		}
		from.retired++
		s := OpSpan{Index: len(ops), Start: at, End: n.Cycle}
		if len(ops) < len(kernels) {
			o := &e.program.Operations[kernels[len(ops)]]
			s.Name, s.Kind, s.Layer = o.Name, o.Kind, o.Layer
		}
		ops = append(ops, s)
		at = n.Cycle + 1
	}
	size := m.Spec.SHRAMBytes()
	data, code := newLifetimes(size, lifeFine, lifeWord), newLifetimes(size, 0, codeWord)
	long, starts := newWindows(newLifetimes(size, lifeFine, lifeWord)), newMoments(newLifetimes(size, lifeFine, lifeWord))
	m.Lookup = func() {
		from.lookup()
		long.lookup(m.Cycle())
		starts.lookup(m.Cycle())
		data.lookup(m.Cycle())
		code.lookup(m.Cycle())
	}
	m.Access = func(addr, bytes, used int, write bool) {
		from.access(addr, bytes, used, write)
		long.access(m.Cycle(), addr, used, write)
		starts.access(m.Cycle(), addr, used, write)
		data.access(m.Cycle(), addr, used, write)
		if m.ECC != npu.ECCNone {
			code.access(m.Cycle(), addr, bytes, write)
		}
	}
	e.program.Start(m)
	e.noteJobs(m, from)
	m.Journal = new(npu.Journal)
	events := 0
	retired := m.Observe
	m.Observe = func(n npu.Note) {
		if n.Kind != npu.NoteDMAStart {
			events++
		}
		if e.follow != nil {
			e.follow.noteBegin(n, e.future.ops)
		}
		retired(n)
	}
	for m.S.CC.Run != 0 && m.Cycle() < runawayLimit {
		if m.Cycle()%attention == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		if events > len(e.milestones) && events <= e.mostMilestones() {
			for len(e.milestones) < events { // of several in one clock, the last one counts
				e.milestones = append(e.milestones, milestone{m.Cycle(), m.S.Flops})
			}
		}
		if m.Cycle() == lifetimeCycles+1 {
			data.drop()
			code.drop()
		}
		m.Journal.Clear()
		begun := m.S.Begun()
		m.Step()
		if m.S.Begun() && !begun && m.S.CC.Run != 0 && len(e.begins) < maxMilestones {
			e.begins = append(e.begins, m.Cycle())
			starts.moment(m.Cycle())
		}
		e.future.note(&m.S.DMA)
		from.traffic(m.Journal)
		if e.follow != nil {
			e.follow.noteAccesses(m.Journal, m.Cycle())
		}
	}
	m.Journal = nil
	if st := m.Status(); st != npu.Done {
		return nil, 0, fmt.Errorf("the fault-free run ended with a %v: %s", st, m.Describe())
	}
	m.Observe, m.Host = nil, nil
	e.program.Attach(m)
	if len(ops) > 0 {
		ops[len(ops)-1].End = m.Cycle()
	}
	cycles := m.Cycle()
	long.last, starts.last = instant(cycles)+1, int32(len(e.begins))
	if !e.options.AssumeReload { // else nobody reads what an inference leaves
		// Two more, so that both phases are behind every cycle of the first.
		m.Observe = func(n npu.Note) {
			if n.Kind == npu.NoteRetire {
				from.retired++
			}
		}
		for k := range 2 {
			from.again()
			again(m, e.program, make([]byte, e.program.InputBytes()), m.Cycle())
			if err := runTo(ctx, m, runawayLimit); err != nil {
				return nil, 0, err
			}
			if k == 0 {
				e.inherits = from.done(e.program, e.follow.operations())
			}
		}
	}
	if cycles > lifetimeCycles {
		long.close(cycles)
		starts.close(cycles)
		e.life = either{long, starts}
	} else {
		data.close()
		e.life, e.codes = data, data
		if m.ECC != npu.ECCNone {
			code.close()
			e.codes = code
		}
	}
	return ops, cycles, nil
}

// hashOutput is the short hash of an output kept in records.
func hashOutput(b []byte) uint64 {
	h := sha256.Sum256(b)
	return binary.BigEndian.Uint64(h[:8])
}
