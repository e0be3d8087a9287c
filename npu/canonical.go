package npu

import "upset/npu/isa"

// Canonical returns f with every bit cleared that the machine will overwrite
// before it can read it, as f itself tells: entries of queues that are not in use and the place of a queue in its storage,
// the data and tags of empty pipeline stages, counters of stages that are idle.
// Times of the bus are taken relative to the present cycle, and the cycle itself,
// which is only a label, and the performance monitor are cleared.
//
// Two states with equal canonical forms and equal memories have the same future, up
// to the label. The reverse is not true: the rules look at the state alone and
// leave out what only the command stream could tell.
func Canonical(f *Flops) Flops {
	c := *f
	c.PMU = PMUState{}
	c.Bus.Cycle, c.Bus.Stray = 0, 0
	canonicalCC(&c)
	canonicalTraversal(&c)
	canonicalDMA(&c)
	for p := range c.Bus.Port {
		canonicalPort(&c.DMA.AXI[p], &c.Bus.Port[p], f.Bus.Cycle)
	}
	canonicalWD(&c.WD)
	canonicalMAC(&c.MAC)
	canonicalAO(&c)
	canonicalScale(&c.AOScale)
	canonicalSB(&c.SB, &c.AO)
	return c
}

func canonicalCC(c *Flops) {
	cc := &c.CC
	// Only the host reads these.
	cc.IRQ, cc.FaultIface, cc.FaultChan, cc.IRQHistory = 0, 0, 0, 0
	cc.QBase = 0 // taken over when the run starts
	if kind, _ := isa.Classify(cc.Word); cc.Parse != parseReady || kind != isa.KindSet2 {
		cc.Payload = 0
	}
	cc.QRead = 0
	if cc.Parse == parseEmpty {
		cc.Word = 0
	}
	for b := range cc.Bank {
		if cc.OpValid[b] != 0 {
			continue
		}
		cc.IFMW[b], cc.IFMH[b], cc.ElemRead[b] = 0, 0, 0
	}
}

func canonicalTraversal(c *Flops) {
	t := &c.Trav
	for _, j := range [...]*Job{&t.IFM, &t.WD, &t.MAC} {
		if j.On == 0 {
			*j = Job{Bank: j.Bank}
		}
	}
	for _, b := range [...]*Block{&t.AO, &t.OFM} {
		if b.On == 0 {
			*b = Block{Bank: b.Bank}
		}
	}
	if t.WD.On == 0 {
		t.WDInner = Inner{}
	}
	if c.MAC.Run == 0 {
		t.MACInner = Inner{}
	}
}

// turn brings a ring to the position in which its head is the first entry and
// clears the entries that are not among the n from there. Where in its storage a
// queue stands makes no difference.
func turn[T any](ring []T, head, n uint8) {
	k, used := int(head)%len(ring), min(int(n), len(ring))
	if k > 0 && used > 0 {
		var buf [tableReads]T
		m := copy(buf[:used], ring[k:])
		copy(buf[m:used], ring)
		copy(ring, buf[:used])
	}
	clear(ring[used:])
}

func canonicalDMA(c *Flops) {
	d := &c.DMA
	turn(d.CmdFIFO[:], d.CmdHead, d.CmdCnt)
	turn(d.WgtFIFO[:], d.WgtHead, d.WgtCnt)
	turn(d.SclFIFO[:], d.SclHead, d.SclCnt)
	turn(d.IFM.FIFO[:], d.IFM.Head, d.IFM.Cnt)
	turn(d.M2M.FIFO[:], d.M2M.Head, d.M2M.Cnt)
	d.CmdHead, d.WgtHead, d.SclHead, d.IFM.Head, d.M2M.Head = 0, 0, 0, 0, 0
	if d.CmdLeft == 0 {
		d.CmdAddr = 0
	}
	for _, s := range [...]*Stream{&d.Wgt, &d.Scl} {
		switch {
		case s.Active == 0:
			s.Addr, s.Left, s.Passes = 0, 0, 0
		case s.Left == 0:
			s.Addr = 0
		}
	}
	canonicalIFM(&d.IFM)
	o := &d.OFM
	if o.RdN == 0 {
		o.Read, o.PieceA, o.New = 0, 0, 0
	} else {
		o.Read &= lowBytes(o.RdN)
	}
	o.Data &= strobed(o.Strb)
	if o.Strb == 0 {
		o.Addr = 0
	}
	m := &d.M2M
	switch {
	case m.On == 0:
		m.Internal, m.SrcReg, m.DstReg, m.Src, m.Dst, m.Left, m.ToWrite = 0, 0, 0, 0, 0, 0, 0
	case m.Left == 0:
		m.Src, m.SrcReg = 0, 0
	}
}

