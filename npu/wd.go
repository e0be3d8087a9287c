package npu

import "math/bits"

// Control states of the weight decoder (Arm U55 register header, WD_STATUS).
const (
	wdIdle  = 0
	wdDrain = 1
	wdInit  = 2
	wdRun   = 3
)

// Slice parser states (Arm U55 register header, WD_STATUS).
const (
	wdHeader  = 0
	wdPalette = 1
	wdWeights = 2
)

const (
	wdBitBuffer  = 256 // a chunk takes at most 132 bits
	wdValues     = 32  // decoded weights and zero runs waiting to be emitted
	wdChunk      = 12  // symbols of a chunk
	wdPerCycle   = 8   // weights emitted per cycle: the peak rate of the MAC array
	wdPalPerStep = 4   // palette entries read per cycle (our choice)
)

// WDState is the weight decoder: a bit buffer, the slice parser, queues of
// decoded weights and zero runs, and two weight-block buffers for the MAC array.
type WDState struct {
	Bits  [4]uint64 `npu:"64,data"`
	Count uint16    `npu:"9,local"`  // valid bits
	Beats uint32    `npu:"29,local"` // beats of this pass still in the channel
	Ctl   uint8     `npu:"2,local"`
	State uint8     `npu:"2,local"`

	ZDiv    uint8      `npu:"3,local"`
	WDiv    uint8      `npu:"3,local"`
	WTrunc  uint8      `npu:"1,local"`
	HavePal uint8      `npu:"1,local"` // a palette was seen in this pass
	DirOfs  uint8      `npu:"5,local"`
	PalSize uint8      `npu:"6,local"`
	PalBits uint8      `npu:"4,local"`
	PalIdx  uint8      `npu:"6,local"`
	Pal     [32]uint16 `npu:"9,data"`
	WLeft   uint16     `npu:"16,local"` // weights of the slice not yet produced
	ZLeft   uint16     `npu:"16,local"` // zero runs of the slice not yet produced
	Balance uint8      `npu:"6,local"`  // weights ahead of runs, two's complement
	CarryW  uint8      `npu:"6,data"`
	CarryZ  uint16     `npu:"13,data"`
	PendW   [12]uint8  `npu:"6,data"` // quotients whose remainders follow
	PendWN  uint8      `npu:"4,local"`
	PendZ   [12]uint16 `npu:"13,data"`
	PendZN  uint8      `npu:"4,local"`

	Val     [wdValues]uint16 `npu:"9,data"`
	ValHead uint8            `npu:"5,local"`
	ValN    uint8            `npu:"6,local"`
	Zero    [wdValues]uint16 `npu:"16,data"`
	ZeroHd  uint8            `npu:"5,local"`
	ZeroN   uint8            `npu:"6,local"`
	Run     uint16           `npu:"16,local"` // zeros still to emit
	WantRun uint8            `npu:"1,local"`  // the next item is a run

	Buf  [2][256]uint16 `npu:"9,data,n=wblock"`
	Full [2]uint8       `npu:"1,local"`
	Sel  uint8          `npu:"1,local"`
	Fill uint16         `npu:"9,local"`
}

func (w *WDState) peek(off, n int) uint32 {
	i, sh := off>>6&3, uint(off&63)
	v := w.Bits[i] >> sh
	if sh > 0 && i < 3 {
		v |= w.Bits[i+1] << (64 - sh)
	}
	return uint32(v) & (1<<n - 1)
}

func (w *WDState) consume(n int) {
	n = min(n, int(w.Count))
	w.Count -= uint16(n)
	for n >= 64 {
		w.Bits = [4]uint64{w.Bits[1], w.Bits[2], w.Bits[3], 0}
		n -= 64
	}
	if n > 0 {
		k := 64 - uint(n)
		w.Bits[0] = w.Bits[0]>>n | w.Bits[1]<<k
		w.Bits[1] = w.Bits[1]>>n | w.Bits[2]<<k
		w.Bits[2] = w.Bits[2]>>n | w.Bits[3]<<k
		w.Bits[3] >>= n
	}
}

// zeroRuns reports whether the slice codes runs of zeros.
func (w *WDState) zeroRuns() bool { return w.ZDiv < 5 }

// uncompressed reports whether indices are sent at full width.
func (w *WDState) uncompressed() bool { return w.WDiv == 7 }

