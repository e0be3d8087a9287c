package mechanism

import "fmt"

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

// Lockstep is the area of a second copy of all logic, see [Pricing.Items].
func (p *Pricing) Lockstep() (Cost, error) {
	return p.Cost(Choice{Block: Whole, Kind: Lockstep})
}

// compared is the number of bits that lock-step compares: everything that leaves the
// NPU and everything written to its RAM.
func (p *Pricing) compared() (n int, err error) {
	n = boundary
	for _, block := range []string{"dma", "mac", "ao"} {
		k, err := p.Outputs(block)
		if err != nil {
			return 0, err
		}
		n += k
	}
	return n, nil
}
