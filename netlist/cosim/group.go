package cosim

import (
	"fmt"
	"slices"

	"upset/netlist/gate"
	"upset/npu"
)

// lane is a pattern of a group: a machine, and what its block sees and gives in a clock.
type lane struct {
	m      *npu.Machine // nil when there is nothing left to run
	name   string
	starts int
	left   int    // clocks of its stretch
	note   uint64 // what the boundary remembers from before the clock
	in     []uint64
	out    []uint64
	regs   []uint64 // undisturbed registers after the last clock
	flip   *flip
	copy   []uint64 // registers of the disturbed copy, while there is a flip
	wait   int      // clocks until the next flip
	spoilt bool     // the gates of the lane hold something else
}

// Group runs 256 machines beside a simulator. It is for one goroutine.
type Group struct {
	b      *Block
	s      *gate.Simulator
	regs   *registers
	source Source
	plan   Plan
	lanes  [gate.Patterns]lane
	trial  npu.Trial
	second npu.Journal
	effect npu.Flops // of the outputs, outside the block
	now    npu.Flops // what the block left outside
	plane  []gate.Word
	column [gate.Patterns]uint64
	driven [][gate.Patterns]uint64 // inputs that the gates have, by word
	free   *flip                   // to be used again
	done   bool                    // the plan has no flip left

	settled func(s *gate.Simulator, alive gate.Word)

	Result Result
	// Recorder, which may be nil, is told all loads and clocks.
	Recorder Recorder
}

// NewGroup makes a group. Plan may be nil for a comparison without flips.
func NewGroup(b *Block, source Source, plan Plan) (*Group, error) {
	r := newRegisters(b)
	g := &Group{b: b, s: gate.New(b.Gates), regs: r, source: source, plan: plan, plane: make([]gate.Word, r.words*64), driven: make([][gate.Patterns]uint64, b.Boundary.InputWords())}
	g.Result.Bits = make([]BitResult, b.Bits())
	for i := range g.lanes {
		l := &g.lanes[i]
		l.in, l.out = make([]uint64, b.Boundary.InputWords()), make([]uint64, b.Boundary.OutputWords())
		l.regs, l.copy = make([]uint64, r.words), make([]uint64, r.words)
	}
	return g, nil
}

// Clock does a clock in every lane. It reports false when no lane has anything left to run.
func (g *Group) Clock() bool {
	alive := false
	for i := range g.lanes {
		alive = g.begin(i) || alive
	}
	if !alive {
		return false
	}
	g.settle()
	if g.settled != nil {
		g.settled(g.s, g.alive())
	}
	for i := range g.lanes {
		if l := &g.lanes[i]; l.m != nil {
			g.evaluate(l)
		}
	}
	g.s.Clock()
	g.compare()
	for i := range g.lanes {
		if l := &g.lanes[i]; l.m != nil {
			g.recordClock(i)
			g.end(i)
		}
	}
	return true
}

// begin steps a lane to the block, starting a new machine where the old one has stopped.
func (g *Group) begin(i int) bool {
	l, b := &g.lanes[i], g.b.Boundary
	for {
		if l.m == nil {
			x, ok := g.source.Next()
			if !ok {
				return false
			}
			l.m, l.name, l.left = x.Machine, x.Name, x.Clocks
			l.starts = l.m.Starts
			g.reload(i)
		}
		l.note = b.Note(l.m)
		if l.left > 0 && l.m.StepTo(b) {
			l.left--
			break
		}
		g.drop(l)
	}
	b.Sample(l.m, l.note, l.in)
	return true
}

// drop ends the run of a lane, and its flip with it.
func (g *Group) drop(l *lane) {
	if l.flip != nil {
		g.Result.Cut++
		g.finish(l)
	}
	l.m = nil
}

// reload gives the gates of a lane the registers of its machine.
func (g *Group) reload(i int) {
	l := &g.lanes[i]
	g.regs.get(&l.m.S.Flops, l.regs)
	mask := gate.PatternMask(i)
	for bit, f := range g.b.flops {
		net := g.b.Gates.Q(f)
		w := g.s.Source(net)
		q := i >> 6
		w[q] = w[q]&^mask[q] | -(l.regs[bit>>6]>>(bit&63)&1)&mask[q]
		g.s.Set(net, w)
	}
	if l.flip != nil {
		g.finish(l)
	}
	l.wait = 1
	g.recordLoad(i, l.regs)
}

// settle evaluates the gates until their inputs no longer change: settings follow the bank
// that the block names, and data its addresses.
func (g *Group) settle() {
	b := g.b.Boundary
	g.setSame("rst", 0)
	before := make([]uint64, b.InputWords())
	for round := 0; ; round++ {
		at := 0
		for i := range b.Inputs {
			at = g.drive(&b.Inputs[i], at)
		}
		g.s.Evaluate()
		at = 0
		for i := range b.Outputs {
			at = g.read(&b.Outputs[i], at)
		}
		changed := false
		for i := range g.lanes {
			l := &g.lanes[i]
			if l.m == nil {
				continue
			}
			copy(before, l.in)
			b.Answer(l.m, l.out, l.in)
			changed = changed || !slices.Equal(before, l.in)
		}
		if !changed {
			return
		}
		if round == maxRounds {
			panic(fmt.Sprintf("cosim: inputs of %s do not settle", b.Block))
		}
	}
}

// maxRounds bounds how often answers change in a clock: banks, settings, addresses and data
// follow each other.
const maxRounds = 8

func (g *Group) setSame(port string, v uint64) {
	if nets := g.b.Gates.Input(port); nets != nil {
		g.s.SetSame(nets, v)
	}
}

// drive gives the gates an input of all lanes where it is not what they have.
func (g *Group) drive(s *npu.Signal, at int) int {
	nets := g.b.Gates.Input(s.Name)
	for len(nets) > 0 {
		n := min(64, len(nets))
		last := &g.driven[at]
		changed := false
		for i := range g.lanes {
			v := g.lanes[i].in[at]
			changed = changed || v != last[i]
			last[i] = v
		}
		if changed {
			g.s.SetNets(nets[:n], last)
		}
		nets = nets[n:]
		at++
	}
	return at
}

func (g *Group) read(s *npu.Signal, at int) int {
	nets := g.b.Gates.Output(s.Name)
	for len(nets) > 0 {
		n := min(64, len(nets))
		g.s.GetNets(nets[:n], &g.column)
		for i := range g.lanes {
			g.lanes[i].out[at] = g.column[i]
		}
		nets = nets[n:]
		at++
	}
	return at
}
