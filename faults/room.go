package faults

import (
	"context"
	"fmt"
	"unsafe"

	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Memory of an engine (our choice): the most that is asked for where the options say
// nothing, and the least that can be asked for.
const (
	DefaultMemory = 1 << 30
	MinMemory     = 256 << 20
)

// Shares of that memory (our choice): five eighths for checkpoints, an eighth for traces,
// a sixteenth for later inferences, a tenth for milestones. The rest is for what is recorded once, for the workers and for
// the garbage that waits to be collected.
func (e *Engine) pointRoom() int { return e.memory() / 8 * 5 / e.inputs }
func (e *Engine) traceRoom() int { return e.memory() / 8 }
func (e *Engine) chainRoom() int { return e.memory() / 16 }
func (e *Engine) mostMilestones() int {
	return min(maxMilestones, e.memory()/10/int(unsafe.Sizeof(milestone{})))
}

// Memory is what the fault-free runs and the workers keep within, in bytes.
func (e *Engine) Memory() int { return e.memory() }

func (e *Engine) memory() int {
	if e.options.Memory == 0 {
		return DefaultMemory
	}
	return max(MinMemory, e.options.Memory)
}

// bytes is the memory of a point beside what it shares with the one before, which may be
// nil.
func (p *point) bytes(prev *point) int {
	n := int(unsafe.Sizeof(*p))
	count := func(list, before [][]byte) {
		n += cap(list) * int(unsafe.Sizeof(list[0]))
		for i, b := range list {
			if before == nil || len(b) > 0 && &b[0] != &before[i][0] {
				n += len(b)
			}
		}
	}
	if prev == nil {
		prev = new(point)
	}
	count(p.ram, prev.ram)
	count(p.mem, prev.mem)
	return n
}

// thin drops every other point of a list but the last and those at which operations
// begin, and returns the memory of what is left. What stands behind prev shares with it.
func thin(list []point, prev *point) (left []point, bytes int) {
	left = list[:0]
	odd := true
	for i := range list {
		if !list[i].begin {
			if odd = !odd; odd {
				continue
			}
		}
		left = append(left, list[i])
		p := &left[len(left)-1]
		bytes += p.bytes(prev)
		prev = p
	}
	clear(list[len(left):])
	return left, bytes
}

// record runs to the end of an inference, taking points at multiples of step, which
// share with prev what equals it, and at some cycles besides, where operations begin.
// Where they need more memory than there is room for,
// every other one is dropped and the step doubled: the last step is returned.
func record(ctx context.Context, m *npu.Machine, prev *point, step, limit uint64, room int, begins []uint64) ([]point, uint64, error) {
	base, first := m.Cycle(), prev
	var list []point
	bytes, regular := 0, 0
	for next := base; ; {
		list = append(list, snapshot(m, prev))
		p := &list[len(list)-1]
		if len(begins) > 0 && begins[0] == m.Cycle() {
			p.begin, begins = m.Cycle() != next, begins[1:]
		}
		bytes += p.bytes(prev)
		prev = p
		if st := m.Status(); st != npu.Running {
			if st != npu.Done {
				return nil, 0, fmt.Errorf("the fault-free run ended with a %v: %s", st, m.Describe())
			}
			return list, step, nil
		}
		if m.Cycle() >= limit {
			return nil, 0, fmt.Errorf("the fault-free run does not end: %s", m.Describe())
		}
		if !p.begin {
			regular++
			// The last point of an odd number stays, so that the next lies a step behind it.
			for bytes > room && regular > 2 && regular%2 != 0 {
				list, bytes = thin(list, first)
				step *= 2
				regular = (regular + 1) / 2
				prev = &list[len(list)-1]
			}
			next += step
		}
		to := next
		if len(begins) > 0 {
			to = min(to, begins[0])
		}
		if err := runTo(ctx, m, to); err != nil {
			return nil, 0, err
		}
	}
}

// traceOf is the run of an input without a clock, nil where it cannot be followed.
func (e *Engine) traceOf(g *Golden) *cone.Trace {
	if !g.followed {
		return nil
	}
	k := e.traces.take(g, e.traceRoom())
	k.once.Do(func() {
		mem := new(isa.Memory)
		if err := e.program.Load(mem, g.Input); err != nil {
			return
		}
		// It was recorded before, so that it can be again.
		k.value, _ = e.follow.program.Record(mem)
	})
	return k.value
}
