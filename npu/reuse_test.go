package npu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Stages of the array's pipeline, as in package npu.
const (
	fetch = iota
	operand
	product
	sum
	accumulator
)

// place is where a token of the array works: a block of the output, and in it a
// micro-block.
type place struct {
	oy, ox, oz int // origin of the block
	y, x, c    int // micro-block within the block
}

// tracker follows the tokens through the pipeline of the array by watching the
// state, independently of the machine's own bookkeeping.
type tracker struct {
	m     *npu.Machine
	queue []place
	gone  place // the last token that left
}

func (k *tracker) step() {
	m := k.m
	t, s, in := &m.S.Trav.MAC, &m.S.MAC, &m.S.Trav.MACInner
	p := place{int(t.OY), int(t.OX), int(t.OZ), int(s.UY), int(s.UX), int(in.OU)}
	n := m.Events[npu.EvMACActive]
	m.Step()
	if m.Events[npu.EvMACActive] > n {
		k.queue = append(k.queue, p)
	}
	valid := 0
	for _, v := range s.Valid {
		valid += int(v)
	}
	for len(k.queue) > valid {
		k.gone, k.queue = k.queue[0], k.queue[1:]
	}
}

// at returns the place of the token in a stage.
func (k *tracker) at(stage int) (place, bool) {
	v := &k.m.S.MAC.Valid
	if v[stage] == 0 {
		return place{}, false
	}
	older := 0
	for _, x := range v[stage+1:] {
		older += int(x)
	}
	return k.queue[older], true
}

// elements is a set of output elements, by their place in the output tensor.
type elements map[int]bool

// shape knows the output and the micro-block of a configuration.
type shape struct {
	d      isa.Decoded
	s      *isa.Spec
	pixels int
}

// add puts element (y, x, c) of the block at p into the set, where it exists.
func (h *shape) add(e elements, p place, y, x, c int) {
	if y >= h.d.BlkH || x >= h.d.BlkW || c < 0 || c >= h.d.BlkD {
		return
	}
	y, x, c = y+p.oy, x+p.ox, c+p.oz
	if y < h.d.OFMH && x < h.d.OFMW && c < h.d.OFMD {
		e[(y*h.d.OFMW+x)*h.d.OFMD+c] = true
	}
}

// pixel is the offset of pixel px within a micro-block.
func (h *shape) pixel(px int) (y, x int) {
	if h.s.UBlockH > 1 {
		return px >> 1, px & 1
	}
	return 0, px
}

// micro adds one pixel or all (-1) and one channel or all (-1) of a micro-block.
func (h *shape) micro(e elements, p place, px, ch int) {
	for i := range h.pixels {
		for o := range h.s.UBlockD {
			if (px < 0 || px == i) && (ch < 0 || ch == o) {
				dy, dx := h.pixel(i)
				h.add(e, p, p.y+dy, p.x+dx, p.c+o)
			}
		}
	}
}

// reuseClass is a class of registers: aim picks an element of it that is in use
// and returns what a flip of one of its high bits may reach according to the
// dataflow on paper.
type reuseClass struct {
	name string
	aim  func(k *tracker, h *shape, r *rand.Rand) (flip func(m *npu.Machine), want elements)
}

