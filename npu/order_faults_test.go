package npu_test

import (
	"math/rand/v2"

	"upset/npu"
	"upset/npu/isa"
)

// Stages of the output pipeline and registers of the machine that a test sets.
const (
	aoActivate = 4
	wdDrain    = uint8(npu.PassDrain)
)

// damage changes the state in a way that only an upset or an error can. In holds
// addresses of the shared buffer that are used in the cycle to come.
type damage func(m *npu.Machine, r *rand.Rand, in []int)

// damages are states in which blocks meet that otherwise never do.
var damages = []damage{overTransfer, overInputs, overSums, overOutputs, wrongWords, errorResponses, lastOfOperation, endOfTransfer, jobThatWaits}

// overTransfer lets a transfer write to a word in use.
func overTransfer(m *npu.Machine, r *rand.Rand, in []int) {
	f := &m.S.DMA.M2M
	f.On, f.Internal, f.Cnt, f.ToWrite = 1, 1, max(1, f.Cnt), 1
	f.FIFO[f.Head] = r.Uint64()
	f.Dst = uint32(oneOf(r, in...))&^7 | r.Uint32N(8)
	damageWord(m, r, int(f.Dst&^7))
}

// overInputs lets the input channel write to a word in use.
func overInputs(m *npu.Machine, r *rand.Rand, in []int) {
	sb := &m.S.SB
	sb.WrAddr, sb.WrData, sb.WrBytes = uint16(oneOf(r, in...)), r.Uint64(), uint8(1+r.IntN(8))
	damageWord(m, r, int(sb.WrAddr))
}

// overSums lets the array write to a word in use.
func overSums(m *npu.Machine, r *rand.Rand, in []int) {
	s := &m.S.MAC
	s.WrOn, s.WrMask, s.WrAddr = 1, 1, uint16(oneOf(r, in...))
	s.AccOut[0] = r.Uint64() & (1<<40 - 1)
}

// overOutputs lets the output stage write to a word in use.
func overOutputs(m *npu.Machine, r *rand.Rand, in []int) {
	a := &m.S.AO
	a.Valid[aoActivate], a.N[aoActivate], a.Addr[aoActivate] = 1, 1, uint16(oneOf(r, in...))&(1<<11-1)
	a.Out[0], a.Pass = r.Uint32(), 14
}

// wrongWords flips bits of words in use.
func wrongWords(m *npu.Machine, r *rand.Rand, in []int) {
	for range 1 + r.IntN(4) {
		damageWord(m, r, oneOf(r, in...))
	}
	if r.IntN(2) == 0 {
		openChunk(m, r)
	}
}

// openChunk gives the weight decoder any chunk or header, and room for the weights.
func openChunk(m *npu.Machine, r *rand.Rand) {
	w := &m.S.WD
	w.Ctl, w.State, w.Bits[0] = uint8(npu.PassRun), oneOf(r, uint8(0), 2), r.Uint64()
	w.Count, w.ValN, w.ZeroN, w.PendWN, w.PendZN, w.WLeft = 256, 0, 0, 1, 0, 20
}

// damageWord flips one bit or two of a word of the shared buffer, or none.
func damageWord(m *npu.Machine, r *rand.Rand, addr int) {
	for range r.IntN(3) {
		m.FlipRAM(addr%m.Spec.SHRAMBytes(), r.IntN(8))
	}
}

// errorResponses lets the memory answer with errors.
func errorResponses(m *npu.Machine, r *rand.Rand, _ []int) {
	for p := range m.S.Bus.Port {
		if a := &m.S.DMA.AXI[p]; r.IntN(2) == 0 && a.RCount > 0 {
			a.RResp[0] = 1
		}
		if b := &m.S.Bus.Port[p]; r.IntN(2) == 0 {
			b.BCount = max(1, b.BCount)
			b.BError[b.BHead], b.BReady[b.BHead] = 1, 0
		}
	}
	if r.IntN(2) == 0 {
		openChunk(m, r)
	}
}

// lastOfOperation lets one stage leave the operation that the output channel waits to
// retire.
func lastOfOperation(m *npu.Machine, r *rand.Rand, _ []int) {
	t, d, s := &m.S.Trav, &m.S.DMA, &m.S.AOScale
	b := uint8(r.IntN(4))
	next := (b + 1) & 3
	t.OFM.Bank, d.OFM.Ending, d.WrOut[0] = b, 1, 0
	t.IFM.Bank, t.WD.Bank, t.MAC.Bank, t.AO.Bank, d.Wgt.Bank, d.Scl.Bank, s.Bank = next, next, next, next, next, next, next
	d.IFM.Loading = 0
	if m.S.WD.Ctl == wdDrain {
		m.S.WD.Ctl = 0
	}
	m.S.CC.OpValid[b] = 1
	switch r.IntN(6) {
	case 0: // the last box is requested
		const end = 0xffff
		t.IFM = npu.Job{Bank: b, On: 1, OY: end, OX: end, OZ: end, IZ: end, KY: end, KX: end}
		d.IFM.Busy, d.IFM.Wait, d.IFM.Req.On, d.IFM.Ask.Second = 1, 0, 0, 1
	case 1: // the rest of the weights is discarded
		t.WD.On, m.S.WD.Ctl, m.S.WD.Beats = 0, wdDrain, 0
	case 2: // the array passes over an elementwise operation
		t.MAC.Bank, t.MAC.On, m.S.CC.ElemRead[b] = b, 0, 1
		m.S.CC.OpCode[b] = uint8(isa.OpElementwise & 7)
		m.S.MAC = npu.MACState{}
	case 3: // the last pass is requested
		d.Wgt = npu.Stream{Bank: b, Active: 1}
	case 4:
		d.Scl = npu.Stream{Bank: b, Active: 1}
	case 5: // the rest of the records is discarded
		s.Bank, s.On, s.Drain, s.Beats, s.Left = b, 1, 1, 0, 0
	}
}

// endOfTransfer ends a transfer that still has beats to request.
func endOfTransfer(m *npu.Machine, r *rand.Rand, _ []int) {
	f := &m.S.DMA.M2M
	f.On, f.ToWrite, f.Left, f.Out, f.Src = 1, 0, 1+r.Uint32N(8), 0, isa.SRAMBase
	m.S.DMA.WrOut[1] = 0
	for p := range m.S.DMA.AXI {
		m.S.DMA.AXI[p].RdCount = 0
	}
}

// jobThatWaits lets the next job wait for the operation before.
func jobThatWaits(m *npu.Machine, r *rand.Rand, _ []int) {
	cc, t := &m.S.CC, &m.S.Trav
	cc.JobsPrev, cc.JobIndex = uint16(1+r.IntN(3)), uint8(r.IntN(4))
	cc.JobsOut = cc.JobsPrev + uint16(cc.JobIndex)
	t.IFM.On, t.OFM.On, t.OFM.Bank = 1, 1, (t.IFM.Bank-1)&3
	m.S.DMA.IFM.Busy, m.S.DMA.IFM.Loading, m.S.SB.IBFull = 0, 0, [2]uint8{}
}