func canonicalIFM(f *IFMState) {
	if f.Busy == 0 {
		f.Wait, f.Ask = 0, IFMBox{}
	}
	if f.Req.On == 0 {
		f.Req, f.Addr, f.Left = Run{}, 0, 0
	}
	if f.Loading == 0 {
		f.LoadBank, f.Load, f.Place, f.Skip, f.Off = 0, IFMBox{}, Run{}, 0, 0
	}
}

// lowBytes is a mask of the low n bytes.
func lowBytes(n uint8) uint64 {
	if n >= 8 {
		return ^uint64(0)
	}
	return 1<<(8*n) - 1
}

// strobed is a mask of the bytes whose strobes are set.
func strobed(strb uint8) uint64 {
	var v uint64
	for i := range 8 {
		v |= uint64(strb>>i&1) * 0xff << (8 * i)
	}
	return v
}

func canonicalPort(a *AXIState, b *PortState, now uint64) {
	if a.ARValid == 0 {
		a.ARAddr, a.ARBeats, a.ARChan = 0, 0, 0
	}
	turn(a.RdChan[:], a.RdHead, a.RdCount)
	turn(a.RdBeats[:], a.RdHead, a.RdCount)
	a.RdHead = 0
	for i := int(a.RCount); i < len(a.RData); i++ {
		a.RData[i], a.RResp[i] = 0, 0
	}
	if a.WValid == 0 {
		a.WAddr, a.WData, a.WStrb, a.WFirst, a.WLast, a.WChan = 0, 0, 0, 0, 0, 0
	} else {
		a.WData &= strobed(a.WStrb)
	}
	turn(a.WrChan[:], a.WrHead, a.WrCount)
	turn(b.Addr[:], b.Head, b.Count)
	turn(b.Beats[:], b.Head, b.Count)
	turn(b.Ready[:], b.Head, b.Count)
	turn(b.BReady[:], b.BHead, b.BCount)
	turn(b.BError[:], b.BHead, b.BCount)
	a.WrHead, b.Head, b.BHead = 0, 0, 0
	for i := range min(int(b.Count), len(b.Ready)) {
		b.Ready[i] = fromNow(b.Ready[i], now)
	}
	for i := range min(int(b.BCount), len(b.BReady)) {
		b.BReady[i] = fromNow(b.BReady[i], now)
	}
	b.NextR, b.NextW = fromNow(b.NextR, now), fromNow(b.NextW, now)
}

