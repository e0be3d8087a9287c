package npu

import (
	"encoding/binary"
	"math"

	"upset/npu/arith"
	"upset/npu/isa"
)

// Stages of the output pipeline. A token is one value per lane.
const (
	aoRead  = iota // operands from the shared buffer
	aoBias         // bias added, or operands combined; scale and shift latched
	aoMul          // product with the scale
	aoShift        // rounded and shifted
	aoAct          // zero point, clamp, activation, table
	aoStages
)

// Token flags of the output pipeline.
const (
	aoLastPixel = 1 << iota // last pixel of a brick: its scale records are free
	aoClose                 // last token of an output buffer
	aoBuffer                // which output buffer
)

// AOState is the activation and output stage: the scale records of one brick,
// and lanes that take sums or operands to output values.
type AOState struct {
	AB   uint8 `npu:"1,local"` // accumulator buffer in use
	OB   uint8 `npu:"1,local"` // output buffer being filled
	Slot uint8 `npu:"7,local"` // next slot in it
	Tail uint8 `npu:"1,local"` // the operation is read; tokens remain
	B    uint8 `npu:"4,local"` // brick within the block
	Y    uint8 `npu:"5,local"`
	X    uint8 `npu:"6,local"`
	C    uint8 `npu:"4,local"` // channel within the brick
	Pass uint8 `npu:"4,local"` // cycle within the step of the pipeline

	Bias  [16]uint64 `npu:"40,data"`
	Scale [16]uint32 `npu:"32,data"`
	Shift [16]uint8  `npu:"6,data"`
	Ready [16]uint8  `npu:"1,local"` // record is loaded

	Valid [aoStages]uint8  `npu:"1,local"`
	N     [aoStages]uint8  `npu:"4,local"` // lanes in use
	Addr  [aoStages]uint16 `npu:"11,local"`
	Flags [aoStages]uint8  `npu:"3,local"`
	TC    uint8            `npu:"4,local"`  // scale record of the token in the read stage
	TY    uint16           `npu:"16,local"` // its output row and column, for the divisor of an average
	TX    uint16           `npu:"16,local"`

	In     [maxLanes]uint64 `npu:"40,data,n=lanes"`
	In2    [maxLanes]uint32 `npu:"32,data,n=lanes"`
	Opd    [maxLanes]uint64 `npu:"64,data,n=lanes"` // ADD and SUB: operands brought to one scale; MUL: second factor of the bias stage
	Val    [maxLanes]uint64 `npu:"64,data,n=lanes"`
	LScale [maxLanes]uint32 `npu:"32,data,n=lanes"`
	LShift [maxLanes]uint8  `npu:"6,data,n=lanes"`
	PShift [maxLanes]uint8  `npu:"6,data,n=lanes"`
	ProdLo [maxLanes]uint64 `npu:"64,data,n=lanes"`
	ProdHi [maxLanes]uint16 `npu:"16,data,n=lanes"`
	Res    [maxLanes]uint32 `npu:"32,data,n=lanes"`
	Out    [maxLanes]uint32 `npu:"32,data,n=lanes"`
}

// stepAO advances the output stage by a cycle. The pipeline moves once every
// few cycles, see stepPasses: in the first cycle the last product is rounded and leaves,
// in each cycle the multipliers do a pass, in the last cycle everything moves on.
func (m *Machine) stepAO() {
	a, t := &m.S.AO, &m.S.Trav.AO
	if t.On == 0 {
		if m.S.CC.OpValid[t.Bank] == 0 {
			m.waiting = 0
			m.rest(restAO)
			return
		}
		m.pulse(setAO, pulseStart)
		t.start()
	}
	p := &m.op[t.Bank]
	if a.Pass == 0 {
		if a.Valid == [aoStages]uint8{} && a.Tail == 0 {
			if why, missing := m.missing(a, t, p); missing {
				m.count(why, 1)
				m.waitsFor, m.waiting = why, 1
				m.rest(restAO)
				return
			}
		}
		m.roundLanes(a, p)
	}
	m.multiplyLanes(a, p)
	m.count(EvAOActive, 1)
	if !m.stepOver(a, t, p) {
		return
	}
	a.Pass = 0
	m.writeLanes(a, p)
	m.activate(a, p)
	m.passProducts(a, p)
	m.combine(a, p)
	m.readLanes(a, t, p)
	if a.Tail != 0 && a.Valid == [aoStages]uint8{} {
		a.Tail = 0
		m.wakeAll()
		m.pulse(setAO, pulseEnd)
		t.end()
	}
}