// indexBits is the number of low bits sent per weight index.
func (w *WDState) indexBits() int {
	if !w.uncompressed() {
		return int(w.WDiv)
	}
	if w.PalSize > 0 {
		return bits.Len8(w.PalSize - 1)
	}
	return int(w.PalBits)
}

// stepWD advances the weight decoder by a cycle: emit, parse, refill.
func (m *Machine) stepWD() {
	w, t := &m.S.WD, &m.S.Trav.WD
	switch w.Ctl {
	case wdIdle:
		m.idleWD(w, t)
	case wdDrain:
		m.drainWD(w, t)
	case wdInit:
		p := &m.op[t.Bank]
		w.Beats = p.WeightLen >> 3 & (1<<29 - 1)
		w.Count, w.State, w.HavePal, w.PendWN, w.PendZN = 0, wdHeader, 0, 0, 0
		w.ValN, w.ZeroN, w.Run, w.WantRun = 0, 0, 0, 0
		w.WLeft, w.ZLeft = 0, 0
		w.Ctl = wdRun
	case wdRun:
		m.count(EvWDActive, 1)
		m.emitWD(w, t)
		if w.Ctl == wdRun {
			m.parseWD(w)
			m.fillWD(w)
		}
	}
}

func (m *Machine) idleWD(w *WDState, t *Job) {
	if m.S.CC.OpValid[t.Bank] == 0 {
		return
	}
	if !m.op[t.Bank].UsesWeights {
		t.end()
		return
	}
	t.start()
	m.S.Trav.WDInner = Inner{}
	w.Ctl = wdInit
}

// drainWD discards what is left of the stream after the last weight of a pass.
func (m *Machine) drainWD(w *WDState, t *Job) {
	d := &m.S.DMA
	if w.Beats > 0 {
		if d.WgtCnt > 0 {
			d.WgtHead = (d.WgtHead + 1) & (wgtDepth - 1)
			d.WgtCnt--
			w.Beats--
		}
		return
	}
	if t.On != 0 {
		w.Ctl = wdInit
		return
	}
	w.Ctl = wdIdle
}

func (m *Machine) fillWD(w *WDState) {
	d := &m.S.DMA
	if w.Count > wdBitBuffer-64 || w.Beats == 0 {
		return
	}
	if d.WgtCnt == 0 || d.WgtCnt > wgtDepth {
		m.count(EvWDStarved, 1)
		return
	}
	v := d.WgtFIFO[d.WgtHead&(wgtDepth-1)]
	i, sh := w.Count>>6&3, uint(w.Count&63)
	w.Bits[i] = w.Bits[i]&(1<<sh-1) | v<<sh
	if sh > 0 && i < 3 {
		w.Bits[i+1] = v >> (64 - sh)
	}
	w.Count += 64
	w.Beats--
	d.WgtHead = (d.WgtHead + 1) & (wgtDepth - 1)
	d.WgtCnt--
}

// short handles a parser that needs more bits than there are: it waits, or
// reports a fault when the stream is exhausted and weights are still wanted.
func (m *Machine) short(w *WDState) {
	if w.Beats == 0 && w.ValN == 0 && w.Run == 0 && w.ZeroN == 0 && w.Full[w.Sel&1] == 0 {
		m.wdFault()
	}
}

func (m *Machine) wdFault() {
	m.S.CC.WDFault = 1
	m.halt()
}

func (m *Machine) parseWD(w *WDState) {
	switch w.State {
	case wdHeader:
		m.parseHeader(w)
	case wdPalette:
		n := min(m.Sys.Limits.PaletteEntries, int(w.PalSize)-int(w.PalIdx))
		if n <= 0 {
			w.State = wdWeights
			return
		}
		b := int(w.PalBits)
		if int(w.Count) < n*b {
			m.short(w)
			return
		}
		for i := range n {
			w.Pal[w.PalIdx&31] = uint16(w.peek(i*b, b))
			w.PalIdx++
		}
		w.consume(n * b)
		if w.PalIdx >= w.PalSize {
			w.State = wdWeights
		}
	case wdWeights:
		m.parseChunk(w)
	}
}

