package npu

import "upset/npu/isa"

// placement says which bank holds which bytes of the shared buffer. The real one is not
// public (our choice); it matters only where accesses to a bank are counted.
type placement int

const (
	// placePixels: pixels that lie side by side are in different banks, and those on top of
	// each other where a micro-block has two rows; the words of a pixel follow each
	// other. A micro-block of sums is a row over as many banks as it is wide, so that the array reads and stores all
	// of it at once: the banks by which Vela 3.10 enlarges one accumulator buffer (its granules) are as wide as that,
	// 4 and 6 for 32 and 40 bits on the U55-128, 8 and 10 on the U55-256.
	//
	// A box of few columns would fill some banks more than others, by up to a third beyond
	// their 64 rows; that is left out.
	placePixels placement = iota
	// placeWords: the words of a buffer go round its banks, shifted by one bank from row to
	// row, the skewed storage of Budnik and Kuck (1971); sums as with placePixels.
	placeWords
	// placeBytes: a bank holds consecutive bytes.
	placeBytes
)

// area is a part of the shared buffer over whose banks a placement spreads its words.
type area struct {
	base, size int // bytes
	row        int // pixels of a row
	pitch      int // bytes of a pixel; 0 where it holds no pixels
	step       int // banks from a row of pixels to the next
}

// bank is where an address lies. Pixels of 24, 40 … bytes begin in the middle of a word and are
// placed as words.
func (p *ports) bank(addr int, at *area) int {
	k := at.size / isa.BankBytes
	if k < 2 || at.base < 0 || at.base%isa.BankBytes != 0 || addr < at.base || addr >= at.base+at.size {
		return int(uint(addr) / isa.BankBytes)
	}
	word, first := (addr-at.base)/portBytes, at.base/isa.BankBytes
	switch {
	case p.place == placeBytes:
		return int(uint(addr) / isa.BankBytes)
	case p.place == placeWords || at.row <= 0 || at.pitch <= 0:
		return first + skewed(word, k)
	}
	pixel := (addr - at.base) / at.pitch
	switch x, y := pixel%at.row, pixel/at.row; {
	case at.pitch == portBytes/2: // two pixels in a word
		return first + (word+y*(at.step-1))%k
	case at.pitch%portBytes == 0:
		return first + (x+y*at.step+word%(at.pitch/portBytes))%k
	}
	return first + skewed(word, k)
}

// skewed is the bank, of k, of a word.
func skewed(word, k int) int { return (word + word/k) % k }

// askBytes asks for n bytes at an address.
func (p *ports) askBytes(addr, n int, at *area) {
	if n <= 0 {
		return
	}
	for w := uint(addr) / portBytes; w <= uint(addr+n-1)/portBytes; w++ {
		p.ask(p.bank(max(addr, int(w*portBytes)), at), int(w))
	}
}

// inputBuffer returns the place and the size of an IFM buffer.
func (p *params) inputBuffer(second bool, sel uint8) (base, size int) {
	if second {
		return p.IB2Start + int(sel&1)*p.ib2Half, p.ib2Half
	}
	return isa.IBStart + int(sel&1)*p.ibHalf, p.ibHalf
}

// inputArea is an IFM buffer that holds a box of rows of so many pixels.
func (p *params) inputArea(second bool, sel uint8, row, pitch int) area {
	base, size := p.inputBuffer(second, sel)
	return area{base, size, row, pitch, p.ubH}
}

// askSums asks for n sums of a pixel of a block, from channel c on.
func (m *Machine) askSums(p *params, ab uint8, y, x, c, n int) {
	base := p.abStart(ab)
	k := p.abHalf / isa.BankBytes
	if m.ports.place == placeBytes || k < 1 || base%isa.BankBytes != 0 || y < 0 || x < 0 || c < 0 {
		m.ports.askBytes(base+(y*p.BlkW+x)*p.sumPitch+c*p.accBytes, n*p.accBytes, &area{})
		return
	}
	d := m.Spec.UBlockD
	row := ceilDiv(m.pixels*d*p.accBytes, portBytes)
	for n > 0 {
		part := min(n, d-c%d)
		block := (y/p.ubH*ceilDiv(p.BlkW, p.ubW)+x/p.ubW)*ceilDiv(p.BlkD, d) + c/d
		at := ((y%p.ubH*p.ubW+x%p.ubW)*d + c%d) * p.accBytes
		for w := at / portBytes; w <= (at+part*p.accBytes-1)/portBytes; w++ {
			m.ports.ask(base/isa.BankBytes+skewed(block*row+w, k), block*row+w)
		}
		c, n = c+part, n-part
	}
}

