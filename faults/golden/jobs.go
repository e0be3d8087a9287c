package golden

import (
	"hash/fnv"

	"upset/npu"
	"upset/npu/isa"
)

// noteJobs keeps the cycles at which jobs begin, and tells what the host reads and
// writes to the inheritance where it is taken from the beats.
func (e *Runs) noteJobs(m *npu.Machine, h *inheritance) {
	e.Stream.Begins = []uint64{m.Cycle()}
	host := m.Host
	if host == nil {
		return
	}
	m.Host = func(m *npu.Machine) bool {
		h.host(e.program, e.program.Job(m.Mem)+1)
		more := host(m)
		if more {
			e.Stream.Begins = append(e.Stream.Begins, m.Cycle())
		}
		return more
	}
}

// Handed is the hash of what the host takes over before job k.
func (e *Runs) Handed(mem *isa.Memory, k int) uint64 {
	h := fnv.New64a()
	for _, r := range e.program.HostReads(k) {
		h.Write(mem.SRAM[r.Lo-isa.SRAMBase : r.Hi-isa.SRAMBase])
	}
	return h.Sum64()
}

// noteHanded keeps what the host takes over in the fault-free run of an input.
func (e *Runs) noteHanded(m *npu.Machine, g *Run) {
	host := m.Host
	if host == nil {
		return
	}
	g.Handed = make([]uint64, len(e.program.Jobs)+1)
	m.Host = func(m *npu.Machine) bool {
		if k := e.program.Job(m.Mem) + 1; k < len(g.Handed) {
			g.Handed[k] = e.Handed(m.Mem, k)
		}
		return host(m)
	}
}

// Found is the cycle of the fault-free run at the bound behind so many jobs.
func (e *Runs) Found(jobs int) uint64 {
	if jobs < len(e.Stream.Begins) {
		return e.Stream.Begins[jobs]
	}
	return e.Stream.Cycles
}

// Limit of the watchdog (our choice): twice the fault-free cycles and some more, which a
// job of a few cycles needs for its waits on memory.
const (
	watchdogFactor = 2
	watchdogMargin = 10_000 // cycles
)

// WatchdogOf is the number of cycles behind the start of a job after which the watchdog
// ends it: twice the job's own fault-free cycles plus 10,000.
func (e *Runs) WatchdogOf(job int) uint64 {
	return watchdogFactor*(e.Found(job+1)-e.Stream.Begins[job]) + watchdogMargin
}

// Watchdog is the longest limit of the program's jobs, in cycles: where there is one
// job, the cycle at which a hang is ended.
func (e *Runs) Watchdog() (limit uint64) {
	for k := range e.Stream.Begins {
		limit = max(limit, e.WatchdogOf(k))
	}
	return limit
}