var reuseClasses = []reuseClass{
	{"input operand: one position, all channels of the micro-block", func(k *tracker, h *shape, r *rand.Rand) (func(*npu.Machine), elements) {
		p, ok := k.at(operand)
		if !ok {
			return nil, nil
		}
		px, i, e := r.IntN(h.pixels), r.IntN(8), elements{}
		h.micro(e, p, px, -1)
		return func(m *npu.Machine) { m.S.MAC.IFM[px*8+i] ^= 1 << 7 }, e
	}},
	{"weight operand: one channel, all positions of the micro-block", func(k *tracker, h *shape, r *rand.Rand) (func(*npu.Machine), elements) {
		p, ok := k.at(operand)
		if !ok {
			return nil, nil
		}
		o, i, e := r.IntN(h.s.UBlockD), r.IntN(8), elements{}
		h.micro(e, p, -1, o)
		return func(m *npu.Machine) { m.S.MAC.Weight[o*8+i] ^= 1 << 7 }, e
	}},
	{"fetched bytes: one position, all channels of the micro-block", func(k *tracker, h *shape, r *rand.Rand) (func(*npu.Machine), elements) {
		p, ok := k.at(fetch)
		if !ok {
			return nil, nil
		}
		px, i, e := r.IntN(h.pixels), r.IntN(8), elements{}
		h.micro(e, p, px, -1)
		return func(m *npu.Machine) { m.S.MAC.Raw[px] ^= 0x80 << (8 * i) }, e
	}},
	{"weight block: one channel, all positions of the block from here on", func(k *tracker, h *shape, r *rand.Rand) (func(*npu.Machine), elements) {
		s, t, in := &k.m.S.MAC, &k.m.S.Trav.MAC, &k.m.S.Trav.MACInner
		sel := int(s.WB & 1)
		if s.Run == 0 || s.Valid[fetch] != 0 || s.Step != 0 || k.m.S.WD.Full[sel] == 0 || h.d.Depthwise {
			return nil, nil
		}
		i := r.IntN(h.d.IFM.Bytes * 32 * h.s.UBlockD)
		p, e := place{int(t.OY), int(t.OX), int(t.OZ), 0, 0, int(in.OU)}, elements{}
		for y := range h.d.BlkH {
			for x := range h.d.BlkW {
				ahead := y/h.s.UBlockH*h.s.UBlockH > int(s.UY) || y/h.s.UBlockH*h.s.UBlockH == int(s.UY) && x >= int(s.UX)
				if ahead {
					h.add(e, p, y, x, p.c+i/8%h.s.UBlockD)
				}
			}
		}
		return func(m *npu.Machine) { m.S.WD.Buf[sel][i] ^= 1 << 7 }, e
	}},
	{"product: one element", one(product, func(m *npu.Machine, dot int, r *rand.Rand) {
		m.S.MAC.Prod[dot*8+r.IntN(8)] ^= 1 << 17
	})},
	{"sum: one element", one(sum, func(m *npu.Machine, dot int, _ *rand.Rand) { m.S.MAC.Sum[dot] ^= 1 << 18 })},
	{"accumulator: one element", one(accumulator, func(m *npu.Machine, dot int, _ *rand.Rand) { m.S.MAC.Acc[dot] ^= 1 << 18 })},
	{"sums to be written: one element", func(k *tracker, h *shape, r *rand.Rand) (func(*npu.Machine), elements) {
		if k.m.S.MAC.WrOn == 0 {
			return nil, nil
		}
		dot, e := r.IntN(h.pixels*h.s.UBlockD), elements{}
		h.micro(e, k.gone, dot/h.s.UBlockD, dot%h.s.UBlockD)
		return func(m *npu.Machine) { m.S.MAC.AccOut[dot] ^= 1 << 18 }, e
	}},
	{"scale record: one channel of the block, the positions from here on", func(k *tracker, h *shape, r *rand.Rand) (func(*npu.Machine), elements) {
		a, t := &k.m.S.AO, &k.m.S.Trav.AO
		last := int(a.X) >= min(h.d.BlkW, h.d.OFMW-int(t.OX))-1 && int(a.Y) >= min(h.d.BlkH, h.d.OFMH-int(t.OY))-1
		if t.On == 0 || a.Tail != 0 || last || a.Valid[0] != 0 || a.Pass != 0 || a.C != 0 {
			return nil, nil
		}
		slot := r.IntN(16)
		if a.Ready[slot] == 0 {
			return nil, nil
		}
		p, e := place{oy: int(t.OY), ox: int(t.OX), oz: int(t.OZ)}, elements{}
		for y := range h.d.BlkH {
			for x := range h.d.BlkW {
				if y > int(a.Y) || y == int(a.Y) && x >= int(a.X) {
					h.add(e, p, y, x, 16*int(a.B)-(p.oz&15)+slot)
				}
			}
		}
		return func(m *npu.Machine) { m.S.AO.Bias[slot] ^= 1 << 18 }, e
	}},
}

