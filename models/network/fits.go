package network

import (
	"crypto/sha256"
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

// Usage is the memory that the network's part on the NPU needs, in bytes: the streams of
// all its programs, the constants, which programs of one file share, and the arena that
// they take turns in.
func (n *Network) Usage() npu.Usage {
	var all npu.Usage
	streams, images := map[*Program]bool{}, map[[sha256.Size]byte]bool{}
	for _, p := range n.Programs() {
		u := p.Usage()
		all.Arena, all.Fast = max(all.Arena, u.Arena), max(all.Fast, u.Fast)
		if !streams[p] {
			streams[p] = true
			all.Constants += u.Constants - p.streamOffset()
		}
		if image := sha256.Sum256(p.Flash); !images[image] {
			images[image] = true
			all.Constants += p.streamOffset()
		}
	}
	return all
}

// Fits reports a network that does not fit the memories of a system, as a whole or one of
// its programs.
func (n *Network) Fits(s npu.System) error {
	for _, p := range n.Programs() {
		if err := s.Fits(p.Usage()); err != nil {
			return fmt.Errorf("program %s: %w", p.Name, err)
		}
	}
	return s.Fits(n.Usage())
}
