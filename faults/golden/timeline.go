package golden

import (
	"context"
	"fmt"

	"upset/faults"
	"upset/npu"
)

// timeline runs an inference and those behind it, and notes what does not depend on the
// data: when operations retire, and what is read and written when.
func (e *Runs) timeline(ctx context.Context, input []byte) ([]OpSpan, error) {
	m, err := e.Machine(input)
	if err != nil {
		return nil, err
	}
	var ops []OpSpan
	var kernels []int
	for i := range e.program.Operations {
		if e.program.Operations[i].Kind != "dma" {
			kernels = append(kernels, i)
		}
	}
	at := uint64(0)
	from := newInheritance(m, e.program, e.Dataflow == nil)
	m.Probe.Note = func(n npu.Note) {
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
	data, code := newLifetimes(size, lifeFine, lifeWord), newLifetimes(size, 0, faults.CodeWord)
	long, begins := newWindows(newLifetimes(size, lifeFine, lifeWord)), newMoments(newLifetimes(size, lifeFine, lifeWord))
	m.Probe.Lookup = func() {
		from.lookup()
		long.lookup(m.Cycle())
		begins.lookup(m.Cycle())
		data.lookup(m.Cycle())
		code.lookup(m.Cycle())
	}
	m.Probe.Access = func(addr, bytes, used int, write bool) {
		from.access(addr, bytes, used, write)
		long.access(m.Cycle(), addr, used, write)
		begins.access(m.Cycle(), addr, used, write)
		data.access(m.Cycle(), addr, used, write)
		if m.ECC != npu.ECCNone {
			code.access(m.Cycle(), addr, bytes, write)
		}
	}
	e.program.Start(m)
	e.noteJobs(m, from)
	m.Probe.Journal = new(npu.Journal)
	events := 0
	retired := m.Probe.Note
	m.Probe.Note = func(n npu.Note) {
		if n.Kind != npu.NoteDMAStart {
			events++
		}
		if e.Dataflow != nil {
			e.Dataflow.noteOperation(n, e.Stream.Ops)
		}
		retired(n)
	}
	for m.S.CC.Run != 0 && m.Cycle() < RunawayLimit {
		if m.Cycle()%attention == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if events > len(e.Milestones) && events <= e.mostMilestones() {
			for len(e.Milestones) < events { // of several in one clock, the last one counts
				e.Milestones = append(e.Milestones, milestone{m.Cycle(), m.S.Flops})
			}
		}
		if m.Cycle() == lifetimeCycles+1 {
			data.drop()
			code.drop()
		}
		m.Probe.Journal.Clear()
		begun := m.S.Begun()
		m.Step()
		if m.S.Begun() && !begun && m.S.CC.Run != 0 && len(begins.moments) < maxMilestones {
			begins.moment(m.Cycle())
		}
		e.Stream.Note(&m.S.DMA)
		from.traffic(m.Probe.Journal)
		if e.Dataflow != nil {
			e.Dataflow.noteAccesses(m.Probe.Journal, m.Cycle())
			if m.S.DMA.M2M.On == 0 {
				e.Dataflow.noteCopy(m.Cycle())
			}
		}
	}
	m.Probe.Journal = nil
	if st := m.Status(); st != npu.Done {
		return nil, fmt.Errorf("the fault-free run ended with a %v: %s", st, m.Describe())
	}
	m.Probe.Note, m.Host = nil, nil
	e.program.Attach(m)
	if len(ops) > 0 {
		ops[len(ops)-1].End = m.Cycle()
	}
	cycles := m.Cycle()
	e.Stream.Cycles = cycles
	long.last, begins.last = instant(cycles)+1, int32(len(begins.moments))
	if !e.options.AssumeReload { // else nobody reads what an inference leaves
		// Two more, so that both phases are behind every cycle of the first. Where neither
		// reads anything of the shared buffer that it has not written, the second one adds
		// nothing but how coded words are written in parts, which of long ones is not kept.
		m.Probe.Note = func(n npu.Note) {
			if n.Kind == npu.NoteRetire {
				from.retired++
			}
		}
		for k := range 2 {
			from.again()
			Again(m, e.program, make([]byte, e.program.InputBytes()), m.Cycle())
			if err := runTo(ctx, m, RunawayLimit); err != nil {
				return nil, err
			}
			if k == 0 {
				e.Inherits = from.done(e.program, e.Dataflow.operations())
				if in := &e.Inherits; cycles > lifetimeCycles && in.RAM[0] == nil && in.RAM[1] == nil {
					break
				}
			}
		}
	}
	if cycles > lifetimeCycles {
		long.close(cycles)
		begins.close(cycles)
		e.Life = either{long, begins}
	} else {
		data.close()
		e.Life, e.Codes = data, data
		if m.ECC != npu.ECCNone {
			code.close()
			e.Codes = code
		}
	}
	return ops, nil
}
