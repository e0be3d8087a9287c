package cosim

import (
	"upset/netlist/gate"
	"upset/npu"
)

// Loop runs up to 256 machines in which the gates of a block stand in for it: every clock
// the gates are evaluated with what the machine gives the block, what their outputs ask for
// happens to the machine, and their flops are the block's registers. It is for one
// goroutine.
//
// The inputs of a late block (npu.Boundary.Late), such as counters that other blocks drive,
// are known only when the clock is over. There the machine does the clock with its own logic, and
// then the gates say what the registers hold. So what the block hands on within the same
// clock comes from the machine's logic, and a wrong register shows from the next clock on.
type Loop struct {
	g     *Group
	words []uint64
	stuck [gate.Patterns]Stuck
	held  [gate.Patterns]bool
	dirty bool // the faults of the simulator are not those of the lanes
}

// Stuck is the output of a gate that is stuck at 0 or, where High is set, at 1.
type Stuck struct {
	Net  gate.NetID
	High bool
}

// Witness sees the clocks of a machine in a loop from outside.
type Witness interface {
	// Before is called when a clock is about to begin, After when it is over.
	Before(m *npu.Machine)
	After(m *npu.Machine)
}

// NewLoop makes a loop without machines.
func NewLoop(b *Block) (*Loop, error) {
	g, err := NewGroup(b, nil, nil)
	if err != nil {
		return nil, err
	}
	return &Loop{g: g, words: make([]uint64, g.regs.words)}, nil
}

// Put gives a lane a machine, whose registers the gates take over, and no fault. The machine stands
// between two clocks.
func (l *Loop) Put(lane int, m *npu.Machine) {
	x := &l.g.lanes[lane]
	x.m, x.starts = m, m.Starts
	l.g.reload(lane)
	l.dirty = l.dirty || l.held[lane]
	l.held[lane] = false
}

// Stick makes the output of a gate of a lane stuck until the lane has another machine.
func (l *Loop) Stick(lane int, f Stuck) {
	l.stuck[lane], l.held[lane], l.dirty = f, true, true
}

// Take ends the run of a lane.
func (l *Loop) Take(lane int) {
	l.g.lanes[lane].m = nil
	l.dirty = l.dirty || l.held[lane]
	l.held[lane] = false
}

// Clock does a clock in every lane. All machines must run. Witnesses, which may be nil, gives the
// witness of a lane or nil.
func (l *Loop) Clock(witness func(lane int) Witness) {
	g, b := l.g, l.g.b.Boundary
	l.force()
	for i := range g.lanes {
		x := &g.lanes[i]
		if x.m == nil {
			continue
		}
		if witness != nil {
			if w := witness(i); w != nil {
				w.Before(x.m)
			}
		}
		x.note = b.Note(x.m)
		if !x.m.StepTo(b) {
			panic("cosim: a machine in the loop stands still")
		}
		b.Sample(x.m, x.note, x.in)
	}
	g.settle()
	for i := range g.lanes {
		if x := &g.lanes[i]; x.m != nil {
			b.Apply(x.m, x.out)
		}
	}
	g.s.Clock()
	l.unload()
	for i := range g.lanes {
		x := &g.lanes[i]
		if x.m == nil {
			continue
		}
		g.regs.put(&x.m.S.Flops, x.regs)
		x.m.StepOn(b)
		if x.m.Starts != x.starts { // the host has changed registers
			x.starts = x.m.Starts
			g.reload(i)
		}
		if witness != nil {
			if w := witness(i); w != nil {
				w.After(x.m)
			}
		}
	}
}

// force gives the simulator the faults of the lanes.
func (l *Loop) force() {
	if !l.dirty {
		return
	}
	l.dirty = false
	l.g.s.ClearFaults()
	for i := range l.held {
		if l.held[i] {
			force(l.g.s, i, l.stuck[i])
		}
	}
}

// force sticks an output in a pattern.
func force(s *gate.Simulator, pattern int, f Stuck) {
	mask, value := gate.PatternMask(pattern), gate.Word{}
	if f.High {
		value = mask
	}
	s.Force(f.Net, mask, value)
}

// unload packs the flops of the gates into the registers of every lane.
func (l *Loop) unload() {
	g := l.g
	for bit, f := range g.b.flops {
		g.plane[bit] = g.s.Source(g.b.Gates.Q(f))
	}
	var block [64]uint64
	for k := range g.regs.words {
		for q := range 4 {
			for i := range block {
				block[i] = g.plane[64*k+i][q]
			}
			gate.Transpose(&block)
			for i := range block {
				g.lanes[64*q+i].regs[k] = block[i]
			}
		}
	}
}
