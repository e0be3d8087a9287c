package faults

import (
	"bytes"
	"encoding/binary"

	"upset/npu"
	"upset/npu/isa"
)

// alike reports whether the flops of a, seen at the same point of the fault-free
// run as b, lead to the same future as those of b as far as the machine can tell:
// their canonical forms are equal, and configuration differs only where the rest
// of the stream does not look.
func (e *Engine) alike(a, b *npu.Flops) bool {
	o, ok := e.outlook(a, b)
	return ok && o.plain()
}

// outlook reports whether a and b are alike but for configuration that waits for
// later operations, and what that means for them.
func (e *Engine) outlook(a, b *npu.Flops) (outlook, bool) {
	if !quickAlike(a, b) {
		return outlook{}, false
	}
	x, y := npu.Canonical(a), npu.Canonical(b)
	withoutSetup(&x.CC)
	withoutSetup(&y.CC)
	if e.planted.ignoreSums {
		x.MAC.Acc, x.AO.In = y.MAC.Acc, y.AO.In
	}
	if x != y {
		return outlook{}, false
	}
	if e.planted.skipSetup {
		return outlook{blocked: noneBlocked}, true
	}
	return e.future.outlook(a, b, e.where(b), npu.SameEffect)
}

// quickAlike compares a few registers that are always in use, which settles most
// comparisons of states that have gone different ways.
func quickAlike(a, b *npu.Flops) bool {
	return a.CC.Offset == b.CC.Offset && a.CC.JobsOut == b.CC.JobsOut && a.SB.IBFull == b.SB.IBFull && a.SB.ABFull == b.SB.ABFull &&
		a.DMA.WgtCnt == b.DMA.WgtCnt && a.WD.Fill == b.WD.Fill && a.CC.Run == b.CC.Run
}

// withoutSetup clears what outlook compares.
func withoutSetup(cc *npu.CCState) {
	cc.QSize, cc.QConfig, cc.RegionCfg, cc.BaseP = 0, 0, 0, [8]uint32{}
	cc.Burst, cc.MaxReads, cc.MaxWrites = [4]uint8{}, [4]uint8{}, [4]uint8{}
	cc.Bank, cc.OpCode, cc.OpParam = [4]isa.Registers{}, [4]uint8{}, [4]uint8{}
}

// ramAlike reports whether the shared buffer differs from the point only in words
// that are written before they are read.
func (e *Engine) ramAlike(m *npu.Machine, p *point) bool {
	if m.S.RAM.SynLive != 0 {
		return false
	}
	for i, r := range p.ram {
		a := m.S.RAM.Mem[i*ramPiece : i*ramPiece+len(r)]
		if bytes.Equal(a, r) {
			continue
		}
		if e.life == nil {
			return false
		}
		for k := range r {
			if a[k] != r[k] && !e.planted.deadEarly && !e.life.dead(i*ramPiece+k, p.cycle) {
				return false
			}
		}
	}
	return true
}

// change is a byte of memory that differs from the fault-free run.
type change struct {
	addr  uint32
	value byte
}

// changes lists the bytes of the SRAM that differ from the point, up to a limit;
// more than that are reported as not ok.
func changes(m *npu.Machine, p *point, list []change, limit int) (out []change, ok bool) {
	for i, r := range p.mem {
		a := m.Mem.SRAM[i*memPiece : i*memPiece+len(r)]
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
				list = append(list, change{isa.SRAMBase + uint32(i*memPiece+k), a[k]})
			}
			k++
		}
	}
	return list, true
}
