package mechanism

import (
	"upset/netlist"
)

// Cost is what a mechanism adds: logic in gate equivalents and bits of SRAM.
type Cost struct {
	LogicGE  float64
	SRAMBits int
}

// plus is the sum of two costs.
func (c Cost) plus(o Cost) Cost { return Cost{c.LogicGE + o.LogicGE, c.SRAMBits + o.SRAMBits} }

// SRAMBitGE is the area of an SRAM bit with its share of the macro's periphery in gate
// equivalents (our choice: six transistors against four of a NAND gate at about half
// the size, and as much again for the periphery).
const SRAMBitGE = 1.0

// Pricing tells the areas of mechanisms on one machine.
type Pricing struct {
	table *netlist.Table
	costs *netlist.Costs
	cells Cells
	areas map[string]netlist.BlockArea
	flops map[string]int // of the table, where areas may come from an override
}

// NewPricing prepares the areas of a machine. Costs may be nil for the defaults;
// areas are those of the table's blocks, with any override applied.
func NewPricing(t *netlist.Table, areas []netlist.BlockArea, costs *netlist.Costs, cells Cells) *Pricing {
	if costs == nil {
		costs = netlist.DefaultCosts()
	}
	p := &Pricing{table: t, costs: costs, cells: cells, areas: map[string]netlist.BlockArea{}, flops: map[string]int{}}
	for _, a := range areas {
		p.areas[a.Block] = a
	}
	for i := range t.Registers {
		if r := &t.Registers[i]; !r.IsSRAM() {
			p.flops[r.Block] += r.Bits()
		}
	}
	return p
}

// Logic is the area of the unprotected logic, and that of its SRAM.
func (p *Pricing) Logic() (logicGE, sramGE float64) {
	for _, name := range netlist.Blocks() {
		logicGE += p.areas[name].LogicGE()
		sramGE += SRAMBitGE * float64(p.areas[name].SRAMBits)
	}
	return logicGE, sramGE
}

// FlopGE is the area of all flops, also of those that only observe.
func (p *Pricing) FlopGE() (sum float64) {
	for _, name := range netlist.Blocks() {
		sum += p.areas[name].FlopGE
	}
	return sum
}

// flopGE is the area of one flop of a block, and the number of flops that one
// flop of the table stands for.
func (p *Pricing) flopGE(block string) (area, scale float64) {
	a := p.areas[block]
	if a.Flops == 0 || p.flops[block] == 0 {
		return p.costs.Flop, 1
	}
	return a.FlopGE / float64(a.Flops), float64(a.Flops) / float64(p.flops[block])
}

// Flops counts the flops that a choice covers, as many as the inventory says.
func (p *Pricing) Flops(c Choice) int64 {
	n := 0
	for i := range p.table.Registers {
		if r := &p.table.Registers[i]; c.Covers(r) {
			n += r.Bits()
		}
	}
	_, scale := p.flopGE(c.Block)
	return int64(float64(n)*scale + 0.5)
}

// ParityBits is the number of parity bits that a choice adds.
func (p *Pricing) ParityBits(c Choice) int {
	n := 0
	for i := range p.table.Registers {
		if r := &p.table.Registers[i]; c.Covers(r) {
			n += len(words(p.table, span{r.First, r.Bits()}, c.Kind == ParityInterleaved))
		}
	}
	return n
}

// Cost is the area that a choice adds: the sum of its items times the declared factor of
// the mechanism, and for SECDED eight check bits per 64 bits of RAM.
func (p *Pricing) Cost(c Choice) (Cost, error) {
	items, err := p.Items(c)
	if err != nil {
		return Cost{}, err
	}
	cost := Cost{LogicGE: total(items) * p.cells.factor(c.Kind)}
	if c.Kind == SECDED {
		cost.SRAMBits = p.code().SRAMBits
	}
	return cost, nil
}

// Total is the area of several choices.
func (p *Pricing) Total(choices []Choice) (Cost, error) {
	var sum Cost
	for _, c := range choices {
		cost, err := p.Cost(c)
		if err != nil {
			return Cost{}, err
		}
		sum = sum.plus(cost)
	}
	return sum, nil
}
