package cone

import (
	"math"
	"slices"

	"upset/npu/isa"
)

// fieldMap is a feature map in memory: h × w × c elements, numbered in HWC order.
type fieldMap struct {
	isa.FeatureMap
	base     uint32 // of the region
	h, w, c  int
	runs     []Range // its bytes in SRAM, merged
	outside  int     // bytes that are not in SRAM
	overlaps bool    // two elements share a byte
	packed   bool    // HWC without gaps
	regular  bool    // one tile whose addresses can be inverted
	first    uint32  // address of element 0
	sx, sy   uint32  // bytes between columns and rows, for the inversion
	sc       uint32  // bytes between bricks, for the inversion
}

func newFieldMap(f isa.FeatureMap, bases [8]uint32, h, w, c int) fieldMap {
	m := fieldMap{FeatureMap: f, base: bases[f.Region], h: h, w: w, c: c}
	m.first = m.addr(0, 0, 0)
	m.invert()
	if m.packed {
		m.runs = clipped(nil, m.first, m.bytes())
	} else {
		for y := range h {
			for x := range w {
				for z := 0; z < c; z += m.runLength(z) {
					m.runs = clipped(m.runs, m.addr(y, x, z), m.runLength(z)*f.Bytes)
				}
			}
		}
	}
	m.runs = merge(m.runs)
	covered := 0
	for _, r := range m.runs {
		covered += int(r.Hi - r.Lo)
	}
	if missing := m.bytes() - covered; m.regular {
		m.outside = missing
	} else if missing > 0 {
		m.overlaps = m.countOutside() < missing
		m.outside = m.countOutside()
	}
	return m
}

func (m *fieldMap) elements() int { return m.h * m.w * m.c }

func (m *fieldMap) bytes() int { return m.elements() * m.Bytes }

// runLength is the number of channels from z on that lie side by side.
func (m *fieldMap) runLength(z int) int {
	if m.Brick {
		return min(isa.BrickDepth, m.c-z)
	}
	return m.c - z
}

func (m *fieldMap) addr(y, x, z int) uint32 { return m.base + m.Addr(y, x, z) }

// at is the address of element e.
func (m *fieldMap) at(e int) uint32 {
	if m.packed {
		return m.first + uint32(e*m.Bytes)
	}
	p := e / m.c
	return m.addr(p/m.w, p%m.w, e%m.c)
}

// countOutside counts the bytes that are not in SRAM.
func (m *fieldMap) countOutside() int {
	n := 0
	for e := range m.elements() {
		a := m.at(e)
		for i := range uint32(m.Bytes) {
			if a+i-isa.SRAMBase >= isa.MaxSRAM {
				n++
			}
		}
	}
	return n
}

// invert finds out whether addresses can be turned into elements: the map lies in
// one tile, and its strides keep rows, bricks and columns apart.
func (m *fieldMap) invert() {
	if m.h > m.Height0 || m.w > m.Width0 {
		return
	}
	const apart = math.MaxUint32 // the stride of a dimension of one
	e := uint64(m.Bytes)
	m.sx, m.sy, m.sc = m.StrideX, m.StrideY, m.StrideC
	pixel := uint64(m.c) * e
	if m.Brick {
		pixel = isa.BrickDepth * e
		m.sx = uint32(pixel)
	} else {
		m.sc = apart
	}
	if m.w == 1 && !m.Brick {
		m.sx = apart
	}
	bricks := 1
	if m.Brick {
		bricks = (m.c + isa.BrickDepth - 1) / isa.BrickDepth
	}
	if bricks == 1 {
		m.sc = apart
	}
	if m.h == 1 {
		m.sy = apart
	}
	column := uint64(m.w-1)*uint64(m.sx) + pixel
	row := uint64(bricks-1)*uint64(m.sc) + column
	total := uint64(m.h-1)*uint64(m.sy) + row
	if pixel > uint64(m.sx) || column > uint64(m.sc) || row > uint64(m.sy) || uint64(m.first)+total > math.MaxUint32 {
		return
	}
	m.regular = true
	flat := !m.Brick || m.c == isa.BrickDepth
	m.packed = flat && total == uint64(m.bytes())
}

// element turns an address into an element of a regular map, or -1 for a gap.
func (m *fieldMap) element(addr uint32) int {
	o := addr - m.first
	if m.packed {
		return int(o) / m.Bytes
	}
	y, r := o/m.sy, o%m.sy
	brick := r / m.sc
	r %= m.sc
	x := r / m.sx
	z := int(brick)*isa.BrickDepth + int(r%m.sx)/m.Bytes
	if int(x) >= m.w || z >= m.c || int(y) >= m.h {
		return -1
	}
	return (int(y)*m.w+int(x))*m.c + z
}

