package mechanism

import (
	"upset/netlist"
	"upset/npu"
)

// voter is a flop with three copies and a voter behind them: the machine's own bit
// is what the voter delivers. At a clock all copies load what follows from that; a
// flop that holds loads the voter's value again. The three copies stand apart, so that
// no event hits two copies of a bit (a rule for placement).
type voter struct {
	bit    netlist.SiteID
	copies [3]uint8
}

// majority is the voter's output.
func (v *voter) majority() uint8 {
	return v.copies[0]&v.copies[1] | v.copies[0]&v.copies[2] | v.copies[1]&v.copies[2]
}

// upsetCopy flips one of the copies of a flop. Its voter is one more that is watched.
func (g *Guard) upsetCopy(m *npu.Machine, id netlist.SiteID, which int) (before, after uint8, r Response, err error) {
	before = g.d.table.Read(&m.S, id)
	v := voter{bit: id, copies: [3]uint8{before, before, before}}
	v.copies[which] ^= 1
	g.voters = append(g.voters, v)
	g.watch, g.machine = Triplicate, m
	return before, v.copies[which], Live, nil
}

// vote steps the machine with what the voters deliver, and lets the copies load.
func (g *Guard) vote(m *npu.Machine) {
	for i := range g.voters {
		v := &g.voters[i]
		out := v.majority()
		for _, c := range v.copies {
			g.acted = g.acted || c != out
		}
		if g.d.table.Read(&m.S, v.bit) != out {
			// A bit of the machine exists, or the upset had failed.
			_, _, _ = g.d.table.Flip(m, v.bit)
		}
	}
	m.Step()
	g.watch, g.voters = None, g.voters[:0]
}
