package golden

import (
	"context"
	"fmt"

	"upset/faults"
	"upset/npu"
)

// timeline watches the fault-free run of the first input, and the inferences behind it, and
// notes what does not depend on the data: when operations begin and retire, and what is
// read and written when.
type timeline struct {
	e       *Runs
	m       *npu.Machine
	ops     []OpSpan
	uses    ramUses
	from    *inheritance
	begun   bool // an operation has begun its first job
	waiting bool // and nobody was told so far
	events  int  // operations issued and retired

	// Begins are the cycles at which operations begin their first job, as far as they are
	// marked.
	begins []uint64
}

// newTimeline watches a machine that was not started yet.
func (e *Runs) newTimeline(m *npu.Machine) *timeline {
	t := &timeline{e: e, m: m, from: newInheritance(m, e.program, e.Dataflow == nil)}
	t.uses = newRAMUses(m, t.from)
	m.Probe.Lookup, m.Probe.Access = t.uses.lookup, t.uses.access
	var names []int
	for i := range e.program.Operations {
		if e.program.Operations[i].Kind != "dma" {
			names = append(names, i)
		}
	}
	at := uint64(0)
	m.Probe.Note = func(n npu.Note) {
		if n.Kind != npu.NoteDMAStart {
			t.events++
			m.Pause() // of the registers, see run
		}
		if e.Dataflow != nil {
			e.Dataflow.noteOperation(n, e.Stream.Ops)
		}
		if n.Kind != npu.NoteRetire {
			return
		}
		t.from.retired++
		s := OpSpan{Index: len(t.ops), Start: at, End: n.Cycle}
		if len(t.ops) < len(names) {
			o := &e.program.Operations[names[len(t.ops)]]
			s.Name, s.Kind, s.Layer = o.Name, o.Kind, o.Layer
		}
		t.ops = append(t.ops, s)
		at = n.Cycle + 1
	}
	return t
}

// start starts the program.
func (t *timeline) start() {
	m, d := t.m, t.e.Dataflow
	t.e.program.Start(m)
	t.e.noteJobs(m, t.from)
	t.begun = m.S.Begun()
	m.Probe.Clocked = t.clock
	m.Probe.Beat = func(addr uint32, strb uint8, write bool) {
		t.from.beat(addr, strb, write)
		if d != nil {
			d.noteBeat(addr, strb, write, m.Cycle())
		}
	}
}

// clock looks at the machine behind each clock.
func (t *timeline) clock() {
	m := t.m
	now := m.Cycle()
	if now == lifetimeCycles+1 {
		t.uses.tooLong()
	}
	if begun := m.S.Begun(); begun != t.begun {
		t.begun = begun
		if begun && m.S.CC.Run != 0 && len(t.begins) < maxMilestones {
			t.begins = append(t.begins, now)
			t.uses.begins.moment(now)
			t.waiting = true
			m.Pause()
		}
	}
	t.e.Stream.Note(&m.S.DMA)
	if d := t.e.Dataflow; d != nil && d.copying != none && m.S.DMA.M2M.On == 0 {
		d.noteCopy(now)
	}
}

// run is the runner of the watched machine.
func (t *timeline) run(ctx context.Context, m *npu.Machine, cycle uint64) (bool, error) {
	e := t.e
	for m.S.CC.Run != 0 && m.Cycle() < cycle {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		m.Run(min(cycle, m.Cycle()+attention))
		if m.S.CC.Run != 0 && t.events > len(e.Milestones) && t.events <= e.mostMilestones() {
			for len(e.Milestones) < t.events { // of several in one clock, the last one counts
				e.Milestones = append(e.Milestones, milestone{m.Cycle(), m.S.Flops})
			}
		}
		if t.waiting {
			t.waiting = false
			return m.S.CC.Run != 0, nil
		}
	}
	return false, nil
}

// done ends the first inference.
func (t *timeline) done() error {
	m, e := t.m, t.e
	if st := m.Status(); st != npu.Done {
		return fmt.Errorf("the fault-free run ended with a %v: %s", st, m.Describe())
	}
	m.Probe.Note, m.Host, m.Probe.Beat, m.Probe.Clocked = nil, nil, nil, nil
	e.program.Attach(m)
	if len(t.ops) > 0 {
		t.ops[len(t.ops)-1].End = m.Cycle()
	}
	e.Stream.Cycles = m.Cycle()
	if d := e.Dataflow; d != nil {
		d.loads.close()
	}
	t.uses.done(m.Cycle())
	return nil
}

// again runs the inferences behind the first one, as far as anybody asks what they read.
func (t *timeline) again(ctx context.Context) error {
	m, e := t.m, t.e
	cycles := e.Stream.Cycles
	if !e.options.AssumeReload { // else nobody reads what an inference leaves
		// Two more, so that both phases are behind every cycle of the first. Where neither
		// reads anything of the shared buffer that it has not written, the second one adds
		// nothing but how coded words are written in parts, which of long ones is not kept.
		m.Probe.Note = func(n npu.Note) {
			if n.Kind == npu.NoteRetire {
				t.from.retired++
			}
		}
		for k := range 2 {
			t.from.again()
			Again(m, e.program, make([]byte, e.program.InputBytes()), m.Cycle())
			if err := runTo(ctx, m, RunawayLimit); err != nil {
				return err
			}
			if k == 0 {
				e.Inherits = t.from.done(e.program, e.Dataflow.operations())
				if in := &e.Inherits; cycles > lifetimeCycles && in.RAM[0] == nil && in.RAM[1] == nil {
					break
				}
			}
		}
	}
	e.Life, e.Codes = t.uses.close(cycles)
	return nil
}

// ramUses keeps when the words of the shared buffer are read and written.
type ramUses struct {
	m            *npu.Machine
	from         *inheritance
	data, code   *lifetimes
	long, begins *windows
}

func newRAMUses(m *npu.Machine, from *inheritance) ramUses {
	size := m.Spec.SHRAMBytes()
	layout := func() *lifetimes { return newLifetimes(size, lifeFine, lifeWord) }
	return ramUses{m, from, layout(), newLifetimes(size, 0, faults.CodeWord), newWindows(layout()), newMoments(layout())}
}

func (u *ramUses) lookup() {
	now := u.m.Cycle()
	u.from.lookup()
	u.long.lookup(now)
	u.begins.lookup(now)
	u.data.lookup(now)
	u.code.lookup(now)
}

func (u *ramUses) access(addr, bytes, used int, write bool) {
	now := u.m.Cycle()
	u.from.access(addr, bytes, used, write)
	accessBoth(u.long, u.begins, now, addr, used, write)
	if u.data.open == nil {
		return
	}
	u.data.access(now, addr, used, write)
	if u.m.ECC != npu.ECCNone {
		u.code.access(now, addr, bytes, write)
	}
}

// tooLong says that the inference is too long for full records.
func (u *ramUses) tooLong() {
	u.data.drop()
	u.code.drop()
}

// done ends the first inference, of so many cycles: nobody asks for instants behind it.
func (u *ramUses) done(cycles uint64) {
	u.long.last, u.begins.last = min(maxWindows, instant(cycles)+1), min(maxWindows, int32(len(u.begins.moments)))
}

// close ends the records: that of data, and that of coded words, if there is one.
func (u *ramUses) close(cycles uint64) (life lifeRecord, codes *lifetimes) {
	if cycles > lifetimeCycles {
		u.long.close(cycles)
		u.begins.close(cycles)
		return either{u.long, u.begins}, nil
	}
	u.data.close()
	if u.m.ECC == npu.ECCNone {
		return u.data, u.data
	}
	u.code.close()
	return u.data, u.code
}
