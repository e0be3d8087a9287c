package cosim

import (
	"fmt"

	"upset/netlist/gate"
	"upset/npu"
)

// evaluate lets a lane's block do its clock, and before that what the outputs of the gates and
// the disturbed copy, if there is one, do instead.
func (g *Group) evaluate(l *lane) {
	b := g.b.Boundary
	if b.Late() {
		g.evaluateLate(l)
		return
	}
	g.trial.Do(l.m, func() { b.Apply(l.m, l.out) }, func() {
		g.effect, g.second = l.m.S.Flops, g.trial.Journal
		b.Clear(&g.effect)
	})
	if f := l.flip; f != nil {
		g.trial.Do(l.m, func() {
			g.regs.put(&l.m.S.Flops, l.copy)
			b.Prepare(l.m, l.in)
			b.Evaluate(l.m, l.in)
		}, func() {
			g.took(l, l.copy)
			f.before = l.m.S.Flops
			b.Clear(&f.before)
			g.sameEffect(l, &f.before, &g.trial.Journal)
			f.journal = g.trial.Journal
		})
	}
	l.m.Probe.Journal = &g.trial.Journal
	g.trial.Journal.Clear()
	b.Evaluate(l.m, l.in)
	l.m.Probe.Journal = nil
	g.took(l, l.regs)
	now := &g.now
	*now = l.m.S.Flops
	b.Clear(now)
	if l.flip == nil {
		g.sameEffect(l, now, &g.trial.Journal)
	} else if !l.flip.seen && (l.flip.before != *now || !sameStores(&l.flip.journal, &g.trial.Journal)) {
		l.flip.seen = true
	}
	l.m.StepOn(b)
}

// evaluateLate is evaluate where the clock is over.
func (g *Group) evaluateLate(l *lane) {
	b := g.b.Boundary
	if l.flip != nil {
		g.trial.Do(l.m, func() {
			g.regs.put(&l.m.S.Flops, l.copy)
			b.Evaluate(l.m, l.in)
		}, func() { g.took(l, l.copy) })
	}
	g.took(l, l.regs)
	l.m.StepOn(b)
}

// took packs the registers of the lane's machine.
func (g *Group) took(l *lane, words []uint64) {
	g.regs.get(&l.m.S.Flops, words)
	if c := g.regs.wrong(&l.m.S.Flops); c != nil {
		g.Result.add(Difference{Run: l.name, Cycle: l.m.Cycle(), Flip: g.flipName(l), Where: c.Register.Name,
			What: fmt.Sprintf("the machine holds %#x in %d bits", c.Get(&l.m.S.Flops), c.Width)})
	}
}

// sameEffect compares what the block did outside its registers with what the outputs of the
// gates ask for.
func (g *Group) sameEffect(l *lane, did *npu.Flops, stores *npu.Journal) {
	if *did == g.effect && sameStores(stores, &g.second) {
		return
	}
	where := "stores to the shared buffer"
	if *did != g.effect {
		where = outside(did, &g.effect)
	}
	g.Result.add(Difference{Run: l.name, Cycle: l.m.Cycle(), Flip: g.flipName(l), Where: where,
		What: fmt.Sprintf("the outputs %x ask for something else", l.out)})
	l.spoilt = true
}

// sameStores compares what two journals leave in the shared buffer.
func sameStores(a, b *npu.Journal) bool {
	if a.Equal(b) {
		return true
	}
	return equalBytes(left(a), left(b))
}

func left(j *npu.Journal) map[uint32]byte {
	m := map[uint32]byte{}
	for _, s := range j.Stores() {
		for i := range uint32(s.Bytes) {
			m[s.Addr+i] = byte(s.Value >> (8 * i))
		}
	}
	return m
}

func equalBytes(a, b map[uint32]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// compare compares the flops of the gates with the registers that they must hold now.
func (g *Group) compare() {
	var block [64]uint64
	for k := range g.regs.words {
		for q := range 4 {
			for i := range block {
				l := &g.lanes[64*q+i]
				switch {
				case l.m == nil:
					block[i] = 0
				case l.flip != nil:
					block[i] = l.copy[k]
				default:
					block[i] = l.regs[k]
				}
			}
			gate.Transpose(&block)
			for i := range block {
				g.plane[64*k+i][q] = block[i]
			}
		}
	}
	alive := g.alive()
	for bit, f := range g.b.flops {
		have := g.s.Source(g.b.Gates.Q(f))
		for q := range have {
			for x := (have[q] ^ g.plane[bit][q]) & alive[q]; x != 0; x &= x - 1 {
				l := &g.lanes[64*q+trailing(x)]
				g.Result.add(Difference{Run: l.name, Cycle: l.m.Cycle(), Flip: g.flipName(l), Where: g.b.BitName(bit),
					What: fmt.Sprintf("the gates hold %d", have[q]>>trailing(x)&1)})
				l.spoilt = true
			}
		}
	}
}

// end does what is due in a lane after a clock: it takes up again what the gates lost, ends a flip
// that has no trace any more, or makes the next one.
func (g *Group) end(i int) {
	l := &g.lanes[i]
	g.Result.Clocks++
	if l.m.Starts != l.starts || l.spoilt { // the host has changed registers, or the gates hold others
		l.starts, l.spoilt = l.m.Starts, false
		if l.flip != nil {
			g.Result.Cut++
		}
		g.reload(i)
		return
	}
	if f := l.flip; f != nil {
		f.clocks++
		same := true
		for k, w := range l.copy {
			x := w ^ l.regs[k]
			same = same && x == 0
			if f.bit>>6 == k {
				x &^= 1 << (f.bit & 63)
			}
			f.seen = f.seen || x != 0
		}
		switch {
		case same:
			g.finish(l)
		case f.clocks >= flipClocks:
			g.Result.Long++
			g.finish(l)
			g.reload(i)
		}
		return
	}
	g.next(i)
}

// outside names the part of the machine in which two sets of flops differ.
func outside(a, b *npu.Flops) string {
	switch {
	case a.CC != b.CC:
		return "central control"
	case a.Trav != b.Trav:
		return "counters of other blocks"
	case a.DMA != b.DMA:
		return "the channels"
	case a.WD != b.WD:
		return "the weight decoder"
	case a.MAC != b.MAC:
		return "the MAC array"
	case a.AO != b.AO || a.AOScale != b.AOScale:
		return "the output stage"
	case a.SB != b.SB:
		return "flags of the shared buffer"
	}
	return "the rest of the machine"
}