// Slice header: ZDIV 3, SLICELEN 15, WDIV 3, WTRUNC 1, NEWPAL 1, and with a new
// palette DIROFS 5, PALSIZE 5, PALBITS 3.
func (m *Machine) parseHeader(w *WDState) {
	if w.Count < 3 {
		m.short(w)
		return
	}
	zdiv := w.peek(0, 3)
	if zdiv == 7 { // end of stream: skip to the next byte
		w.consume(3 + int((w.Count-3)&7))
		return
	}
	const short, long = 23, 36
	newPal := w.Count >= short && w.peek(22, 1) != 0
	if w.Count < short || newPal && w.Count < long {
		m.short(w)
		return
	}
	if newPal && (w.ValN != 0 || w.ZeroN != 0 || w.Run != 0) {
		return // the order of runs and weights may change: let the queues empty
	}
	n := w.peek(3, 15) + 1
	w.ZDiv, w.WDiv, w.WTrunc = uint8(zdiv), uint8(w.peek(18, 3)), uint8(w.peek(21, 1))
	if zdiv == 5 || w.WDiv == 6 || !newPal && w.HavePal == 0 {
		m.wdFault()
		return
	}
	w.WLeft, w.ZLeft = uint16(n), 0
	w.Balance, w.CarryW, w.CarryZ = 0, 0, 0
	if w.zeroRuns() {
		w.ZLeft = uint16(n)
	}
	if !newPal {
		w.consume(short)
		w.State = wdWeights
		return
	}
	w.HavePal = 1
	w.DirOfs, w.PalBits, w.PalIdx = uint8(w.peek(23, 5)), uint8(w.peek(33, 3))+2, 0
	w.PalSize = uint8(w.peek(28, 5))
	if w.PalSize > 0 {
		w.PalSize++
	}
	w.WantRun = 0
	if w.zeroRuns() {
		w.ZLeft++
		w.WantRun = 1
	}
	w.consume(long)
	w.State = wdPalette
}

// parseChunk decodes one chunk: the unary parts of up to twelve weights and the
// unary parts of zero runs, then the remainders of the chunk before it.
func (m *Machine) parseChunk(w *WDState) {
	if int(w.ValN)+wdChunk > wdValues || int(w.ZeroN)+wdChunk > wdValues {
		return
	}
	bal := int8(w.Balance<<2) >> 2
	runs := w.zeroRuns()
	we := w.WLeft > 0 && (!runs || bal < 8)
	ze := runs && bal >= 0 && w.ZLeft > 0
	if !we && !ze && w.PendWN == 0 && w.PendZN == 0 {
		w.State = wdHeader
		return
	}
	off, zl, zb := 0, 12, 0
	if w.ZDiv >= 3 {
		zl = 8
	}
	var u0, uz uint32
	if we && !w.uncompressed() {
		u0 = w.peek(0, 12)
		off = 12
	}
	ones := bits.OnesCount32(u0)
	if ze {
		zb = zl
	}
	wb, zd := w.indexBits(), int(w.ZDiv)
	need := off + zb + ones + int(w.PendWN)*wb
	if runs {
		need += int(w.PendZN) * zd
	}
	if int(w.Count) < need {
		m.short(w)
		return
	}
	uz = w.peek(off, zb)
	off += zb
	u1 := w.peek(off, ones)
	off += ones
	m.finishSymbols(w, off, wb, zd)
	if w.Ctl != wdRun || m.S.CC.Run == 0 {
		return
	}
	w.consume(need)
	w.PendWN, w.PendZN = 0, 0
	if ze {
		bal -= int8(m.zeroQuotients(w, uz, zl))
	}
	if we {
		bal += int8(m.weightQuotients(w, u0, u1, wb))
	}
	w.Balance = uint8(bal) & 0x3f
}

// finishSymbols joins the quotients of the last chunk with their remainders.
func (m *Machine) finishSymbols(w *WDState, off, wb, zd int) {
	for i := range int(min(w.PendWN, 12)) {
		idx := uint32(w.PendW[i])<<wb + w.peek(off, wb)
		off += wb
		if idx >= 512 {
			m.wdFault()
			return
		}
		code := idx - uint32(w.PalSize) + uint32(w.DirOfs)
		if idx < uint32(w.PalSize) {
			code = uint32(w.Pal[idx&31])
		}
		v := code >> 1 & 0xff
		if code&1 != 0 {
			v = -v
		}
		w.Val[(w.ValHead+w.ValN)&(wdValues-1)] = uint16(v & 0x1ff)
		w.ValN++
	}
	for i := range int(min(w.PendZN, 12)) {
		v := uint32(w.PendZ[i])<<zd + w.peek(off, zd)
		off += zd
		w.Zero[(w.ZeroHd+w.ZeroN)&(wdValues-1)] = uint16(v)
		w.ZeroN++
	}
}

