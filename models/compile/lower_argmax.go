package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// argMaxBits is the room for an index beside an 8-bit value in 16 bits, and so the
// largest depth of an ARG_MAX (Vela 3.11 has the same limit).
const argMaxBits = 7

// lowerArgMax lowers ARG_MAX over the depth. A depthwise convolution puts the
// distance of each channel from the end below its value, a max pool over the
// channels finds the largest of these numbers, and 32-bit arithmetic takes the
// index out of it. Of equal values the first wins.
func (g *graph) lowerArgMax(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if in.Type != tflite.Int8 && in.Type != tflite.Uint8 || out.Type != tflite.Int32 {
		return fmt.Errorf("from %s to %s; the NPU finds an int32 index in int8 or uint8", in.Type, out.Type)
	}
	list, err := axes(g.tensor(op.Inputs[1]), len(in.Shape))
	if err != nil {
		return err
	}
	x, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	y, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	rows := x.h * x.w
	if len(list) != 1 || list[0] != len(in.Shape)-1 || x.d > 1<<argMaxBits || out.Elements() != rows || rows > maxDim {
		return fmt.Errorf("axes %v of %v to %v; the NPU searches up to %d channels", list, in.Shape, out.Shape, 1<<argMaxBits)
	}
	g.add(g.ranked(x, out.Name))
	keys := g.kernels[len(g.kernels)-1].ofm
	keys.h, keys.w, keys.d = rows, x.d, 1
	best := of(g.temp(out.Name+" largest", rows, 1, 1, 2), 0)
	top := copyOf(keys, best)
	top.mode, top.global, top.ofmScale = isa.PoolMax, false, scaling{}
	top.kw = x.d
	keys.buf.plain, best.buf.plain, y.buf.plain = true, true, true
	g.add(top)

	temp := func(what string) view {
		v := of(g.temp(out.Name+" "+what, rows, 1, 1, 4), 0)
		v.buf.plain = true
		return v
	}
	// Half of the divisor less makes the rounding of the shift a floor.
	const half = 1 << (argMaxBits - 1)
	less := temp("less")
	start := copyOf(best, less)
	start.op, start.mode, start.scalar, start.scalarVal = isa.OpElementwise, isa.ElemSub, true, half
	start.opa, start.opb, start.ofmScale = scaling{1, 0}, 1, scaling{1, 0}
	g.add(start)
	value, shifted, rest := temp("value"), temp("shifted"), temp("rest")
	bits := g.number(argMaxBits)
	g.element32(isa.ElemSHR, less, &bits, value, 0, false).round = arith.RoundNatural
	g.element32(isa.ElemSHL, value, &bits, shifted, 0, false)
	g.element32(isa.ElemSub, shifted, &less, rest, 0, false)
	offset := g.number(int32(x.d - 1 - half))
	y.h, y.w, y.d = rows, 1, 1
	g.element32(isa.ElemAdd, rest, &offset, y, 0, false)
	return nil
}

// ranked returns a kernel that gives 128 times the value and the distance of the
// channel from the end.
func (g *graph) ranked(x view, name string) *kernel {
	f := &filter{
		od: x.d, kh: 1, kw: 1, id: 1, at: func(_, _, _, _ int) int16 { return 1 << argMaxBits },
		bias: make([]int64, x.d), scale: make([]uint32, x.d), shift: make([]uint, x.d),
	}
	for i := range f.scale {
		f.bias[i], f.scale[i], f.shift[i] = int64(x.d-1-i), identity.scale, identity.shift
	}
	x.zp = 0
	lo, hi := typeRange(tflite.Int16)
	b := g.temp(name+" keys", x.h, x.w, x.d, 2)
	return &kernel{op: isa.OpDepthwise, window: unit, ifm: x, ofm: of(b, 0), filter: f, round: arith.RoundDouble, actMin: lo, actMax: hi}
}
