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

// Snapshot records the machine, sharing what equals the point before.
func Snapshot(m *npu.Machine, prev *Point) Point {
	p := Point{Cycle: m.Cycle(), Flops: m.S.Flops}
	n := m.Spec.SHRAMBytes()
	p.RAM = pieces(m.S.RAM.Mem[:n], RAMPiece, prev, func(q *Point) [][]byte { return q.RAM })
	p.Mem = pieces(m.Mem.SRAM, MemPiece, prev, func(q *Point) [][]byte { return q.Mem })
	return p
}

func pieces(b []byte, size int, prev *Point, of func(*Point) [][]byte) [][]byte {
	out := make([][]byte, 0, (len(b)+size-1)/size)
	for i := 0; i*size < len(b); i++ {
		piece := b[i*size : min(len(b), (i+1)*size)]
		if prev != nil && bytes.Equal(of(prev)[i], piece) {
			out = append(out, of(prev)[i])
			continue
		}
		out = append(out, bytes.Clone(piece))
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