func (a *AOState) moveTag(from int) {
	a.Valid[from+1], a.N[from+1], a.Addr[from+1], a.Flags[from+1] = 1, a.N[from], a.Addr[from], a.Flags[from]
	a.Valid[from] = 0
}

// lanes is the number of lanes that stage st works on.
func (m *Machine) lanes(st int) int { return min(int(m.S.AO.N[st]), m.Spec.ElementUnits) }

// writeLanes stores finished values in the output buffer.
func (m *Machine) writeLanes(a *AOState, p *params) {
	if a.Valid[aoAct] == 0 {
		return
	}
	a.Valid[aoAct] = 0
	e, n := p.OFM.Bytes, m.lanes(aoAct)
	at := int(a.Addr[aoAct])
	if e == 1 {
		var v uint64
		for i := range min(n, maxLanes) {
			v |= uint64(a.Out[i]&0xff) << (8 * i)
		}
		if b := m.plainRAM(at, n); b != nil && n == 4 {
			binary.LittleEndian.PutUint32(b, uint32(v))
		} else {
			m.ramStore(at, v, n)
		}
	} else {
		for i := range n {
			m.ramStore(at+i*e, uint64(a.Out[i]), e)
		}
	}
	if f := a.Flags[aoAct]; f&aoClose != 0 {
		m.S.SB.OBFull[f/aoBuffer&1] = 1
		m.wake(restOFM)
	}
}

// activate applies activation, zero point, clamp and table.
func (m *Machine) activate(a *AOState, p *params) {
	if a.Valid[aoShift] == 0 {
		return
	}
	n := m.lanes(aoShift)
	if p.actPlain { // nothing but zero point and clamp
		zero := int64(p.OFM.ZeroPoint)
		for i := range min(n, maxLanes) {
			a.Out[i] = uint32(arith.Clamp(int64(int32(a.Res[i]))+zero, p.actLo, p.actHi))
		}
	} else {
		for i := range n {
			a.Out[i] = p.Activate(int64(int32(a.Res[i])), m.table)
		}
	}
	a.moveTag(aoShift)
}

// table reads a word of the lookup tables.
func (m *Machine) table(offset int) uint32 {
	if m.Probe.Lookup != nil {
		m.Probe.Lookup()
	}
	return uint32(m.ram(m.lutStart+offset, 4))
}

// roundLanes rounds and shifts the products, saturating at 32 bits.
func (m *Machine) roundLanes(a *AOState, p *params) {
	if a.Valid[aoMul] == 0 {
		return
	}
	for i := range min(m.lanes(aoMul), maxLanes) {
		v := a.product(i).Shift(uint(a.PShift[i]), p.Round)
		a.Res[i] = uint32(arith.Clamp(v, math.MinInt32, math.MaxInt32))
	}
	a.moveTag(aoMul)
}

