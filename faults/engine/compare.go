package engine

import (
	"bytes"
	"encoding/binary"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
)

// Compare: a run ends when nothing that matters differs from the fault-free one.
//
// Premise: bits that the machine writes before it reads them, words of the shared buffer
// that are dead, and configuration that no operation to come looks at do not matter.
//
// Why it is exact: all else being equal, the run goes on as the fault-free one does; the
// memory must be equal to the byte.
//
// Guarded by: TestPoisonedDeadBits, TestInjectEqualsPlain; planted: "dead early", "ignore
// sums", "skip setup".

// ramAlike reports whether the shared buffer differs from the point only in words
// that are written before they are read.
func (w *Worker) ramAlike(p *golden.Point) bool {
	e, m := w.e, w.m
	if m.S.RAM.SynLive != 0 {
		return false
	}
	if e.Life != nil && w.alive%golden.RAMPiece < len(p.RAM[w.alive/golden.RAMPiece]) && !e.wordAlike(m, p, w.alive) {
		return false // as at the look before
	}
	for i, r := range p.RAM {
		a := m.S.RAM.Mem[i*golden.RAMPiece : i*golden.RAMPiece+len(r)]
		if bytes.Equal(a, r) {
			continue
		}
		if e.Life == nil {
			return false
		}
		for k := 0; k < len(r); k += golden.RAMWord {
			if !e.wordAlike(m, p, i*golden.RAMPiece+k) {
				w.alive = i*golden.RAMPiece + k
				return false
			}
		}
	}
	return true
}

// wordAlike reports whether an aligned word is that of the point, or dead.
func (e *Engine) wordAlike(m *npu.Machine, p *golden.Point, at int) bool {
	a, r := m.S.RAM.Mem[at:], p.RAM[at/golden.RAMPiece][at%golden.RAMPiece:]
	return binary.LittleEndian.Uint32(a) == binary.LittleEndian.Uint32(r) || e.deadWord(at, a, r, p.Cycle)
}

// deadWord reports whether the bytes of an aligned word that differ are dead at a cycle.
func (e *Engine) deadWord(at int, a, r []byte, cycle uint64) bool {
	for k := range golden.RAMWord {
		if a[k] == r[k] {
			continue
		}
		if !e.Life.Dead(at+k, cycle) {
			return false
		}
		if at >= golden.RAMFine {
			break // the others are of the same word
		}
	}
	return true
}

// sameRAM reports whether the shared buffer is that of the point to the byte, dead words
// included.
func sameRAM(m *npu.Machine, p *golden.Point) bool {
	if m.S.RAM.SynLive != 0 {
		return false
	}
	for i, r := range p.RAM {
		if !bytes.Equal(m.S.RAM.Mem[i*golden.RAMPiece:][:len(r)], r) {
			return false
		}
	}
	return true
}

// converged fills in the record of a run that has become the fault-free one, perhaps some
// cycles behind it.
func (w *Worker) converged(r *faults.Record, u *pursuit, corrected uint64) {
	settle(r, u.g, faults.PathConverged)
	if u.shift != 0 {
		r.Path = faults.PathShifted
	}
	if w.m.Events[npu.EvECC] != corrected {
		r.Outcome, r.Cause = faults.Corrected, faults.CauseRAMCode
	}
	w.strayed(r)
	w.delay(r, u.shift)
}

// strayed names the outcome of a settled record with writes to foreign places.
func (w *Worker) strayed(r *faults.Record) {
	if w.m.S.Bus.Stray != 0 {
		r.Outcome, r.Cause = faults.StrayWrite, faults.CauseStray
	}
}
