package npu

// Areas of the shared buffer for inputs, sums and outputs, and the buffer of weight blocks,
// have two halves each, which the unit that fills them and the one that empties them use in
// turn. Which of them stands first makes no difference to what is computed, nor to when: a
// half is only a place. It does where banks have a bounded number of ports.

// TurnHalves exchanges the halves of double buffers in a, a canonical form without values, where both
// their users stand at the other half than in b. It leaves those alone to whose halves
// something on its way refers by number or by address. It reports whether it exchanged any.
func (a *Flops) TurnHalves(b *Flops) (turned bool) {
	sb, s := &a.SB, &a.MAC
	both := func(x, y, of, at uint8) bool { return (x^of)&1 != 0 && (y^at)&1 != 0 }
	if in := &a.DMA.IFM; sb.WrBytes == 0 && both(in.Sel, sb.IBSel, b.DMA.IFM.Sel, b.SB.IBSel) {
		in.Sel, sb.IBSel, turned = in.Sel^1, sb.IBSel^1, true
		swap(&sb.IBFull)
	}
	if w := &a.WD; both(w.Sel, s.WB, b.WD.Sel, b.MAC.WB) {
		w.Sel, s.WB, turned = w.Sel^1, s.WB^1, true
		swap(&w.Full)
		w.Buf[0], w.Buf[1] = w.Buf[1], w.Buf[0]
	}
	if s.Valid == [macStages]uint8{} && s.WrOn == 0 && both(s.AB, a.AO.AB, b.MAC.AB, b.AO.AB) {
		s.AB, a.AO.AB, turned = s.AB^1, a.AO.AB^1, true
		swap(&sb.ABFull)
		swap(&sb.ABBusy)
	}
	if o := &a.DMA.OFM; a.AO.Valid == [aoStages]uint8{} && both(a.AO.OB, o.Sel, b.AO.OB, b.DMA.OFM.Sel) {
		a.AO.OB, o.Sel, turned = a.AO.OB^1, o.Sel^1, true
		swap(&sb.OBFull)
		swap(&sb.OBBusy)
		swap(&sb.OBSlots)
	}
	return turned
}

func swap(v *[2]uint8) { v[0], v[1] = v[1], v[0] }
