package faults

import (
	"bytes"
	"hash/fnv"
	"sort"

	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// A program may have several jobs: command streams that the host starts one after the
// other, as those of a network that runs on the NPU in parts, or those of the frames of a
// sequence. An inference is then all of them, and what the host does between two is part
// of the run: it takes no time and its memory lies in the SRAM.

// noteJobs keeps the cycles at which jobs begin, and tells what the host reads and
// writes to the inheritance where it is taken from the traffic.
func (e *Engine) noteJobs(m *npu.Machine, h *inheritance) {
	e.jobs = []uint64{m.Cycle()}
	host := m.Host
	if host == nil {
		return
	}
	m.Host = func(m *npu.Machine) bool {
		h.traffic(m.Journal)
		h.host(e.program, e.program.Job(m.Mem)+1)
		more := host(m)
		if more {
			e.jobs = append(e.jobs, m.Cycle())
		}
		return more
	}
}

// jobAt is the job under way in a fault-free state.
func (e *Engine) jobAt(s *npu.Flops) int {
	if len(e.jobs) < 2 {
		return 0
	}
	at := s.Bus.Cycle
	if total := e.golds[0].Cycles; at >= total && s.CC.Run != 0 { // an inference behind the first
		at -= total
	}
	return sort.Search(len(e.jobs), func(k int) bool { return e.jobs[k] > at }) - 1
}

// where is the word of the streams that the controller executes next in a fault-free
// state, counted over all jobs.
func (e *Engine) where(s *npu.Flops) int {
	k := position(&s.CC)
	if len(e.jobs) < 2 {
		return k
	}
	j := &e.program.Jobs[e.jobAt(s)]
	return j.First + min(k, j.Words-1)
}

// sameJob reports whether a machine is at the same job as a fault-free state.
func (e *Engine) sameJob(m *npu.Machine, s *npu.Flops) bool {
	return len(e.jobs) < 2 || e.program.Job(m.Mem) == e.jobAt(s)
}

// streams are the jobs of the program as the hand-off takes them.
func (e *Engine) streams() []cone.Stream {
	p := e.program
	if len(p.Jobs) == 0 {
		return []cone.Stream{{Commands: p.Commands, Bases: p.Bases()}}
	}
	list := make([]cone.Stream, len(p.Jobs))
	for k, j := range p.Jobs {
		list[k] = cone.Stream{Commands: p.Commands[j.First : j.First+j.Words], First: j.First, Bases: j.Bases}
		for _, r := range p.HostReads(k + 1) {
			list[k].Reads = append(list[k].Reads, cone.Range(r))
		}
		for _, r := range p.HostWrites(k + 1) {
			list[k].Writes = append(list[k].Writes, cone.Range(r))
		}
	}
	return list
}

// hostSteps makes what the host does behind a stream, or is nil.
func (e *Engine) hostSteps() func() cone.HostStep {
	if len(e.program.Jobs) == 0 {
		return nil
	}
	return func() cone.HostStep {
		step := e.program.HostStep()
		return func(k int, mem *isa.Memory) { step(k+1, mem) }
	}
}

// hostHit reports whether a stray write may have reached the memory of the host, which
// then may do something else than it does for the hand-off.
func (w *Worker) hostHit() bool { return len(w.e.program.Jobs) > 0 && w.m.S.Bus.Stray != 0 }

// watchHost makes the machine that takes the upsets tell when the host takes over
// something else than in the fault-free run.
func (w *Worker) watchHost(m *npu.Machine) {
	host := m.Host
	if host == nil {
		return
	}
	m.Host = func(m *npu.Machine) bool {
		if m.Status() != npu.Done {
			if host(m) {
				w.retried++
				w.hostStarted(m)
				return true
			}
			return false
		}
		k := w.e.program.Job(m.Mem) + 1
		if g := w.struck; g != nil && k > 0 && k < len(g.handed) && g.handed[k] != w.e.handed(m.Mem, k) {
			w.wrong++
		}
		if host(m) {
			w.hostStarted(m)
			return true
		}
		return false
	}
}

// handed is the hash of what the host takes over before job k.
func (e *Engine) handed(mem *isa.Memory, k int) uint64 {
	h := fnv.New64a()
	for _, r := range e.program.HostReads(k) {
		h.Write(mem.SRAM[r.Lo-isa.SRAMBase : r.Hi-isa.SRAMBase])
	}
	return h.Sum64()
}

// forgiven names what the host did about a fault that ends masked: it ran a job once
// more, or it was handed something wrong without an effect.
func (w *Worker) forgiven(r *Record) {
	switch {
	case r.Outcome != Masked || r.Cause != CauseNone:
	case w.retried > 0:
		r.Outcome, r.Cause = Corrected, CauseRetried
	case w.wrong > 0:
		r.Cause = CauseForgiven
	}
}

// judged names the outcome of a run that has come to its end with an output and perhaps
// an alarm of the host: at the bound behind so many jobs, 0 for none. Outputs of frames
// in front of the alarm were handed over; those from it on are not used. Late is the
// number of cycles by which the run is behind. It reports false where the output is
// right and there is no alarm.
func (w *Worker) judged(r *Record, g *Golden, out []byte, alarm int, late int64) bool {
	e, upTo := w.e, w.e.handedOver(len(out), alarm)
	if !bytes.Equal(out[:upTo], g.Output[:upTo]) {
		w.faulty = out
		w.corrupted(r, g, append(out[:upTo:upTo], g.Output[upTo:]...))
		return true
	}
	if alarm == 0 {
		return false
	}
	r.Outcome, r.Cause, r.Output, r.Late = Detected, CauseHost, 0, false
	r.End = uint64(int64(e.found(alarm)) + late)
	return true
}

// handedOver is how much of an output was used: that of the frames in front of an alarm.
func (e *Engine) handedOver(bytes, alarm int) int {
	if alarm > 0 && alarm <= len(e.program.Jobs) {
		return bytes / max(1, e.program.Frames) * e.program.Jobs[alarm-1].Frame
	}
	return bytes
}

// found is the cycle of the fault-free run at the bound behind so many jobs.
func (e *Engine) found(jobs int) uint64 {
	if jobs < len(e.jobs) {
		return e.jobs[jobs]
	}
	return e.golds[0].Cycles
}

// leftAlarm is the alarm of the host in the bytes that differ at the end of a run.
func (e *Engine) leftAlarm(left []cone.Byte) int {
	at, v := e.program.AlarmPlace(), uint32(0)
	if at < 0 {
		return 0
	}
	for _, b := range left {
		if k := int(b.Addr-isa.SRAMBase) - at; k >= 0 && k < 4 {
			v |= uint32(b.Value) << (8 * k)
		}
	}
	return int(v)
}

// noteHanded keeps what the host takes over in the fault-free run of an input.
func (e *Engine) noteHanded(m *npu.Machine, g *Golden) {
	host := m.Host
	if host == nil {
		return
	}
	g.handed = make([]uint64, len(e.program.Jobs)+1)
	m.Host = func(m *npu.Machine) bool {
		if k := e.program.Job(m.Mem) + 1; k < len(g.handed) {
			g.handed[k] = e.handed(m.Mem, k)
		}
		return host(m)
	}
}
