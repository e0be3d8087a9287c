package faults

import (
	"upset/netlist"
)

// CodeWord is the size of a word of the shared buffer that has a code, in bytes: a write of
// a part of it reads the whole.
const CodeWord = 8

// Struck is the number of flops that the event at a site hits.
func (m Model) Struck(s Site) int {
	switch {
	case m.Kind == Pair:
		return 2
	case m.Kind == MCU && m.Flops:
		return m.drawCells(s)
	}
	return 1
}

// Cells lists the bits that an event at a site inverts, the site first. It is a pure
// function of the site.
func (m Model) Cells(t *netlist.Table, s Site) ([]netlist.SiteID, error) {
	p, err := t.Place(s.ID)
	switch {
	case err != nil:
		return nil, err
	case !p.Register.IsSRAM():
		return t.Beside(s.ID, m.Struck(s)), nil
	case m.Kind == MCU:
		return m.cluster(t, s, p, []netlist.SiteID{s.ID}), nil
	}
	return []netlist.SiteID{s.ID}, nil
}

// cluster adds the cells beside one in its bank of the buffer. Words of 64 bits with
// their check bits lie side by side, bit by bit, as many as the interleaving says.
func (m Model) cluster(t *netlist.Table, s Site, p netlist.Place, list []netlist.SiteID) []netlist.SiteID {
	const bankWords = 1024 / CodeWord // words in a bank of the buffer
	data, check := t.RAM()
	word, bit := p.Element, 64+p.Bit
	if p.Register == data {
		word, bit = p.Element/CodeWord, p.Element%CodeWord*8+p.Bit
	}
	bits := 64
	if check != nil {
		bits += check.Width
	}
	first := word / bankWords * bankWords
	for k := 1; k < m.drawCells(s); k++ {
		w, b := word, bit
		if m.AlongRow { // cells of a row: bit 0 of its words, bit 1 of its words, and so on
			column := bit*m.Interleave + word%m.Interleave + k
			w, b = word-word%m.Interleave+column%m.Interleave, column/m.Interleave
		} else {
			w += k * m.Interleave
		}
		if w >= first+bankWords || b >= bits {
			break // the edge of the array
		}
		if b >= 64 {
			list = append(list, check.First+netlist.SiteID(w*check.Width+b-64))
		} else {
			list = append(list, data.First+netlist.SiteID(w*64+b))
		}
	}
	return list
}

// drawCells is the number of cells of the event at a site.
func (m Model) drawCells(s Site) int {
	x := uint64(s.ID)*0x9e3779b97f4a7c15 ^ s.Cycle*0xbf58476d1ce4e5b9 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	u := float64((x^x>>31)>>11) / (1 << 53)
	for n, share := range m.Shares {
		if u -= share; u < 0 {
			return n + 1
		}
	}
	return len(m.Shares)
}
