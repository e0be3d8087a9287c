package mechanism

import (
	"fmt"

	"upset/netlist"
	"upset/npu"
)

// Item is a part of the area that a choice adds: so many of one thing.
type Item struct {
	What string  // what it does
	N    float64 // how many; scaled as the flops of the block are
	Of   string  // of what: flop, XOR, gate, …
	Each float64 // gate equivalents
}

// GE is the area of the item in gate equivalents.
func (i Item) GE() float64 { return i.N * i.Each }

// total is the area of items.
func total(items []Item) (sum float64) {
	for _, i := range items {
		sum += i.GE()
	}
	return sum
}

// alarm is what every mechanism with an alarm has: a flop, the gate that holds it, and
// the gate that joins it to the NPU's interrupt.
func (p *Pricing) alarm(flop float64) []Item {
	return []Item{{"alarm", 1, "flop", flop}, {"alarm held, and joined to the interrupt", 2, "gate", p.costs.Gate}}
}

// SharedGE is what further registers of the same block under the same mechanism save:
// parity has one alarm, and a gate joins the groups of one more register to it.
func (p *Pricing) SharedGE(c Choice) float64 {
	switch c.Kind {
	case Parity, ParityAlways, ParityInterleaved:
		flop, _ := p.flopGE(c.Block)
		return (total(p.alarm(flop)) - p.costs.Gate) * p.cells.factor(c.Kind)
	}
	return 0
}

// Items lists what a choice adds, part by part. What is not counted is listed by
// [LeftOut].
func (p *Pricing) Items(c Choice) ([]Item, error) {
	flop, scale := p.flopGE(c.Block)
	n := float64(p.covered(c)) * scale
	switch c.Kind {
	case None:
		return nil, nil
	case HardenLight, Harden:
		cell := p.cells.Of(c.Kind)
		return []Item{{"larger cells", n, fmt.Sprintf("flop × (%g − 1)", cell.Area), flop * (cell.Area - 1)}}, nil
	case Parity, ParityAlways, ParityInterleaved:
		return p.parityItems(c, flop, scale), nil
	case Duplicate:
		outputs, err := p.Outputs(c.Block)
		a := p.areas[c.Block]
		return append([]Item{
			{"copy: flops", float64(a.Flops), "flop", flop}, {"copy: combinational logic", 1, "block's logic", a.CombGE},
			{"comparison of all outputs", float64(outputs), "comparator", p.costs.Comparator},
		}, p.alarm(flop)...), err
	case Triplicate:
		return []Item{{"two more copies", 2 * n, "flop", flop}, {"a voter per flop", n, "voter", p.costs.Voter}}, nil
	case SECDED:
		return []Item{{"coders and decoders of all ports", 1, "port logic", p.code().LogicGE}}, nil
	case Lockstep:
		logic, _ := p.Logic()
		bits, err := p.compared()
		flop, _ := p.flopGE("cc")
		return append([]Item{
			{"copy of all flops and logic, without RAM", 1, "NPU's logic", logic},
			{"comparison of bus, pins and writes to the RAM", float64(bits), "comparator", p.costs.Comparator},
		}, p.alarm(flop)...), err
	case Watchdog, Residue, StreamCRC, Checksum:
		return p.checker(c.Kind), nil
	}
	return nil, fmt.Errorf("area of %s: unknown mechanism", c)
}

// covered is the number of flops or RAM bits of the table that a choice covers.
func (p *Pricing) covered(c Choice) (bits int) {
	for i := range p.table.Registers {
		if r := &p.table.Registers[i]; c.Covers(r) {
			bits += r.Bits()
		}
	}
	return bits
}

// parityItems are those of parity over some registers. The parity bit of a group loads
// with the group, under the same clock gate.
func (p *Pricing) parityItems(c Choice, flop, scale float64) []Item {
	var bits, groups, gated, conditions float64
	for i := range p.table.Registers {
		r := &p.table.Registers[i]
		if !c.Covers(r) {
			continue
		}
		g := float64(len(words(p.table, span{r.First, r.Bits()}, c.Kind == ParityInterleaved)))
		bits += float64(r.Bits())
		groups += g
		if rule, ok := ruleOf(r); ok && c.Kind != ParityAlways {
			gated += g
			conditions += rule.ge(p.costs, r.Count)
		}
	}
	items := []Item{
		{"parity bits", groups * scale, "flop", flop},
		{"parity made at the load: one XOR less than bits in every group", (bits - groups) * scale, "XOR", p.costs.XOR},
		{"parity compared: the bits and the parity bit of every group", bits * scale, "XOR", p.costs.XOR},
	}
	if gated > 0 {
		items = append(items, Item{"valid gating: a gate per group that is compared when it is read", gated * scale, "gate", p.costs.Gate},
			Item{"valid conditions that no bit of the machine tells", scale, "conditions", conditions})
	}
	items = append(items, Item{"error collection: a tree over the groups", max(0, groups*scale-1), "gate", p.costs.Gate})
	return append(items, p.alarm(flop)...)
}

// code is the difference between the shared buffer with and without SECDED.
func (p *Pricing) code() Cost {
	with := netlist.New(p.table.Config, npu.ECCSECDED)
	var c Cost
	for i, a := range with.Areas(p.costs) {
		b := p.table.Areas(p.costs)[i]
		c.LogicGE += a.LogicGE() - b.LogicGE()
		c.SRAMBits += a.SRAMBits - b.SRAMBits
	}
	return c
}
