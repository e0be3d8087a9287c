package cone

import (
	"math"
	"math/bits"

	"upset/npu/isa"
	"upset/npu/kernel"
)

// Sums of 8-bit features into 32-bit accumulators are by far the most work. What inputs are
// larger by stands in runs of channels, as pairs of 16-bit lanes for the vectors.

// vectors says that they are in use. Tests turn them off.
var vectors = kernel.Accelerated()

// run is some channels of a pixel of which differences are known.
type run struct {
	pixel int32
	first int32 // channel, even
	n     int32 // elements that differ
	x     int32 // the first value, in runs.x
	at    int32 // the first pair of those listed, in runs.at; or -1: all of them
	pairs int32
}

// runs are the differences of a feature map.
type runs struct {
	list []run
	x    []int16  // values, two for each pair
	at   []uint16 // pairs behind the first channel of the run
}

func (s *runs) reset() { s.list, s.x, s.at = s.list[:0], s.x[:0], s.at[:0] }

// every lists all pairs in order.
var every = func() []uint16 {
	list := make([]uint16, mostPairs)
	for i := range list {
		list[i] = uint16(i)
	}
	return list
}()

// mostPairs is the number of pairs of the deepest feature map.
const mostPairs = (math.MaxUint16 + 1) / 2

// pairs are the values of a run, and which pairs they are.
func (s *runs) pairs(r *run) (at []uint16, x []int16) {
	x = s.x[r.x : r.x+2*r.pairs]
	if r.at < 0 {
		return every[:r.pairs], x
	}
	return s.at[r.at : r.at+r.pairs], x
}

// sparse is the share of the bytes of a run, one in so many, from which on all are looked
// at (our choice: a pair in a list costs about as much as eight side by side).
const sparse = 8

// collectRuns finds what the bytes of a regular map in SRAM are larger by than the recorded
// ones.
func (d *difference) collectRuns(s *runs, m *fieldMap, recorded []byte) {
	s.reset()
	whole := bound(m.runs)
	if d.live == 0 || whole.Lo >= whole.Hi {
		return
	}
	at, end := int(whole.Lo-isa.SRAMBase), min(int(whole.Hi-isa.SRAMBase), len(d.values))
	pixel, behind := 0, 0 // the pixel behind the last one, which ends there, of a map without gaps
	for {
		if at = d.next(at, end); at >= end {
			return
		}
		if behind > 0 && at < behind+m.c {
			d.run(s, pixel, 0, m.c, behind, recorded[pixel*m.c:], m.Signed)
			at, pixel, behind = behind+m.c, pixel+1, behind+m.c
			continue
		}
		e := m.element(isa.SRAMBase + uint32(at))
		if e < 0 {
			at++
			continue
		}
		z := e % m.c
		from, n := 0, m.c
		if m.Brick && !m.packed {
			from = z &^ (isa.BrickDepth - 1)
			n = min(isa.BrickDepth, m.c-from)
		}
		first := at - (z - from)
		d.run(s, e/m.c, from, n, first, recorded[e-(z-from):], m.Signed)
		at = first + n
		if m.packed {
			pixel, behind = e/m.c+1, at
		}
	}
}

// of makes runs of the changes of a map.
func (s *runs) of(c *changes, m *fieldMap) {
	s.reset()
	flip := uint32(0)
	if m.Signed {
		flip = 0x80
	}
	for i := 0; i < len(c.at); {
		pixel, end := c.pixelEnd(i, m.c)
		r := run{pixel: int32(pixel), x: int32(len(s.x)), at: int32(len(s.at)), n: int32(end - i)}
		for last := -1; i < end; i++ {
			z := int(c.at[i]) - pixel*m.c
			if z/2 != last {
				last = z / 2
				s.at, s.x = append(s.at, uint16(last)), append(s.x, 0, 0)
			}
			s.x[len(s.x)-2+z&1] = int16(c.now[i]^flip) - int16(c.old[i]^flip)
		}
		r.pairs = int32(len(s.at)) - r.at
		s.list = append(s.list, r)
	}
}

// next is the first marked byte from one on, or end.
func (d *difference) next(at, end int) int {
	for at < end {
		if set := d.marks[at>>6] >> (at & 63); set != 0 {
			return min(end, at+bits.TrailingZeros64(set))
		}
		at = at&^63 + 64
	}
	return end
}

