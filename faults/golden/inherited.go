package golden

import (
	"encoding/binary"

	"upset/faults"
	"upset/models/network"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// inherited tells which bytes an inference takes from the ones before it: those that
// it reads before the host or the NPU has written them anew. What differs in all others
// when an inference begins does not reach it, nor any behind it. Which bytes these are
// does not depend on the data.
//
// The buffers in the shared buffer are taken in turn, so that every other inference uses
// the same halves: what is said of it is said of both phases, those of the first and of
// the second inference after a reset. What one does not touch is left to the next.
type inherited struct {
	RAM   [2][]bool // bytes of the shared buffer, nil where there is none
	coded [2][]bool // words of 64 bits of it that are touched before they are written whole
	Mem   []bool    // bytes of SRAM from its start, nil where there is none
}

// KeepsData reports whether there are data that reach from one inference to another.
func (in *inherited) KeepsData() bool {
	return in.RAM[0] != nil || in.RAM[1] != nil || in.Mem != nil
}

// inheritance gathers what an inference inherits while it runs without a fault.
type inheritance struct {
	machine *npu.Machine
	phase   int // of the inference under way
	ram     [2][]firstUse
	coded   [2][]firstUse
	touched []bool // bytes of SRAM that were written, nil where the stream tells
	mem     []bool

	retired int    // operations done
	looking bool   // the next access is that of a table
	looked  [2]int // bank and operations done at the last lookup
}

// firstUse is what an inference does first with a piece of the shared buffer.
type firstUse uint8

const (
	unused firstUse = iota
	usedAsIs
	renewed // overwritten
)

// note keeps the first use.
func (u *firstUse) note(v firstUse) {
	if *u == unused {
		*u = v
	}
}

// newInheritance prepares for two inferences. With beats the bytes of the SRAM are
// taken from the traffic of the ports, which reads some more than it uses.
func newInheritance(m *npu.Machine, p *network.Program, beats bool) *inheritance {
	n := m.Spec.SHRAMBytes()
	h := &inheritance{machine: m, looked: [2]int{-1}}
	for k := range h.ram {
		h.ram[k], h.coded[k] = make([]firstUse, n), make([]firstUse, n/faults.CodeWord)
	}
	if beats {
		h.touched, h.mem = hostWrites(p), make([]bool, imageBytes(p))
		h.host(p, 0)
	}
	return h
}

// imageBytes is the part of the SRAM that is kept, at least that of the default map.
func imageBytes(p *network.Program) int { return max(isa.SRAMSize, p.MemoryBytes()) }

// hostWrites marks the bytes of SRAM that the host writes before each inference.
func hostWrites(p *network.Program) []bool {
	written := make([]bool, imageBytes(p))
	for _, b := range p.Inputs {
		for k := max(0, b.Offset); b.Offset >= 0 && k < b.Offset+b.Size; k++ {
			written[k] = true
		}
	}
	return written
}

// access notes an access to the shared buffer.
func (h *inheritance) access(addr, size, used int, write bool) {
	if h.looking || addr < 0 { // of the tables lookup knows
		h.looking = false
		return
	}
	ram, coded := h.ram[h.phase], h.coded[h.phase]
	if !allUsed(ram, addr, used) {
		how := usedAsIs
		if write {
			how = renewed
		}
		for a := addr; a < addr+used; a++ {
			ram[a%len(ram)].note(how)
		}
	}
	for a := addr &^ (faults.CodeWord - 1); a < addr+size; a += faults.CodeWord {
		w := a / faults.CodeWord
		switch {
		case w < len(coded) && coded[w] != unused:
		case write && a >= addr && a+faults.CodeWord <= addr+size:
			coded[w%len(coded)].note(renewed)
		default:
			coded[w%len(coded)].note(usedAsIs)
		}
	}
}

// allUsed reports whether some bytes, at most eight, were all used before, which soon they
// nearly always were.
func allUsed(ram []firstUse, addr, n int) bool {
	if n > 8 || addr+8 > len(ram) {
		return false
	}
	const low, high = 0x0101010101010101, 0x8080808080808080
	v := binary.LittleEndian.Uint64(raw(ram[addr:addr+8])) | ^uint64(0)<<(8*n) // of eight bytes, those behind count as used
	return (v-low)&^v&high == 0                                                // no byte is zero
}

// lookup notes that the output stage looks its table up: which entry is a matter of the
// data, so that all of them count.
func (h *inheritance) lookup() {
	cc := &h.machine.S.CC
	b := h.machine.S.Trav.AO.Bank & 3
	h.looking = true
	if h.looked == [2]int{int(b), h.retired} {
		return
	}
	h.looked = [2]int{int(b), h.retired}
	d := isa.Decode(&cc.Bank[b], isa.Opcode(cc.OpCode[b]), uint32(cc.OpParam[b]))
	from, size := d.TableSpan()
	for k := range size {
		a := h.machine.Spec.LUTStart() + (from+k)%isa.LUTBytes
		h.ram[h.phase][a].note(usedAsIs)
		h.coded[h.phase][a/faults.CodeWord].note(usedAsIs)
	}
}

// again begins the second inference.
func (h *inheritance) again() { h.phase, h.retired, h.looked = 1, 0, [2]int{-1} }

// asIs marks what the inferences of both phases, one after the other, use before they
// renew it.
func asIs(uses [2][]firstUse) (out [2][]bool) {
	for p := range out {
		marks, any := make([]bool, len(uses[p])), false
		for k, u := range uses[p] {
			if u == unused {
				u = uses[1-p][k]
			}
			marks[k] = u == usedAsIs
			any = any || marks[k]
		}
		if any {
			out[p] = marks
		}
	}
	return out
}

// beat notes a beat of the ports.
func (h *inheritance) beat(addr uint32, strb uint8, write bool) {
	if h.touched == nil || h.phase != 0 {
		return
	}
	for k := range uint32(8) {
		at := addr&^7 + k - isa.SRAMBase
		switch {
		case strb>>k&1 == 0 || int(at) >= len(h.touched):
		case write:
			h.touched[at] = true
		default:
			h.mem[at] = h.mem[at] || !h.touched[at]
		}
	}
}

// host notes what the host reads and writes before job k.
func (h *inheritance) host(p *network.Program, k int) {
	if h.touched == nil || h.phase != 0 {
		return
	}
	for _, r := range p.HostReads(k) {
		for a := r.Lo - isa.SRAMBase; a < r.Hi-isa.SRAMBase; a++ {
			h.mem[a] = h.mem[a] || !h.touched[a]
		}
	}
	for _, r := range p.HostWrites(k) {
		for a := r.Lo - isa.SRAMBase; a < r.Hi-isa.SRAMBase; a++ {
			h.touched[a] = true
		}
	}
}

// done ends the run and adds the outputs, which the host reads.
func (h *inheritance) done(p *network.Program, ops []cone.Op) inherited {
	if h.touched == nil {
		h.touched, h.mem, h.phase = hostWrites(p), make([]bool, imageBytes(p)), 0
		h.host(p, 0)
		for i := range ops {
			for _, list := range [2][]cone.Range{ops[i].Reads, ops[i].Constants} {
				for _, r := range list {
					for a := r.Lo - isa.SRAMBase; a < r.Hi-isa.SRAMBase; a++ {
						h.mem[a] = h.mem[a] || !h.touched[a]
					}
				}
			}
			for _, r := range ops[i].Writes {
				for a := r.Lo - isa.SRAMBase; a < r.Hi-isa.SRAMBase; a++ {
					h.touched[a] = true
				}
			}
		}
	}
	for _, b := range p.Outputs {
		for k := b.Offset; k < b.Offset+b.Size; k++ {
			h.mem[k] = h.mem[k] || !h.touched[k]
		}
	}
	in := inherited{RAM: asIs(h.ram), coded: asIs(h.coded)}
	for _, v := range h.mem {
		if v {
			in.Mem = h.mem
			break
		}
	}
	return in
}

// Reads reports whether an inference inherits one of these bytes of SRAM.
func (in *inherited) Reads(list []cone.Byte) bool {
	for _, b := range list {
		if k := int(b.Addr - isa.SRAMBase); k < len(in.Mem) && in.Mem[k] {
			return true
		}
	}
	return false
}
