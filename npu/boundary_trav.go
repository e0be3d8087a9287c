package npu

// pulse is what happens to a counter set in a clock.
type pulse uint8

// Pulses, in the order in which they act.
const (
	pulseStart     pulse = 1 << iota // the operation of the bank begins
	pulseClear                       // the counter of weight blocks starts anew
	pulseNextBlock                   // and goes to the next weight block
	pulseNext                        // the next job or block
	pulseEnd                         // the operation is left, the next bank follows
)

// Counter sets of the traversal unit.
const (
	setIFM = iota
	setWD
	setMAC
	setAO
	setOFM
	counterSets
)

// pulse notes what happens to a counter set in this clock.
func (m *Machine) pulse(set int, p pulse) { m.work.pulses[set] |= p }

// counterSet is one of the sets: the counters and their part of the signals.
type counterSet struct {
	name  string
	inner bool // it counts weight blocks, too
	jobs  bool // it counts input depth and kernel, too
}

var counterSetList = [counterSets]counterSet{
	{"ifm", false, true}, {"wd", true, true}, {"mac", true, true}, {"ao", false, false}, {"ofm", false, false},
}

func (c *counterSet) settings() []Signal {
	if !c.jobs {
		return blockSettings()
	}
	if c.inner {
		return append(jobSettings(), innerSettings()...)
	}
	return jobSettings()
}

func (c *counterSet) words(p *params) []uint64 {
	if !c.jobs {
		return p.blockWords()
	}
	if c.inner {
		return append(p.jobWords(), p.innerWords()...)
	}
	return p.jobWords()
}

// TraversalBoundary is the boundary of the traversal unit: all counter sets, driven by the
// blocks that they belong to (docs/blocks/traversal.md).
func TraversalBoundary() *Boundary {
	b := &Boundary{Block: "traversal", Registers: []string{"traversal."}, first: len(order), last: len(order) - 1, late: true}
	for i := range counterSetList {
		c := &counterSetList[i]
		b.Inputs = append(b.Inputs, Signal{c.name + "_start", 1, "the operation of the bank begins"})
		if c.inner {
			b.Inputs = append(b.Inputs, Signal{c.name + "_clear", 1, "the counter of weight blocks starts anew"},
				Signal{c.name + "_next_block", 1, "the next weight block"})
		}
		b.Inputs = append(b.Inputs, Signal{c.name + "_next", 1, "the next job or block"}, Signal{c.name + "_end", 1, "the operation is left"})
	}
	settings := len(b.Inputs)
	for i := range counterSetList {
		c := &counterSetList[i]
		b.Inputs = append(b.Inputs, prefixed(c.name+"_", c.settings())...)
		b.Outputs = append(b.Outputs, Signal{c.name + "_bank", 2, "bank of the set, whose settings are answered"})
	}
	b.sample = func(m *Machine, _ uint64, in []uint64) {
		in = in[:0]
		for i := range counterSetList {
			f := func(p pulse) uint64 { return uint64(flag(m.work.pulses[i]&p != 0)) }
			in = append(in, f(pulseStart))
			if counterSetList[i].inner {
				in = append(in, f(pulseClear), f(pulseNextBlock))
			}
			in = append(in, f(pulseNext), f(pulseEnd))
		}
	}
	b.answer = func(m *Machine, out, in []uint64) {
		in = in[:settings]
		for i := range counterSetList {
			in = append(in, counterSetList[i].words(&m.op[out[i]&3])...)
		}
	}
	b.clear = func(f *Flops) { f.Trav = TravState{} }
	b.apply = func(*Machine, []uint64) {}
	b.evaluate = func(m *Machine, in []uint64) {
		for i := range counterSetList {
			var p pulse
			n := 3
			all := []pulse{pulseStart, pulseNext, pulseEnd}
			if counterSetList[i].inner {
				n, all = 5, []pulse{pulseStart, pulseClear, pulseNextBlock, pulseNext, pulseEnd}
			}
			for k, v := range in[:n] {
				if v != 0 {
					p |= all[k]
				}
			}
			in = in[n:]
			m.turn(i, p)
		}
	}
	return b
}

// turn does to a counter set what its pulses say.
func (m *Machine) turn(set int, x pulse) {
	t := &m.S.Trav
	var j *Job
	var w *Inner
	var b *Block
	switch set {
	case setIFM:
		j = &t.IFM
	case setWD:
		j, w = &t.WD, &t.WDInner
	case setMAC:
		j, w = &t.MAC, &t.MACInner
	case setAO:
		b = &t.AO
	default:
		b = &t.OFM
	}
	if b != nil {
		p := &m.op[b.Bank&3]
		if x&pulseStart != 0 {
			b.start()
		}
		if x&pulseNext != 0 {
			b.next(p)
		}
		if x&pulseEnd != 0 {
			b.end()
		}
		return
	}
	p := &m.op[j.Bank&3]
	if x&pulseStart != 0 {
		j.start()
	}
	if x&pulseClear != 0 {
		*w = Inner{}
	}
	if x&pulseNextBlock != 0 {
		w.nextOf(p, j, m.Spec.UBlockD)
	}
	if x&pulseNext != 0 {
		j.next(p)
	}
	if x&pulseEnd != 0 {
		j.end()
	}
}
