package compile

import (
	"encoding/binary"
	"fmt"

	"upset/models/tflite"
)

// lowerSpaceToBatch lowers SPACE_TO_BATCH_ND over one or two dimensions: each
// batch of the output is a strided copy of one of the input, which is padded first
// where the operator says so.
func (g *graph) lowerSpaceToBatch(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) || in.Type != out.Type {
		return fmt.Errorf("input and output differ in quantisation; SPACE_TO_BATCH_ND does not rescale")
	}
	t, err := g.tiling(op)
	if err != nil {
		return err
	}
	src, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	dst, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	src.buf.plain, dst.buf.plain = true, true
	for n := range t.batches {
		v := src
		v.h, v.w, v.d = t.h, t.w, t.d
		v.offset = n * t.h * t.w * t.d * src.elem
		if t.pad != (padding{}) {
			b := g.like(src.buf, fmt.Sprintf("%s padded %d", out.Name, n), t.h+t.pad.top+t.pad.bottom, t.w+t.pad.left+t.pad.right, t.d)
			b.plain = true
			if err := g.addPadding(v, of(b, v.zp), &t.pad, v.zp); err != nil {
				return err
			}
			v = of(b, 0)
		}
		g.scatter(v, dst, n, t)
	}
	return nil
}

// tiling is the geometry of a SPACE_TO_BATCH_ND.
type tiling struct {
	batches, h, w, d int // of the input
	down, across     int // sizes of a block
	pad              padding
}

// tiling reads the block and the padding of a SPACE_TO_BATCH_ND.
func (g *graph) tiling(op *tflite.Operator) (*tiling, error) {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	block, margin := g.tensor(op.Inputs[1]), g.tensor(op.Inputs[2])
	n := len(block.Data) / 4
	if block.Data == nil || block.Type != tflite.Int32 || margin.Type != tflite.Int32 || len(margin.Data) != 8*n || n < 1 || n > 2 || len(in.Shape) < n+2 {
		return nil, fmt.Errorf("block %q and margins %q must be constants of int32 for one or two dimensions of %v", block.Name, margin.Name, in.Shape)
	}
	number := func(data []byte, i int) int { return int(int32(binary.LittleEndian.Uint32(data[4*i:]))) }
	t := &tiling{batches: in.Shape[0], h: 1, w: in.Shape[n], d: elements(in.Shape[n+1:]), down: 1, across: number(block.Data, n-1)}
	t.pad.left, t.pad.right = number(margin.Data, 2*n-2), number(margin.Data, 2*n-1)
	if n == 2 {
		t.h, t.down = in.Shape[1], number(block.Data, 0)
		t.pad.top, t.pad.bottom = number(margin.Data, 0), number(margin.Data, 1)
	}
	p := &t.pad
	if t.down < 1 || t.across < 1 || min(p.top, p.bottom, p.left, p.right) < 0 || max(p.top, p.bottom, p.left, p.right, t.down, t.across) > maxDim {
		return nil, fmt.Errorf("block of %dx%d with padding %d,%d,%d,%d", t.down, t.across, p.top, p.bottom, p.left, p.right)
	}
	h, w := t.h+p.top+p.bottom, t.w+p.left+p.right
	if h%t.down != 0 || w%t.across != 0 || t.d > maxDim || out.Elements() != t.batches*h*w*t.d {
		return nil, fmt.Errorf("block of %dx%d divides %dx%d to no %v", t.down, t.across, h, w, out.Shape)
	}
	if t.batches*t.down*t.across > maxCopies {
		return nil, fmt.Errorf("%d batches; the limit is %d", t.batches*t.down*t.across, maxCopies)
	}
	return t, nil
}

// scatter copies the map of batch n to the batches that it is divided into.
func (g *graph) scatter(v, dst view, n int, t *tiling) {
	h, w := v.h/t.down, v.w/t.across
	for phase := range t.down * t.across {
		from, to := v, dst
		row := v.w * t.d * v.elem
		from.offset += phase/t.across*row + phase%t.across*t.d*v.elem
		from.strideY, from.strideX = t.down*row, t.across*t.d*v.elem
		to.offset = (phase*t.batches + n) * h * w * t.d * v.elem
		from.h, from.w, from.zp = h, w, 0
		to.h, to.w, to.d, to.zp = h, w, t.d, 0
		g.add(copyOf(from, to))
	}
}

// batched spreads a kernel for the first batch over all of them. Where the batches
// are rows that the window never mixes, one kernel serves.
func (g *graph) batched(k *kernel, batches int) {
	k.ifm.buf.plain, k.ofm.buf.plain = true, true
	if k.ifm.h == 1 && k.ofm.h == 1 && k.kh == 1 && k.top+k.bottom == 0 && k.upscale == 0 && batches <= maxDim {
		k.ifm.h, k.ofm.h, k.sy = batches, batches, 1
		g.add(k)
		return
	}
	in, out := k.ifm.h*k.ifm.w*k.ifm.d*k.ifm.elem, k.ofm.h*k.ofm.w*k.ofm.d*k.ofm.elem
	for n := range batches {
		one := *k
		one.ifm.offset += n * in
		one.ofm.offset += n * out
		g.add(&one)
	}
}
