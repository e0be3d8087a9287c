package mechanism

import (
	"upset/netlist"
	"upset/npu"
)

// maxWatched is the most cells of one event that parity is watched for: events are of
// four cells at most.
const maxWatched = 4

// Upset applies an event to bits of the machine or of a mechanism, between two clocks:
// the site that is named first, and the cells beside it that the event hits as well.
// All belong to one register of the machine or to one part of a mechanism, see
// [Design.Beside]; cells of RAM may be anywhere in it. The machine must be in its
// fault-free state. Cycle is that of the machine and only serves to draw what
// hardened cells do.
//
// Before and after are the values of the first cell that flips. A hardened cell
// flips with its own rate ratio, whatever its neighbours do (our choice: of two
// cells, one flips at almost twice the ratio, which is more than if both did or
// neither).
func (g *Guard) Upset(m *npu.Machine, cycle uint64, ids ...netlist.SiteID) (before, after uint8, r Response, err error) {
	for i, id := range ids {
		if i == 0 {
			before, after, r, err = g.upset(m, id, cycle)
		} else {
			var b, a uint8
			var next Response
			if b, a, next, err = g.also(m, id, cycle); r == Held {
				before, after = b, a
			}
			r = joined(r, next)
		}
		if err != nil {
			return before, after, r, err
		}
	}
	if r == Live {
		r = g.seen()
	}
	return before, after, r, nil
}

// joined is the response to two cells of one event.
func joined(a, b Response) Response {
	switch {
	case a == Alarm || b == Alarm:
		return Alarm
	case a == Held:
		return b
	}
	return a
}

// also applies the upset to one more cell of an event: what the guard watches stays.
func (g *Guard) also(m *npu.Machine, id netlist.SiteID, cycle uint64) (before, after uint8, r Response, err error) {
	p, k := g.d.find(id)
	if p == nil {
		return g.alsoMachine(m, id, cycle)
	}
	switch p.Name {
	case "alarm":
		return 0, 1, Alarm, nil
	case "voted":
		return g.upsetCopy(m, p.source(k), 1+k/(p.Bits/2))
	case "check":
		before, after = g.flipCheck(p, k)
	case "parity":
		w := g.look(m, p.words[k])
		w.bit ^= 1
		before, after = w.bit^1, w.bit
	default: // a copy, whose twin is made
		before, after, err = g.d.table.Flip(g.twin, p.source(k))
	}
	return before, after, Live, err
}

// alsoMachine is the same for a bit of the machine itself.
func (g *Guard) alsoMachine(m *npu.Machine, id netlist.SiteID, cycle uint64) (before, after uint8, r Response, err error) {
	switch kind := g.d.kindOf(id); kind {
	case HardenLight, Harden:
		if !g.d.flips(id, cycle, g.d.cells.Of(kind).SER) {
			before = g.d.table.Read(&m.S, id)
			return before, before, Held, nil
		}
	case Triplicate:
		return g.upsetCopy(m, id, 0)
	case Parity, ParityAlways, ParityInterleaved:
		g.look(m, g.d.groups[id])
	}
	before, after, err = g.d.table.Flip(m, id)
	return before, after, Live, err
}

// flipCheck inverts a bit of a checker.
func (g *Guard) flipCheck(p *Part, k int) (before, after uint8) {
	for _, c := range g.checks {
		if c.first == p.First {
			r, bit := registerOf(c.check, k)
			*r.word ^= 1 << bit
			after = uint8(*r.word >> bit & 1)
		}
	}
	return after ^ 1, after
}

// Beside lists the cells that an event of n cells hits, by the place of the first: a
// run of neighbouring flops of one element, upwards and, from its upper end, on below
// the first. Elements of one bit stand side by side. Where flops are placed is not
// public; of the mechanisms' own bits it is our choice:
//
//   - copies of a flop stand as their originals do, and apart from them;
//   - a parity bit stands at the upper end of its group, the worst place;
//     interleaved, parity bits stand beside one another (a rule for placement);
//   - a register of a checker that has one bit stands beside the next one of it;
//   - a voter's output and an alarm are single.
func (d *Design) Beside(id netlist.SiteID, n int) []netlist.SiteID {
	p, k := d.find(id)
	if p == nil {
		return d.table.Beside(id, n)
	}
	list := []netlist.SiteID{id}
	switch p.Name {
	case "copy", "voted":
		source := p.source(k)
		for _, s := range d.table.Beside(source, n)[1:] {
			list = append(list, id+(s-source)) // a copied register is copied whole; numbers wrap
		}
	case "parity":
		if p.Kind == ParityInterleaved {
			return netlist.Run(id, p.First, p.First+netlist.SiteID(p.Bits), n)
		}
		sites := p.words[k].sites
		for i := len(sites) - 1; i >= 0 && len(list) < n; i-- {
			list = append(list, sites[i])
		}
	case "check":
		first, bits := 0, p.Bits
		if r, bit := registerOf(newCheck(p.Kind, d.table.Config, nil), k); r.bits > 1 {
			first, bits = k-bit, r.bits
		}
		return netlist.Run(id, p.First+netlist.SiteID(first), p.First+netlist.SiteID(first+bits), n)
	}
	return list
}
