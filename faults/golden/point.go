package golden

import (
	"bytes"
	"encoding/binary"

	"upset/npu"
	"upset/npu/isa"
)

// Point is the machine at one cycle of the fault-free run. RAM banks and memory
// pages that did not change since the point before are shared with it.
type Point struct {
	Cycle uint64
	Flops npu.Flops
	RAM   [][]byte
	Mem   [][]byte

	Begin bool // an operation begins its first job
	begin bool // and the point lies off the steps of the others
}

const (
	RAMPiece = isa.BankBytes
	MemPiece = 1 << npu.PageShift
)

// Take records the machine, sharing what equals the point before, if there is one. Where written is given, no other page of the SRAM than those that it
// marks was written since the point before.
func (p *Point) Take(m *npu.Machine, prev *Point, written *npu.Pages) {
	p.Cycle, p.Flops = m.Cycle(), m.S.Flops
	var ram, mem [][]byte
	if prev != nil {
		ram, mem = prev.RAM, prev.Mem
	}
	p.RAM = pieces(m.S.RAM.Mem[:m.Spec.SHRAMBytes()], RAMPiece, ram, nil)
	p.Mem = pieces(m.Mem.SRAM, MemPiece, mem, written)
}

// pieces cuts a memory into pieces, of which those before are shared where they are the
// same. Where written is given, all others are known to be.
func pieces(b []byte, size int, before [][]byte, written *npu.Pages) [][]byte {
	out := make([][]byte, (len(b)+size-1)/size)
	copy(out, before)
	for i := range out {
		if before != nil && written != nil && !written.Has(i) {
			continue
		}
		piece := b[i*size : min(len(b), (i+1)*size)]
		if before == nil || !bytes.Equal(before[i], piece) {
			out[i] = bytes.Clone(piece)
		}
	}
	return out
}

// Restore puts the machine in the state of the point.
func (p *Point) Restore(m *npu.Machine) {
	m.S.Flops = p.Flops
	for i, b := range p.RAM {
		copy(m.S.RAM.Mem[i*RAMPiece:], b)
	}
	if m.S.RAM.SynLive != 0 {
		m.S.RAM.Syn = [len(m.S.RAM.Syn)]uint8{}
		m.S.RAM.SynLive = 0
	}
	for i, b := range p.Mem {
		copy(m.Mem.SRAM[i*MemPiece:], b)
	}
	m.Touched()
}

// Change is a byte of memory that differs from the fault-free run.
type Change struct {
	Addr  uint32
	Value byte
}

// Changes lists the bytes of the SRAM that differ from the point, up to a limit;
// more than that are reported as not ok.
func Changes(m *npu.Machine, p *Point, list []Change, limit int) (out []Change, ok bool) {
	for i, r := range p.Mem {
		a := m.Mem.SRAM[i*MemPiece : i*MemPiece+len(r)]
		if bytes.Equal(a, r) {
			continue
		}
		for k := 0; k < len(r); {
			if k+8 <= len(r) && binary.LittleEndian.Uint64(a[k:]) == binary.LittleEndian.Uint64(r[k:]) {
				k += 8
				continue
			}
			if a[k] != r[k] {
				if len(list) >= limit {
					return list, false
				}
				list = append(list, Change{isa.SRAMBase + uint32(i*MemPiece+k), a[k]})
			}
			k++
		}
	}
	return list, true
}
