package mechanism

import (
	"fmt"

	"upset/netlist"
	"upset/npu"
)

// Pulse applies what a pulse in the logic in front of the machine's flops leaves behind a clock
// edge: the flops that took it over hold wrong values together, of any registers. The machine
// must be in its fault-free state, from which the mechanisms start. It returns the value
// of the first bit before and after.
//
// No cell keeps such a value out: a hardened one loads what stands at its input, and so do all three
// copies of a triplicated flop, which have one input (our choice: one logic for the three).
// The copy of a duplicated block, and of the NPU under lock-step, has logic of its own and stays
// right. A CRC of what is fetched and a checksum of what is computed follow from what the
// machine does with the values.
//
// Parity, and the residue of the counters, are made of what the flops load. Whether they see a pulse
// hangs on when it arrives at them, behind gates of their own, which is not simulated. There are
// two ends: apart, they hold what belongs to the right values, and parity sees an odd
// number of wrong bits in a group; together, they took over what belongs to the wrong ones.
func (g *Standing) Pulse(m *npu.Machine, together bool, ids ...netlist.SiteID) (before, after uint8, err error) {
	g.Begin(m)
	return g.Take(m, together, ids...)
}

// Take is [Standing.Pulse] for mechanisms that have run beside the machine until now.
func (g *Standing) Take(m *npu.Machine, together bool, ids ...netlist.SiteID) (before, after uint8, err error) {
	for i, id := range ids {
		if int(id) >= g.d.table.Bits() {
			return 0, 0, fmt.Errorf("%s: a pulse is taken over by flops of the machine", g.d.Name(id))
		}
		b, a, err := g.d.table.Flip(m, id)
		if err != nil {
			return b, a, err
		}
		if i == 0 {
			before, after = b, a
		}
	}
	x := image(&m.S.Flops)
	for i := range g.voted {
		v := &g.voted[i]
		own := x[v.at.word] & v.at.mask
		v.copies = [3]uint64{own, own, own}
	}
	if !together {
		return before, after, nil
	}
	g.reread(m, true)
	for _, c := range g.checks {
		if _, ok := c.check.(*residue); ok {
			c.check.sync(m)
		}
	}
	return before, after, nil
}