// fromNow counts a time from the next cycle on; the bus compares times with the
// present only, so that all those in the past are alike.
func fromNow(t, now uint64) uint64 {
	switch {
	case t == ^uint64(0):
		return t
	case t <= now+1:
		return 0
	}
	return t - now - 1
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

func canonicalMAC(s *MACState) {
	if s.Run == 0 {
		s.Y0, s.X0, s.Row, s.Pix, s.UY, s.UX, s.Step = 0, 0, 0, 0, 0, 0, 0
	}
	// What the data registers hold between tokens, before the tags are cleared.
	sumDone := s.Valid[stSum] == 0 && s.Flags[stSum]&tokCommit != 0
	accDone := s.Valid[stAcc] == 0 && s.Flags[stAcc]&tokLast != 0
	// The sums begin anew with the next token where that says so.
	next := s.nextToken()
	sumDone = sumDone || s.Valid[stSum] == 0 && next&tokNewSum != 0
	if s.Valid[stSum] != 0 {
		next = s.Flags[stSum]
	}
	accDone = accDone || s.Valid[stAcc] == 0 && next&tokFirst != 0
	accIn := s.Valid[stSum] != 0 && s.Flags[stSum]&(tokFirst|tokFresh) == tokFirst
	if s.Valid[stFetch] == 0 {
		s.Raw, s.Chan, s.WRaw = [maxX]uint64{}, 0, [8 * maxD]uint16{}
	}
	for px := range s.Raw {
		if s.Mask[stFetch]>>px&1 == 0 {
			s.Raw[px] = 0
		}
		s.Raw[px] &= strobed(s.Chan)
	}
	if s.Valid[stOperand] == 0 {
		s.IFM, s.Weight = [maxX * 8]uint16{}, [8 * maxD]uint16{}
	}
	if s.Valid[stProduct] == 0 {
		s.Prod = [maxMACs]uint32{}
	}
	if sumDone {
		s.Sum = [maxDots]uint64{}
	}
	if !accIn {
		s.AccIn = [maxDots]uint64{}
	}
	if accDone {
		s.Acc = [maxDots]uint64{}
	}
	for i := range s.Acc { // sums of pixels outside the block are never stored
		px := i / maxD
		dead(&s.AccIn[i], s.Out[stSum]>>px&1 == 0)
		dead(&s.Acc[i], s.Out[stAcc]>>px&1 == 0)
		dead(&s.AccOut[i], s.WrMask>>px&1 == 0)
	}
	for st, on := range s.Valid {
		// The last tags of the two summing stages tell whether the sums are complete.
		if on != 0 || st == stSum && !sumDone || st == stAcc && !accDone {
			continue
		}
		s.Flags[st], s.Out[st], s.Addr[st], s.Bank[st] = 0, 0, 0, 0
		if st < stAcc {
			s.Mask[st] = 0
		}
		if st < stSum {
			s.Shift[st] = 0
		}
	}
	if s.WrOn == 0 {
		s.AccOut, s.WrMask, s.WrAddr, s.WrBank, s.WrDone = [maxDots]uint64{}, 0, 0, 0, 0
	}
}

// nextToken returns the flags of the token that comes to the adders next: of the first one
// under way or, where there is none, those that begin a micro-block if the next one does.
func (s *MACState) nextToken() uint8 {
	for _, st := range [...]int{stProduct, stOperand, stFetch} {
		if s.Valid[st] != 0 {
			return s.Flags[st]
		}
	}
	if s.Run == 0 || s.Step == 0 {
		return tokFirst | tokNewSum
	}
	return 0
}

func canonicalAO(c *Flops) {
	a := &c.AO
	for i, on := range a.Ready {
		if on == 0 {
			a.Bias[i], a.Scale[i], a.Shift[i] = 0, 0, 0
		}
	}
	n := [aoStages]int{}
	for st, on := range a.Valid {
		if on != 0 {
			n[st] = int(a.N[st])
			continue
		}
		a.N[st], a.Addr[st], a.Flags[st] = 0, 0, 0
	}
	if a.Valid[aoRead] == 0 {
		a.TC, a.TY, a.TX = 0, 0, 0
	}
	prod, opd := n[aoMul], 0
	b := c.Trav.AO.Bank & 3
	op, mode := isa.Opcode(c.CC.OpCode[b]), uint32(c.CC.OpParam[b])
	wide := c.CC.Bank[b][isa.IFMPrecision]>>2&3 >= 2 // elements of four bytes
	first := uint8(1)                                // from here on a part of the next product is there
	if op == isa.OpElementwise {
		switch {
		case mode == isa.ElemMul:
			opd = n[aoBias]
			if !wide {
				first = 2
			}
		case (mode == isa.ElemAdd || mode == isa.ElemSub) && !wide && a.Valid[aoRead] != 0:
			first = operandPasses + 1
			if a.Pass > 2 {
				opd = n[aoRead]
			} else if a.Pass > 0 { // their product
				prod = max(prod, n[aoRead])
			}
		}
	}
	if a.Pass >= first {
		prod = max(prod, n[aoBias])
	}
	in2 := n[aoRead]
	if !isa.Binary(op, mode) {
		in2 = 0
	}
	for i := range maxLanes {
		dead(&a.In[i], i >= n[aoRead])
		dead(&a.In2[i], i >= in2)
		dead(&a.Opd[i], i >= opd)
		dead(&a.Val[i], i >= n[aoBias])
		dead(&a.LScale[i], i >= n[aoBias])
		dead(&a.LShift[i], i >= n[aoBias])
		dead(&a.ProdLo[i], i >= prod)
		dead(&a.ProdHi[i], i >= prod)
		dead(&a.PShift[i], i >= n[aoMul])
		dead(&a.Res[i], i >= n[aoShift])
		dead(&a.Out[i], i >= n[aoAct])
	}
}

func dead[T any](v *T, yes bool) {
	if yes {
		var zero T
		*v = zero
	}
}

func canonicalScale(s *ScaleState) {
	switch {
	case s.On == 0:
		s.Left, s.OZ, s.C, s.N, s.Beats = 0, 0, 0, 0, 0
	case s.Drain != 0:
		s.OZ, s.C, s.N = 0, 0, 0
	}
	s.Buf[0] &= lowBytes(s.N)
	s.Buf[1] &= lowBytes(max(s.N, 8) - 8)
}

// canonicalSB: the length of an output buffer is set when the token that closes it
// enters the output stage, and needed until the buffer is drained.
func canonicalSB(sb *SBState, a *AOState) {
	closed := sb.OBFull
	for st, on := range a.Valid {
		if f := a.Flags[st]; on != 0 && f&aoClose != 0 {
			closed[f/aoBuffer&1] = 1
		}
	}
	for b, on := range closed {
		if on == 0 {
			sb.OBSlots[b] = 0
		}
	}
	if sb.WrBytes == 0 {
		sb.WrAddr = 0
	}
	sb.WrData &= lowBytes(sb.WrBytes)
}

// onlyValues reports whether all reads under way are of inputs or scales.
func (a *AXIState) onlyValues() bool {
	for i := range a.RdCount {
		if ch := a.RdChan[(a.RdHead+i)%tableReads]; ch != ChIFM && ch != ChScale {
			return false
		}
	}
	return true
}

// Control returns the canonical form without the values of the datapath: operands,
// decoded weights, sums, scales, and their data in queues and ports. Commands, the
// stream of weights and copies, which may carry either, stay. What the machine does
// next, and when, follows from the rest, the command stream and the weights.
func Control(f *Flops) Flops {
	c := Canonical(f)
	d, w, s, a := &c.DMA, &c.WD, &c.MAC, &c.AO
	for p := range d.AXI {
		x := &d.AXI[p]
		if d.AXI[p].onlyValues() {
			x.RData = [2]uint64{}
		}
		if x.WChan == 0 {
			x.WData = 0
		}
	}
	d.SclFIFO, d.IFM.FIFO = [sclDepth]uint64{}, [ifmDepth]uint64{}
	d.OFM.Read, d.OFM.Data = 0, 0
	w.Buf = [2][256]uint16{}
	s.Raw, s.WRaw, s.IFM, s.Weight = [maxX]uint64{}, [8 * maxD]uint16{}, [maxX * 8]uint16{}, [8 * maxD]uint16{}
	s.Prod, s.Sum, s.AccIn, s.Acc, s.AccOut = [maxMACs]uint32{}, [maxDots]uint64{}, [maxDots]uint64{}, [maxDots]uint64{}, [maxDots]uint64{}
	a.Bias, a.Scale, a.Shift = [16]uint64{}, [16]uint32{}, [16]uint8{}
	a.In, a.In2, a.Opd, a.Val, a.LScale, a.LShift = [maxLanes]uint64{}, [maxLanes]uint32{}, [maxLanes]uint64{}, [maxLanes]uint64{}, [maxLanes]uint32{}, [maxLanes]uint8{}
	a.PShift, a.ProdLo, a.ProdHi, a.Res, a.Out = [maxLanes]uint8{}, [maxLanes]uint64{}, [maxLanes]uint16{}, [maxLanes]uint32{}, [maxLanes]uint32{}
	c.AOScale.Buf = [2]uint64{}
	c.SB.WrData = 0
	return c
}
