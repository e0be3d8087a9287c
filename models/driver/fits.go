package driver

import (
	"fmt"

	"upset/npu"
	"upset/npu/isa"
)

// Usage is the memory that the program needs, in bytes.
func (p *Program) Usage() npu.Usage {
	u := npu.Usage{Arena: p.SRAMBytes(), Constants: p.streamOffset() + alignUp(4*len(p.Commands))}
	if p.FastSize > 0 {
		u.Fast = alignUp(p.FastSize)
		u.Arena -= u.Fast
	}
	return u
}

// arenaLimit is the largest arena that a system has room for.
func arenaLimit(s npu.System) int {
	m := s.Memories()
	size := m.SRAM.Size
	if m.Arena == npu.InDRAM {
		size = m.DRAM.Size
	}
	return min(int(size), isa.MaxSRAM)
}

// Fits reports a network with a program that does not fit the memories of a system.
func (n *Network) Fits(s npu.System) error {
	for _, p := range n.Programs() {
		if err := s.Fits(p.Usage()); err != nil {
			return fmt.Errorf("program %s: %w", p.Name, err)
		}
	}
	return nil
}