// run returns the elements of a regular map that lie side by side with element
// e: the first one, its address and the bytes of all.
func (m *fieldMap) run(e int) (start int, first, size uint32) {
	z := e % m.c
	from, n := 0, m.c
	switch {
	case m.packed:
		return 0, m.first, uint32(m.bytes())
	case m.Brick:
		from = z &^ (isa.BrickDepth - 1)
		n = min(isa.BrickDepth, m.c-from)
	}
	return e - (z - from), m.at(e) - uint32((z-from)*m.Bytes), uint32(n * m.Bytes)
}

// written lists the bytes that an operation writes which has the map as its output: its
// elements, and in NHCWB16 the lanes behind the last channel.
func (m *fieldMap) written() []Range {
	rest := (m.Lanes(m.c) - m.c) * m.Bytes
	if rest == 0 {
		return m.runs
	}
	list := slices.Clone(m.runs)
	for y := range m.h {
		for x := range m.w {
			list = clipped(list, m.addr(y, x, m.c-1)+uint32(m.Bytes), rest)
		}
	}
	return merge(list)
}

// clipped appends the part of n bytes at addr that lies in SRAM.
func clipped(list []Range, addr uint32, n int) []Range {
	lo, hi := max(uint64(addr), isa.SRAMBase), min(uint64(addr)+uint64(n), isa.SRAMBase+isa.MaxSRAM)
	if lo >= hi {
		return list
	}
	if k := len(list); k > 0 && uint64(list[k-1].Hi) == lo {
		list[k-1].Hi = uint32(hi)
		return list
	}
	return append(list, Range{uint32(lo), uint32(hi)})
}

// merge sorts ranges and joins those that touch.
func merge(list []Range) []Range {
	slices.SortFunc(list, func(a, b Range) int {
		switch {
		case a.Lo < b.Lo:
			return -1
		case a.Lo > b.Lo:
			return 1
		}
		return 0
	})
	out := list[:0]
	for _, r := range list {
		if k := len(out); k > 0 && r.Lo <= out[k-1].Hi {
			out[k-1].Hi = max(out[k-1].Hi, r.Hi)
			continue
		}
		out = append(out, r)
	}
	return slices.Clip(out)
}

// reach is one output coordinate that an input coordinate takes part in, and the
// tap of the kernel by which it does.
type reach struct{ out, tap int32 }

// axis is one dimension of a window.
type axis struct {
	start            []int32 // per stored coordinate: its first entry in list
	list             []reach
	stored           []int32 // per upscaled coordinate: the stored one, or -1 for an inserted zero
	valid            []int32 // per output coordinate: taps that are not padding
	taps             int
	stride, dil, pad int
}

// newAxis lays out one dimension: up upscaled and src stored coordinates.
func newAxis(up, src, mode, outs, taps, stride, dil, pad int) axis {
	a := axis{taps: taps, stride: stride, dil: dil, pad: pad, stored: make([]int32, up), valid: make([]int32, outs), start: make([]int32, src+1)}
	for i := range a.stored {
		switch {
		case mode == 0:
			a.stored[i] = int32(i)
		case mode == 1 || i&1 == 0:
			a.stored[i] = int32(i >> 1)
		default:
			a.stored[i] = -1
		}
	}
	each := func(f func(s, out, tap int32)) {
		for out := range outs {
			for tap := range taps {
				if s := a.tap(out, tap); s >= 0 {
					f(s, int32(out), int32(tap))
				}
			}
		}
	}
	for out := range outs {
		for tap := range taps {
			if a.tap(out, tap) >= inserted {
				a.valid[out]++
			}
		}
	}
	each(func(s, _, _ int32) { a.start[s+1]++ })
	for i := range src {
		a.start[i+1] += a.start[i]
	}
	a.list = make([]reach, a.start[src])
	next := slices.Clone(a.start)
	each(func(s, out, tap int32) {
		a.list[next[s]] = reach{out, tap}
		next[s]++
	})
	return a
}

// What a tap finds where there is no stored coordinate.
const (
	inserted = -1
	padding  = -2
)

// tap returns the stored coordinate of a tap, inserted or padding.
func (a *axis) tap(out, tap int) int32 {
	u := out*a.stride - a.pad + tap*a.dil
	if uint(u) >= uint(len(a.stored)) {
		return padding
	}
	return a.stored[u]
}

// reaches lists the outputs of a stored coordinate.
func (a *axis) reaches(s int) []reach { return a.list[a.start[s]:a.start[s+1]] }
