package mechanism

import (
	"slices"

	"upset/npu"
)

// difference is a byte of the flops in which the machine and its twin differ.
type difference struct {
	at           uint32
	mine, theirs byte
}

// Repeats is asked whenever the host has started a later inference, at the first, the
// second and so on. It reports whether the twin differs from the machine in the flops in which it
// differed two starts before, by the same values on both sides, while nothing of them
// will be read as far as settled can tell. Then the inferences to come repeat those that
// have passed without an alarm: where a difference goes that is not read is a matter
// of control, which depends on no data, and the buffers take turns of two.
func (g *Guard) Repeats(settled func(m *npu.Machine) bool) bool {
	if g.watch != Duplicate || len(g.checks) > 0 {
		return false
	}
	now := &g.starts[g.started%2]
	before := slices.Clone(*now)
	*now = (*now)[:0]
	a, b := raw(&g.machine.S.Flops), raw(&g.twin.S.Flops)
	for i := range a {
		if a[i] != b[i] {
			*now = append(*now, difference{uint32(i), a[i], b[i]})
		}
	}
	g.started++
	return g.started > 2 && slices.Equal(*now, before) && g.machine.S.RAM == g.twin.S.RAM && settled(g.machine) && settled(g.twin)
}
