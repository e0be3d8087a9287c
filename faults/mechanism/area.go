package mechanism

import (
	"fmt"

	"upset/netlist"
	"upset/npu"
)

// Cost is what a mechanism adds: logic in gate equivalents and bits of SRAM.
type Cost struct {
	LogicGE  float64
	SRAMBits int
}

// plus is the sum of two costs.
func (c Cost) plus(o Cost) Cost { return Cost{c.LogicGE + o.LogicGE, c.SRAMBits + o.SRAMBits} }

const (
	// orGE is a two-input OR gate, one per parity group to join the alarms (our
	// choice: a NOR and an inverter).
	orGE = 1.5
	// SRAMBitGE is the area of an SRAM bit with its share of the macro's periphery
	// in gate equivalents (our choice: six transistors against four of a NAND gate
	// at about half the size, and as much again for the periphery).
	SRAMBitGE = 1.0
)

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

// Cost is the area that a choice adds:
//
//	harden     flops × flop × (area of the cell − 1)
//	parity     a flop per group, two trees of exclusive ors over its bits, an or,
//	           and the alarm
//	duplicate  the block's flops and logic, a comparator per output bit, the alarm
//	triplicate two more flops and a voter per flop
//	secded     coders and decoders; eight check bits per 64 bits of RAM
func (p *Pricing) Cost(c Choice) (Cost, error) {
	flop, scale := p.flopGE(c.Block)
	bits := 0
	for i := range p.table.Registers {
		if r := &p.table.Registers[i]; c.Covers(r) {
			bits += r.Bits()
		}
	}
	n := float64(bits) * scale
	switch c.Kind {
	case None:
		return Cost{}, nil
	case HardenLight, Harden:
		return Cost{LogicGE: n * flop * (p.cells.Of(c.Kind).Area - 1)}, nil
	case Parity, ParityAlways, ParityInterleaved:
		g := float64(p.ParityBits(c)) * scale
		return Cost{LogicGE: g*(flop+orGE) + 2*n*p.costs.XOR + flop}, nil
	case Duplicate:
		outputs, err := p.Outputs(c.Block)
		return Cost{LogicGE: p.areas[c.Block].LogicGE() + float64(outputs)*p.costs.Comparator + flop}, err
	case Triplicate:
		return Cost{LogicGE: n * (2*flop + p.costs.Voter)}, nil
	case SECDED:
		return p.code(), nil
	case Lockstep:
		return p.Lockstep()
	case Watchdog, Residue, StreamCRC, Checksum:
		return Cost{LogicGE: p.checker(c.Kind)}, nil
	}
	return Cost{}, fmt.Errorf("area of %s: unknown mechanism", c)
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

// Widths that recur in the interfaces of blocks (our microarchitecture).
const (
	addressBits = 32
	beatBits    = 64
	ramPort     = beatBits + 16 + 4 // data, byte address, number of bytes
)

// Outputs is the number of bits that a block drives into the rest of the machine,
// one comparator each (our microarchitecture).
func (p *Pricing) Outputs(block string) (int, error) {
	s := p.table.Config.Spec()
	pixels, lanes := s.UBlockH*s.UBlockW, s.ElementUnits
	dots := pixels * s.UBlockD
	switch block {
	case "cc": // two stages read a bank each; bases; a DMA command; layout, status, handshakes
		bank := 0
		for i := range p.table.Registers {
			if r := &p.table.Registers[i]; r.Name == "cc.bank0" {
				bank = r.Bits()
			}
		}
		return 2*bank + 8*addressBits + 4*addressBits + 64, nil
	case "traversal": // every counter is an output
		return p.flops[block], nil
	case "dma": // two ports with request and write slice; FIFO heads of three channels; a RAM write and a read port; handshakes
		return 2*(addressBits+8+addressBits+beatBits+8+4) + 3*(beatBits+1) + ramPort + 16 + 16, nil
	case "wd": // eight weights of every channel of the micro-block; handshakes
		return 8*s.UBlockD*9 + 16, nil
	case "mac": // the sums with their address; an address per pixel; handshakes
		return 40*dots + 16 + pixels + 16*pixels + 16, nil
	case "ao": // the lanes with their address; two operand addresses; handshakes
		return 32*lanes + 16 + 2*16 + 16, nil
	case "sb": // read ports of every pixel, of the output stage and of the output channel; the sums' port; RAM write port; flags
		return (pixels+3)*beatBits + 40*dots + ramPort + 16, nil
	}
	return 0, fmt.Errorf("block %s cannot be duplicated: its outputs are not defined", block)
}

// boundary is the number of bits that the NPU drives out of itself: both ports
// and its interrupt and status (our microarchitecture).
const boundary = 2*(addressBits+8+addressBits+beatBits+8+4) + 16

// Lockstep is the area of a second copy of all logic with comparators on
// everything that leaves the NPU and on everything written to its RAM; the RAM
// itself is not copied.
func (p *Pricing) Lockstep() (Cost, error) {
	logic, _ := p.Logic()
	outputs := boundary
	for _, block := range []string{"dma", "mac", "ao"} {
		n, err := p.Outputs(block)
		if err != nil {
			return Cost{}, err
		}
		outputs += n
	}
	flop, _ := p.flopGE("cc")
	return Cost{LogicGE: logic + float64(outputs)*p.costs.Comparator + flop}, nil
}
