package cosim

import (
	"upset/netlist/gate"
	"upset/npu"
)

// Never is the cycle of something that does not happen.
const Never = ^uint64(0)

// Departures are the cycles of a run without a fault in which stuck outputs of gates show
// for the first time: an output of the block or what one of its flops takes is another one. Up to that
// clock the fault changes nothing, and where it is [Never], not at all. Start makes machines at the
// start of the run, whose host does nothing until its end.
//
// One machine drives all patterns of the simulator, of which the first has no fault.
func (b *Block) Departures(start func() (*npu.Machine, error), list []Stuck) ([]uint64, error) {
	out := make([]uint64, len(list))
	for from := 0; from < len(list); from += gate.Patterns - 1 {
		m, err := start()
		if err != nil {
			return nil, err
		}
		part := list[from:min(len(list), from+gate.Patterns-1)]
		if err := b.depart(m, part, out[from:from+len(part)]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (b *Block) depart(m *npu.Machine, list []Stuck, out []uint64) error {
	g, err := NewGroup(b, nil, nil)
	if err != nil {
		return err
	}
	first := &g.lanes[0]
	first.m = m
	g.reload(0)
	for _, f := range b.flops {
		net := b.Gates.Q(f)
		g.s.Set(net, spread(g.s.Source(net)))
	}
	for i := range g.lanes {
		g.lanes[i].in = first.in
	}
	var open gate.Word
	for i, f := range list {
		out[i] = Never
		force(g.s, i+1, f)
		open[(i+1)>>6] |= 1 << ((i + 1) & 63)
	}
	var watched []gate.NetID
	for i := range b.Gates.Outputs {
		watched = append(watched, b.Gates.Outputs[i].Nets...)
	}
	for i := range b.Gates.Flops {
		watched = append(watched, b.Gates.Flops[i].D)
	}
	for open != (gate.Word{}) {
		first.note = b.Boundary.Note(m)
		at := m.Cycle()
		if !m.StepTo(b.Boundary) {
			return nil
		}
		b.Boundary.Sample(m, first.note, first.in)
		g.settle()
		var gone gate.Word
		for _, net := range watched {
			w := g.s.Net(net)
			x := spread(w)
			for q := range gone {
				gone[q] |= w[q] ^ x[q]
			}
		}
		for q := range gone {
			for x := gone[q] & open[q]; x != 0; x &= x - 1 {
				out[64*q+trailing(x)-1] = at
			}
			open[q] &^= gone[q]
		}
		if !b.Boundary.Late() {
			b.Boundary.Evaluate(m, first.in)
		}
		m.StepOn(b.Boundary)
		g.s.Clock()
	}
	return nil
}

// spread gives all patterns the value of the first.
func spread(w gate.Word) gate.Word {
	x := -(w[0] & 1)
	return gate.Word{x, x, x, x}
}
