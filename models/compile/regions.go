package compile

import (
	"encoding/binary"

	"upset/models/tflite"
)

// region is the part of an input that becomes an output, element by element in the
// output's order.
type region struct {
	first int   // element of the input
	dims  []dim // innermost first, strides in elements
}

// regions returns the region of each output of an operator that takes regular
// parts of one input, and false for any other. What it does not know is left to
// the trace of the reference kernel.
func (g *graph) regions(op *tflite.Operator) (input int, list []region, ok bool) {
	input = op.Inputs[0]
	if op.Code == tflite.OpSplit && len(op.Inputs) > 1 {
		input = op.Inputs[1]
	}
	if input < 0 {
		return 0, nil, false
	}
	shape := g.tensor(input).Shape
	switch op.Code {
	case tflite.OpTranspose:
		list = g.transposed(op, shape)
	case tflite.OpSlice:
		list = g.sliced(op, shape)
	case tflite.OpStridedSlice:
		list = g.strided(op, shape)
	case tflite.OpSplit:
		list = g.divided(op, shape, g.numbers(op, 0))
	case tflite.OpSplitV:
		list = g.divided(op, shape, g.numbers(op, 2))
	case tflite.OpUnpack:
		list = g.divided(op, shape, []int{op.Options.Axis})
	}
	if len(list) != len(op.Outputs) {
		return 0, nil, false
	}
	for n := range list {
		count := 1
		for _, d := range list[n].dims {
			count *= d.n
		}
		out := g.tensor(op.Outputs[n])
		if count != out.Elements() || count == 0 || out.Type != g.tensor(input).Type {
			return 0, nil, false
		}
	}
	return input, list, true
}

// numbers returns an input of constant 32-bit integers, or nil.
func (g *graph) numbers(op *tflite.Operator, n int) []int {
	if n >= len(op.Inputs) || op.Inputs[n] < 0 {
		return nil
	}
	t := g.tensor(op.Inputs[n])
	if t.Data == nil || t.Type != tflite.Int32 {
		return nil
	}
	list := make([]int, len(t.Data)/4)
	for i := range list {
		list[i] = int(int32(binary.LittleEndian.Uint32(t.Data[4*i:])))
	}
	return list
}

// partOf returns the region of count elements in each dimension, from begin on in
// steps, in the given order of dimensions; nil where it leaves the shape.
func partOf(shape, order, begin, step, count []int) []region {
	strides, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= shape[i]
	}
	r := region{}
	to := 1
	for k := len(order) - 1; k >= 0; k-- {
		i := order[k]
		if begin[i] < 0 || count[i] < 1 || step[i] < 1 || begin[i]+(count[i]-1)*step[i] >= shape[i] {
			return nil
		}
		r.first += begin[i] * strides[i]
		d := dim{count[i], step[i] * strides[i], to}
		to *= count[i]
		last := len(r.dims) - 1
		switch {
		case d.n == 1:
		case last >= 0 && d.from == r.dims[last].n*r.dims[last].from && d.to == r.dims[last].n*r.dims[last].to:
			r.dims[last].n *= d.n
		default:
			r.dims = append(r.dims, d)
		}
	}
	return []region{r}
}

// counted returns the numbers from 0 to n-1, n zeros and n ones.
func counted(n int) (order, zeros, ones []int) {
	for i := range n {
		order, zeros, ones = append(order, i), append(zeros, 0), append(ones, 1)
	}
	return
}

func (g *graph) transposed(op *tflite.Operator, shape []int) []region {
	perm := g.numbers(op, 1)
	_, zeros, ones := counted(len(shape))
	seen := make([]bool, len(shape))
	for _, p := range perm {
		if p < 0 || p >= len(shape) || seen[p] {
			return nil
		}
		seen[p] = true
	}
	if len(perm) != len(shape) {
		return nil
	}
	return partOf(shape, perm, zeros, ones, shape)
}

func (g *graph) sliced(op *tflite.Operator, shape []int) []region {
	begin, size := g.numbers(op, 1), g.numbers(op, 2)
	if len(begin) != len(shape) || len(size) != len(shape) {
		return nil
	}
	for i := range size {
		if size[i] == -1 {
			size[i] = shape[i] - begin[i]
		}
	}
	order, _, ones := counted(len(shape))
	return partOf(shape, order, begin, ones, size)
}

func (g *graph) strided(op *tflite.Operator, shape []int) []region {
	o := &op.Options
	begin, end, step := g.numbers(op, 1), g.numbers(op, 2), g.numbers(op, 3)
	if len(begin) != len(shape) || len(end) != len(shape) || len(step) != len(shape) || o.EllipsisMask != 0 || o.NewAxisMask != 0 || o.Offset {
		return nil
	}
	count := make([]int, len(shape))
	for i, d := range shape {
		if step[i] < 1 {
			return nil
		}
		for _, list := range [2][]int{begin, end} {
			if list[i] < 0 {
				list[i] += d
			}
			list[i] = min(max(list[i], 0), d)
		}
		if o.BeginMask>>i&1 != 0 {
			begin[i] = 0
		}
		if o.EndMask>>i&1 != 0 {
			end[i] = d
		}
		if o.ShrinkMask>>i&1 != 0 {
			end[i] = begin[i] + 1
		}
		count[i] = ceilDiv(max(0, end[i]-begin[i]), step[i])
	}
	order, _, _ := counted(len(shape))
	return partOf(shape, order, begin, step, count)
}

// divided returns the parts of a split along an axis, as large as the outputs are.
func (g *graph) divided(op *tflite.Operator, shape, axis []int) []region {
	if len(axis) != 1 {
		return nil
	}
	a := axis[0]
	if a < 0 {
		a += len(shape)
	}
	if a < 0 || a >= len(shape) || elements(shape) == 0 {
		return nil
	}
	var list []region
	at, others := 0, elements(shape)/shape[a]
	if others < 1 {
		return nil
	}
	for _, o := range op.Outputs {
		order, begin, ones := counted(len(shape))
		count := append([]int(nil), shape...)
		begin[a], count[a] = at, g.tensor(o).Elements()/others
		at += count[a]
		list = append(list, partOf(shape, order, begin, ones, count)...)
	}
	if at != shape[a] {
		return nil
	}
	return list
}

// lowerRegions appends the copies of regions.
func (g *graph) lowerRegions(op *tflite.Operator, input int, list []region) error {
	for n, o := range op.Outputs {
		src, err := g.full(input)
		if err != nil {
			return err
		}
		dst, err := g.full(o)
		if err != nil {
			return err
		}
		if src.elem > 2 {
			return errCopies
		}
		src.buf.plain, dst.buf.plain = true, true
		src.offset = list[n].first * src.elem
		dims := append([]dim(nil), list[n].dims...)
		for i := range dims {
			dims[i].from *= src.elem
			dims[i].to *= src.elem
		}
		if err := g.copyDims(dims, src, dst, nil); err != nil {
			return err
		}
	}
	return nil
}