// one builds the aim of a class in which a register belongs to one output element.
func one(stage int, flip func(m *npu.Machine, dot int, r *rand.Rand)) func(*tracker, *shape, *rand.Rand) (func(*npu.Machine), elements) {
	return func(k *tracker, h *shape, r *rand.Rand) (func(*npu.Machine), elements) {
		p, ok := k.at(stage)
		if !ok {
			return nil, nil
		}
		dot, e := r.IntN(h.pixels*h.s.UBlockD), elements{}
		h.micro(e, p, dot/h.s.UBlockD, dot%h.s.UBlockD)
		return func(m *npu.Machine) { flip(m, dot, r) }, e
	}
}

// TestReuse measures which outputs one flip reaches, on random convolutions, and
// compares with the set that the dataflow gives on paper: never an element
// outside, never another cycle count, and often the whole set. Padding hides the
// rest: a lane without a channel, a tap outside the map, a depthwise lane that all
// channels but one multiply by zero.
func TestReuse(t *testing.T) {
	layers := 24
	if full() {
		layers = 60
	}
	for _, c := range isa.Configs {
		r := rand.New(rand.NewPCG(uint64(c), 8))
		stats := make([]reuseCount, len(reuseClasses))
		for range layers {
			p, input := randomLayer(r).build(t, c, r)
			for len(p.Operations) > 2 { // split by output depth: another one
				p, input = randomLayer(r).build(t, c, r)
			}
			reuseOnLayer(t, p, input, r, stats)
		}
		for i, x := range reuseClasses {
			n := stats[i]
			t.Logf("%s %-70s %d trials, %d reached the whole set, %d nothing; largest set %d", c, x.name, n.trials, n.whole, n.none, n.largest)
			if n.trials < layers || n.whole*8 < n.trials {
				t.Errorf("%s %s: %d trials, in %d of them the flip reached the whole set", c, x.name, n.trials, n.whole)
			}
		}
	}
}

type reuseCount struct{ trials, whole, none, largest int }

func reuseOnLayer(t *testing.T, p *network.Program, input []byte, r *rand.Rand, stats []reuseCount) {
	const trials = 3
	clean := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
	var h *shape
	clean.Probe.Note = func(n npu.Note) {
		if n.Kind == npu.NoteIssue && h == nil {
			cc := &clean.S.CC
			d := isa.Decode(&cc.Bank[n.Bank], isa.Opcode(cc.OpCode[n.Bank]), uint32(cc.OpParam[n.Bank]))
			h = &shape{d, p.Config.Spec(), p.Config.Spec().UBlockH * p.Config.Spec().UBlockW}
		}
	}
	if st := clean.Run(10_000_000); st != npu.Done {
		t.Fatal(st)
	}
	want := p.ReadOutputs(clean.Mem)
	for i := range reuseClasses {
		x := &reuseClasses[i]
		at := make([]uint64, trials)
		for j := range at {
			at[j] = r.Uint64N(clean.Cycle())
		}
		slices.Sort(at)
		k := &tracker{m: load(t, p, input, npu.DefaultSystem(), npu.ECCNone)}
		for len(at) > 0 && k.m.S.CC.Run != 0 {
			if k.m.Cycle() < at[0] {
				k.step()
				continue
			}
			flip, set := x.aim(k, h, r)
			if flip == nil || len(set) == 0 {
				k.step()
				continue
			}
			at = at[1:]
			f := transplant(k.m)
			flip(f)
			f.Run(2 * clean.Cycle())
			if f.Status() != npu.Done || f.Cycle() != clean.Cycle() {
				t.Errorf("%s %s: %v in cycle %d, without the flip cycle %d", p.Config, x.name, f.Status(), f.Cycle(), clean.Cycle())
			}
			stats[i].compare(t, fmt.Sprintf("%s %s, flip in cycle %d", p.Config, x.name, k.m.Cycle()), p.ReadOutputs(f.Mem), want, set)
			k.step()
		}
	}
}

// compare checks the elements that differ against the set.
func (n *reuseCount) compare(t *testing.T, what string, got, want []byte, set elements) {
	reached := 0
	for i := range want {
		if got[i] == want[i] {
			continue
		}
		reached++
		if !set[i] {
			t.Errorf("%s: output element %d changes, it is not among the %d that the register serves", what, i, len(set))
			return
		}
	}
	n.trials++
	n.largest = max(n.largest, len(set))
	switch reached {
	case len(set):
		n.whole++
	case 0:
		n.none++
	}
}
