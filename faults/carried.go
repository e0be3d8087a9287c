package faults

import (
	"strings"

	"upset/netlist"
	"upset/npu"
)

// binding says to which operations an upset is bound. The values that pass through
// the datapath never decide what the machine does next, so that an upset of one
// changes the results of the operations that were under way, and other operations
// only through memory. Upsets of the stream of weights change when and how often
// the decoder works until the operation ends, no longer.
type binding struct {
	known bool
	last  int  // the last operation that was under way
	timed bool // control may have been disturbed: it must be seen to be as before
}

// Registers that carry values from operand to result.
var valuePaths = []string{
	"mac.", "ao.", "wd.buf", "dma.sclfifo", "dma.ifm.fifo", "dma.ofm.read", "dma.ofm.data", "sb.wrdata",
}

// Registers that carry the stream of weights.
var weightPaths = []string{"dma.wgtfifo", "wd."}

// bound returns the binding of an upset of a register, which must just have been
// applied: the base machine is still at that cycle.
func (w *Worker) bound(r *Record, p netlist.Place, guard Guard) binding {
	if guard != nil || p.Register == nil || p.Register.Class != netlist.Datapath || w.e.follow == nil || w.e.options.Engine.NoHandOff {
		return binding{}
	}
	under, next := w.e.under(&w.base.S.Flops)
	b := binding{last: next - 1}
	if len(under) == 0 {
		return binding{}
	}
	for _, prefix := range valuePaths {
		b.known = b.known || strings.HasPrefix(p.Register.Name, prefix)
	}
	for _, prefix := range weightPaths {
		if !b.known && strings.HasPrefix(p.Register.Name, prefix) {
			b.known, b.timed = true, true
		}
	}
	return b
}

// carried leaves the clock when the operations that an upset is bound to are done:
// what they left in memory is all that the others can see of it.
func (w *Worker) carried(r *Record, g *Golden, i int, b binding) bool {
	e, p := w.e, &g.points[i]
	if w.m.Cycle() != p.cycle || w.m.S.CC.Run == 0 || g.trace == nil || w.m.S.Bus.Stray != p.flops.Bus.Stray || w.m.S.RAM.SynLive != 0 {
		return false
	}
	under, next := e.under(&p.flops)
	for _, op := range under {
		if op <= b.last {
			return false
		}
	}
	if b.timed && !e.sameControl(&w.m.S.Flops, &p.flops) {
		return false
	}
	if !e.apart(b.last+1, next) {
		return false
	}
	var all bool
	if w.list, all = changes(w.m, p, w.list[:0], maxChanges); !all {
		return false
	}
	h := w.handOffState()
	h.without(w.list, e.follow.ops[b.last+1:next])
	return w.propagate(r, g, b.last+1)
}

// apart reports whether no operation in [from, to) writes what one of them reads or
// what an earlier one of them wrote, so that what they read is still there.
func (e *Engine) apart(from, to int) bool {
	ops := e.follow.ops
	for a := from; a < to; a++ {
		for b := a; b < to; b++ {
			if overlap(ops[b].Writes, ops[a].Reads) || overlap(ops[b].Writes, ops[a].Constants) {
				return false
			}
		}
	}
	return true
}

// sameControl reports whether two states differ in values of the datapath only.
func (e *Engine) sameControl(a, b *npu.Flops) bool {
	if !quickAlike(a, b) {
		return false
	}
	x, y := npu.Control(a), npu.Control(b)
	withoutSetup(&x.CC)
	withoutSetup(&y.CC)
	return x == y && e.future.configAlike(a, b)
}
