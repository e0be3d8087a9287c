package cone

import (
	"math/bits"

	"upset/npu/isa"
)

// Byte is a byte of SRAM that differs from the recorded run.
type Byte struct {
	Addr  uint32 // absolute
	Value byte   // what it holds now
}

// difference is the set of bytes of SRAM that differ, with their values.
type difference struct {
	marks  []uint64 // a bit for each byte
	values []byte   // where marked
	live   int      // bytes that are marked
}

// reset empties the set for n bytes of SRAM.
func (d *difference) reset(n int) {
	grow(&d.values, n)
	clear(grow(&d.marks, (n+63)/64))
	d.live = 0
}

func (d *difference) has(addr uint32) bool {
	o := addr - isa.SRAMBase
	return int(o) < len(d.values) && d.marks[o>>6]>>(o&63)&1 != 0
}

func (d *difference) set(addr uint32, v byte) {
	o := addr - isa.SRAMBase
	if bit := uint64(1) << (o & 63); d.marks[o>>6]&bit == 0 {
		d.marks[o>>6] |= bit
		d.live++
	}
	d.values[o] = v
}

// words calls f for the words of marks that a range touches, with the bits that
// lie in it, until f returns false.
func (d *difference) words(r Range, f func(i int, mask uint64) bool) {
	lo, hi := int(r.Lo-isa.SRAMBase), min(int(r.Hi-isa.SRAMBase), len(d.values))
	if lo >= hi {
		return
	}
	first, last := lo>>6, (hi-1)>>6
	for i := first; i <= last; i++ {
		mask := ^uint64(0)
		if i == first {
			mask <<= lo & 63
		}
		if i == last {
			mask &= ^uint64(0) >> (63 - (hi-1)&63)
		}
		if d.marks[i]&mask != 0 && !f(i, mask) {
			return
		}
	}
}

// any reports whether a byte of the range is marked.
func (d *difference) any(r Range) (found bool) {
	d.words(r, func(int, uint64) bool {
		found = true
		return false
	})
	return found
}

// each calls f for the marked bytes of the range in order.
func (d *difference) each(r Range, f func(addr uint32)) {
	d.words(r, func(i int, mask uint64) bool {
		for m := d.marks[i] & mask; m != 0; m &= m - 1 {
			f(isa.SRAMBase + uint32(i<<6+bits.TrailingZeros64(m)))
		}
		return true
	})
}

// drop removes the bytes of the ranges, which are in ascending order.
func (d *difference) drop(list []Range) {
	if len(list) == 0 || d.live == 0 || len(list) > 1 && !d.any(bound(list)) {
		return
	}
	for _, r := range list {
		d.words(r, func(i int, mask uint64) bool {
			d.live -= bits.OnesCount64(d.marks[i] & mask)
			d.marks[i] &^= mask
			return true
		})
	}
}

// bound is the smallest range that covers a list in ascending order.
func bound(list []Range) Range {
	if len(list) == 0 {
		return Range{}
	}
	return Range{list[0].Lo, list[len(list)-1].Hi}
}

// changes are elements of a feature map that differ.
type changes struct {
	at       []int32  // element in HWC order
	old, now []uint32 // bits
}

func (c *changes) reset() { c.at, c.old, c.now = c.at[:0], c.old[:0], c.now[:0] }

// collect finds the elements of a map that differ from the recorded bytes.
func (d *difference) collect(c *changes, m *fieldMap, recorded []byte) {
	c.reset()
	whole := bound(m.runs)
	if d.live == 0 || !d.any(whole) {
		return
	}
	if !m.regular {
		d.scan(c, m, recorded)
		return
	}
	if m.Bytes == 1 {
		d.collectBytes(c, m, recorded, whole)
		return
	}
	last := -1
	d.each(whole, func(addr uint32) {
		if e := m.element(addr); e >= 0 && e != last {
			last = e
			d.add(c, m, recorded, e, m.at(e))
		}
	})
}

