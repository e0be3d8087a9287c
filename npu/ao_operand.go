package npu

import "upset/npu/isa"

// readOperands fills the input registers of the lanes.
func (m *Machine) readOperands(a *AOState, t *Block, p *params, n int) {
	lo, _ := p.slot(t.OZ, int(a.B))
	c := lo + int(a.C)
	if p.kind != kindElementwise {
		at := p.abStart(a.AB) + (int(a.Y)*p.BlkW+int(a.X))*p.sumPitch + c*p.accBytes
		if b := m.plainRAM(at, n*p.accBytes); b != nil {
			unpackSums(a.In[:n], b, p.accBytes)
			return
		}
		for i := range n {
			v := m.ram(at+i*p.accBytes, p.accBytes)
			if p.accBytes == 4 {
				v = uint64(int64(int32(v)))
			}
			a.In[i] = v & mask40
		}
		return
	}
	o := p.operandPlaces(a, t, m.S.SB.IBSel, c)
	m.readOperand(&o[0], &p.IFM, n, func(i int, v int64) { a.In[i] = uint64(v) & mask40 })
	switch {
	case !p.Binary:
	case p.UseScalar:
		for i := range n {
			a.In2[i] = uint32(p.Scalar)
		}
	default:
		m.readOperand(&o[1], &p.IFM2, n, func(i int, v int64) { a.In2[i] = uint32(v) })
	}
}

// place is where the channels of an operand lie: the first one, the distance to the next,
// and the IFM buffer that holds them. Without bytes there is none.
type place struct {
	addr, bytes, pitch int
	area               area
}

// operandPlaces returns where the operands of the next token of an elementwise operation
// lie, from channel c of the block.
func (p *params) operandPlaces(a *AOState, t *Block, sel uint8, c int) (o [2]place) {
	j := Job{OY: t.OY, OX: t.OX, OZ: t.OZ}
	o[0] = p.operandPlace(p.box(&j), &p.IFM, sel, int(a.Y), int(a.X), c)
	if p.twoBoxes() {
		b := p.box2(&j)
		if p.BcastC {
			c = 0
		}
		o[1] = p.operandPlace(b, &p.IFM2, sel, min(int(a.Y), max(b.h, 1)-1), min(int(a.X), max(b.w, 1)-1), c)
	}
	return o
}

// operandPlace finds channel c of a pixel of the box of an operand.
func (p *params) operandPlace(b box, f *isa.FeatureMap, sel uint8, y, x, c int) place {
	pixel := pixelBytes(b.n, f.Bytes)
	o := place{bytes: f.Bytes, area: p.inputArea(f == &p.IFM2, sel, b.w, pixel)}
	o.addr = o.area.base + (y*b.w+x)*pixel + c*f.Bytes
	if b.n > 1 {
		o.pitch = f.Bytes
	}
	return o
}

// readOperand reads n channels of an operand.
func (m *Machine) readOperand(o *place, f *isa.FeatureMap, n int, put func(i int, v int64)) {
	for i := range n {
		put(i, f.Widen(m.ram(o.addr+i*o.pitch, f.Bytes)))
	}
}