// run adds the n channels of a pixel from one on, of which the first lies at a byte of SRAM.
func (d *difference) run(s *runs, pixel, from, n, first int, recorded []byte, signed bool) {
	r := run{pixel: int32(pixel), first: int32(from), x: int32(len(s.x))}
	pairs := (n + 1) / 2
	if d.count(first, n) >= n/sparse {
		r.at, r.pairs = -1, int32(pairs)
		const lanes = 16
		x := room(&s.x, 2*pairs, lanes)
		x[2*pairs-1] = 0
		if r.n = int32(kernel.Differences(x[:n], d.values, recorded, d.marks, first, signed)); r.n == 0 {
			s.x = s.x[:r.x]
			return
		}
		s.list = append(s.list, r)
		return
	}
	r.at = int32(len(s.at))
	flip := byte(0)
	if signed {
		flip = 0x80
	}
	for at, last := d.next(first, first+n), -1; at < first+n; at = d.next(at+1, first+n) {
		i := at - first
		v := int16(d.values[at]^flip) - int16(recorded[i]^flip)
		if v == 0 {
			continue
		}
		if p := i / 2; p != last {
			last = p
			s.at, s.x = append(s.at, uint16(p)), append(s.x, 0, 0)
		}
		s.x[len(s.x)-2+i&1] = v
		r.n++
	}
	if r.pairs = int32(len(s.at)) - r.at; r.pairs > 0 {
		s.list = append(s.list, r)
	}
}

// count is the number of marked bytes among n from one on.
func (d *difference) count(at, n int) (k int) {
	for end := at + n; at < end; {
		set := d.marks[at>>6] >> (at & 63)
		next := at&^63 + 64
		if next > end {
			set &= 1<<(end-at) - 1
		}
		k += bits.OnesCount64(set)
		at = next
	}
	return k
}

// room appends n elements to a list, whatever they are, with some more behind them that may
// be written.
func room(list *[]int16, n, more int) []int16 {
	k := len(*list)
	if cap(*list) < k+n+more {
		*list = append(make([]int16, 0, 2*(k+n+more)), *list...)
	}
	*list = (*list)[:k+n]
	return (*list)[k:]
}

// all makes runs of the numbers of a whole map.
func (s *runs) all(in []byte, m *fieldMap) {
	s.reset()
	zp, flip := int16(m.zeroPoint()), byte(0)
	if m.Signed {
		zp, flip = zp+0x80, 0x80
	}
	pairs := (m.c + 1) / 2
	x := grow(&s.x, 2*pairs*m.h*m.w)
	for pixel := range m.h * m.w {
		row := x[2*pairs*pixel:][:2*pairs]
		row[2*pairs-1] = 0
		for c, v := range in[pixel*m.c:][:m.c] {
			row[c] = int16(v^flip) - zp
		}
		s.list = append(s.list, run{pixel: int32(pixel), x: int32(2 * pairs * pixel), at: -1, n: int32(m.c), pairs: int32(pairs)})
	}
}

// packPairs lays weights in the order [oc][tap][ic] out for kernel.MultiplyPairs:
// [group of channels][tap][pair of inputs][channel][2].
func (o *operation) packPairs(w []int16) {
	d := &o.d
	o.stride = d.KH * d.KW * o.inputPairs() * kernel.PairWeights
	o.lanes16 = make([]int16, o.groups()*o.stride)
	for oc := range d.OFMD {
		group := o.lanes16[oc/kernel.Channels*o.stride:][:o.stride]
		c := 2 * (oc % kernel.Channels)
		for tap := range d.KH * d.KW {
			from := w[(oc*d.KH*d.KW+tap)*d.IFMD:][:d.IFMD]
			to := group[tap*o.inputPairs()*kernel.PairWeights:]
			for ic, v := range from {
				to[ic/2*kernel.PairWeights+c+ic&1] = v
			}
		}
	}
}

// inputPairs is the number of pairs of input channels, groups that of output channels.
func (o *operation) inputPairs() int { return (o.d.IFMD + 1) / 2 }
func (o *operation) groups() int     { return (o.d.OFMD + kernel.Channels - 1) / kernel.Channels }

