package cone

// touched is a set of outputs, which empties in no time.
type touched struct {
	stamp []uint32 // equal to now where the output is in the set
	now   uint32
	list  []int32
	head  []int32 // convolution: the first node of the output
}

// reset empties the set for n outputs.
func (t *touched) reset(n int) {
	if len(t.stamp) < n || t.now == 1<<32-1 {
		t.stamp, t.head, t.now = make([]uint32, n), make([]int32, n), 0
	}
	t.now++
	t.list = t.list[:0]
}

// insert adds output i without nodes, and reports whether it is new.
func (t *touched) insert(i int) bool {
	if t.stamp[i] == t.now {
		return false
	}
	t.stamp[i], t.head[i] = t.now, -1
	t.list = append(t.list, int32(i))
	return true
}

// node says that a run of changes meets an output at a tap.
type node struct {
	first, end int32 // changes
	tap        int32 // ky × KW + kx
	next       int32 // of the same output, or -1
}

// differences turns changed bits into differences of numbers.
func (r *Runner) differences(m *fieldMap) []int64 {
	zp := m.zeroPoint()
	d := grow(&r.acc, len(r.a.at))
	if m.Bytes == 1 {
		sign := uint32(0)
		if m.Signed {
			sign = 1 << 7
		}
		for i, old := range r.a.old[:len(d)] {
			d[i] = int64(r.a.now[i]^sign) - int64(old^sign)
		}
		return d
	}
	for i := range d {
		d[i] = int64(m.value(r.a.now[i], zp)) - int64(m.value(r.a.old[i], zp))
	}
	return d
}

// pixelEnd is the end of the changes from i on that lie in the same pixel.
func (c *changes) pixelEnd(i, depth int) (pixel, end int) {
	pixel = int(c.at[i]) / depth
	limit := int32((pixel + 1) * depth)
	first := int32(pixel * depth)
	for end = i + 1; end < len(c.at) && c.at[end] < limit && c.at[end] >= first; end++ {
	}
	return pixel, end
}

// sparseConv adds the differences of the inputs to the recorded accumulators of
// the pixels that they reach.
func (r *Runner) sparseConv(o *operation, g *recorded) {
	d := &o.d
	deltas := r.differences(&o.ifm)
	r.touched.reset(d.OFMH * d.OFMW)
	r.nodes = r.nodes[:0]
	for i := 0; i < len(r.a.at); {
		pixel, end := r.a.pixelEnd(i, o.ifm.c)
		for _, y := range o.rows.reaches(pixel / o.ifm.w) {
			for _, x := range o.cols.reaches(pixel % o.ifm.w) {
				q := int(y.out)*d.OFMW + int(x.out)
				r.touched.insert(q)
				r.nodes = append(r.nodes, node{int32(i), int32(end), y.tap*int32(d.KW) + x.tap, r.touched.head[q]})
				r.touched.head[q] = int32(len(r.nodes) - 1)
			}
		}
		i = end
	}
	for _, q := range r.touched.list {
		r.taps, r.deltas = r.taps[:0], r.deltas[:0]
		for n := r.touched.head[q]; n >= 0; n = r.nodes[n].next {
			run := &r.nodes[n]
			base := run.tap*int32(o.ifm.c) - r.a.at[run.first]/int32(o.ifm.c)*int32(o.ifm.c)
			for i := run.first; i < run.end; i++ {
				r.taps = append(r.taps, base+r.a.at[i])
			}
			r.deltas = append(r.deltas, deltas[run.first:run.end]...)
		}
		r.macs += int64(len(r.taps)) * int64(d.OFMD)
		r.convPixel(o, g, int(q))
	}
}

// convPixel computes the channels of one pixel from the list of differences.
func (r *Runner) convPixel(o *operation, g *recorded, q int) {
	var acc [pairs]int64
	w, lanes := o.weights, o.lanes()
	for oc := 0; oc < o.d.OFMD; oc += lanes {
		o.spread(&acc, pick(r.taps, r.deltas, w[:o.taps]))
		w = w[o.taps:]
		r.pixelSums(o, g, q, oc, acc[:min(lanes, o.d.OFMD-oc)])
	}
}

// pick is dot for the inputs in a list of taps.
func pick(taps []int32, x []int64, w [][4]int64) (s [4]int64) {
	var a, b, c, d int64
	x = x[:len(taps)]
	for i, k := range taps {
		q, f := &w[k], x[i]
		a += f * q[0]
		b += f * q[1]
		c += f * q[2]
		d += f * q[3]
	}
	return [4]int64{a, b, c, d}
}

