package reference

import (
	"slices"

	"upset/models/tflite"
)

// prepareBatchMatmul handles BATCH_MATMUL of 8-bit, 16-bit and float32 tensors:
// every matrix of the first input times the one of the second, either of them
// transposed on demand, over leading dimensions that stretch.
func prepareBatchMatmul(n *node) Kernel {
	a, b, out := n.in(0), n.in(1), n.out(0)
	types := []tflite.Type{tflite.Int8, tflite.Int16, tflite.Float32}
	n.require(a.Type == b.Type && a.Type == out.Type && slices.Contains(types, a.Type), "inputs are %s and %s, output %s", a.Type, b.Type, out.Type)
	rank := len(out.Shape)
	if !n.require(rank >= 2 && len(a.Shape) >= 2 && len(b.Shape) >= 2, "shapes %v, %v and %v", a.Shape, b.Shape, out.Shape) {
		return nil
	}
	x, y := matrix{last: lastTwo(a.Shape)}, matrix{last: lastTwo(b.Shape)}
	x.orient(n.op.Options.AdjX)
	y.orient(!n.op.Options.AdjY) // its columns are walked
	depth := x.last[1]
	if !n.require(y.last[1] == depth && out.Shape[rank-2] == x.last[0] && out.Shape[rank-1] == y.last[0],
		"shapes %v and %v give no %v", a.Shape, b.Shape, out.Shape) {
		return nil
	}
	lead := out
	lead.Tensor = &tflite.Tensor{Shape: out.Shape[:rank-2]}
	r := n.broadcast(leading(a), leading(b), lead)
	finish := n.productScale(a, b, out)
	if n.err != nil {
		return nil
	}
	rows, columns := x.last[0], y.last[0]
	return func(v [][]byte) {
		dst := out.value(v)
		r.each(func(to, ma, mb int) {
			for i := range rows {
				for j := range columns {
					finish(v, dst, (to*rows+i)*columns+j, depth,
						func(k int) int { return ma*rows*depth + x.at(i, k) },
						func(k int) int { return mb*columns*depth + y.at(j, k) })
				}
			}
		})
	}
}

// matrix is the last two dimensions of a tensor, walked row by row.
type matrix struct {
	last      [2]int
	row, step int
}

func lastTwo(shape []int) [2]int { return [2]int{shape[len(shape)-2], shape[len(shape)-1]} }

// orient sets the strides, of the transposed matrix if flip.
func (m *matrix) orient(flip bool) {
	m.row, m.step = m.last[1], 1
	if flip {
		m.row, m.step = 1, m.last[1]
		m.last[0], m.last[1] = m.last[1], m.last[0]
	}
}

func (m *matrix) at(row, k int) int { return row*m.row + k*m.step }

func leading(o operand) operand {
	o.Tensor = &tflite.Tensor{Shape: o.Shape[:len(o.Shape)-2]}
	return o
}

// productScale returns the function that sums depth products of elements of a and b
// and stores the result as element i.
func (n *node) productScale(a, b, out operand) func(v [][]byte, dst []byte, i, depth int, pa, pb func(int) int) {
	if a.Type == tflite.Float32 {
		return func(v [][]byte, dst []byte, i, depth int, pa, pb func(int) int) {
			var sum float32
			for k := range depth {
				sum += float32(decodeFloat(a.value(v), pa(k)) * decodeFloat(b.value(v), pb(k)))
			}
			putFloat(dst, i, sum)
		}
	}
	n.quantised(a, b, out)
	lo, hi := limits(out.Type)
	if n.err != nil {
		return nil
	}
	m := n.multiplier(float64(a.scale*b.scale) / float64(out.scale))
	wide := a.Type == tflite.Int16
	n.require(!wide || m.shift < 8, "scales give a factor of 2^%d, too large for 16-bit inputs", m.shift)
	return func(v [][]byte, dst []byte, i, depth int, pa, pb func(int) int) {
		var acc int64
		for k := range depth {
			acc += int64(at(a.value(v), a.Type, pa(k))-a.zero) * int64(at(b.value(v), b.Type, pb(k))-b.zero)
		}
		y := m.apply(int32(acc))
		if wide {
			y = m.apply64(acc)
		}
		put(dst, out.Type, i, clamp(y+out.zero, lo, hi))
	}
}
