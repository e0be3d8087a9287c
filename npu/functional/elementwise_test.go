package functional

import (
	"fmt"
	"math"
	"testing"

	"upset/npu/arith"
	"upset/npu/isa"
)

// binaryCase is one elementwise operation on a 1×1×n map.
type binaryCase struct {
	name       string
	mode       uint32
	bytes, out int
	a, b, want []int
	zpA, zpB   int
	zpOut      int
	addMode    uint32
	broadcast  uint32
	scalar     int
	scale      uint32
	shift      uint
	opa        uint32
	opaShift   uint
	opb        uint32
	round      uint32
}

func (c *binaryCase) run(t *testing.T) {
	r := newRig(isa.U55x128)
	in := shape{1, 1, len(c.a), c.bytes, 0, false, c.zpA}
	in2 := shape{1, 1, len(c.b), c.bytes, 4096, false, c.zpB}
	out := shape{1, 1, len(c.a), c.out, 8192, false, c.zpOut}
	r.put(in, c.a)
	r.put(in2, c.b)
	r.ifm(in, c.addMode)
	r.ifm2(in2, c.broadcast)
	r.SetSigned(isa.IFM2Scalar, c.scalar)
	r.ofm(out, true, c.round)
	r.SetScale(isa.OFMScale, c.scale, c.shift)
	r.SetScale(isa.OPAScale, c.opa, c.opaShift)
	r.Set(isa.OPBScale, c.opb)
	r.Op(isa.OpElementwise, c.mode)
	r.run(t)
	equal(t, c.name, r.take(out), c.want)
}

func TestElementwise(t *testing.T) {
	const bcastC, swap, scalar = 1 << 2, 1 << 6, 1 << 7
	cases := []binaryCase{
		{name: "mul", mode: isa.ElemMul, bytes: 1, out: 1, a: []int{5, -128, 100}, b: []int{4, 127, 100}, zpA: 1, zpB: 2, zpOut: 3, scale: 1 << 30, shift: 31, want: []int{7, -128, 127}},
		{name: "mul 32 shift 31", mode: isa.ElemMul, bytes: 4, out: 4, a: []int{math.MaxInt32, math.MinInt32, 1 << 30}, b: []int{math.MaxInt32, math.MinInt32, 3}, scale: 77, shift: 31, round: 0, want: []int{math.MaxInt32 - 1, math.MaxInt32, 2}},
		{name: "add 16-bit scales", mode: isa.ElemAdd, bytes: 1, out: 1, a: []int{10, -10, 127}, b: []int{5, 5, 127}, scale: 1 << 30, shift: 45, opa: 1 << 15, opb: 1 << 15, want: []int{15, -5, 127}},
		{name: "sub swapped", mode: isa.ElemSub, bytes: 1, out: 1, a: []int{10, -10}, b: []int{5, 7}, broadcast: swap, scale: 1, opa: 1, opb: 2, want: []int{5 - 20, 7 + 20}},
		{name: "add opa 32", mode: isa.ElemAdd, bytes: 1, out: 2, a: []int{4}, b: []int{3}, addMode: 1, scale: 1, shift: 18, opa: 1 << 30, opaShift: 12, want: []int{int((4<<18 + 3<<19) >> 18)}},
		{name: "add opb 32", mode: isa.ElemAdd, bytes: 2, out: 2, a: []int{4}, b: []int{3}, addMode: 2, scale: 1, shift: 13, opa: 1 << 30, opaShift: 17, want: []int{4<<1 + 3}},
		{name: "add 32", mode: isa.ElemAdd, bytes: 4, out: 4, a: []int{5, math.MaxInt32}, b: []int{2, math.MaxInt32}, scale: 99, shift: 1, round: 2, want: []int{4, math.MaxInt32}},
		{name: "sub 32 saturates", mode: isa.ElemSub, bytes: 4, out: 4, a: []int{math.MinInt32}, b: []int{1}, want: []int{math.MinInt32}},
		{name: "min broadcast c", mode: isa.ElemMin, bytes: 1, out: 1, a: []int{1, 9, -4}, b: []int{3}, broadcast: bcastC, want: []int{1, 3, -4}},
		{name: "max scalar", mode: isa.ElemMax, bytes: 1, out: 1, a: []int{1, 9, -4}, b: []int{0}, broadcast: scalar, scalar: -3, zpB: -5, zpOut: 1, want: []int{3, 10, 3}},
		{name: "lrelu", mode: isa.ElemLRelu, bytes: 2, out: 2, a: []int{100, -100, 0}, scale: 1 << 30, shift: 32, b: []int{0}, want: []int{100, -25, 0}},
		{name: "abs", mode: isa.ElemAbs, bytes: 1, out: 1, a: []int{-128, 5}, b: []int{0}, zpA: -1, scale: 1, want: []int{127, 6}},
		{name: "clz", mode: isa.ElemCLZ, bytes: 4, out: 4, a: []int{0, 1, -1, 1 << 20}, b: []int{0}, want: []int{32, 31, 0, 11}},
		{name: "shr natural", mode: isa.ElemSHR, bytes: 4, out: 4, a: []int{5, -5, 7}, b: []int{1, 1, 2}, round: 2, want: []int{3, -2, 2}},
		{name: "shr truncate", mode: isa.ElemSHR, bytes: 4, out: 4, a: []int{5, -5, 7}, b: []int{1, 1, 2}, round: 1, want: []int{2, -2, 1}},
		{name: "shl saturates", mode: isa.ElemSHL, bytes: 4, out: 4, a: []int{3, 1 << 30, -1 << 30}, b: []int{4, 2, 2}, want: []int{48, math.MaxInt32, math.MinInt32}},
		{name: "32 bits to 8", mode: isa.ElemSHR, bytes: 4, out: 1, a: []int{1000, 40}, b: []int{2, 2}, zpOut: -128, round: 2, want: []int{122, -118}},
	}
	for i := range cases {
		t.Run(cases[i].name, cases[i].run)
	}
}

