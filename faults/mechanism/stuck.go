package mechanism

import (
	"upset/netlist"
	"upset/npu"
)

// Stick puts the mechanisms beside a flop of the machine that is stuck. The machine is
// in its fault-free state, at a cycle at which the flop reads wrong for the first time
// once force has been called. Outvoted says that two voted copies deliver the right
// value for good, without a report.
//
// A stuck flop loads what it is told and reads its own value: parity, residue and
// checksum are made of what is loaded, and the other copy of a block loads and reads
// what is right. That a hardened cell is stuck is as likely as that a plain one is.
// Whether a parity group has loaded shows by its value: a group that loads the very
// value that it reads wrongly keeps its old parity, so that its alarm may come early,
// in a machine that is broken anyway.
func (g *Guard) Stick(m *npu.Machine, id netlist.SiteID, force func()) (outvoted, alarm bool, err error) {
	g.watch, g.acted, g.begun = None, false, false
	g.voters, g.words = g.voters[:0], g.words[:0]
	g.sync(m)
	switch g.d.kindOf(id) {
	case Triplicate:
		return true, false, nil
	case Parity, ParityAlways, ParityInterleaved:
		g.look(m, g.d.groups[id])
	case Lockstep:
		g.pair(m, Whole)
	case Duplicate:
		place, err := g.d.table.Place(id)
		if err != nil {
			return false, false, err
		}
		g.pair(m, place.Register.Block)
	}
	g.machine = m
	force()
	return false, g.apart(m), nil
}

// Hold advances the machine by a clock under the mechanisms' eye and then makes the
// stuck flop read its value. It reports an alarm.
func (g *Guard) Hold(m *npu.Machine, force func()) (alarm bool) {
	watch := g.watch
	alarm = g.Step(m)
	g.watch = watch // copies that are equal do not stay so
	force()
	return alarm || g.apart(m)
}

// apart reports that a pair shows the host different pins once a flop is forced.
func (g *Guard) apart(m *npu.Machine) bool {
	return g.watch == Duplicate && (g.block == Whole || g.block == "cc") && pins(&m.S.CC) != pins(&g.twin.S.CC)
}

// Observes reports whether a mechanism of the design sees what a stuck flop of the
// machine does: one on its register, or a checker.
func (d *Design) Observes(id netlist.SiteID) bool {
	switch d.kindOf(id) {
	case Parity, ParityAlways, ParityInterleaved, Triplicate, Duplicate, Lockstep:
		return true
	}
	return d.Watches()
}
