package faults

import (
	"bytes"

	"upset/models/driver"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// inherited tells which bytes an inference takes from the ones before it: those that
// it reads before the host or the NPU has written them anew. What differs in all others
// when an inference begins does not reach it, nor any behind it. Which bytes these are
// does not depend on the data.
type inherited struct {
	ram   []bool // bytes of the shared buffer, nil where there is none
	coded []bool // words of 64 bits of it that are touched before they are written whole
	mem   []bool // bytes of SRAM from its start, nil where there is none
}

// inheritance gathers what an inference inherits while it runs without a fault.
type inheritance struct {
	machine    *npu.Machine
	written    []bool // bytes of the shared buffer
	whole      []bool // words of it that were written at once
	ram, coded []bool
	touched    []bool // bytes of SRAM that were written, nil where the stream tells
	mem        []bool

	retired int    // operations done
	looking bool   // the next access is that of a table
	looked  [2]int // bank and operations done at the last lookup
}

// newInheritance prepares for a run. With beats the bytes of the SRAM are taken from the
// traffic of the ports, which reads some more than it uses.
func newInheritance(m *npu.Machine, p *driver.Program, beats bool) *inheritance {
	n := m.Spec.SHRAMBytes()
	h := &inheritance{machine: m, written: make([]bool, n), whole: make([]bool, n/codeWord), ram: make([]bool, n), coded: make([]bool, n/codeWord), looked: [2]int{-1}}
	if beats {
		h.touched, h.mem = hostWrites(p), make([]bool, isa.SRAMSize)
	}
	return h
}

// hostWrites marks the bytes of SRAM that the host writes before each inference.
func hostWrites(p *driver.Program) []bool {
	written := make([]bool, isa.SRAMSize)
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
	n := len(h.written)
	for a := addr; a < addr+used; a++ {
		k := a % n
		switch {
		case write:
			h.written[k] = true
		case !h.written[k]:
			h.ram[k] = true
		}
	}
	for a := addr &^ (codeWord - 1); a < addr+size; a += codeWord {
		w := a % n / codeWord
		if write && a >= addr && a+codeWord <= addr+size {
			h.whole[w] = true
		} else if !h.whole[w] {
			h.coded[w] = true
		}
	}
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
		if !h.written[a] {
			h.ram[a] = true
		}
		if w := a / codeWord; !h.whole[w] {
			h.coded[w] = true
		}
	}
}

// traffic notes the beats of a step.
func (h *inheritance) traffic(j *npu.Journal) {
	if h.touched == nil {
		return
	}
	for _, a := range j.Loads() {
		for k := a&^7 - isa.SRAMBase; k < isa.SRAMSize && k <= a&^7-isa.SRAMBase+7; k++ {
			h.mem[k] = h.mem[k] || !h.touched[k]
		}
	}
	for _, s := range j.Stores() {
		for k := range uint32(8) {
			if at := s.Addr&^7 + k - isa.SRAMBase; s.External && s.Bytes>>k&1 != 0 && at < isa.SRAMSize {
				h.touched[at] = true
			}
		}
	}
}

// done ends the run and adds the outputs, which the host reads.
func (h *inheritance) done(p *driver.Program, ops []cone.Op) inherited {
	if h.touched == nil {
		h.touched, h.mem = hostWrites(p), make([]bool, isa.SRAMSize)
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
	return inherited{ram: orNone(h.ram), coded: h.coded, mem: orNone(h.mem)}
}

// orNone is the list, or nil where nothing is marked.
func orNone(list []bool) []bool {
	for _, v := range list {
		if v {
			return list
		}
	}
	return nil
}

// reads reports whether an inference inherits one of these bytes of SRAM.
func (in *inherited) reads(list []cone.Byte) bool {
	for _, b := range list {
		if k := int(b.Addr - isa.SRAMBase); k < len(in.mem) && in.mem[k] {
			return true
		}
	}
	return false
}

// alikeIn reports whether two contents, in pieces of a size, agree in the bytes marked.
func alikeIn(marked []bool, size int, now func(i int) []byte, then [][]byte) bool {
	if marked == nil {
		return true
	}
	for i, old := range then {
		a := now(i)
		if bytes.Equal(a[:len(old)], old) {
			continue
		}
		for k := range old {
			if at := i*size + k; a[k] != old[k] && at < len(marked) && marked[at] {
				return false
			}
		}
	}
	return true
}

// settled reports whether nothing that an inference inherits, nor a flop, differs from
// the fault-free machine at the moment at which the host has just started an inference:
// nothing can follow from what else does.
func (e *Engine) settled(m *npu.Machine, q *point) bool {
	in := &e.inherits
	if !e.alike(&m.S.Flops, &q.flops) {
		return false
	}
	if m.S.RAM.SynLive != 0 {
		for w, touched := range in.coded {
			if touched && m.S.RAM.Syn[w] != 0 {
				return false
			}
		}
	}
	return alikeIn(in.ram, ramPiece, func(i int) []byte { return m.S.RAM.Mem[i*ramPiece:] }, q.ram) &&
		alikeIn(in.mem, memPiece, func(i int) []byte { return m.Mem.SRAM[i*memPiece:] }, q.mem)
}

// alikePoints is settled of two points of fault-free runs.
func (e *Engine) alikePoints(p, q *point) bool {
	return e.alike(&p.flops, &q.flops) &&
		alikeIn(e.inherits.ram, ramPiece, func(i int) []byte { return p.ram[i] }, q.ram) &&
		alikeIn(e.inherits.mem, memPiece, func(i int) []byte { return p.mem[i] }, q.mem)
}
