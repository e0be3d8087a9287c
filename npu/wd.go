package npu

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

// peek returns n bits from bit off of the buffer on.
func (w *WDState) peek(off, n int) uint32 { return uint32(w.word(off)) & (1<<n - 1) }

// word returns the 64 bits from bit off on; behind the end there are zeros.
func (w *WDState) word(off int) uint64 {
	i, sh := off>>6&3, uint(off&63)
	v := w.Bits[i] >> sh
	if sh > 0 && i < 3 {
		v |= w.Bits[i+1] << (64 - sh)
	}
	return v
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
		stalled := w.Full[w.Sel&1] != 0
		m.emitWD(w, t)
		if w.Ctl == wdRun {
			waits := m.parseWD(w)
			if w.Count <= wdBitBuffer-64 && w.Beats != 0 {
				m.fillWD(w)
			} else if stalled && waits {
				m.rest(restWD)
			}
		}
	}
}

func (m *Machine) idleWD(w *WDState, t *Job) {
	if m.S.CC.OpValid[t.Bank] == 0 {
		m.rest(restWD)
		return
	}
	if !m.op[t.Bank].UsesWeights {
		m.pulse(setWD, pulseEnd)
		t.end()
		return
	}
	m.pulse(setWD, pulseStart|pulseClear)
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
			m.wake(restArbiters)
		}
		return
	}
	if t.On != 0 {
		w.Ctl = wdInit
		return
	}
	w.Ctl = wdIdle
}

// fillWD takes a beat to the bit buffer, which has room for it.
func (m *Machine) fillWD(w *WDState) {
	d := &m.S.DMA
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
	m.wake(restArbiters)
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

// emitWD writes up to eight weights to the weight-block buffer that is filled.
func (m *Machine) emitWD(w *WDState, t *Job) {
	sel := w.Sel & 1
	if w.Full[sel] != 0 {
		m.count(EvWDStalled, 1)
		return
	}
	p := &m.op[t.Bank&3]
	runs := w.zeroRuns()
	most := max(0, min(p.perSlot(), m.Sys.Limits.Weights, p.wblock-int(w.Fill)))
	buf, fill := &w.Buf[sel], w.Fill
	run, want, head, n := w.Run, w.WantRun, w.ValHead, w.ValN
	for range most {
		if runs && run == 0 && want != 0 {
			if w.ZeroN == 0 {
				break
			}
			run = w.Zero[w.ZeroHd&(wdValues-1)]
			w.ZeroHd = (w.ZeroHd + 1) & (wdValues - 1)
			w.ZeroN--
			want = 0
		}
		var v uint16
		if run > 0 {
			run--
		} else {
			if n == 0 {
				break
			}
			v = w.Val[head&(wdValues-1)]
			head = (head + 1) & (wdValues - 1)
			n--
			want = flag(runs)
		}
		buf[fill&0xff] = v
		fill++
	}
	m.work.weights += int(fill - w.Fill)
	w.Fill, w.Run, w.WantRun, w.ValHead, w.ValN = fill, run, want, head, n
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
	m.pulse(setWD, pulseNextBlock)
	if !m.S.Trav.WDInner.nextOf(p, t, m.Spec.UBlockD) {
		return
	}
	oy, ox := t.OY, t.OX
	m.pulse(setWD, pulseNext)
	if t.next(p) {
		m.pulse(setWD, pulseEnd)
		t.end()
		w.Ctl = wdDrain
		return
	}
	if t.OY != oy || t.OX != ox {
		w.Ctl = wdDrain
	}
}

// canonicalWD: outside a pass nothing but the weight buffers and the positions of
// the queues survives, since wdInit and the first header, which must bring a
// palette, set everything anew.
func canonicalWD(w *WDState) {
	if w.Ctl != wdRun {
		w.Count, w.State, w.HavePal, w.PendWN, w.PendZN, w.ValN, w.ZeroN = 0, 0, 0, 0, 0, 0, 0
		w.Run, w.WantRun, w.WLeft, w.ZLeft = 0, 0, 0, 0
		if w.Ctl != wdDrain {
			w.Beats = 0
		}
	}
	if w.HavePal == 0 {
		w.DirOfs, w.PalSize, w.PalBits, w.PalIdx = 0, 0, 0, 0
		w.WTrunc, w.Balance, w.CarryW, w.CarryZ = 0, 0, 0, 0
	}
	n := int(w.PalSize)
	if w.State == wdPalette {
		n = min(n, int(w.PalIdx))
	}
	for i := n; i < len(w.Pal); i++ {
		w.Pal[i] = 0
	}
	for i := range w.Bits {
		switch k := int(w.Count) - 64*i; {
		case k <= 0:
			w.Bits[i] = 0
		case k < 64:
			w.Bits[i] &= 1<<k - 1
		}
	}
	for i := int(w.PendWN); i < len(w.PendW); i++ {
		w.PendW[i] = 0
	}
	for i := int(w.PendZN); i < len(w.PendZ); i++ {
		w.PendZ[i] = 0
	}
	turn(w.Val[:], w.ValHead, w.ValN)
	turn(w.Zero[:], w.ZeroHd, w.ZeroN)
	w.ValHead, w.ZeroHd = 0, 0
	for b := range w.Buf {
		if w.Full[b] != 0 {
			continue
		}
		n := 0
		if b == int(w.Sel&1) {
			n = int(w.Fill)
		}
		if n < len(w.Buf[b]) {
			clear(w.Buf[b][n:])
		}
	}
}
