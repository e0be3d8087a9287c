package compile

import (
	"encoding/binary"
	"fmt"

	"upset/npu/arith"
	"upset/npu/isa"
)

// highMulShift of a 32-bit MUL keeps bits 31 and up of the product: the doubling
// high multiplication of fixed-point arithmetic.
const highMulShift = 31

// number creates a 32-bit constant that every row uses.
func (g *graph) number(v int32) view {
	data := binary.LittleEndian.AppendUint32(nil, uint32(v))
	return of(g.constant(fmt.Sprintf("constant %d", v), 1, 1, 1, 4, data), 0)
}

// element32 appends an elementwise operation on 32-bit operands.
func (g *graph) element32(mode int, a view, b *view, out view, shift uint, swap bool) *kernel {
	k := &kernel{
		op: isa.OpElementwise, mode: mode, window: unit, ifm: a, ifm2: b, ofm: out, swap: swap,
		round: arith.RoundDouble, actMin: -128, actMax: 127,
	}
	switch mode {
	case isa.ElemMul, isa.ElemAdd, isa.ElemSub:
		k.global = true
		k.ofmScale = scaling{1, shift}
		if shift == highMulShift {
			k.ofmScale.scale = 1 << 30
		}
		k.opa, k.opb = scaling{1, 0}, 1
	}
	if b != nil {
		for i, d := range [3][2]int{{b.h, a.h}, {b.w, a.w}, {b.d, a.d}} {
			if d[0] != d[1] {
				k.broadcast |= 1 << i
			}
		}
	}
	g.add(k)
	return k
}
