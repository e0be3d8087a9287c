package golden

import (
	"bytes"
	"encoding/binary"

	"upset/faults"
	"upset/npu"
)

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

// settled reports whether nothing that an inference of a phase inherits, nor a flop,
// differs from the fault-free machine at the moment at which the host has just started
// it: nothing can follow from what else does. Corrected says that a word is left which the
// code of the RAM will have to correct.
func (e *Runs) settled(m *npu.Machine, q *Point, phase int) (yes, corrected bool) {
	in := &e.Inherits
	if !e.Stream.Alike(&m.S.Flops, &q.Flops) {
		return false, false
	}
	ram := m.S.RAM.Mem[:]
	if m.S.RAM.SynLive != 0 {
		ram = bytes.Clone(ram)
		for w, touched := range in.coded[phase] {
			if !touched || m.S.RAM.Syn[w] == 0 {
				continue
			}
			v, ok := m.Corrected(w)
			if !ok {
				return false, false
			}
			binary.LittleEndian.PutUint64(ram[w*faults.CodeWord:], v)
			corrected = true
		}
	}
	return alikeIn(in.RAM[phase], RAMPiece, func(i int) []byte { return ram[i*RAMPiece:] }, q.RAM) &&
		alikeIn(in.Mem, MemPiece, func(i int) []byte { return m.Mem.SRAM[i*MemPiece:] }, q.Mem), corrected
}

// alikePoints is settled of two points of fault-free runs.
func (e *Runs) alikePoints(p, q *Point, phase int) bool {
	return e.Stream.Alike(&p.Flops, &q.Flops) &&
		alikeIn(e.Inherits.RAM[phase], RAMPiece, func(i int) []byte { return p.RAM[i] }, q.RAM) &&
		alikeIn(e.Inherits.Mem, MemPiece, func(i int) []byte { return p.Mem[i] }, q.Mem)
}

// SettledAt reports whether nothing is left of a fault at the moment at which the host
// has started the k-th inference behind it: whatever that inference and all behind it
// read is as in a machine without a fault, though perhaps in a turn of its buffers that
// comes earlier or later. Corrected is as for settled.
func (e *Runs) SettledAt(m *npu.Machine, l *Later, k int) (yes, corrected bool, err error) {
	if len(l.Points) > 0 {
		yes, corrected = e.settled(m, &l.Points[0], k%2)
		return yes, corrected, nil
	}
	list, err := e.begun()
	for i, p := range list {
		if yes, corrected = e.settled(m, p, (i+1)%2); yes {
			return yes, corrected, err
		}
	}
	return false, false, err
}

// AlikeAtStart reports whether flops are those of a fault-free machine at the moment at
// which the host has started the k-th inference behind another.
func (e *Runs) AlikeAtStart(f *npu.Flops, l *Later, k int) bool {
	if len(l.Points) > 0 {
		return e.Stream.Alike(f, &l.Points[0].Flops)
	}
	list, err := e.begun()
	for _, p := range list {
		if err == nil && e.Stream.Alike(f, &p.Flops) {
			return true
		}
	}
	return false
}

// Settled reports whether nothing that was left on a machine reaches any inference from
// the k-th one on behind that of an input, k from 1 to faults.MaxFollowed+1. The host has just
// started that one, with the clock at the end of the first.
func (e *Runs) Settled(m *npu.Machine, input, k int) (bool, error) {
	l, err := e.Later(input, k)
	if err != nil {
		return false, err
	}
	yes, _, err := e.SettledAt(m, l, k)
	return yes, err
}
