package cone

import (
	"upset/npu/isa"
	"upset/npu/kernel"
)

// lot is the number of channels that the output stage computes at a time.
const lot = kernel.Lot

// isQuick reports whether the output stage of an operation with weights fits the
// short form: 8-bit outputs without function or table, 32-bit accumulators, and
// scales of which the products fit 64 bits.
func (o *operation) isQuick() bool {
	if !o.out.plain || o.ofm.Bytes != 1 || o.d.Acc40 || len(o.scales) == 0 {
		return false
	}
	for i := range o.scales {
		if !o.scales[i].short {
			return false
		}
	}
	return true
}

// stage finds out in which forms the output stage of an operation with weights can be had.
func (o *operation) stage() {
	o.quick = o.isQuick()
	o.scaled = o.lots()
	o.end = kernel.Stage{Zero: int32(o.out.zp), Low: int32(o.out.lo), High: int32(o.out.hi)}
}

// quickly turns accumulators of channels from oc on into bytes, or reports false
// where one is too large with its bias.
func (o *operation) quickly(dst *[lot]byte, acc []int64, oc int) bool {
	zp, lo, hi := o.out.zp, o.out.lo, o.out.hi
	scales := o.scales[oc:]
	acc = acc[:min(lot, len(acc))]
	scales = scales[:len(acc)]
	for i, a := range acc {
		s := &scales[i]
		v := a + s.bias
		if v != int64(int32(v)) {
			return false
		}
		p := v * int64(s.factor)
		p += s.up + p>>63&(s.down-s.up)
		dst[i&(lot-1)] = byte(min(max(p>>(s.shift&maxShift)+zp, lo), hi))
	}
	return true
}

// pixelSums adds the differences of the sums of channels from oc on of pixel q to
// the recorded accumulators, and notes the outputs that come out different.
func (r *Runner) pixelSums(o *operation, g *recorded, q, oc int, sums []int64) {
	any := int64(0)
	for _, s := range sums {
		any |= s
	}
	if any == 0 {
		return
	}
	e := q*o.d.OFMD + oc
	if !o.quick {
		r.eachSum(o, g, e, oc, sums)
		return
	}
	var acc [lot]int64
	var out [lot]byte
	for i, old := range g.sums[e : e+len(sums)] {
		acc[i&(lot-1)] = int64(old + int32(sums[i]))
	}
	if !o.quickly(&out, acc[:len(sums)], oc) {
		r.eachSum(o, g, e, oc, sums)
		return
	}
	r.mark(o, g, e, out[:len(sums)])
}

// mark notes the bytes of channels, which lie side by side, that differ from the recorded
// ones from element e on. None of them is marked yet.
func (r *Runner) mark(o *operation, g *recorded, e int, out []byte) {
	m := &r.mem
	m.live += kernel.Mark(m.values, m.marks, int(o.ofm.at(e)-isa.SRAMBase), out, g.ofm[e:])
}

// eachSum is pixelSums for any output stage. E is the first element.
func (r *Runner) eachSum(o *operation, g *recorded, e, oc int, sums []int64) {
	d := &o.d
	for i, s := range sums {
		if s == 0 {
			continue
		}
		sum := o.wrap(g.sum(e+i) + s)
		v := int64(0)
		if o.Kind == AveragePool {
			q := e / d.OFMD
			v = o.mean(sum, o.valid(q/d.OFMW, q%d.OFMW))
		} else {
			v = o.scales[oc+i].apply(sum, d.Round)
		}
		r.emit(o, g, e+i, r.finish(o, v))
	}
}

// outputs turns the accumulators of channels from oc on into the elements of out
// from e on.
func (r *Runner) outputs(o *operation, out []byte, e, oc int, acc []int64) {
	for len(acc) > 0 {
		n := min(lot, len(acc))
		var b [lot]byte
		if o.quick && o.quickly(&b, acc[:n], oc) {
			copy(out[e:e+n], b[:])
		} else {
			for i, sum := range acc[:n] {
				put(out, e+i, o.ofm.Bytes, r.finish(o, o.scales[oc+i].apply(sum, o.d.Round)))
			}
		}
		acc, e, oc = acc[n:], e+n, oc+n
	}
}