// inRuns reports whether the sums of an operation with weights are formed from runs: without
// vectors, weights in pairs are faster.
func (o *operation) inRuns() bool {
	d := &o.d
	return vectors && d.IFM.Bytes == 1 && !d.Acc40 && d.IFMD < math.MaxUint16 && d.OFMD < math.MaxUint16 && (o.Kind == Conv || o.Kind == Depthwise)
}

// lots lists the scales for the vectors; none where an output stage does not fit them.
func (o *operation) lots() []kernel.Scales {
	if !vectors || !o.quick || o.out.lo < math.MinInt32 || o.out.hi > math.MaxInt32 {
		return nil
	}
	list := make([]kernel.Scales, o.d.OFMD/kernel.Lot)
	for c := range o.d.OFMD {
		s := &o.scales[c]
		if s.factor > math.MaxInt32 || s.shift < 32 || s.shift > maxShift || s.bias != int64(int32(s.bias)) {
			return nil
		}
		if c < len(list)*kernel.Lot {
			list[c/kernel.Lot].Set(c%kernel.Lot, int32(s.bias), int32(s.factor), s.shift, s.up, s.down)
		}
	}
	return list
}

// convAll computes a convolution of a whole map.
func (r *Runner) convAll(o *operation, in, out []byte, keep *recorded) {
	d := &o.d
	r.runs.all(in, &o.ifm)
	acc := grow(&r.lanes, o.groups()*kernel.Channels)
	for q := range d.OFMH * d.OFMW {
		clear(acc)
		for ky := range d.KH {
			for kx := range d.KW {
				if p := o.tap(q/d.OFMW, ky, q%d.OFMW, kx); p >= 0 {
					at, x := r.runs.pairs(&r.runs.list[p])
					kernel.MultiplyPairs(acc, at, x, o.lanes16[(ky*d.KW+kx)*o.inputPairs()*kernel.PairWeights:], o.stride)
				}
			}
		}
		r.settled(o, acc[:d.OFMD], q*d.OFMD, out, keep)
	}
}

// depthwiseAll is convAll for a depthwise operation.
func (r *Runner) depthwiseAll(o *operation, in, out []byte, keep *recorded) {
	d, depth := &o.d, o.d.OFMD
	r.runs.all(in, &o.ifm)
	acc := grow(&r.lanes, depth)
	for q := range d.OFMH * d.OFMW {
		clear(acc)
		for ky := range d.KH {
			for kx := range d.KW {
				if p := o.tap(q/d.OFMW, ky, q%d.OFMW, kx); p >= 0 {
					_, x := r.runs.pairs(&r.runs.list[p])
					kernel.MultiplyLanes(acc, x, o.lanes16[(ky*d.KW+kx)*depth:])
				}
			}
		}
		r.settled(o, acc, q*depth, out, keep)
	}
}

// settled keeps the sums of a pixel and turns them into its outputs, of which element e is
// the first.
func (r *Runner) settled(o *operation, acc []int32, e int, out []byte, keep *recorded) {
	if keep != nil {
		copy(keep.sums[e:], acc)
	}
	done := len(o.scaled) * kernel.Lot
	if !kernel.Scale(out[e*o.ofm.Bytes:], acc, grow(&r.none, done), nil, o.scaled, o.end) {
		done = 0
	}
	wide := grow(&r.acc, len(acc)-done)
	for i, v := range acc[done:] {
		wide[i] = int64(v)
	}
	r.outputs(o, out, e+done, done, wide)
}