// sparseSum adds the differences of the inputs of a depthwise operation, or of a
// pool that sums, to the recorded accumulators of the pixels that they reach.
func (r *Runner) sparseSum(o *operation, g *recorded) {
	d := &o.d
	deltas := r.differences(&o.ifm)
	depth := o.ifm.c
	r.touched.reset(d.OFMH * d.OFMW)
	width := depth // sums of a pixel
	if o.Kind == ReduceSum {
		width = 1
	}
	rows := grow(&r.rows, d.OFMH*d.OFMW*width)
	for i := 0; i < len(r.a.at); {
		pixel, end := r.a.pixelEnd(i, depth)
		for _, y := range o.rows.reaches(pixel / o.ifm.w) {
			for _, x := range o.cols.reaches(pixel % o.ifm.w) {
				q := int(y.out)*d.OFMW + int(x.out)
				row := rows[q*width : (q+1)*width]
				if r.touched.insert(q) {
					clear(row)
				}
				f := o.filters
				if o.Kind == Depthwise {
					f = f[(int(y.tap)*d.KW+int(x.tap))*depth:][:depth]
				}
				r.macs += int64(end - i)
				o.sumPixel(row, f, pixel*depth, r.a.at[i:end], deltas[i:end])
			}
		}
		i = end
	}
	for _, q := range r.touched.list {
		row := rows[int(q)*width : (int(q)+1)*width]
		if o.Kind == ReduceSum {
			r.reduced(o, g, int(q), row[0])
			continue
		}
		for oc := 0; oc < width; oc += lot {
			r.pixelSums(o, g, int(q), oc, row[oc:min(oc+lot, width)])
		}
	}
}

// sumPixel adds the differences of an input pixel, which starts at element start,
// to the sums of an output pixel.
func (o *operation) sumPixel(row []int64, f []int32, start int, at []int32, deltas []int64) {
	deltas = deltas[:len(at)]
	switch o.Kind {
	case Depthwise:
		f = f[:len(row)]
		for i, e := range at {
			c := int(e) - start
			row[c] += deltas[i] * int64(f[c])
		}
	case AveragePool:
		for i, e := range at {
			row[int(e)-start] += deltas[i]
		}
	default:
		for _, v := range deltas {
			row[0] += v
		}
	}
}

// reduced writes a changed sum over channels to all channels of pixel q.
func (r *Runner) reduced(o *operation, g *recorded, q int, sum int64) {
	bits := r.finish(o, o.mean(o.wrap(g.sum(q)+sum), 0))
	for c := range o.d.OFMD {
		r.emit(o, g, q*o.d.OFMD+c, bits)
	}
}

// altered returns the bytes of an operand with its changes.
func altered(buf *[]byte, recorded []byte, c *changes, size int) []byte {
	b := grow(buf, len(recorded))
	copy(b, recorded)
	for i, e := range c.at {
		put(b, int(e), size, c.now[i])
	}
	return b
}

// sparseMax computes the windows that differences reach anew.
func (r *Runner) sparseMax(o *operation, g *recorded) {
	d, depth := &o.d, o.ifm.c
	in := altered(&r.in, g.ifm, &r.a, o.ifm.Bytes)
	r.touched.reset(o.ofm.elements())
	for _, e := range r.a.at {
		pixel, c := int(e)/depth, int(e)%depth
		for _, y := range o.rows.reaches(pixel / o.ifm.w) {
			for _, x := range o.cols.reaches(pixel % o.ifm.w) {
				r.touched.insert((int(y.out)*d.OFMW+int(x.out))*depth + c)
			}
		}
	}
	zp := o.ifm.zeroPoint()
	for _, e := range r.touched.list {
		q, c := int(e)/depth, int(e)%depth
		best := int64(lowest)
		for ky := range d.KH {
			for kx := range d.KW {
				switch p := o.tap(q/d.OFMW, ky, q%d.OFMW, kx); {
				case p >= 0:
					best = max(best, int64(o.ifm.value(take(in, p*depth+c, o.ifm.Bytes), zp)))
				case p == inserted:
					best = max(best, 0)
				}
			}
		}
		r.macs += int64(d.KH * d.KW)
		r.emit(o, g, int(e), r.finish(o, best))
	}
}

// sparseElementwise computes the elements anew of which an operand differs.
func (r *Runner) sparseElementwise(o *operation, g *recorded) {
	in := altered(&r.in, g.ifm, &r.a, o.ifm.Bytes)
	var in2 []byte
	r.touched.reset(o.ofm.elements())
	for _, e := range r.a.at {
		r.touched.insert(int(e))
	}
	if o.two {
		in2 = altered(&r.in2, g.ifm2, &r.b, o.ifm2.Bytes)
		for _, e := range r.b.at {
			r.sharers(o, int(e))
		}
	}
	for _, e := range r.touched.list {
		b := uint32(0)
		if o.two {
			b = take(in2, o.partner(int(e)), o.ifm2.Bytes)
		}
		r.emit(o, g, int(e), r.finish(o, o.combine(take(in, int(e), o.ifm.Bytes), b)))
	}
}

// sharers touches the outputs of an element of the second operand.
func (r *Runner) sharers(o *operation, e int) {
	m := &o.ifm2
	span := func(at, n, outs int) (lo, hi int) {
		if n == outs {
			return at, at + 1
		}
		return 0, outs // broadcast
	}
	p := e / m.c
	y0, y1 := span(p/m.w, m.h, o.ofm.h)
	x0, x1 := span(p%m.w, m.w, o.ofm.w)
	c0, c1 := span(e%m.c, m.c, o.ofm.c)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			for c := c0; c < c1; c++ {
				r.touched.insert((y*o.ofm.w+x)*o.ofm.c + c)
			}
		}
	}
}
