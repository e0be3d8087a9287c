package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// lowerResizeNearest lowers RESIZE_NEAREST_NEIGHBOR by a factor of two.
func (g *graph) lowerResizeNearest(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	ofm, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	if len(in.Shape) != 4 || in.Shape[0] != 1 || ofm.h != 2*ifm.h || ofm.w != 2*ifm.w || op.Options.AlignCorners {
		return fmt.Errorf("from %v to %v; the NPU doubles height and width, without aligned corners", in.Shape, out.Shape)
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) {
		return fmt.Errorf("input and output differ in quantisation; resizing does not rescale")
	}
	ifm.zp, ofm.zp = 0, 0
	k := copyOf(ifm, ofm)
	k.upscale = 1
	g.add(k)
	return nil
}

// lowerResizeBilinear lowers RESIZE_BILINEAR by a factor of two. Without
// half-pixel centres the result is the average of two by two pixels of the input
// doubled; with them it is four weighted averages, one per phase.
func (g *graph) lowerResizeBilinear(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) || in.Type != out.Type {
		return fmt.Errorf("input and output differ in quantisation; resizing does not rescale")
	}
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	ofm, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	ifm.zp, ofm.zp = 0, 0
	o := &op.Options
	less := 0 // with aligned corners the last row and column fall away
	if o.AlignCorners {
		less = 1
	}
	if len(in.Shape) != 4 || in.Shape[0] != 1 || ofm.h != 2*ifm.h-less || ofm.w != 2*ifm.w-less || less > 0 && o.HalfPixelCenters {
		return fmt.Errorf("from %v to %v; the NPU doubles height and width", in.Shape, out.Shape)
	}
	if o.HalfPixelCenters {
		return g.resizeHalfPixel(in, ifm, ofm)
	}
	k := copyOf(ifm, ofm)
	k.kh, k.kw, k.upscale = 2, 2, 1
	k.global, k.ofmScale = false, scaling{}
	if less == 0 {
		k.bottom, k.right = 1, 1
	} else {
		k.global = true
		k.ofmScale.scale, k.ofmScale.shift = arith.AverageScale(4, 0)
	}
	g.add(k)
	return nil
}

// resizeHalfPixel appends four depthwise convolutions with weights 9, 3, 3 and 1
// of 16. Tiles repeat the rows and columns at the edge.
func (g *graph) resizeHalfPixel(in *tflite.Tensor, ifm, ofm view) error {
	x, y := ifm.d*ifm.elem, ifm.w*ifm.d*ifm.elem
	ox, oy := ofm.d*ofm.elem, ofm.w*ofm.d*ofm.elem
	ifm.buf.plain, ofm.buf.plain = true, true
	lo, hi := typeRange(in.Type)
	for phase := 0; phase < 4; phase++ {
		down, right := phase>>1, phase&1
		f := &filter{
			od: ifm.d, kh: 2, kw: 2, id: 1, bias: make([]int64, ifm.d),
			scale: make([]uint32, ifm.d), shift: make([]uint, ifm.d),
			at: func(_, ky, kx, _ int) int16 {
				weight := func(k, far int) int16 {
					if k == far {
						return 1
					}
					return 3
				}
				return weight(ky, down) * weight(kx, right)
			},
		}
		for i := range f.scale {
			// A sixteenth and a trifle, so that ties round away from zero.
			f.scale[i], f.shift[i] = 1<<30+1, 34
		}
		k := &kernel{op: isa.OpDepthwise, window: unit, ifm: ifm, ofm: ofm, filter: f, round: arith.RoundNatural, actMin: lo, actMax: hi}
		k.kh, k.kw = 2, 2
		if in.Type == tflite.Int16 {
			k.acc40 = true
		}
		k.ifm.h, k.ifm.w = ifm.h+1, ifm.w+1
		// Upwards and leftwards the first row and column come twice, otherwise
		// the last.
		k.ifm.tileH, k.ifm.tileW = 1, 1
		rowAt, colAt := 0, 0
		if down == 1 {
			k.ifm.tileH, rowAt = ifm.h, (ifm.h-1)*y
		}
		if right == 1 {
			k.ifm.tileW, colAt = ifm.w, (ifm.w-1)*x
		}
		k.ifm.tiles = [3]int{colAt, rowAt, rowAt + colAt}
		k.ifm.strideX, k.ifm.strideY = x, y
		k.ofm.h, k.ofm.w = ifm.h, ifm.w
		k.ofm.offset, k.ofm.strideX, k.ofm.strideY = down*oy+right*ox, 2*ox, 2*oy
		g.add(k)
	}
	return nil
}
