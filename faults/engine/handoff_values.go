package engine

import (
	"strings"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Hand-off of values: an upset in the datapath, or in configuration that only enters the
// arithmetic, is followed on the clock until the operations under way are done, and then
// without one.
//
// Premise: registers of the datapath carry values from operand to result and never decide
// what happens next: such an upset changes the results of the operations that were under
// way, and others only through memory.
//
// Why it is exact: what these operations left in memory is read from the clocked machine
// when they are done; for the rest see handoff.go. Lookup tables, the one content of the
// shared buffer that outlives an operation, must be those of the fault-free run.
//
// Guarded by: TestBindingIsSeenAnew, TestValuesDecideNothing, TestListOfValues,
// TestShortcutsEqualPlain.

// binding says to which operations an upset is bound. The values that pass through
// the datapath never decide what the machine does next, so that an upset of one
// changes the results of the operations that were under way, and other operations
// only through memory. The same holds of any upset from the time on at which
// everything but these values is again as in the fault-free run.
type binding struct {
	known bool
	last  int // the last operation that was under way

	ahead stream.Outlook // for the operations behind it
}

// Registers that carry values from operand to result.
var valuePaths = []string{
	"mac.", "ao.", "wd.buf", "dma.sclfifo", "dma.ifm.fifo", "dma.ofm.read", "dma.ofm.data", "sb.wrdata",
}

// bound returns the binding of an upset of a register, which must just have been
// applied: the base machine is still at that cycle.
func (w *Worker) bound(p netlist.Place) binding {
	if p.Register.Class != netlist.Datapath {
		return binding{}
	}
	for _, prefix := range valuePaths {
		if strings.HasPrefix(p.Register.Name, prefix) {
			_, next := w.e.Stream.Under(&w.base.S.Flops)
			return binding{known: true, last: next - 1}
		}
	}
	return binding{}
}

// rebound binds a run to what is under way at a point where only values differ, in
// the datapath or in the configuration, and no constants of these or later
// operations. The pair is of that point.
func (w *Worker) rebound(u *pursuit) {
	e, p := w.e, &u.g.Points[u.i]
	ahead, ok := w.e.decide.valuesOnly(&w.pair, w.e.halves())
	if !ok {
		return
	}
	var all bool
	if w.list, all = w.e.decide.changes(w.m, p, w.list[:0], maxChanges); !all {
		return
	}
	under, next := e.Stream.Under(&p.Flops)
	for _, op := range under {
		if touches(w.list, e.Dataflow.Ops[op].Constants) {
			return
		}
	}
	if e.constantsTouched(w.list, next) {
		return
	}
	u.bound = binding{known: true, last: next - 1, ahead: ahead}
}

// constantsTouched reports whether an operation to come will find a byte of the list
// in its constants. Those that operations in front of it write will not be there
// any more.
func (e *Engine) constantsTouched(list []golden.Change, next int) bool {
	ops := e.Dataflow.Ops
	for i := next; i < len(ops) && len(list) > 0; i++ {
		if touches(list, ops[i].Constants) {
			return true
		}
		if touches(list, ops[i].Writes) {
			left := make([]golden.Change, 0, len(list))
			for _, c := range list {
				if !written(ops[i:i+1], c.Addr) {
					left = append(left, c)
				}
			}
			list = left
		}
	}
	return false
}

// carried leaves the clock when the operations that an upset is bound to are done:
// what they left in memory is all that the others can see of it. Where that is not possible
// the binding is gone: operations that have begun since may have read wrong bytes as
// constants, which do decide what they do. Whether only values differ must be seen anew.
func (w *Worker) carried(r *faults.Record, u *pursuit) bool {
	e, p := w.e, &u.g.Points[u.i]
	if w.m.S.RAM.SynLive != 0 {
		return false
	}
	under, next := e.Stream.Under(&p.Flops)
	for _, op := range under {
		if op <= u.bound.last {
			return false
		}
	}
	var all bool
	if w.list, all = w.e.decide.changes(w.m, p, w.list[:0], maxChanges); !all {
		return false
	}
	if e.apart(u.bound.last+1, next) && e.tablesAlike(w.m, p, u.bound.last+1, next) {
		w.handOffState().without(w.list, e.Dataflow.Ops[u.bound.last+1:next])
		w.hand.deviations = w.hand.deviations[:0]
		if w.propagate(r, u, u.bound.last+1, &u.bound.ahead, faults.PathHandOff) {
			return true
		}
	}
	u.bound = binding{}
	w.rebound(u)
	return false
}

// tablesAlike reports whether the lookup tables, the only contents of the shared
// buffer that one operation leaves to others, were those of the fault-free run for
// operations in [from, next), which have begun, and will be for those behind.
func (e *Engine) tablesAlike(m *npu.Machine, p *golden.Point, from, next int) bool {
	ops := e.Stream.Ops
	begun := false
	for i := from; i < next; i++ {
		begun = begun || ops[i].Table
	}
	if begun {
		for _, o := range e.Dataflow.Ops[from:next] {
			if o.Kind == cone.Table {
				return false // what was there before is gone
			}
		}
	}
	if !begun && (next == len(ops) || !ops[next].Later) {
		return true
	}
	size := m.Spec.SHRAMBytes()
	for k := size - isa.LUTBytes; k < size; k++ {
		if m.S.RAM.Mem[k] == p.RAM[k/golden.RAMPiece][k%golden.RAMPiece] {
			continue
		}
		// Dead words are those that operations to come do not read; one that has
		// begun may have read them.
		if begun || e.Life == nil || !e.Life.Dead(k, p.Cycle) {
			return false
		}
	}
	return true
}

// apart reports whether no operation in [from, to) writes what one of them reads or
// what an earlier one of them wrote, so that what they read is still there.
func (e *Engine) apart(from, to int) bool {
	ops := e.Dataflow.Ops
	for a := from; a < to; a++ {
		for b := a; b < to; b++ {
			if overlap(ops[b].Writes, ops[a].Reads) || overlap(ops[b].Writes, ops[a].Constants) {
				return false
			}
		}
	}
	return true
}
