package cone

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/npu/isa"
)

// The set of differing bytes is that of a map from addresses to values, whatever is done to
// it, at every border of its words.
func TestDifferenceIsAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		n := 1 + rng.IntN(300)
		var d difference
		d.reset(n)
		model := map[uint32]byte{}
		span := func() Range {
			a, b := rng.Uint32N(uint32(n+40)), rng.Uint32N(uint32(n+40))
			return Range{isa.SRAMBase + min(a, b), isa.SRAMBase + max(a, b)}
		}
		in := func(r Range) (list []uint32) {
			for a := range model {
				if r.Contains(a) {
					list = append(list, a)
				}
			}
			slices.Sort(list)
			return list
		}
		for range 200 {
			switch rng.IntN(6) {
			case 0, 1:
				a, v := isa.SRAMBase+rng.Uint32N(uint32(n)), byte(rng.Uint32())
				d.set(a, v)
				model[a] = v
			case 2:
				if rng.IntN(8) == 0 {
					list := merge([]Range{span(), span(), span()})
					d.drop(list)
					for _, r := range list {
						for _, a := range in(r) {
							delete(model, a)
						}
					}
				}
			case 3:
				r := span()
				if got, want := d.any(r), len(in(r)) > 0; got != want {
					t.Fatalf("any of %v is %t, want %t", r, got, want)
				}
			case 4:
				r := span()
				var got []uint32
				d.each(r, func(a uint32) { got = append(got, a) })
				if !slices.Equal(got, in(r)) {
					t.Fatalf("each of %v gives %x, want %x", r, got, in(r))
				}
			default:
				a := isa.SRAMBase + rng.Uint32N(uint32(n+40))
				v, want := model[a]
				if d.has(a) != want || want && d.values[a-isa.SRAMBase] != v {
					t.Fatalf("the byte at %#x: %t, want %t", a, !want, want)
				}
			}
			if d.live != len(model) {
				t.Fatalf("%d bytes are live, want %d", d.live, len(model))
			}
		}
		d.reset(n)
		if d.any(Range{isa.SRAMBase, isa.SRAMBase + uint32(n)}) || d.live != 0 {
			t.Fatal("a set that was emptied holds something")
		}
	}
}

// Ranges that are merged and clipped cover what they covered, in order and apart from each
// other.
func TestRangesCoverTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	for range 500 {
		var list []Range
		var want [200]bool
		for range rng.IntN(9) {
			lo, n := uint32(rng.IntN(180)), rng.IntN(20)
			list = clipped(list, isa.SRAMBase+lo, n)
			for i := range n {
				want[int(lo)+i] = true
			}
		}
		list = merge(list)
		var got [200]bool
		for i, r := range list {
			if r.Lo >= r.Hi || i > 0 && r.Lo <= list[i-1].Hi {
				t.Fatalf("ranges %v", list)
			}
			for a := r.Lo; a < r.Hi; a++ {
				got[a-isa.SRAMBase] = true
			}
		}
		if got != want {
			t.Fatalf("ranges %v cover something else", list)
		}
		if b := bound(list); len(list) > 0 && (b.Lo != list[0].Lo || b.Hi != list[len(list)-1].Hi) {
			t.Fatalf("%v bounds %v", b, list)
		}
	}
	for _, c := range []struct {
		addr uint32
		n    int
		want []Range
	}{
		{isa.SRAMBase - 4, 4, nil},
		{isa.SRAMBase - 4, 8, []Range{{isa.SRAMBase, isa.SRAMBase + 4}}},
		{isa.SRAMBase, 0, nil},
		{isa.SRAMBase + isa.MaxSRAM - 1, 9, []Range{{isa.SRAMBase + isa.MaxSRAM - 1, isa.SRAMBase + isa.MaxSRAM}}},
		{isa.SRAMBase + isa.MaxSRAM, 9, nil},
		{1<<32 - 2, 9, nil}, // does not wrap around
		{isa.FlashBase, 64, nil},
	} {
		if got := clipped(nil, c.addr, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%d bytes at %#x: %x, want %x", c.n, c.addr, got, c.want)
		}
	}
}

