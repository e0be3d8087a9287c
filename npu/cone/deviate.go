package cone

import (
	"cmp"
	"slices"

	"upset/npu/arith"
)

// Deviation is an element of the output of an operation that comes out of another sum, or
// of another scale record, though all inputs in memory are the recorded ones: an upset has
// struck a value on its way through the datapath.
type Deviation struct {
	Op      int
	Y, X, C int   // row, column and channel of the output
	Sum     int64 // what the sum is larger by, modulo the width of the accumulators
	Bias    uint64
	Scale   uint32 // bits that are inverted in the record of the channel
	Shift   uint8
	element int
}

// PropagateDeviating is Propagate with outputs that deviate. Those of operations before
// from are still to be written: what the operation has written up to now stands in diff
// as far as it is wrong. The list is sorted. Those of other operations must not meet
// differences in their inputs, else the error is ErrClock.
func (r *Runner) PropagateDeviating(t *Trace, from int, diff []Byte, list []Deviation) (left []Byte, macs int64, err error) {
	for i := range list {
		v := &list[i]
		if v.Op < 0 || v.Op >= len(r.p.ops) {
			return nil, 0, ErrClock
		}
		o := &r.p.ops[v.Op]
		if o.Kind != Conv && o.Kind != Depthwise && o.Kind != AveragePool || v.Y >= o.d.OFMH || v.X >= o.d.OFMW || v.C >= o.d.OFMD {
			return nil, 0, ErrClock
		}
		v.element = (v.Y*o.d.OFMW+v.X)*o.d.OFMD + v.C
	}
	slices.SortFunc(list, func(a, b Deviation) int {
		return cmp.Or(a.Op-b.Op, a.element-b.element)
	})
	r.deviate = list
	defer func() { r.deviate = nil }()
	return r.Propagate(t, from, diff)
}

// deviating returns the deviations of an operation.
func (r *Runner) deviating(op int) []Deviation {
	if len(r.deviate) == 0 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(r.deviate, op, func(v Deviation, op int) int { return v.Op - op })
	j := i
	for j < len(r.deviate) && r.deviate[j].Op == op {
		j++
	}
	return r.deviate[i:j]
}

// lastDeviating is the number of the last operation with deviations, or -1.
func (r *Runner) lastDeviating() int {
	if n := len(r.deviate); n > 0 {
		return r.deviate[n-1].Op
	}
	return -1
}

// begun adds what operations before from will still write.
func (r *Runner) begun(t *Trace, from int) error {
	for i := 0; i < len(r.deviate) && r.deviate[i].Op < from; {
		op := r.deviate[i].Op
		list := r.deviating(op)
		if err := r.deviateIn(op, &t.ops[op], list); err != nil {
			return err
		}
		i += len(list)
	}
	return nil
}

// deviateIn computes the outputs of an operation that deviate, of which the same element
// may be named several times.
func (r *Runner) deviateIn(op int, g *recorded, list []Deviation) error {
	o := &r.p.ops[op]
	if g.opaque != "" {
		return ErrClock
	}
	r.lut = g.lut
	for i := 0; i < len(list); {
		v := list[i]
		for i++; i < len(list) && list[i].element == v.element; i++ {
			v.Sum += list[i].Sum
			v.Bias, v.Scale, v.Shift = v.Bias^list[i].Bias, v.Scale^list[i].Scale, v.Shift^list[i].Shift
		}
		r.macs++
		r.emit(o, g, v.element, r.finish(o, o.deviant(g, &v)))
	}
	return nil
}

// deviant is the scaled value of an element that deviates.
func (o *operation) deviant(g *recorded, v *Deviation) int64 {
	sum := o.wrap(g.sum(v.element) + v.Sum)
	if o.Kind == AveragePool {
		return o.mean(sum, o.valid(v.Y, v.X))
	}
	s := o.scales[v.C]
	if v.Bias != 0 || v.Scale != 0 || v.Shift != 0 {
		s = scaling{bias: arith.SignExtend(uint64(s.bias)^v.Bias, 40), factor: s.factor ^ v.Scale, shift: s.shift ^ uint(v.Shift)}
		s.prepare(o.d.Round)
	}
	return s.apply(sum, o.d.Round)
}

// Product is what an operation's sum gets larger by where a weight is larger by some: it
// reads the recorded input at a row, column and channel of the stored map.
func (r *Runner) Product(t *Trace, op int, y, x, c int, weight int64) (int64, bool) {
	o := &r.p.ops[op]
	if o.Kind != Conv && o.Kind != Depthwise || y >= o.ifm.h || x >= o.ifm.w || c >= o.ifm.c {
		return 0, false
	}
	v := o.ifm.value(take(t.ops[op].ifm, (y*o.ifm.w+x)*o.ifm.c+c, o.ifm.Bytes), o.ifm.zeroPoint())
	return int64(v) * weight, true
}
