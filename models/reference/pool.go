package reference

import (
	"math"

	"upset/models/tflite"
)

// prepareAveragePool handles AVERAGE_POOL_2D: the mean of the values inside the
// input, rounded half away from zero.
func prepareAveragePool(n *node) Kernel {
	return n.pool(func(sum, _ int32, count int32) int32 {
		if sum > 0 {
			return (sum + count/2) / count
		}
		return (sum - count/2) / count
	})
}

// prepareMaxPool handles MAX_POOL_2D.
func prepareMaxPool(n *node) Kernel {
	return n.pool(func(_, largest int32, _ int32) int32 { return largest })
}

// pool reduces each window and channel by its sum, largest value and number of
// values.
func (n *node) pool(reduce func(sum, largest, count int32) int32) Kernel {
	types := append([]tflite.Type{tflite.Float32}, quantisedTypes...)
	in, out := n.in(0, types...), n.out(0, types...)
	di, do := n.dims4(in), n.dims4(out)
	n.require(in.Type == out.Type, "input is %s, output %s", in.Type, out.Type)
	o := &n.op.Options
	y := n.slide("height", di[1], do[1], o.FilterH, o.StrideH, 1)
	x := n.slide("width", di[2], do[2], o.FilterW, o.StrideW, 1)
	n.require(di[0] == do[0] && di[3] == do[3], "shapes %v and %v do not fit", in.Shape, out.Shape)
	if in.Type == tflite.Float32 && n.err == nil {
		return n.floatPool(di, do, y, x)
	}
	if o.Activation != tflite.None {
		n.quantised(out)
	}
	lo, hi := n.activationRange(o.Activation, out)
	if n.err != nil {
		return nil
	}
	m := newImage(in, di)
	m.from.zero = 0 // stored values are reduced; the zero points are equal
	sums, largest := make([]int32, m.c), make([]int32, m.c)
	return func(v [][]byte) {
		m.load(v)
		dst := out.value(v)
		at := 0
		for b := range di[0] {
			for oy := range y.out {
				fy0, fy1, iy := y.taps(oy)
				for ox := range x.out {
					fx0, fx1, ix := x.taps(ox)
					clear(sums)
					for c := range largest {
						largest[c] = math.MinInt32
					}
					for fy := fy0; fy < fy1; fy++ {
						for fx := fx0; fx < fx1; fx++ {
							s := ((b*m.h+iy+fy)*m.w + ix + fx) * m.c
							for c, p := range m.data[s : s+m.c] {
								sums[c] += p
								largest[c] = max(largest[c], p)
							}
						}
					}
					count := int32((fy1 - fy0) * (fx1 - fx0))
					for c := range sums {
						put(dst, out.Type, at+c, clamp(reduce(sums[c], largest[c], count), lo, hi))
					}
					at += m.c
				}
			}
		}
	}
}
