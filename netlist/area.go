package netlist

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"

	"upset/npu/isa"
)

// Costs are the areas of the building blocks in gate equivalents (a two-input
// NAND gate is 1). All of them can be changed.
type Costs struct {
	Flop       float64 // one flip-flop
	Multiplier float64 // per bit of one operand and bit of the other
	Adder      float64 // per bit
	Mux        float64 // two-to-one multiplexer, per bit
	XOR        float64 // two-input exclusive or
	Comparator float64 // per bit; a test for equality
	Less       float64 // per bit; a test for order
	Voter      float64 // per bit; used by protection, not by the bare machine
	Gate       float64 // two-input AND or OR; used by protection, not by the bare machine
}

// DefaultCosts returns the middle of what two open libraries span, OSU 0.18 µm and IHP
// SG13G2 0.13 µm (docs/area.md; that it is the middle is our choice). Behind each constant
// stand its two values.
func DefaultCosts() *Costs {
	return &Costs{
		Flop:       5.4, // 4.0 and 6.75
		Multiplier: 6.6, // 6.7 and 6.5: Booth, 9 × 9 bits, no full-adder cell
		Adder:      7.1, // 7.3 and 7.0: carry look-ahead
		Mux:        2.1, // 2.0 and 2.2: trees, shifters and rotators
		XOR:        2.2, // 2.3 and 2.0
		Comparator: 2.9, // 3.2 and 2.5
		Less:       3.9, // 3.8 and 3.9
		Voter:      3.1, // 3.0 and 3.3
		Gate:       1.3, // 1.3 and 1.3
	}
}

// BlockArea is the area of a block. Areas are in gate equivalents and cover
// logic only; SRAM is counted in bits and listed apart.
type BlockArea struct {
	Block    string
	Flops    int
	SRAMBits int
	FlopGE   float64
	CombGE   float64
}

// LogicGE is the area of the flops and of the combinational logic together.
func (a BlockArea) LogicGE() float64 { return a.FlopGE + a.CombGE }

// blockOrder lists the blocks in the order of the pipeline.
var blockOrder = [...]string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb", "pmu"}

// Blocks returns the names of the blocks in the order of the pipeline.
func Blocks() []string { return append([]string(nil), blockOrder[:]...) }

// Areas returns the area of every block, in the order of Blocks. Costs may be
// nil for the defaults.
func (t *Table) Areas(c *Costs) []BlockArea {
	if c == nil {
		c = DefaultCosts()
	}
	list := make([]BlockArea, len(blockOrder))
	index := map[string]*BlockArea{}
	for i, name := range blockOrder {
		list[i].Block = name
		index[name] = &list[i]
	}
	for i := range t.Registers {
		r := &t.Registers[i]
		if r.IsSRAM() {
			index[r.Block].SRAMBits += r.Bits()
			continue
		}
		index[r.Block].Flops += r.Bits()
	}
	for _, g := range t.Gates(c) {
		index[g.Block].CombGE += g.GE
	}
	for i := range list {
		list[i].FlopGE = float64(list[i].Flops) * c.Flop
	}
	return list
}

// Gates returns the combinational logic of the configuration, part by part.
func (t *Table) Gates(c *Costs) []Gates {
	g := gates{c: c, s: t.Config.Spec(), ecc: t.ECC, bank: bankBits()}
	g.cc()
	g.traversal()
	g.dma()
	g.wd()
	g.mac()
	g.ao()
	g.sb()
	g.pmu()
	return g.list
}

// bankBits is the number of bits of one configuration bank.
func bankBits() int {
	n := 0
	for _, info := range isa.Table {
		n += bits.OnesCount32(info.Mask)
	}
	return n
}

// Digest identifies the table: a SHA-256 over every register. Two tables with
// the same digest number their sites alike.
func (t *Table) Digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s ecc %d\n", t.Config, t.ECC)
	for i := range t.Registers {
		r := &t.Registers[i]
		fmt.Fprintf(h, "%s %s %s %d %d %d %t %x %v\n", r.Block, r.Name, r.Class, r.Count, r.Width, r.First, r.Observer, r.masks, r.names)
	}
	return hex.EncodeToString(h.Sum(nil))
}
