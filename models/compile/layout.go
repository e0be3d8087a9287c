package compile

import (
	"fmt"
	"sort"
)

// layout picks the memory format of every buffer: NHCWB16 where all kernels see
// the whole map and few channels are lost to padding, else NHWC.
func (g *graph) layout() {
	seen := map[*buffer]bool{}
	each := func(v *view) {
		b := v.buf
		if !seen[b] {
			seen[b] = true
			b.brick = b.data == nil && bricksPay(b)
		}
		if b.plain || !v.dense() {
			b.brick = false
		}
	}
	for _, k := range g.kernels {
		for _, v := range k.inputs() {
			each(v)
		}
		each(&k.ofm)
	}
	for b := range seen {
		b.size = b.h * b.w * b.d * b.elem
		if b.brick {
			b.size = b.h * b.w * roundUp(b.d, 16) * b.elem
		}
	}
	for i, b := range g.buffers { // graph inputs that no kernel reads
		if !seen[b] {
			b.size = g.tensor(i).Bytes()
		}
	}
}

// bricksPay reports whether NHCWB16 suits a map: it has more than one pixel, and
// at most a fifth of the storage is padding (our choice).
func bricksPay(b *buffer) bool {
	return b.h*b.w > 1 && b.d >= 16 && 4*roundUp(b.d, 16) <= 5*b.d
}

// placeFlash lays out region 0: constants, tables, then weights in stream order.
func (g *graph) placeFlash() []byte {
	var flash []byte
	place := func(data []byte) int {
		at := len(flash)
		flash = append(flash, data...)
		for len(flash)%alignment != 0 {
			flash = append(flash, 0)
		}
		return at
	}
	for _, t := range g.tables {
		t.buf.offset = place(t.data)
	}
	for _, b := range g.consts {
		b.offset = place(b.data)
	}
	for _, k := range g.kernels {
		if k.filter == nil {
			continue
		}
		if !k.code.placed {
			k.code.offset, k.code.placed = place(k.code.data), true
		}
		if k.buffered {
			k.wbuf = &buffer{name: k.name + " weights", size: len(k.code.data), copies: true, plain: true}
		}
	}
	return flash
}

// placeArena gives every buffer of region 1 an offset from start on and returns
// the size of the region. If the limit is exceeded, the largest weight copies
// stay in flash.
func (g *graph) placeArena(start, limit int) (int, error) {
	for {
		list := g.lifetimes()
		size := start + pack(list)
		for _, b := range list {
			b.offset += start
		}
		if size <= limit {
			return size, nil
		}
		var worst *kernel
		for _, k := range g.kernels {
			if k.wbuf != nil && (worst == nil || k.wbuf.size > worst.wbuf.size) {
				worst = k
			}
		}
		if worst == nil {
			return 0, fmt.Errorf("feature maps need %d bytes of SRAM, more than the %d there are; use a smaller network or a larger ArenaLimit", size, limit)
		}
		worst.wbuf = nil
	}
}

// lifetimes returns the buffers of the arena with the first and last kernel that
// needs each. The DMA of a kernel's weights runs during the previous kernel.
func (g *graph) lifetimes() []*buffer {
	var list []*buffer
	seen := map[*buffer]bool{}
	use := func(b *buffer, at int) {
		if b.data != nil || b.pinned {
			return
		}
		if !seen[b] {
			seen[b] = true
			b.first, b.last = at, at
			list = append(list, b)
		}
		b.first, b.last = min(b.first, at), max(b.last, at)
	}
	for _, i := range g.sub.Inputs {
		if b := g.buffers[i]; b != nil {
			use(b, -1)
		}
	}
	for n, k := range g.kernels {
		for _, v := range k.inputs() {
			use(v.buf, n)
		}
		use(k.ofm.buf, n)
		if k.wbuf != nil {
			use(k.wbuf, n-1)
			use(k.wbuf, n)
		}
	}
	for _, i := range g.sub.Outputs {
		use(g.buffers[i], len(g.kernels))
	}
	for _, i := range g.states() {
		use(g.buffers[i], -1)
		use(g.buffers[i], len(g.kernels))
	}
	return list
}

// pack assigns offsets greedily, largest buffer first, and returns the size.
func pack(list []*buffer) int {
	order := append([]*buffer(nil), list...)
	sort.SliceStable(order, func(i, j int) bool { return order[i].size > order[j].size })
	var placed []*buffer // by offset
	total := 0
	for _, b := range order {
		at := 0
		for _, p := range placed {
			if p.last < b.first || b.last < p.first {
				continue
			}
			if at+b.size <= p.offset {
				break
			}
			at = max(at, roundUp(p.offset+p.size, alignment))
		}
		b.offset = at
		i := sort.Search(len(placed), func(i int) bool { return placed[i].offset > at })
		placed = append(placed, nil)
		copy(placed[i+1:], placed[i:])
		placed[i] = b
		total = max(total, at+b.size)
	}
	return roundUp(total, alignment)
}
