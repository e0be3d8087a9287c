package reference

import "upset/models/tflite"

// window is the geometry of a sliding window in one direction.
type window struct {
	in, out, filter, stride, dilation, pad int
}

// slide computes the geometry along one axis and checks the output size
// (TFLite: ComputePaddingHeightWidth).
func (n *node) slide(axis string, in, out, filter, stride, dilation int) window {
	dilation = max(dilation, 1) // absent means 1
	w := window{in: in, out: out, filter: filter, stride: stride, dilation: dilation}
	const limit = 1 << 24 // keeps the products below in range (our choice)
	if !n.require(stride > 0 && filter > 0 && stride < limit && filter < limit && dilation < limit,
		"stride %d, filter %d, dilation %d in %s are not usable", stride, filter, dilation, axis) {
		return w
	}
	extent := (filter-1)*dilation + 1
	want := 0
	switch n.op.Options.Padding {
	case tflite.Same:
		want = (in + stride - 1) / stride
	case tflite.Valid:
		if in >= extent {
			want = (in-extent)/stride + 1
		}
	default:
		n.fail("padding scheme %d is not known", n.op.Options.Padding)
	}
	n.require(out == want, "output %s is %d; the window gives %d", axis, out, want)
	w.pad = max(0, (want-1)*stride+extent-in) / 2
	return w
}

// taps is the range of filter positions that fall inside the input for output
// position o, and the input position of tap 0.
func (w *window) taps(o int) (first, end, origin int) {
	origin = o*w.stride - w.pad
	end = w.filter
	if origin < 0 {
		first = min((-origin+w.dilation-1)/w.dilation, w.filter)
	}
	if last := w.in - 1 - origin; last < 0 {
		end = first
	} else if e := last/w.dilation + 1; e < end {
		end = max(e, first)
	}
	return first, end, origin
}

// image is a widened input tensor, with the zero point taken out.
type image struct {
	from    operand
	h, w, c int
	data    []int32
}

func newImage(o operand, d [4]int) *image {
	return &image{from: o, h: d[1], w: d[2], c: d[3], data: make([]int32, o.Elements())}
}

func (m *image) load(v [][]byte) {
	load(m.data, m.from.value(v), m.from.Type, m.from.zero)
}

// weighted is the operands of an operator with weights, input 1; inputAt is the
// number of the values. Unsigned values come with unsigned weights, float32 with
// float32.
func (n *node) weighted(inputAt int) (in, weights, out operand) {
	in = n.in(inputAt, tflite.Int8, tflite.Uint8, tflite.Int16, tflite.Float32)
	weights, out = n.in(1, tflite.Int8, tflite.Uint8, tflite.Float32), n.out(0)
	want := tflite.Int8
	if in.Type != tflite.Int16 {
		want = in.Type
	}
	n.require(in.Type != tflite.Float32 || weights.Type == tflite.Float32 || n.err != nil,
		"float32 input with %s weights is dynamic-range quantisation, which TFLite Micro and the Ethos-U55 do not run; export the model with full integer quantisation and a representative data set",
		weights.Type)
	n.require(in.Type == out.Type && weights.Type == want, "input is %s, weights %s, output %s", in.Type, weights.Type, out.Type)
	return in, weights, out
}

// prepareConv handles CONV_2D, with groups when the filter is shallower than the
// input.
func prepareConv(n *node) Kernel {
	in, weights, out := n.weighted(0)
	di, dw, do := n.dims4(in), n.dims4(weights), n.dims4(out)
	o := &n.op.Options
	y := n.slide("height", di[1], do[1], dw[1], o.StrideH, o.DilationH)
	x := n.slide("width", di[2], do[2], dw[2], o.StrideW, o.DilationW)
	groups := 1
	if n.require(dw[3] > 0 && di[3] > 0 && di[3]%dw[3] == 0, "filter depth %d does not divide input depth %d", dw[3], di[3]) {
		groups = max(di[3]/dw[3], 1)
	}
	n.require(di[0] == do[0] && do[3] == dw[0] && dw[0]%groups == 0,
		"shapes %v, %v and %v do not fit", in.Shape, weights.Shape, out.Shape)
	if in.Type == tflite.Float32 && n.err == nil {
		return n.floatConv(di, dw[0], y, x, dw[3], false)
	}
	f := n.newFilter(in, weights, out, 2, dw[0], dw[1]*dw[2]*dw[3])
	f.convScales(n, in, out)
	if n.err != nil {
		return nil
	}
	if groups > 1 {
		return groupedConv(f, newImage(in, di), y, x, out, groups, dw[3])
	}
	m := newImage(in, di)
	patch := make([]int32, f.depth)
	return func(v [][]byte) {
		f.refresh(v, nil)
		m.load(v)
		dst := out.value(v)
		at := 0
		for b := range di[0] {
			for oy := range y.out {
				for ox := range x.out {
					p := m.patch(patch, b, oy, ox, &y, &x)
					f.row(dst, out.Type, at, 0, f.channels, p)
					at += f.channels
				}
			}
		}
	}
}

