package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// maxScaleUp is the largest factor of a resize (Vela 3.10).
const maxScaleUp = 8

// resizing checks a resize operator and returns its maps and its factor.
func (g *graph) resizing(op *tflite.Operator) (ifm, ofm view, n int, err error) {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err = quantised(in, out); err != nil {
		return
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) || in.Type != out.Type {
		err = fmt.Errorf("input and output differ in quantisation; resizing does not rescale")
		return
	}
	if ifm, err = g.full(op.Inputs[0]); err != nil {
		return
	}
	if ofm, err = g.full(op.Outputs[0]); err != nil {
		return
	}
	ifm.zp, ofm.zp = 0, 0
	if len(in.Shape) == 4 && len(out.Shape) == 4 && in.Shape[0] == 1 && out.Shape[0] == 1 && ifm.d == ofm.d {
		o := &op.Options
		for n = 1; n <= maxScaleUp; n *= 2 {
			less := 0 // with aligned corners the last rows and columns fall away
			if o.AlignCorners {
				less = n - 1
			}
			if ofm.h == n*ifm.h-less && ofm.w == n*ifm.w-less && !(o.AlignCorners && o.HalfPixelCenters) {
				return
			}
		}
	}
	err = fmt.Errorf("from %v to %v; the NPU resizes height and width by 2, 4 or 8", in.Shape, out.Shape)
	return
}

// single reports whether the input has one pixel, which then fills the output.
func (g *graph) single(op *tflite.Operator) bool {
	in, out := g.tensor(op.Inputs[0]).Shape, g.tensor(op.Outputs[0]).Shape
	return len(in) == 4 && len(out) == 4 && in[0] == 1 && out[0] == 1 && in[1] == 1 && in[2] == 1 && in[3] == out[3]
}

// resizeSingle adds the one pixel to a map of zeros, as Vela 3.10 does.
func (g *graph) resizeSingle(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) || in.Type != out.Type {
		return fmt.Errorf("input and output differ in quantisation; resizing does not rescale")
	}
	pixel, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	ofm, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	b := g.constant("zeros", ofm.h, ofm.w, ofm.d, ofm.elem, make([]byte, ofm.h*ofm.w*ofm.d*ofm.elem))
	b.unsigned = ofm.buf.unsigned
	pixel.zp, ofm.zp = 0, 0
	k := copyOf(of(b, 0), ofm)
	k.op, k.mode, k.ifm2 = isa.OpElementwise, isa.ElemAdd, &pixel
	k.opa, k.opb, k.ofmScale = scaling{1, 0}, 1, scaling{1, 0}
	for i, d := range [2]int{ofm.h, ofm.w} {
		if d != 1 {
			k.broadcast |= 1 << i
		}
	}
	g.add(k)
	return nil
}

// double appends copies that double height and width until the factor is reached
// and returns the result.
func (g *graph) double(v view, factor int) view {
	for ; factor > 1; factor /= 2 {
		b := g.like(v.buf, fmt.Sprintf("%s times %d", v.buf.name, factor), 2*v.h, 2*v.w, v.d)
		k := copyOf(v, of(b, 0))
		k.upscale = 1
		g.add(k)
		v = k.ofm
	}
	return v
}

// lowerResizeNearest lowers RESIZE_NEAREST_NEIGHBOR: copies that double, or with
// aligned corners strided copies, one for each place between two pixels.
func (g *graph) lowerResizeNearest(op *tflite.Operator) error {
	if g.single(op) {
		return g.resizeSingle(op)
	}
	ifm, ofm, n, err := g.resizing(op)
	if err != nil {
		return err
	}
	if !op.Options.AlignCorners || n == 1 {
		if n > 1 {
			ifm = g.double(ifm, n/2)
		}
		k := copyOf(ifm, ofm)
		if n > 1 {
			k.upscale = 1
		}
		g.add(k)
		return nil
	}
	ifm.buf.plain, ofm.buf.plain = true, true
	x, y := ifm.d*ifm.elem, ifm.w*ifm.d*ifm.elem
	ox, oy := ofm.d*ofm.elem, ofm.w*ofm.d*ofm.elem
	for phase := 0; phase < n*n; phase++ {
		py, px := phase/n, phase%n
		a, b := ifm, ofm
		// The pixel itself and then those before the next one: half of them
		// lie nearer to the next.
		if py > 0 {
			a.h--
		}
		if px > 0 {
			a.w--
		}
		if a.h == 0 || a.w == 0 {
			continue
		}
		a.offset = py*2/n*y + px*2/n*x
		a.strideX, a.strideY = x, y
		b.h, b.w = a.h, a.w
		b.offset, b.strideX, b.strideY = py*oy+px*ox, n*ox, n*oy
		g.add(copyOf(a, b))
	}
	return nil
}

// lowerResizeBilinear lowers RESIZE_BILINEAR. Without half-pixel centres the
// result is the average of n by n pixels of the input enlarged n times; with them
// and a factor of two it is four weighted averages, one per phase.
func (g *graph) lowerResizeBilinear(op *tflite.Operator) error {
	if g.single(op) {
		return g.resizeSingle(op)
	}
	ifm, ofm, n, err := g.resizing(op)
	if err != nil {
		return err
	}
	if op.Options.HalfPixelCenters && n > 1 {
		if n > 2 {
			return fmt.Errorf("half-pixel centres with a factor of %d; the NPU knows 2", n)
		}
		return g.resizeHalfPixel(g.tensor(op.Inputs[0]), ifm, ofm)
	}
	if n == 1 {
		g.add(copyOf(ifm, ofm))
		return nil
	}
	k := copyOf(g.double(ifm, n/2), ofm)
	k.kh, k.kw, k.upscale = n, n, 1
	if op.Options.AlignCorners {
		k.ofmScale.scale, k.ofmScale.shift = arith.AverageScale(n*n, 0)
	} else {
		k.bottom, k.right = n-1, n-1
		k.global, k.ofmScale = false, scaling{}
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