func (m *Machine) zeroQuotients(w *WDState, uz uint32, zl int) int {
	n := 0
	for j := range zl {
		if uz>>j&1 != 0 {
			w.CarryZ = (w.CarryZ + 1) & 0x1fff
			continue
		}
		if w.ZLeft > 0 {
			w.PendZ[n] = w.CarryZ
			n++
			w.ZLeft--
		}
		w.CarryZ = 0
	}
	w.PendZN = uint8(n)
	return n
}

func (m *Machine) weightQuotients(w *WDState, u0, u1 uint32, wb int) int {
	s := wdChunk
	if w.uncompressed() && wb > 5 {
		s = 8
	}
	n := 0
	for j := range s {
		if u0>>j&1 != 0 {
			t := u1 & 1
			u1 >>= 1
			w.CarryW = (w.CarryW + 1 + uint8(t)) & 0x3f
			if t != 0 && w.WTrunc == 0 {
				continue
			}
		}
		if w.WLeft > 0 {
			w.PendW[n] = w.CarryW
			n++
			w.WLeft--
		}
		w.CarryW = 0
	}
	w.PendWN = uint8(n)
	return n
}

// emitWD writes up to eight weights to the weight-block buffer that is filled.
func (m *Machine) emitWD(w *WDState, t *Job) {
	sel := w.Sel & 1
	if w.Full[sel] != 0 {
		m.count(EvWDStalled, 1)
		return
	}
	p := &m.op[t.Bank]
	runs := w.zeroRuns()
	buf := &w.Buf[sel]
	for range min(p.perSlot(), m.Sys.Limits.Weights) {
		if int(w.Fill) >= p.wblock {
			break
		}
		if runs && w.Run == 0 && w.WantRun != 0 {
			if w.ZeroN == 0 {
				break
			}
			w.Run = w.Zero[w.ZeroHd&(wdValues-1)]
			w.ZeroHd = (w.ZeroHd + 1) & (wdValues - 1)
			w.ZeroN--
			w.WantRun = 0
		}
		var v uint16
		if w.Run > 0 {
			w.Run--
		} else {
			if w.ValN == 0 {
				break
			}
			v = w.Val[w.ValHead&(wdValues-1)]
			w.ValHead = (w.ValHead + 1) & (wdValues - 1)
			w.ValN--
			w.WantRun = flag(runs)
		}
		buf[w.Fill&0xff] = v
		w.Fill++
		m.work.weights++
	}
	if int(w.Fill) >= p.wblock {
		m.weightBlockDone(w, t, p)
	}
}

// perSlot is the number of weights of a slot: the eight input channels of an output
// channel and a tap. The write port of a weight block takes a slot a cycle. A
// depthwise output channel has one input channel, so that its slots hold one weight.
func (p *params) perSlot() int {
	if p.kind == kindDepthwise {
		return 1
	}
	return wdPerCycle
}

// weightBlockDone hands a weight block over and advances the traversal; the end
// of a (y, x) position is the end of a pass over the stream.
func (m *Machine) weightBlockDone(w *WDState, t *Job, p *params) {
	w.Full[w.Sel&1] = 1
	w.Sel = (w.Sel + 1) & 1
	w.Fill = 0
	taps := sub(t.KY, p.subY, p.KH) * sub(t.KX, p.subX, p.KW)
	ob, ib := clip(t.OZ, p.BlkD, p.OFMD), p.IFMBlkD
	if p.kind == kindConv {
		ib = clip(t.IZ, p.IFMBlkD, p.IFMD)
	}
	if !m.S.Trav.WDInner.next(p, m.Spec.UBlockD, ob, ib, taps) {
		return
	}
	oy, ox := t.OY, t.OX
	if t.next(p) {
		t.end()
		w.Ctl = wdDrain
		return
	}
	if t.OY != oy || t.OX != ox {
		w.Ctl = wdDrain
	}
}