// TestBroadcast covers each broadcast dimension on a map with height, width and
// depth, in both formats, in place.
func TestBroadcast(t *testing.T) {
	for b := range uint32(8) {
		r := newRig(isa.U55x64)
		in := shape{3, 4, 20, 1, 0, b%2 == 0, 0}
		in2 := shape{3, 4, 20, 1, 4096, false, 0}
		if b&1 != 0 {
			in2.h = 1
		}
		if b&2 != 0 {
			in2.w = 1
		}
		if b&4 != 0 {
			in2.c = 1
		}
		a, v := make([]int, in.elements()), make([]int, in2.elements())
		for i := range a {
			a[i] = i%100 - 50
		}
		for i := range v {
			v[i] = i % 7
		}
		r.put(in, a)
		r.put(in2, v)
		r.ifm(in, 0)
		r.ifm2(in2, b)
		r.ofm(in, true, 0)
		r.SetScale(isa.OFMScale, 1, 0)
		r.Set(isa.OPAScale, 1)
		r.Set(isa.OPBScale, 1)
		r.Op(isa.OpElementwise, isa.ElemAdd)
		r.run(t)
		want := make([]int, len(a))
		for i := range a {
			y, x, c := i/80, i/20%4, i%20
			want[i] = a[i] + v[(y%in2.h*in2.w+x%in2.w)*in2.c+c%in2.c]
		}
		equal(t, fmt.Sprintf("broadcast %03b", b), r.take(in), want)
	}
}

// TestTables sends every index through the three kinds of table.
func TestTables(t *testing.T) {
	const forceS8 = 3 << 12
	cases := []struct {
		name       string
		bytes      int
		activation uint32
		input      []int
		want       func(v int, table []byte) int
	}{
		{"8 bit table 2", 1, 18, ramp(-128, 127), func(v int, tab []byte) int { return int(int8(tab[512+v+128])) }},
		{"32 bit table 4", 4, 20 | forceS8, ramp(-140, 140), func(v int, tab []byte) int {
			at := 1024 + 4*(min(max(v, -128), 127)+128)
			return int(int32(uint32(tab[at]) | uint32(tab[at+1])<<8 | uint32(tab[at+2])<<16 | uint32(tab[at+3])<<24))
		}},
		{"16 bit table 0", 2, 16, ramp(-300, 300), func(v int, tab []byte) int {
			at := 4 * ((v*109 + 32768) >> 7)
			base, slope := int(int16(uint16(tab[at])|uint16(tab[at+1])<<8)), int(int16(uint16(tab[at+2])|uint16(tab[at+3])<<8))
			return int(arith.Saturate(int64(base+(slope*(v*109&127)+64)>>7), 16))
		}},
	}
	for _, cfg := range isa.Configs {
		for _, c := range cases {
			r := newRig(cfg)
			for i := range isa.LUTBytes {
				r.mem.Flash[i] = byte(i*167 + i>>8*31)
			}
			in := shape{1, 1, len(c.input), min(c.bytes, 2), 0, false, 0}
			out := shape{1, 1, len(c.input), c.bytes, 8192, false, 0}
			values := append([]int(nil), c.input...)
			if c.bytes == 2 {
				for i := range values {
					values[i] *= 109
				}
			}
			r.put(in, values)
			r.Set(isa.DMA0SrcRegion, 0)
			r.Set(isa.DMA0DstRegion, 0x103)
			r.Set(isa.DMA0Dst, uint32(cfg.Spec().LUTStart()))
			r.Set(isa.DMA0Len, isa.LUTBytes)
			r.Op(isa.OpDMAStart, 0)
			r.ifm(in, 0)
			r.ofm(out, true, 0)
			r.Set(isa.Activation, c.activation)
			r.SetScale(isa.OFMScale, 1, 0)
			r.Op(isa.OpPool, isa.PoolAverage)
			r.run(t)
			want := make([]int, len(c.input))
			for i, v := range c.input {
				want[i] = c.want(v, r.mem.Flash)
			}
			equal(t, cfg.String()+" "+c.name, r.take(out), want)
		}
	}
}

func ramp(lo, hi int) []int {
	var v []int
	for i := lo; i <= hi; i++ {
		v = append(v, i)
	}
	return v
}

// TestSmallConfigurationsLoseTheTable checks that an operation without a table
// destroys it where its banks are shared.
func TestSmallConfigurationsLoseTheTable(t *testing.T) {
	for _, cfg := range isa.Configs {
		r := newRig(cfg)
		in := shape{1, 1, 4, 1, 0, false, 0}
		r.ifm(in, 0)
		r.ofm(in, true, 0)
		r.Op(isa.OpPool, isa.PoolMax)
		r.Op(isa.OpStop, 0)
		m := r.machine()
		table := make([]byte, isa.LUTBytes)
		for i := range table {
			table[i] = byte(i)
		}
		m.SetLUT(table)
		if err := m.Run(r.Words); err != nil {
			t.Fatal(err)
		}
		lost := m.LUT()[1] == LostTable && m.LUT()[2047] == LostTable
		if want := cfg == isa.U55x32 || cfg == isa.U55x64; lost != want {
			t.Errorf("%s: table lost is %v, want %v", cfg, lost, want)
		}
	}
}
