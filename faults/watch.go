package faults

import "upset/npu"

// Agreer is a guard that watches to the end. Agrees reports whether it holds what
// it holds in a fault-free run when the machine is in this state.
type Agreer interface {
	Agrees(m *npu.Machine) bool
}

// Voter is a guard that can tell whether it has overruled an upset copy.
type Voter interface {
	Corrected() bool
}

// Comparer is a guard that may hold a copy. Compares reports that all that differs is
// compared with one, clock by clock: what is left of an upset cannot do harm without an
// alarm, however long it stays.
type Comparer interface {
	Compares() bool
}

// quiet reports whether a guard will not act any more if the machine has come back
// to the fault-free run. There may be no guard.
func quiet(guard Guard, m *npu.Machine) bool {
	if guard == nil || !guard.Active() {
		return true
	}
	a, ok := guard.(Agreer)
	return ok && a.Agrees(m)
}

// voted names the outcome of an upset that a voter has corrected.
func voted(r *Record, guard Guard) {
	if v, ok := guard.(Voter); ok && r.Outcome == Masked && v.Corrected() {
		r.Outcome, r.Cause = Corrected, CauseVoted
	}
}