// combine adds the bias or combines the operands, and latches the scale.
func (m *Machine) combine(a *AOState, p *params) {
	if a.Valid[aoRead] == 0 {
		return
	}
	n := m.lanes(aoRead)
	scale, shift := p.OFMScale, p.OFMShift
	switch {
	case p.kind == kindMax:
		scale, shift = 1, 0
	case p.kind == kindAverage && !p.GlobalScale:
		scale, shift = arith.MeanScale(p.validTaps(int(a.TY), int(a.TX)))
	}
	n = min(n, maxLanes)
	switch {
	case p.kind == kindElementwise:
		for i := range n {
			v, s, h := m.combined(a, p, i)
			a.Val[i], a.LScale[i], a.LShift[i] = uint64(v), s, uint8(h)
		}
	case p.UsesScales:
		for i := range n {
			c := (int(a.TC) + i) & 15
			a.Val[i], a.LScale[i], a.LShift[i] = uint64(sx40(a.In[i])+sx40(a.Bias[c])), a.Scale[c], a.Shift[c]
		}
	default:
		for i := range n {
			a.Val[i], a.LScale[i], a.LShift[i] = uint64(sx40(a.In[i])), scale, uint8(shift)
		}
	}
	if p.UsesScales && a.Flags[aoRead]&aoLastPixel != 0 {
		m.wake(restScale)
		for i := range n {
			a.Ready[(int(a.TC)+i)&15] = 0
		}
	}
	a.moveTag(aoRead)
}

// validTaps counts the taps of an output position that lie inside the map.
func (p *params) validTaps(y, x int) int {
	ny := tapsInside(y*p.StrideY-p.PadTop, p.DilY, p.KH, p.IFMH)
	nx := tapsInside(x*p.StrideX-p.PadLeft, p.DilX, p.KW, p.IFMW)
	return ny * nx
}

// tapsInside counts the taps at, at+dil … that lie from 0 to extent-1. A dilation of 1 or
// 2 makes both divisions a shift.
func tapsInside(at, dil, taps, extent int) int {
	if at >= extent {
		return 0
	}
	lo := 0
	if at < 0 {
		lo = (-at + dil - 1) >> (dil - 1)
	}
	hi := min(taps, (extent-1-at)>>(dil-1)+1)
	return max(0, hi-lo)
}

// readable reports whether the next token's operands are there.
func (m *Machine) readable(a *AOState, t *Block, p *params) bool {
	if a.Tail != 0 {
		return true
	}
	why, missing := m.missing(a, t, p)
	if missing {
		m.count(why, 1)
	}
	return !missing
}

// missing tells what the next token waits for, if anything.
func (m *Machine) missing(a *AOState, t *Block, p *params) (why Event, yes bool) {
	sb := &m.S.SB
	if p.kind == kindElementwise {
		if sb.IBFull[sb.IBSel&1] == 0 {
			return EvAOStalledIB, true
		}
	} else if sb.ABFull[a.AB&1] == 0 {
		return EvAOStalledAB, true
	}
	if a.C == 0 && a.Slot == 0 && sb.OBBusy[a.OB&1] != 0 {
		return EvAOStalledOB, true
	}
	if p.UsesScales {
		n := m.tokenLanes(a, t, p)
		lo, _ := p.slot(t.OZ, int(a.B))
		for i := range n {
			if a.Ready[(lo+int(a.C)+i)&15] == 0 {
				return EvAOStalledScale, true
			}
		}
	}
	return 0, false
}

// tokenLanes is the number of channels of the next token.
func (m *Machine) tokenLanes(a *AOState, t *Block, p *params) int {
	_, n := p.slot(t.OZ, int(a.B))
	return max(1, min(m.Spec.ElementUnits, n-int(a.C)))
}

// readLanes starts the next token.
func (m *Machine) readLanes(a *AOState, t *Block, p *params) {
	if a.Tail != 0 || !m.readable(a, t, p) {
		return
	}
	sb := &m.S.SB
	n := m.tokenLanes(a, t, p)
	ob := a.OB & 1
	if a.C == 0 && a.Slot == 0 {
		sb.OBBusy[ob] = 1
	}
	e := p.OFM.Bytes
	a.Valid[aoRead], a.N[aoRead], a.Flags[aoRead] = 1, uint8(n), ob*aoBuffer
	a.Addr[aoRead] = uint16(int(ob)*isa.BankBytes+int(a.Slot)*16*e+int(a.C)*e) & (1<<11 - 1)
	lo, _ := p.slot(t.OZ, int(a.B))
	a.TC, a.TY, a.TX = uint8(lo+int(a.C))&15, t.OY+uint16(a.Y), t.OX+uint16(a.X)
	m.readOperands(a, t, p, n)
	m.advanceAO(a, t, p, n)
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