// convRuns is sparseConv for runs.
func (r *Runner) convRuns(o *operation, g *recorded) {
	d, s := &o.d, &r.runs
	if d.KH*d.KW == 1 && (o.ifm.packed || !o.ifm.Brick) {
		r.pointRuns(o, g)
		return
	}
	r.touched.reset(d.OFMH * d.OFMW)
	r.nodes = r.nodes[:0]
	for i := range s.list {
		pixel := int(s.list[i].pixel)
		for _, y := range o.rows.reaches(pixel / o.ifm.w) {
			for _, x := range o.cols.reaches(pixel % o.ifm.w) {
				q := int(y.out)*d.OFMW + int(x.out)
				r.touched.insert(q)
				r.nodes = append(r.nodes, node{first: int32(i), tap: y.tap*int32(d.KW) + x.tap, next: r.touched.head[q]})
				r.touched.head[q] = int32(len(r.nodes) - 1)
			}
		}
	}
	acc := grow(&r.lanes, o.groups()*kernel.Channels)
	for _, q := range r.touched.list {
		clear(acc)
		for n := r.touched.head[q]; n >= 0; n = r.nodes[n].next {
			one := &s.list[r.nodes[n].first]
			at, x := s.pairs(one)
			r.macs += int64(one.n) * int64(d.OFMD)
			kernel.MultiplyPairs(acc, at, x, o.lanes16[(int(r.nodes[n].tap)*o.inputPairs()+int(one.first)/2)*kernel.PairWeights:], o.stride)
		}
		r.pixel(o, g, int(q), acc[:d.OFMD])
	}
}

// pointRuns is convRuns for a kernel of one tap, where a pixel has a single run: an output has
// no other inputs.
func (r *Runner) pointRuns(o *operation, g *recorded) {
	d, s := &o.d, &r.runs
	acc := grow(&r.lanes, o.groups()*kernel.Channels)
	for i := range s.list {
		one := &s.list[i]
		at, v := s.pairs(one)
		for _, y := range o.rows.reaches(int(one.pixel) / o.ifm.w) {
			for _, x := range o.cols.reaches(int(one.pixel) % o.ifm.w) {
				clear(acc)
				r.macs += int64(one.n) * int64(d.OFMD)
				kernel.MultiplyPairs(acc, at, v, o.lanes16, o.stride)
				r.pixel(o, g, int(y.out)*d.OFMW+int(x.out), acc[:d.OFMD])
			}
		}
	}
}

// depthwiseRuns is sparseSum for runs of a depthwise operation.
func (r *Runner) depthwiseRuns(o *operation, g *recorded) {
	d, s := &o.d, &r.runs
	r.touched.reset(d.OFMH * d.OFMW)
	depth := d.OFMD
	sums := grow(&r.lanes, d.OFMH*d.OFMW*depth)
	for i := range s.list {
		one := &s.list[i]
		at, v := s.pairs(one)
		n := min(2*len(at), depth-int(one.first))
		for _, y := range o.rows.reaches(int(one.pixel) / o.ifm.w) {
			for _, x := range o.cols.reaches(int(one.pixel) % o.ifm.w) {
				q := int(y.out)*d.OFMW + int(x.out)
				row := sums[q*depth:][:depth]
				if r.touched.insert(q) {
					clear(row)
				}
				r.macs += int64(one.n)
				row = row[one.first:]
				f := o.lanes16[(int(y.tap)*d.KW+int(x.tap))*depth+int(one.first):]
				if one.at < 0 {
					kernel.MultiplyLanes(row[:n], v, f)
					continue
				}
				for k, p := range at {
					c := 2 * int(p)
					row[c] += int32(v[2*k]) * int32(f[c])
					if w := v[2*k+1]; w != 0 {
						row[c+1] += int32(w) * int32(f[c+1])
					}
				}
			}
		}
	}
	for _, q := range r.touched.list {
		r.pixel(o, g, int(q), sums[int(q)*depth:][:depth])
	}
}

// pixel adds the differences of the sums of pixel q to the recorded accumulators, and notes
// the outputs that come out different.
func (r *Runner) pixel(o *operation, g *recorded, q int, acc []int32) {
	e, done := q*o.d.OFMD, 0
	if o.scaled != nil {
		done = len(o.scaled) * kernel.Lot
		out, old := grow(&r.out, done), g.ofm[e:e+done]
		if kernel.Scale(out, acc[:done], g.sums[e:e+done], old, o.scaled, o.end) {
			for c := 0; c < done; {
				n := done - c
				if !o.ofm.packed {
					n = min(n, o.ofm.runLength(c))
				}
				r.mark(o, g, e+c, out[c:c+n])
				c += n
			}
		} else {
			done = 0
		}
	}
	for c := done; c < len(acc); c += lot {
		var sums [lot]int64
		n := min(lot, len(acc)-c)
		for i, v := range acc[c : c+n] {
			sums[i] = int64(v)
		}
		r.pixelSums(o, g, q, c, sums[:n])
	}
}
