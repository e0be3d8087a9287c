package npu

import "upset/npu/isa"

// M2MState is the memory-to-memory channel: DMA commands of the stream, from
// memory to memory or to the lookup tables in the shared buffer.
type M2MState struct {
	On       uint8            `npu:"1,global"`
	Internal uint8            `npu:"1,global"` // destination is the shared buffer
	SrcReg   uint8            `npu:"3,global"`
	DstReg   uint8            `npu:"3,global"`
	Src      uint32           `npu:"32,global"`
	Dst      uint32           `npu:"32,global"` // its low three bits: bytes of the last beat, 0 for all
	Left     uint32           `npu:"29,global"` // beats to request
	ToWrite  uint32           `npu:"29,global"` // beats to write
	Out      uint8            `npu:"6,local"`   // beats requested and not received
	FIFO     [m2mDepth]uint64 `npu:"64,data"`
	Head     uint8            `npu:"3,local"`
	Cnt      uint8            `npu:"4,local"`
}

// m2mRequest asks for the next burst. Limits.CopyAhead bounds the beats under way,
// so that the other channels of the port are not held up behind a long transfer
// (our choice: the default of 24 beats covers the latency of the default flash).
func (m *Machine) m2mRequest() (request, int, bool) {
	f := &m.S.DMA.M2M
	limit := m.limitOf(int(f.SrcReg))
	ahead := m.Sys.Limits.CopyAhead
	n := min(m.burstBeats(limit, f.Src, int(f.Left)), ahead/2)
	return request{f.Src, uint8(n)}, limit, int(f.Out)+n <= ahead
}

func (m *Machine) m2mGranted(r request) {
	f := &m.S.DMA.M2M
	f.Src += uint32(r.beats) * 8
	f.Left -= uint32(r.beats)
	f.Out += uint8(r.beats)
}

// startM2M launches the transfer described by bank b.
func (m *Machine) startM2M(b int) {
	f, t := &m.S.DMA.M2M, isa.DecodeTransfer(&m.S.CC.Bank[b])
	*f = M2MState{On: 1, Internal: flag(t.Internal), SrcReg: uint8(t.SrcRegion), DstReg: uint8(t.DstRegion), FIFO: f.FIFO, Head: f.Head, Cnt: f.Cnt, Out: f.Out}
	f.Src, f.Dst = t.Ends(&m.S.CC.BaseP)
	n := t.Bytes
	f.Dst |= n & 7
	f.Left = (n>>3 + uint32(flag(n&7 != 0))) & (1<<29 - 1)
	f.ToWrite = f.Left
	m.wakeAll()
}

// stepM2M writes one beat and retires the transfer when all is answered.
func (m *Machine) stepM2M() {
	f := &m.S.DMA.M2M
	if f.On == 0 {
		return
	}
	if f.ToWrite == 0 {
		if m.S.DMA.WrOut[1] == 0 {
			f.On = 0
			drop(&m.S.CC.DMAOut)
			m.wakeAll()
		}
		return
	}
	if f.Cnt == 0 || f.Cnt > m2mDepth {
		return
	}
	v, dst, n := f.FIFO[f.Head&(m2mDepth-1)], f.Dst&^7, 8
	if tail := int(f.Dst & 7); f.ToWrite == 1 && tail != 0 {
		n = tail
	}
	if f.Internal != 0 {
		if !m.copyServed(int(dst & 0xffff)) {
			return
		}
		m.ramStore(int(dst&0xffff), v, n)
	} else {
		burst := m.burstBytes(m.limitOf(int(f.DstReg)))
		at := dst & (burst - 1)
		if !m.offerBeat(int(f.DstReg), 1, beat{dst, v, uint8(1<<n - 1), at == 0, at == burst-8 || f.ToWrite == 1}) {
			return
		}
	}
	f.Dst += 8
	f.ToWrite--
	f.Head = (f.Head + 1) & (m2mDepth - 1)
	f.Cnt--
}