// sumsServed asks for the sums of a micro-block whose first one lies at addr, of the
// pixels in mask.
func (m *Machine) sumsServed(unit int, p *params, ab uint8, addr int, mask uint8) bool {
	if !m.ports.counted() {
		return true
	}
	off := addr - p.abStart(ab)
	pix, c := off/p.sumPitch, off%p.sumPitch/p.accBytes
	for px := range m.pixels {
		if mask>>px&1 == 0 {
			continue
		}
		dx, dy := px, 0
		if p.ubH > 1 {
			dx, dy = px&1, px>>1
		}
		m.askSums(p, ab, pix/p.BlkW+dy, pix%p.BlkW+dx, c, m.Spec.UBlockD)
	}
	return m.served(unit)
}

// fetchServed asks for the inputs of a token: so many channels of each pixel in a mask.
func (m *Machine) fetchServed(p *params, in uint8, addr *[maxX]int, channels int) bool {
	if !m.ports.counted() {
		return true
	}
	s := &m.S.MAC
	at := p.inputArea(false, m.S.SB.IBSel, int(s.Row), int(s.Pix))
	for px, a := range addr[:m.pixels] {
		if in>>px&1 != 0 {
			m.ports.askBytes(a, channels*p.IFM.Bytes, &at)
		}
	}
	return m.served(portFetch)
}

// inputServed asks for the bytes in the write port of the IFM channel.
func (m *Machine) inputServed() bool {
	if !m.ports.counted() {
		return true
	}
	sb, f := &m.S.SB, &m.S.DMA.IFM
	var at area
	if p := &m.op[f.LoadBank&3]; f.Loading != 0 {
		at = p.inputArea(f.Load.Second != 0, f.Sel, int(f.Load.W), pixelBytes(int(f.Load.N), f.Load.operand(p).Bytes))
	}
	m.ports.askBytes(int(sb.WrAddr), int(min(sb.WrBytes, 8)), &at)
	return m.served(portInput)
}

// copyServed asks for a beat of a table.
func (m *Machine) copyServed(addr int) bool {
	if !m.ports.counted() {
		return true
	}
	m.ports.askBytes(addr, 8, &area{})
	return m.served(portCopy)
}

// resultServed asks for n bytes of an output buffer.
func (m *Machine) resultServed(addr, n int) bool {
	if !m.ports.counted() {
		return true
	}
	m.ports.askBytes(addr, n, &area{})
	return m.served(portOFM)
}

// askTable asks for n lookups. Which bank one of them reads depends on the data; it takes
// all banks of the tables, so that the time that the machine takes does not (our choice).
func (m *Machine) askTable(n int) {
	for i := range n {
		for b := range isa.LUTBytes / isa.BankBytes {
			m.ports.ask(m.lutStart/isa.BankBytes+b, i)
		}
	}
}

// askOutput asks for what the stages of the output pipeline access at the end of a step.
func (m *Machine) askOutput(a *AOState, t *Block, p *params) {
	if a.Valid[aoAct] != 0 {
		m.ports.askBytes(int(a.Addr[aoAct]), m.lanes(aoAct)*p.OFM.Bytes, &area{})
	}
	if a.Valid[aoShift] != 0 && p.UsesLUT {
		m.askTable(m.lanes(aoShift))
	}
	if a.Tail != 0 {
		return
	}
	if _, missing := m.missing(a, t, p); missing {
		return
	}
	n := m.tokenLanes(a, t, p)
	lo, _ := p.slot(t.OZ, int(a.B))
	c := lo + int(a.C)
	if p.kind != kindElementwise {
		m.askSums(p, a.AB, int(a.Y), int(a.X), c, n)
		return
	}
	for _, o := range p.operandPlaces(a, t, m.S.SB.IBSel, c) {
		if o.bytes > 0 {
			m.ports.askBytes(o.addr, o.bytes+(n-1)*o.pitch, &o.area)
		}
	}
}