// collectBytes is collect for elements of one byte in a regular map. The elements
// of a run lie side by side, so one of them finds the others.
func (d *difference) collectBytes(c *changes, m *fieldMap, recorded []byte, whole Range) {
	lo, hi := whole.Lo-isa.SRAMBase, min(whole.Hi-isa.SRAMBase, uint32(len(d.values)))
	var first, size uint32 // of the run, from the start of SRAM
	start := 0
	for i := lo >> 6; i <= (hi-1)>>6; i++ {
		for set := d.marks[i]; set != 0; set &= set - 1 {
			o := i<<6 + uint32(bits.TrailingZeros64(set))
			if o < lo || o >= hi {
				continue
			}
			if o-first >= size {
				e := m.element(isa.SRAMBase + o)
				if e < 0 {
					continue
				}
				start, first, size = m.run(e)
				first -= isa.SRAMBase
			}
			e := start + int(o-first)
			if now, old := d.values[o], recorded[e]; now != old {
				c.at, c.old, c.now = append(c.at, int32(e)), append(c.old, uint32(old)), append(c.now, uint32(now))
			}
		}
	}
}

// scan is collect for a map whose addresses cannot be turned into elements.
func (d *difference) scan(c *changes, m *fieldMap, recorded []byte) {
	e := 0
	for y := range m.h {
		for x := range m.w {
			for z := 0; z < m.c; {
				n, a := m.runLength(z), m.addr(y, x, z)
				if in := clipped(nil, a, n*m.Bytes); len(in) > 0 && d.any(in[0]) {
					for i := range n {
						d.add(c, m, recorded, e+i, a+uint32(i*m.Bytes))
					}
				}
				e += n
				z += n
			}
		}
	}
}

// add notes element e at addr if it differs.
func (d *difference) add(c *changes, m *fieldMap, recorded []byte, e int, addr uint32) {
	old := take(recorded, e, m.Bytes)
	now := old
	for i := range uint32(m.Bytes) {
		if d.has(addr + i) {
			now = now&^(0xff<<(8*i)) | uint32(d.values[addr+i-isa.SRAMBase])<<(8*i)
		}
	}
	if now != old {
		c.at, c.old, c.now = append(c.at, int32(e)), append(c.old, old), append(c.now, now)
	}
}

// fetch reads bytes of memory. Those of the map that no image covers are zero.
func fetch(dst []byte, mem *isa.Memory, addr uint32) bool {
	if o := int(addr) - isa.SRAMBase; o >= 0 && o+len(dst) <= len(mem.SRAM) {
		copy(dst, mem.SRAM[o:])
		return true
	}
	if o := int(addr) - isa.FlashBase; o >= 0 && o+len(dst) <= len(mem.Flash) {
		copy(dst, mem.Flash[o:])
		return true
	}
	for i := range dst {
		v, ok := mem.Byte(addr + uint32(i))
		if !ok {
			return false
		}
		dst[i] = v
	}
	return true
}

// gather reads a feature map into HWC order.
func (m *fieldMap) gather(dst []byte, mem *isa.Memory) bool {
	if m.packed {
		return fetch(dst, mem, m.first)
	}
	for y := range m.h {
		for x := range m.w {
			for z := 0; z < m.c; z += m.runLength(z) {
				n := m.runLength(z) * m.Bytes
				if !fetch(dst[:n], mem, m.addr(y, x, z)) {
					return false
				}
				dst = dst[n:]
			}
		}
	}
	return true
}

// scatter writes a feature map, all of which lies in the SRAM of mem, with zeros in the lanes
// of a brick behind the last channel.
func (m *fieldMap) scatter(src []byte, mem *isa.Memory) {
	if m.packed {
		copy(mem.SRAM[m.first-isa.SRAMBase:], src)
		return
	}
	rest := (m.Lanes(m.c) - m.c) * m.Bytes
	for y := range m.h {
		for x := range m.w {
			for z := 0; z < m.c; z += m.runLength(z) {
				n := m.runLength(z) * m.Bytes
				copy(mem.SRAM[m.addr(y, x, z)-isa.SRAMBase:], src[:n])
				src = src[n:]
			}
			if rest > 0 {
				at := int(m.addr(y, x, m.c-1)-isa.SRAMBase) + m.Bytes
				clear(mem.SRAM[at : at+rest])
			}
		}
	}
}

// grow returns a slice of length n that reuses buf where it is large enough.
func grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	*buf = (*buf)[:n]
	return *buf
}
