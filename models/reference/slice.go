package reference

import "upset/models/tflite"

// prepareSlice handles SLICE.
func prepareSlice(n *node) Kernel {
	in, out := n.moved(0)
	begin, size := n.constants(n.in(1, tflite.Int32, tflite.Int64)), n.constants(n.in(2, tflite.Int32, tflite.Int64))
	rank := len(in.Shape)
	if !n.require(len(begin) == rank && len(size) == rank && len(out.Shape) == rank,
		"begin %v and size %v for shape %v", begin, size, in.Shape) {
		return nil
	}
	for i, b := range begin {
		n.require(b >= 0 && b <= in.Shape[i] && out.Shape[i] <= in.Shape[i]-b &&
			(size[i] == out.Shape[i] || size[i] == -1), "begin %v and size %v take %v to %v", begin, size, in.Shape, out.Shape)
	}
	from := make([]int, rank)
	return n.gather(in, out, out.Shape, 0, func(pos []int) int {
		for i := range from {
			from[i] = begin[i] + pos[i]
		}
		return flat(in.Shape, from)
	})
}

// prepareStridedSlice handles STRIDED_SLICE. New axes only add dimensions of 1 to
// the output, so they take part in nothing here.
func prepareStridedSlice(n *node) Kernel {
	in, out := n.moved(0)
	begin, end, stride := n.constants(n.in(1, tflite.Int32)), n.constants(n.in(2, tflite.Int32)), n.constants(n.in(3, tflite.Int32))
	rank := len(in.Shape)
	entry := sliceEntries(&n.op.Options, rank, len(begin))
	if !n.require(len(end) == len(begin) && len(stride) == len(begin) && len(begin) <= 32 && entry != nil,
		"begin %v, end %v, strides %v for shape %v", begin, end, stride, in.Shape) {
		return nil
	}
	o := &n.op.Options
	start, count, step := make([]int, rank), make([]int, rank), make([]int, rank)
	for i, d := range in.Shape {
		k := entry[i]
		if k < 0 { // the whole dimension
			start[i], count[i], step[i] = 0, d, 1
			continue
		}
		const limit = 1 << 30 // keeps sums in range (our choice)
		if !n.require(stride[k] != 0 && stride[k] > -limit && stride[k] < limit && d < limit, "stride %d", stride[k]) {
			return nil
		}
		bit := func(mask int) bool { return mask>>k&1 != 0 }
		step[i] = stride[k]
		start[i], count[i] = bounds(d, begin[k], end[k], stride[k], bit(o.BeginMask), bit(o.EndMask), bit(o.ShrinkMask), o.Offset)
	}
	from := make([]int, rank)
	return n.gather(in, out, count, 0, func(pos []int) int {
		for i := range from {
			from[i] = start[i] + pos[i]*step[i]
		}
		return flat(in.Shape, from)
	})
}

// sliceEntries tells which of the given entries of begin, end and strides belongs
// to each of rank dimensions, −1 where the dimension is taken whole: under an
// ellipsis, and at the end when entries are missing. It is nil when the entries do
// not fit.
func sliceEntries(o *tflite.Options, rank, entries int) []int {
	taken, ellipsis := 0, false
	for k := range entries {
		switch {
		case o.EllipsisMask>>min(k, 31)&1 != 0:
			if ellipsis {
				return nil
			}
			ellipsis = true
		case o.NewAxisMask>>min(k, 31)&1 == 0:
			taken++
		}
	}
	if taken > rank {
		return nil
	}
	list := make([]int, 0, rank)
	for k := range entries {
		switch {
		case o.EllipsisMask>>min(k, 31)&1 != 0:
			for range rank - taken {
				list = append(list, -1)
			}
		case o.NewAxisMask>>min(k, 31)&1 == 0:
			list = append(list, k)
		}
	}
	for len(list) < rank {
		list = append(list, -1)
	}
	return list
}

// bounds is the first position and the number of positions that a strided slice
// takes from a dimension of size d.
func bounds(d, begin, end, stride int, beginMask, endMask, shrink, offset bool) (start, count int) {
	lo, hi := 0, d // limits of both ends
	if stride < 0 {
		lo, hi = -1, d-1
	}
	wrap := func(x int) int {
		if x < 0 {
			x += d
		}
		return min(max(x, lo), hi)
	}
	switch start = wrap(begin); {
	case beginMask && stride > 0:
		start = lo
	case beginMask:
		start = hi
	}
	if shrink {
		return start, 1
	}
	stop := wrap(end)
	if offset {
		stop = min(max(start+end, lo), hi)
	}
	if endMask {
		if stop = hi; stride < 0 {
			stop = lo
		}
	}
	if stride > 0 {
		return start, max(0, (stop-start+stride-1)/stride)
	}
	return start, max(0, (start-stop-stride-1)/-stride)
}

