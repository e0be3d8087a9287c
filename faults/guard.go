package faults

import (
	"math"

	"upset/netlist"
	"upset/npu"
)

// Guard is a protection mechanism that runs beside the machine. It sees state
// and clock edges and applies the upset itself, since the upset may hit its own
// copies.
type Guard interface {
	// Upset applies the event at the site to the cells that it hits, the site first.
	// The machine is in its fault-free state of that cycle. It returns the value of
	// the first cell that flips before and after, or done with an outcome when the
	// event has no effect.
	Upset(m *npu.Machine, s Site, cells []netlist.SiteID) (before, after uint8, done bool, o Outcome, c Cause)
	// Beside lists the cells that an event of n cells hits at a bit of the mechanism's
	// own, that bit first.
	Beside(id netlist.SiteID, n int) []netlist.SiteID
	// Step advances the machine by a clock and reports an alarm, which halts it.
	Step(m *npu.Machine) (alarm bool)
	// Active reports whether the mechanism still has to watch: its copies may
	// differ from the machine.
	Active() bool
}

// Follower is a guard with copies that the host's actions between two inferences
// reach as well.
type Follower interface {
	Follow(host func(m *npu.Machine))
}

// Beginner is a guard that can run beside the machine from the start of an
// inference, instead of finding its state at the moment of the upset.
type Beginner interface {
	Begin(m *npu.Machine)
}

// Agreer is a guard that watches to the end. Agrees reports whether it holds what
// it holds in a fault-free run when the machine is in this state.
type Agreer interface {
	Agrees(m *npu.Machine) bool
}

// Watcher is an Agreer whose mechanisms may only watch what does not depend on the values of
// features: control, constants, and sums that must be right whatever is summed. Once they
// agree, they do not act on a run that differs from the fault-free one, at the same cycle, in
// such values alone.
type Watcher interface {
	Agreer
	// Watches reports whether all that is active is of that kind.
	Watches() bool
	// Held appends what the registers of the mechanisms hold. Together with the state of the
	// machine they alone decide what is held behind the next clock, and whether an alarm is raised.
	Held(list []uint64) []uint64
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

// Repeater is a guard that may hold a copy. Repeats is asked at the start of every
// inference behind the one with the fault. It reports that the inferences to come will be
// like those that have passed since the start before last: the copies differ as they did
// then, and settled finds nothing in either that will be read.
type Repeater interface {
	Repeats(settled func(m *npu.Machine) bool) bool
}

// Alarmer is a guard that says more of its alarm than that there was one.
type Alarmer interface {
	// Raised is the number of the mechanism that has raised the alarm, from 1 on.
	Raised() uint8
	// AlarmLatency is the number of clocks that the NPU goes on for after an alarm,
	// before the alarm stops it. At 0 it stops before its next clock.
	AlarmLatency() uint64
}

// Flaw is a flop that is stuck.
type Flaw struct {
	ID   netlist.SiteID
	High bool // stuck at 1
}

// Sticker is a guard that can also stand beside a flop that is stuck.
type Sticker interface {
	// Stick begins beside a fault-free machine whose flop is about to read wrong for
	// the first time; force makes it do so. Outvoted says that the mechanism delivers
	// the right value all the time.
	Stick(m *npu.Machine, id netlist.SiteID, force func()) (outvoted, alarm bool)
	// Hold advances by a clock. The mechanisms see what the flops load; then force
	// makes the flop read its value.
	Hold(m *npu.Machine, force func()) (alarm bool)
}

// Never is the cycle of something that does not happen.
const Never uint64 = math.MaxUint64

// Quiet reports whether a guard will not act any more if the machine has come back
// to the fault-free run. There may be no guard.
func Quiet(guard Guard, m *npu.Machine) bool {
	if guard == nil || !guard.Active() {
		return true
	}
	a, ok := guard.(Agreer)
	return ok && a.Agrees(m)
}

// Pulser is a guard that knows what a pulse in the machine's logic leaves in its mechanisms: the
// cells of its Upset hold wrong values behind the clock edge at which they took it over.
type Pulser interface{ Pulses() }

// Copier is a guard that may hold a copy of registers that it compares with the machine's,
// clock by clock.
type Copier interface {
	// Copy returns the flops of the machine that holds the copy, whose stores equal those
	// of the machine so far; nil where there is none or another mechanism watches, too.
	Copy() *npu.Flops
}