// The set of outputs empties in no time, also when its stamps run out.
func TestTouchedIsASet(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	var s touched
	for round := range 200 {
		if round == 100 {
			s.now = 1<<32 - 3
		}
		n := 1 + rng.IntN(50)
		s.reset(n)
		var model []int32
		for range rng.IntN(80) {
			i := rng.IntN(n)
			isNew := !slices.Contains(model, int32(i))
			if s.insert(i) != isNew {
				t.Fatalf("round %d: output %d is new: %t", round, i, !isNew)
			}
			if isNew {
				model = append(model, int32(i))
			}
			if s.head[i] >= 0 && isNew {
				t.Fatalf("round %d: a new output has nodes", round)
			}
			s.head[i] = 7
		}
		if !slices.Equal(s.list, model) {
			t.Fatalf("round %d: %v, want %v", round, s.list, model)
		}
	}
}

// What a tap of a window finds, by the definition: the upscaled coordinate is out × stride −
// pad + tap × dilation, one outside is padding, and what lies there follows from the mode.
func TestAxisByDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	for range 400 {
		mode, src := rng.IntN(3), 1+rng.IntN(9)
		up := src
		if mode > 0 {
			up = max(1, 2*src-rng.IntN(2))
		}
		outs, taps, stride, dil, pad := 1+rng.IntN(7), 1+rng.IntN(5), 1+rng.IntN(3), 1+rng.IntN(2), rng.IntN(5)
		a := newAxis(up, src, mode, outs, taps, stride, dil, pad)
		met := map[int][]reach{}
		for out := range outs {
			valid := int32(0)
			for tap := range taps {
				u := out*stride - pad + tap*dil
				want := u
				switch {
				case u < 0 || u >= up:
					want = padding
				case mode == 1:
					want = u / 2
				case mode == 2 && u%2 != 0:
					want = inserted
				case mode == 2:
					want = u / 2
				}
				if got := int(a.tap(out, tap)); got != want {
					t.Fatalf("mode %d, output %d, tap %d: %d, want %d", mode, out, tap, got, want)
				}
				if want >= 0 {
					met[want] = append(met[want], reach{int32(out), int32(tap)})
				}
				if want != padding {
					valid++
				}
			}
			if a.valid[out] != valid {
				t.Fatalf("output %d has %d taps that are not padding, want %d", out, a.valid[out], valid)
			}
		}
		for s := range src {
			got := slices.Clone(a.reaches(s))
			slices.SortFunc(got, func(x, y reach) int {
				return cmp.Or(cmp.Compare(x.out, y.out), cmp.Compare(x.tap, y.tap))
			})
			if !slices.Equal(got, met[s]) {
				t.Fatalf("coordinate %d reaches %v, want %v", s, got, met[s])
			}
		}
	}
}

// sramBytes holds any map that layout draws.
const sramBytes = 1 << 15

// noOwners says of each byte that it belongs to no element.
func noOwners() []int {
	return slices.Repeat([]int{-1}, sramBytes)
}

// layout draws a feature map: dense, with gaps, in bricks, in tiles, or of elements that
// overlap.
func layout(rng *rand.Rand) fieldMap {
	h, w, c := 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(40)
	size := []int{1, 2, 4}[rng.IntN(3)]
	f := isa.FeatureMap{Bytes: size, Signed: rng.IntN(2) == 0, Brick: rng.IntN(2) == 0, Width0: w, Height0: h, Height1: h, ZeroPoint: int32(rng.IntN(40) - 20)}
	f.StrideX = uint32(c*size + rng.IntN(3)*size)
	if rng.IntN(8) == 0 {
		f.StrideX = uint32(size * (1 + rng.IntN(c)))
	}
	f.StrideY = f.StrideX*uint32(w) + uint32(rng.IntN(2)*size*8)
	f.StrideC = uint32(16 * size * w)
	if f.Brick {
		f.StrideY = f.StrideC * uint32((c+15)/16)
		if rng.IntN(3) == 0 { // bricks outside rows
			f.StrideY, f.StrideC = uint32(16*size*w), uint32(16*size*w*h)
		}
	}
	for i := range f.Base {
		f.Base[i] = uint32(rng.IntN(4) * 1024 * i)
	}
	if rng.IntN(3) == 0 {
		f.Width0, f.Height0, f.Height1 = 1+rng.IntN(w), 1+rng.IntN(h), 1+rng.IntN(h)
	}
	return newFieldMap(f, [8]uint32{isa.SRAMBase}, h, w, c)
}

