// Package story tells what an injection did, step by step: which blocks differ when, what the
// host did, and where the outcome shows.
package story

import (
	"fmt"
	"sort"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/golden"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Story is what an injection did, step by step.
type Story struct {
	Record  faults.Record
	Name    string // site name
	Block   string
	Class   string
	Word    uint32        // command word that the parser had taken last
	Command string        // its name
	Op      golden.OpSpan // operation under way
	Events  []Event
	Bytes   int   // bytes of memory that differ at the end
	Outputs []int // output elements that differ, by byte

	// Lands is where the upset happens and Shows where its outcome does; nil where the
	// program is one stream, and Shows also where nothing shows in this sequence.
	Lands, Shows *Where

	stray int // job under way at the first write outside the arena
}

// Event is a change in where the machine differs from the fault-free one.
type Event struct {
	Cycle uint64 // cycles after the flip
	What  string
	// Blocks are those that differ from the fault-free machine by then, in order.
	Blocks []string
}

// most bounds the events that a story tells.
const most = 40

// Tell replays an injection beside a fault-free machine and reports which blocks
// differ when, until the two agree or the inference ends.
func Tell(w *engine.Worker, input int, s faults.Site) (*Story, error) {
	if k := w.Engine().Options().Model.Kind; k >= faults.SET {
		return nil, fmt.Errorf("no story of a %s fault: stories are told of upsets; choose seu, pair or mcu, or run a campaign", k)
	}
	rec, err := w.Inject(input, s, nil)
	if err != nil {
		return nil, err
	}
	e := w.Engine()
	g := e.Golden(input)
	place, err := e.Table().Place(s.ID)
	if err != nil {
		return nil, err
	}
	st := &Story{Record: rec, Name: e.Table().Name(s.ID), Block: place.Register.Block, Class: place.Register.Class.String()}
	if len(g.Ops) > 0 {
		st.Op = g.Ops[rec.Op]
	}
	ref, err := e.Worker()
	if err != nil {
		return nil, err
	}
	good, m := ref.Stand(input, s.Cycle), w.Stand(input, s.Cycle)
	st.Word = m.S.CC.Word
	st.Command = commandName(st.Word)
	if err := e.Strike(m, s); err != nil {
		return nil, err
	}
	st.Lands = whereOf(e.Program(), w.Job())
	st.follow(w, m, good, s.Cycle)
	out := e.Program().ReadOutputs(m.Mem)
	for i := range out {
		if m.S.CC.Run == 0 && out[i] != g.Output[i] {
			st.Outputs = append(st.Outputs, i)
		}
	}
	ended, first := w.Job(), -1
	if rec.Outcome == faults.StrayWrite {
		ended = st.stray
	}
	if len(st.Outputs) > 0 {
		first = st.Outputs[0]
	}
	st.Shows = effect(e.Program(), &rec, ended, e.Program().Alarmed(m.Mem), first)
	return st, nil
}

func commandName(word uint32) string {
	switch kind, x := isa.Classify(word); {
	case kind == isa.KindOp:
		return isa.Opcode(x).String()
	case kind != isa.KindInvalid && x >= 0:
		return isa.Table[x].Name
	}
	return "none"
}

// follow steps both machines and notes when the set of differing blocks changes.
func (st *Story) follow(w *engine.Worker, m, ref *npu.Machine, from uint64) {
	p := w.Engine().Program()
	dirty := map[uint32]bool{}
	was, job := "", p.Job(m.Mem)
	var now []string
	say := func(what string) {
		if len(st.Events) < most {
			st.Events = append(st.Events, Event{m.Cycle() - from, what, now})
		}
	}
	for !w.Hung() {
		now = differing(m, ref)
		before := len(dirty)
		m.Writes, ref.Writes = npu.Pages{}, npu.Pages{}
		if text := listed(now); text != was {
			say(text)
			was = text
		}
		if m.S.CC.Run == 0 {
			break
		}
		under, strayed := w.Job(), m.S.Bus.Stray != 0
		m.Step()
		ref.Step()
		if !strayed && m.S.Bus.Stray != 0 {
			st.stray = under
		}
		if k := p.Job(m.Mem); k != job {
			st.host(p, m, k, from, now)
			job = k
		}
		if m.Writes != (npu.Pages{}) || ref.Writes != (npu.Pages{}) {
			noteMemory(m, ref, dirty)
		}
		if before == 0 && len(dirty) > 0 {
			what := "the first wrong byte reaches memory"
			if at := whereOf(p, under); at != nil {
				what += fmt.Sprintf(", in frame %d, run %d of %d", at.Frame, at.Run, at.Runs)
			}
			say(what)
		}
		if len(now) == 0 && len(dirty) == 0 {
			break
		}
	}
	st.Bytes = len(dirty)
}

// host tells what the host did in front of a job, whatever was told before. Blocks are
// those that differ.
func (st *Story) host(p *network.Program, m *npu.Machine, job int, from uint64, blocks []string) {
	if job < 0 {
		return
	}
	say := func(what string) { st.Events = append(st.Events, Event{m.Cycle() - from, what, blocks}) }
	if p.Compares(job) {
		switch p.Alarmed(m.Mem) {
		case 0:
			say("the host compares two outputs: they are equal")
		case job:
			say("the host compares two outputs: they differ, and what comes from this frame on is not used")
		}
	}
	if job < len(p.Jobs) {
		j := &p.Jobs[job]
		say(fmt.Sprintf("the host starts run %d of %d, for frame %d", job+1, len(p.Jobs), j.Frame))
	}
}

// noteMemory updates the set of differing bytes in the pages written this cycle.
func noteMemory(m, ref *npu.Machine, dirty map[uint32]bool) {
	for p := range len(m.Mem.SRAM)>>npu.PageShift + 1 {
		if (m.Writes[p>>6]|ref.Writes[p>>6])>>(p&63)&1 == 0 {
			continue
		}
		lo := p << npu.PageShift
		for a := lo; a < min(lo+1<<npu.PageShift, len(m.Mem.SRAM)); a++ {
			if m.Mem.SRAM[a] != ref.Mem.SRAM[a] {
				dirty[uint32(a)] = true
			} else {
				delete(dirty, uint32(a))
			}
		}
	}
}

// differing lists the blocks whose state is not that of the fault-free machine.
func differing(m, ref *npu.Machine) []string {
	a, b := &m.S, &ref.S
	var out []string
	add := func(name string, differs bool) {
		if differs {
			out = append(out, name)
		}
	}
	add("command controller", a.CC != b.CC)
	add("traversal", a.Trav != b.Trav)
	add("DMA", a.DMA != b.DMA)
	add("weight decoder", a.WD != b.WD)
	add("MAC array", a.MAC != b.MAC)
	add("output stage", a.AO != b.AO || a.AOScale != b.AOScale)
	add("shared-buffer control", a.SB != b.SB)
	add("shared buffer", a.RAM != b.RAM)
	add("bus", a.Bus != b.Bus)
	return out
}

func listed(blocks []string) string {
	if len(blocks) == 0 {
		return "no block differs any more"
	}
	sort.Strings(blocks)
	text := "differs in: "
	for i, b := range blocks {
		if i > 0 {
			text += ", "
		}
		text += b
	}
	return text
}

// String tells the story in plain lines.
func (st *Story) String() string {
	r := &st.Record
	s := fmt.Sprintf("site      %s@%d (%s, %s)\nbit       %d -> %d\nduring    operation %d %s, layer %d; last command %s\n",
		st.Name, r.Site.Cycle, st.Block, st.Class, r.Before, r.After, st.Op.Index, st.Op.Name, st.Op.Layer, st.Command)
	if st.Lands != nil {
		s += fmt.Sprintf("lands     %s\n", st.Lands)
	}
	for _, ev := range st.Events {
		s += fmt.Sprintf("  +%-7d %s\n", ev.Cycle, ev.What)
	}
	if st.Bytes > 0 {
		s += fmt.Sprintf("memory    %d bytes differ at the end\n", st.Bytes)
	}
	if len(st.Outputs) > 0 {
		s += fmt.Sprintf("output    %d bytes differ, first at %d\n", len(st.Outputs), st.Outputs[0])
	}
	if st.Shows != nil {
		s += fmt.Sprintf("shows     %s\n", st.Shows)
	}
	return s + fmt.Sprintf("outcome   %s (%s) at cycle %d\n", r.Outcome.Word(), r.Cause, r.End)
}
