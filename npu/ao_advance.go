package npu

// advanceAO moves the read position to the next token, closing output buffers
// and releasing the input buffer as it goes. An output buffer is handed to the OFM
// channel after Limits.Section bytes, a part of its bank, so that the writing of a
// block starts soon after its first values are there (our choice: four bursts).
func (m *Machine) advanceAO(a *AOState, t *Block, p *params, n int) {
	obh, obw := clip(t.OY, p.BlkH, p.OFMH), clip(t.OX, p.BlkW, p.OFMW)
	_, ch := p.slot(t.OZ, int(a.B))
	lastPixel := int(a.X) >= obw-1 && int(a.Y) >= obh-1
	if lastPixel {
		a.Flags[aoRead] |= aoLastPixel
	}
	if int(a.C)+n < ch {
		a.C = (a.C + uint8(n)) & 15
		return
	}
	a.C = 0
	a.Slot = (a.Slot + 1) & 0x7f
	lastBrick := int(a.B)+1 >= p.bricks(t.OZ)
	if int(a.Slot) >= m.Sys.Limits.Section/(16*p.OFM.Bytes) || lastPixel && lastBrick {
		a.Flags[aoRead] |= aoClose
		m.S.SB.OBSlots[a.OB&1] = a.Slot
		a.OB = (a.OB + 1) & 1
		a.Slot = 0
	}
	a.X = (a.X + 1) & 0x3f
	if a.X != 0 && int(a.X) < obw {
		return
	}
	a.X = 0
	a.Y = (a.Y + 1) & 0x1f
	if a.Y != 0 && int(a.Y) < obh {
		return
	}
	a.Y = 0
	a.B = (a.B + 1) & 15
	if !lastBrick {
		return
	}
	a.B = 0
	m.releaseInput(a, t, p)
}

func (m *Machine) releaseInput(a *AOState, t *Block, p *params) {
	m.wakeAll()
	sb := &m.S.SB
	if p.kind == kindElementwise {
		sb.IBFull[sb.IBSel&1] = 0
		sb.IBSel = (sb.IBSel + 1) & 1
	} else {
		sb.ABFull[a.AB&1], sb.ABBusy[a.AB&1] = 0, 0
		a.AB = (a.AB + 1) & 1
	}
	m.pulse(setAO, pulseNext)
	if t.next(p) {
		a.Tail = 1
		if p.kind == kindElementwise {
			m.S.CC.ElemRead[t.Bank&3] = 1
		}
	}
}