// patch is the inputs under the window at (oy, ox), in the order of the weights,
// zero where the window leaves the input. It returns a part of the image itself
// where that is contiguous.
func (m *image) patch(buf []int32, b, oy, ox int, y, x *window) []int32 {
	fy0, fy1, iy := y.taps(oy)
	fx0, fx1, ix := x.taps(ox)
	start := ((b*m.h+iy)*m.w + ix) * m.c
	if y.filter == 1 && x.filter == 1 && fy1 == 1 && fx1 == 1 {
		return m.data[start : start+m.c]
	}
	if fy0 > 0 || fy1 < y.filter || fx0 > 0 || fx1 < x.filter {
		clear(buf)
		if fy0 >= fy1 || fx0 >= fx1 {
			return buf // a dilated window may miss a small input altogether
		}
	}
	line := x.filter * m.c
	for fy := fy0; fy < fy1; fy++ {
		src := start + fy*y.dilation*m.w*m.c
		dst := buf[fy*line : (fy+1)*line]
		if x.dilation == 1 {
			copy(dst[fx0*m.c:fx1*m.c], m.data[src+fx0*m.c:src+fx1*m.c])
			continue
		}
		for fx := fx0; fx < fx1; fx++ {
			s := src + fx*x.dilation*m.c
			copy(dst[fx*m.c:(fx+1)*m.c], m.data[s:s+m.c])
		}
	}
	return buf
}

// groupedConv is a convolution whose output channels see only their own group of
// input channels.
func groupedConv(f *filter, m *image, y, x window, out operand, groups, depth int) Kernel {
	per := f.channels / groups
	return func(v [][]byte) {
		f.refresh(v, nil)
		m.load(v)
		dst := out.value(v)
		for i := range out.Elements() {
			c := i % f.channels
			pos := i / f.channels
			ox, oy, b := pos%x.out, pos/x.out%y.out, pos/x.out/y.out
			fy0, fy1, iy := y.taps(oy)
			fx0, fx1, ix := x.taps(ox)
			var acc int64 // reduced to 32 bits below unless the filter is wide
			for fy := fy0; fy < fy1; fy++ {
				for fx := fx0; fx < fx1; fx++ {
					s := ((b*m.h+iy+fy*y.dilation)*m.w+ix+fx*x.dilation)*m.c + c/per*depth
					w := (c*y.filter+fy)*x.filter + fx
					acc += dot64(m.data[s:s+depth], f.rows[w*depth:(w+1)*depth])
				}
			}
			if f.wide {
				put(dst, out.Type, i, f.finish64(acc, c))
			} else {
				put(dst, out.Type, i, f.finish(int32(acc), c))
			}
		}
	}
}

// prepareFullyConnected handles FULLY_CONNECTED.
func prepareFullyConnected(n *node) Kernel {
	in, weights, out := n.weighted(0)
	n.require(n.op.Options.WeightsFormat == 0, "weights format %d is not known", n.op.Options.WeightsFormat)
	rank := len(weights.Shape)
	if !n.require(rank >= 2 && product(weights.Shape[:rank-2]) == 1, "weights of shape %v; two dimensions are needed", weights.Shape) {
		return nil
	}
	channels, depth := weights.Shape[rank-2], weights.Shape[rank-1]
	if !n.require(channels > 0 && depth > 0, "weights of shape %v are empty", weights.Shape) {
		return nil
	}
	batches := in.Elements() / depth
	n.require(in.Elements() == batches*depth && out.Elements() == batches*channels,
		"input %v and output %v do not fit weights %v", in.Shape, out.Shape, weights.Shape)
	if in.Type == tflite.Float32 && n.err == nil {
		return n.floatFullyConnected(channels, depth, batches)
	}
	f := n.newFilter(in, weights, out, 2, channels, depth)
	if len(weights.Quant.Scale) > 1 {
		f.perChannel(n, in, out)
	} else {
		f.perTensor(n, in, out)
	}
	if n.err != nil {
		return nil
	}
	x := make([]int32, in.Elements())
	return func(v [][]byte) {
		f.refresh(v, nil)
		load(x, in.value(v), in.Type, in.zero)
		dst := out.value(v)
		for b := range batches {
			f.row(dst, out.Type, b*channels, 0, channels, x[b*depth:(b+1)*depth])
		}
	}
}