// prepareGather handles GATHER along one axis; the indices may be computed. An
// index outside the axis takes the nearest element inside. Each of the leading
// batch dimensions, which both inputs share, has indices of its own.
func prepareGather(n *node) Kernel {
	in, index, out := n.in(0), n.in(1, tflite.Int32), n.out(0)
	n.movable(in, out)
	axis, batch := n.op.Options.Axis, n.op.Options.BatchDims
	if axis < 0 {
		axis += len(in.Shape)
	}
	if batch < 0 {
		batch += len(index.Shape)
	}
	if !n.require(axis >= 0 && axis < len(in.Shape) && in.Shape[axis] > 0, "axis %d of shape %v", axis, in.Shape) ||
		!n.require(batch >= 0 && batch <= axis && batch <= len(index.Shape), "%d batch dimensions of %v and %v", batch, in.Shape, index.Shape) {
		return nil
	}
	for i := range batch {
		n.require(in.Shape[i] == index.Shape[i], "batch dimensions of %v and %v differ", in.Shape, index.Shape)
	}
	batches, picks := product(in.Shape[:batch]), product(index.Shape[batch:])
	outer, size, inner := product(in.Shape[batch:axis]), in.Shape[axis], product(in.Shape[axis+1:])
	n.require(out.Elements() == batches*outer*picks*inner, "output shape %v", out.Shape)
	run := inner * in.Type.Size()
	return func(v [][]byte) {
		src, dst, list := in.value(v), out.value(v), index.value(v)
		for o := range batches * outer {
			for p := range picks {
				k := int(clamp(at(list, tflite.Int32, o/max(outer, 1)*picks+p), 0, int32(size-1)))
				copy(dst[(o*picks+p)*run:][:run], src[(o*size+k)*run:])
			}
		}
	}
}

// prepareSpaceToDepth handles SPACE_TO_DEPTH.
func prepareSpaceToDepth(n *node) Kernel {
	in, out := n.moved(0)
	di, do, k := n.dims4(in), n.dims4(out), n.op.Options.BlockSize
	if !n.require(k > 0 && k < 1<<15 && di == [4]int{do[0], do[1] * k, do[2] * k, di[3]} && do[3] == di[3]*k*k,
		"block %d takes %v to %v", k, in.Shape, out.Shape) {
		return nil
	}
	return n.gather(in, out, out.Shape, 0, func(p []int) int {
		b := p[3] / di[3]
		return flat(in.Shape, []int{p[0], p[1]*k + b/k, p[2]*k + b%k, p[3] % di[3]})
	})
}

// prepareDepthToSpace handles DEPTH_TO_SPACE.
func prepareDepthToSpace(n *node) Kernel {
	in, out := n.moved(0)
	di, do, k := n.dims4(in), n.dims4(out), n.op.Options.BlockSize
	if !n.require(k > 0 && k < 1<<15 && do == [4]int{di[0], di[1] * k, di[2] * k, do[3]} && di[3] == do[3]*k*k,
		"block %d takes %v to %v", k, in.Shape, out.Shape) {
		return nil
	}
	return n.gather(in, out, out.Shape, 0, func(p []int) int {
		return flat(in.Shape, []int{p[0], p[1] / k, p[2] / k, (p[1]%k*k+p[2]%k)*do[3] + p[3]})
	})
}

// tiling is the constant block sizes and margins of the two operators between
// space and batch.
func (n *node) tiling(small, large operand) (block, margin []int, ok bool) {
	block, margin = n.constants(n.in(1, tflite.Int32)), n.constants(n.in(2, tflite.Int32))
	m := len(block)
	if !n.require(len(large.Shape) == len(small.Shape) && len(large.Shape) > m && len(margin) == 2*m,
		"blocks %v and margins %v for %v and %v", block, margin, small.Shape, large.Shape) {
		return nil, nil, false
	}
	tiles := 1
	for i, b := range block {
		if !n.require(b > 0 && b < 1<<15 && margin[2*i] >= 0 && margin[2*i+1] >= 0, "blocks %v, margins %v", block, margin) {
			return nil, nil, false
		}
		tiles *= b
		n.require(tiles < 1<<30 && large.Shape[i+1]*b-small.Shape[i+1] == margin[2*i]+margin[2*i+1],
			"blocks %v and margins %v for %v and %v", block, margin, small.Shape, large.Shape)
		if n.err != nil {
			return nil, nil, false
		}
	}
	for i := m + 1; i < len(large.Shape); i++ {
		n.require(large.Shape[i] == small.Shape[i], "shapes %v and %v", small.Shape, large.Shape)
	}
	ok = n.require(large.Shape[0] == small.Shape[0]*tiles, "shapes %v and %v", small.Shape, large.Shape)
	return block, margin, ok
}

// prepareSpaceToBatch handles SPACE_TO_BATCH_ND.
func prepareSpaceToBatch(n *node) Kernel {
	in, out := n.moved(0)
	block, margin, ok := n.tiling(in, out)
	if !ok {
		return nil
	}
	from := make([]int, len(in.Shape))
	return n.gather(in, out, out.Shape, out.zero, func(pos []int) int {
		copy(from, pos)
		from[0] = pos[0] % in.Shape[0]
		tile := pos[0] / in.Shape[0]
		for i := len(block) - 1; i >= 0; i-- {
			from[i+1] = pos[i+1]*block[i] + tile%block[i] - margin[2*i]
			tile /= block[i]
		}
		return flat(in.Shape, from)
	})
}

// prepareBatchToSpace handles BATCH_TO_SPACE_ND.
func prepareBatchToSpace(n *node) Kernel {
	in, out := n.moved(0)
	block, margin, ok := n.tiling(out, in)
	if !ok {
		return nil
	}
	from := make([]int, len(in.Shape))
	return n.gather(in, out, out.Shape, 0, func(pos []int) int {
		copy(from, pos)
		tile := 0
		for i, b := range block {
			p := pos[i+1] + margin[2*i]
			from[i+1] = p / b
			tile = tile*b + p%b
		}
		from[0] = tile*out.Shape[0] + pos[0]
		return flat(in.Shape, from)
	})
}
