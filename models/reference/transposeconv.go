package reference

import "upset/models/tflite"

// prepareTransposeConv handles TRANSPOSE_CONV: every input value is spread over
// the outputs under the window.
func prepareTransposeConv(n *node) Kernel {
	in, weights, out := n.weighted(2)
	di, dw, do := n.dims4(in), n.dims4(weights), n.dims4(out)
	o := &n.op.Options
	// The window slides over the output; its positions are the inputs.
	y := n.slide("height", do[1], di[1], dw[1], o.StrideH, 1)
	x := n.slide("width", do[2], di[2], dw[2], o.StrideW, 1)
	n.require(di[0] == do[0] && di[3] == dw[3] && do[3] == dw[0],
		"shapes %v, %v and %v do not fit", in.Shape, weights.Shape, out.Shape)
	if in.Type == tflite.Float32 && n.err == nil {
		return n.floatTransposeConv(di, do, y, x)
	}
	f := n.newFilter(in, weights, out, 3, dw[0], dw[1]*dw[2]*dw[3])
	f.convScales(n, in, out)
	f.wideWithoutBias(n)
	if n.err != nil {
		return nil
	}
	m := newImage(in, di)
	acc := make([]int64, out.Elements())
	return func(v [][]byte) {
		f.refresh(v, nil)
		m.load(v)
		clear(acc)
		f.scatter(acc, m, di[0], do, &y, &x)
		dst := out.value(v)
		for i, a := range acc {
			if f.wide {
				put(dst, out.Type, i, f.finish64(a, i%f.channels))
			} else {
				put(dst, out.Type, i, f.finish(int32(a), i%f.channels))
			}
		}
	}
}

// scatter adds the products of all inputs to the accumulators of the output.
func (f *filter) scatter(acc []int64, m *image, batches int, do [4]int, y, x *window) {
	for b := range batches {
		for iy := range m.h {
			fy0, fy1, oy := y.taps(iy)
			for ix := range m.w {
				fx0, fx1, ox := x.taps(ix)
				at := ((b*m.h+iy)*m.w + ix) * m.c
				in := m.data[at : at+m.c]
				for fy := fy0; fy < fy1; fy++ {
					for fx := fx0; fx < fx1; fx++ {
						dst := acc[((b*do[1]+oy+fy)*do[2]+ox+fx)*f.channels:][:f.channels]
						for c := range dst {
							w := f.rows[((c*y.filter+fy)*x.filter+fx)*m.c:]
							dst[c] += dot64(in, w[:m.c])
						}
					}
				}
			}
		}
	}
}
