package network

import (
	"encoding/binary"
	"fmt"
	"slices"

	"upset/npu"
	"upset/npu/functional"
	"upset/npu/isa"
)

// Job is one of the command streams of a program.
type Job struct {
	Name   string
	Stage  int       // of the network
	Frame  int       // inference of a sequence
	First  int       // its first word in Program.Commands
	Words  int       // its length
	Stream uint32    // address of its first word
	Bases  [8]uint32 // absolute base address of each region
	Reset  bool      `json:",omitempty"` // the NPU is reset before it
}

// Start loads the driver-visible registers of a machine for the first job and sets it
// running. Where the program has several jobs, the machine then does, behind each of
// them, what the host does, and starts the next.
func (p *Program) Start(m *npu.Machine) {
	if len(p.Jobs) == 0 {
		m.Start(p.StreamAddr(), 4*len(p.Commands), p.Bases())
		return
	}
	p.Attach(m)
	p.startJob(m, 0)
}

// Attach gives a machine the host that the program needs, if it has none yet.
func (p *Program) Attach(m *npu.Machine) {
	if len(p.Jobs) > 0 && m.Host == nil {
		m.Host = p.hostOf()
	}
}

func (p *Program) startJob(m *npu.Machine, k int) {
	j := &p.Jobs[k]
	if j.Reset {
		m.WriteReg(npu.RegReset, 0)
	}
	m.Start(j.Stream, 4*j.Words, j.Bases)
}

// hostOf makes the host of a machine: it finds in its memory which job has ended.
func (p *Program) hostOf() func(m *npu.Machine) bool {
	kernels := p.host.kernels()
	return func(m *npu.Machine) bool {
		if m.Status() != npu.Done {
			return p.again(m, kernels)
		}
		k := p.host.job(m.Mem) + 1
		if k < 1 || k > len(p.Jobs) {
			return false // it has lost its way
		}
		// The host takes its time: what is under way on the bus arrives.
		m.S.Bus.Resume(m.Cycle())
		p.host.step(k, m.Mem, kernels)
		for _, r := range p.host.bounds[k].writes {
			m.Writes.Note(r.Lo, int(r.Hi-r.Lo))
		}
		if k == len(p.Jobs) {
			return false
		}
		p.startJob(m, k)
		return true
	}
}

// again runs the job under way once more, after a reset, where the measures have it and
// it was not done before: the NPU has reported a fault of its own.
func (p *Program) again(m *npu.Machine, run *kernels) bool {
	at, k := p.host.retried, p.host.job(m.Mem)
	if at < 0 || k < 0 || k >= len(p.Jobs) || m.Mem.SRAM[at] != 0 {
		return false
	}
	m.S.Bus.Resume(m.Cycle())
	m.Mem.SRAM[at] = 1
	b := &p.host.bounds[k]
	p.host.do(k, b.actions[b.supply:], m.Mem, run)
	for _, r := range b.writes {
		m.Writes.Note(r.Lo, int(r.Hi-r.Lo))
	}
	m.Writes.Note(isa.SRAMBase+uint32(at), 1)
	m.WriteReg(npu.RegReset, 0)
	p.startJob(m, k)
	return true
}

// Alarmed tells where the host has found a difference: the number of jobs that had ended
// by then, or 0 where it has found none.
func (p *Program) Alarmed(mem *isa.Memory) int {
	if p.host == nil || p.host.alarm < 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(mem.SRAM[p.host.alarm:]))
}

// Retries reports whether the host runs a job once more that the NPU has stopped.
func (p *Program) Retries() bool { return p.host != nil && p.host.retried >= 0 }

// Compares reports whether the host compares outputs behind job k-1.
func (p *Program) Compares(k int) bool {
	return p.host != nil && slices.ContainsFunc(p.host.bounds[k].actions, func(a action) bool { return a.operator == actionCompare })
}

// AlarmPlace is the offset in the SRAM of the four bytes that [Program.Alarmed] reads, or
// -1.
func (p *Program) AlarmPlace() int {
	if p.host == nil {
		return -1
	}
	return p.host.alarm
}

// Execute runs the program on the functional machine: mem holds what Load puts there,
// and afterwards the result.
func (p *Program) Execute(mem *isa.Memory) error { return p.execute(mem, 0) }

// execute is Execute with a limit on the work of an operation, 0 for the usual one.
func (p *Program) execute(mem *isa.Memory, limit int64) error {
	jobs := p.Jobs
	var kernels *kernels
	if len(jobs) == 0 {
		jobs = []Job{{Words: len(p.Commands), Bases: p.Bases()}}
	} else {
		kernels = p.host.kernels()
	}
	var before *functional.Machine
	for k := range jobs {
		j := &jobs[k]
		m := functional.New(p.Config, mem, j.Bases)
		if before != nil {
			m.Registers, m.Weights = before.Registers, before.Weights
			m.SetLUT(before.LUT())
		}
		if limit > 0 {
			m.Limit = limit
		}
		if err := m.Run(p.Commands[j.First : j.First+j.Words]); err != nil {
			if j.Name != "" {
				err = fmt.Errorf("%s: %w", j.Name, err)
			}
			return fmt.Errorf("program %s: %w", p.Name, err)
		}
		before = m
		if p.host != nil {
			p.host.step(k+1, mem, kernels)
		}
	}
	return nil
}

// Range is the bytes from Lo up to, not including, Hi: absolute addresses.
type Range struct{ Lo, Hi uint32 }

// HostReads are the bytes of SRAM that the host reads behind job k-1 before it writes
// them itself, in ascending order; k = 0 is what it does before the first job.
func (p *Program) HostReads(k int) []Range {
	if p.host == nil {
		return nil
	}
	return p.host.bounds[k].reads
}

// HostWrites are the bytes of SRAM that the host writes behind job k-1.
func (p *Program) HostWrites(k int) []Range {
	if p.host == nil {
		return nil
	}
	return p.host.bounds[k].writes
}

// HostStep makes a function that does what the host does behind job k-1. One goroutine
// at a time may use it.
func (p *Program) HostStep() func(k int, mem *isa.Memory) {
	kernels := p.host.kernels()
	return func(k int, mem *isa.Memory) { p.host.step(k, mem, kernels) }
}

// Job is the job under way by what the host keeps in memory, 0 where there is only one
// and -1 where a stray write of the NPU has overwritten it.
func (p *Program) Job(mem *isa.Memory) int {
	if p.host == nil {
		return 0
	}
	return p.host.job(mem)
}

// ComputedBy names the operator of the host that computes an output of the program; it
// is empty where the output is what the NPU has written, or where it is an input.
func (p *Program) ComputedBy(output int) string {
	if p.host == nil || p.host.graph == nil || output < 0 || output >= len(p.Outputs) {
		return ""
	}
	g := p.host.graph
	if len(g.Outputs) == 0 {
		return ""
	}
	id := g.Outputs[output%len(g.Outputs)] // frames follow each other
	for _, b := range p.host.bounds {
		for _, a := range b.actions {
			if a.operator >= 0 && slices.Contains(g.Operators[a.operator].Outputs, id) {
				return g.Operators[a.operator].Name()
			}
		}
	}
	return ""
}