// A feature map covers the bytes of its elements and no others, is read and written where
// these stand, and finds its elements from their addresses.
func TestFieldMapsByElement(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 2))
	regular, others, overlap := 0, 0, 0
	for range 250 {
		m := layout(rng)
		mem := &isa.Memory{SRAM: make([]byte, sramBytes)}
		for i := range mem.SRAM {
			mem.SRAM[i] = byte(rng.Uint32())
		}
		owner, owned, shared := noOwners(), 0, false
		want := make([]byte, 0, m.bytes())
		for e := range m.elements() {
			p := e / m.c
			a := m.addr(p/m.w, p%m.w, e%m.c)
			if m.at(e) != a {
				t.Fatalf("element %d stands at %#x, want %#x", e, m.at(e), a)
			}
			for i := range uint32(m.Bytes) {
				at := a + i - isa.SRAMBase
				if owner[at] < 0 {
					owned++
				}
				shared = shared || owner[at] >= 0
				owner[at] = e
				want = append(want, mem.SRAM[a+i-isa.SRAMBase])
			}
		}
		covered := 0
		for _, r := range m.runs {
			for a := r.Lo; a < r.Hi; a++ {
				if owner[a-isa.SRAMBase] < 0 {
					t.Fatalf("byte %#x belongs to no element", a)
				}
				covered++
			}
		}
		if covered != owned || m.overlaps != shared || m.outside != 0 {
			t.Fatalf("%d bytes covered, want %d; overlaps %t, want %t; %d outside", covered, owned, m.overlaps, shared, m.outside)
		}
		got := make([]byte, m.bytes())
		if !m.gather(got, mem) || !bytes.Equal(got, want) {
			t.Fatal("other bytes are gathered")
		}
		if shared {
			overlap++
			if m.regular {
				t.Fatal("elements overlap in a map whose addresses are said to be unique")
			}
			continue
		}
		others++
		if m.regular {
			regular++
			whole := bound(m.runs)
			for a := whole.Lo; a < whole.Hi; a++ {
				if got, want := m.element(a), owner[a-isa.SRAMBase]; got != want {
					t.Fatalf("byte %#x is of element %d, want %d, -1 for a gap", a, got, want)
				}
			}
		}
		checkScatter(t, rng, &m, mem, owner)
		checkCollect(t, rng, &m, want, owner)
	}
	if regular < 30 || others-regular < 10 || overlap < 10 {
		t.Errorf("%d regular maps, %d others, %d with overlaps: too little is shown", regular, others-regular, overlap)
	}
}

// checkScatter writes a map: gather gives it back, and only bytes that are said to be written
// change, lanes of a brick behind the last channel to zeros.
func checkScatter(t *testing.T, rng *rand.Rand, m *fieldMap, mem *isa.Memory, owner []int) {
	t.Helper()
	src, before, again := make([]byte, m.bytes()), bytes.Clone(mem.SRAM), make([]byte, m.bytes())
	for i := range src {
		src[i] = byte(rng.Uint32())
	}
	m.scatter(src, mem)
	listed := make([]bool, len(mem.SRAM))
	for _, r := range m.written() {
		for a := r.Lo; a < r.Hi; a++ {
			listed[a-isa.SRAMBase] = true
		}
	}
	lanes := false
	for i := range mem.SRAM {
		element := owner[i] >= 0
		switch {
		case !listed[i] && (element || mem.SRAM[i] != before[i]):
			t.Fatalf("byte %#x is written, and not listed", i)
		case listed[i] && !element:
			lanes = true
			if mem.SRAM[i] != 0 {
				t.Fatalf("lane %#x behind the last channel holds %d", i, mem.SRAM[i])
			}
		}
	}
	if lanes && !(m.Brick && m.c%isa.BrickDepth != 0) {
		t.Fatalf("lanes behind %d channels", m.c)
	}
	if m.gather(again, mem) && !lanes && !bytes.Equal(again, src) {
		t.Fatal("what was written is not read again")
	}
}

