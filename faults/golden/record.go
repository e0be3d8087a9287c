package golden

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"upset/npu"
)

// bytes is the memory of a point beside what it shares with the one before, which may be
// nil.
func (p *Point) bytes(prev *Point) int {
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
		prev = new(Point)
	}
	count(p.RAM, prev.RAM)
	count(p.Mem, prev.Mem)
	return n
}

// Thin drops every other point of a list but the last and those at which operations
// begin, and returns the memory of what is left. What stands behind prev shares with it.
func Thin(list []Point, prev *Point) (left []Point, bytes int) {
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

// runner runs a machine to a cycle, the end of the program or the cycle at which an
// operation begins its first job, which it reports.
type runner func(ctx context.Context, m *npu.Machine, cycle uint64) (begun bool, err error)

// straight is a runner that stops at no operation.
func straight(ctx context.Context, m *npu.Machine, cycle uint64) (bool, error) {
	return false, runTo(ctx, m, cycle)
}

// stopping is a runner for which operations begin at known cycles: those of one input are
// those of all.
func stopping(begins []uint64) runner {
	return func(ctx context.Context, m *npu.Machine, cycle uint64) (bool, error) {
		next, _ := slices.BinarySearch(begins, m.Cycle()+1)
		if next == len(begins) || begins[next] > cycle {
			return false, runTo(ctx, m, cycle)
		}
		err := runTo(ctx, m, begins[next])
		return m.S.CC.Run != 0, err
	}
}

// record runs to the end of an inference, taking points at multiples of step, which
// share with prev what equals it, and where the runner stops at operations. Where they need
// more memory than there is room for, every other one of the former is dropped and the step
// doubled: the last step is returned. Most is the number of points to expect, 0 where that
// is not known.
func record(ctx context.Context, m *npu.Machine, prev *Point, step, limit uint64, room, most int, to runner) ([]Point, uint64, error) {
	base, first := m.Cycle(), prev
	list := make([]Point, 0, most)
	var written *npu.Pages // since the point before; of the first one nobody has kept them
	bytes, regular, begun := 0, 0, false
	for next := base; ; {
		list = append(list, Point{})
		p := &list[len(list)-1]
		p.Take(m, prev, written)
		m.Writes, written = npu.Pages{}, &m.Writes
		p.Begin, p.begin = begun, m.Cycle() != next
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
				list, bytes = Thin(list, first)
				step, regular = 2*step, (regular+1)/2
				prev = &list[len(list)-1]
			}
			next += step
		}
		var err error
		if begun, err = to(ctx, m, next); err != nil {
			return nil, 0, err
		}
	}
}