// checkCollect marks bytes and compares the elements that are found with those that differ.
func checkCollect(t *testing.T, rng *rand.Rand, m *fieldMap, recorded []byte, owner []int) {
	t.Helper()
	var d difference
	d.reset(1 << 17)
	now := bytes.Clone(recorded)
	whole := bound(m.runs)
	marks := rng.IntN(40)
	if rng.IntN(4) == 0 {
		marks = m.bytes() // many in a row
	}
	for range marks {
		a := whole.Lo + rng.Uint32N(whole.Hi-whole.Lo+8) - 4
		if a < isa.SRAMBase {
			continue
		}
		v := byte(rng.Uint32())
		e := owner[a-isa.SRAMBase]
		ok := e >= 0
		if ok && rng.IntN(4) == 0 {
			v = recorded[e*m.Bytes+int(a-m.at(e))] // marked, and the same
		}
		d.set(a, v)
		if ok {
			now[e*m.Bytes+int(a-m.at(e))] = v
		}
	}
	var c changes
	d.collect(&c, m, recorded)
	found := map[int32]uint32{}
	for k, e := range c.at {
		if _, twice := found[e]; twice {
			t.Fatalf("element %d is found twice", e)
		}
		found[e] = c.now[k]
		if c.old[k] != take(recorded, int(e), m.Bytes) {
			t.Fatalf("element %d was %#x, want %#x", e, c.old[k], take(recorded, int(e), m.Bytes))
		}
	}
	for e := range m.elements() {
		want := take(now, e, m.Bytes)
		got, ok := found[int32(e)]
		if ok != (want != take(recorded, e, m.Bytes)) || ok && got != want {
			t.Fatalf("element %d is %#x, found %t, want %#x", e, got, ok, want)
		}
	}
	if m.Bytes == 1 && m.regular && m.outside == 0 {
		var one, all runs
		d.collectRuns(&one, m, recorded)
		checkRuns(t, &one, m, recorded, now)
		all.of(&c, m)
		checkRuns(t, &all, m, recorded, now)
	}
}

// checkRuns holds runs against all elements of a map.
func checkRuns(t *testing.T, s *runs, m *fieldMap, recorded, now []byte) {
	t.Helper()
	value := func(b byte) int16 {
		if m.Signed {
			return int16(int8(b))
		}
		return int16(b)
	}
	got := make([]int16, m.elements())
	for i := range s.list {
		r := &s.list[i]
		at, x := s.pairs(r)
		n := 0
		for k, p := range at {
			if k > 0 && p <= at[k-1] {
				t.Fatalf("pairs %v are not in order", at)
			}
			for j, v := range x[2*k : 2*k+2] {
				c := int(r.first) + 2*int(p) + j
				if v == 0 {
					continue
				}
				if c >= m.c || got[int(r.pixel)*m.c+c] != 0 {
					t.Fatalf("pixel %d: channel %d of %d is there twice, or behind the last", r.pixel, c, m.c)
				}
				got[int(r.pixel)*m.c+c] = v
				n++
			}
		}
		if n != int(r.n) || n == 0 {
			t.Fatalf("a run of %d differences says %d", n, r.n)
		}
	}
	for e := range got {
		if want := value(now[e]) - value(recorded[e]); got[e] != want {
			t.Fatalf("element %d is larger by %d, want %d", e, got[e], want)
		}
	}
}

// A whole map in runs has the value of every element less the zero point, and zeros where the
// depth is odd.
func TestWholeMapsInRuns(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 2))
	var s runs
	for range 300 {
		m := fieldMap{h: 1 + rng.IntN(5), w: 1 + rng.IntN(5), c: 1 + rng.IntN(40)}
		m.Bytes, m.Signed, m.ZeroPoint = 1, rng.IntN(2) == 0, int32(rng.IntN(256))
		in := make([]byte, m.elements())
		for i := range in {
			in[i] = byte(rng.Uint32())
		}
		s.all(in, &m)
		if len(s.list) != m.h*m.w {
			t.Fatalf("%d runs of %d pixels", len(s.list), m.h*m.w)
		}
		for pixel := range s.list {
			at, x := s.pairs(&s.list[pixel])
			if len(at) != (m.c+1)/2 || m.c%2 == 1 && x[len(x)-1] != 0 {
				t.Fatalf("%d channels: %d pairs, values %v", m.c, len(at), x)
			}
			for c := range m.c {
				if want := m.value(uint32(in[pixel*m.c+c]), m.zeroPoint()); int32(x[c]) != want {
					t.Fatalf("pixel %d, channel %d: %d, want %d", pixel, c, x[c], want)
				}
			}
		}
	}
}
