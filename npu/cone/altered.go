package cone

import (
	"slices"

	"upset/npu/isa"
)

// Altered is an operation that runs with other values in its registers than in the
// recorded run. Only zero points, clamps, scales, the scalar operand and the
// rounding may differ: what the operation reads and where it writes stays.
type Altered struct {
	Op      int // index of the operation
	Decoded isa.Decoded
}

// PropagateAltered is Propagate with operations that run with altered values. The
// list is in the order of the operations; those before from do not matter.
func (r *Runner) PropagateAltered(t *Trace, from int, diff []Byte, list []Altered) (left []Byte, macs int64, err error) {
	for _, a := range list {
		switch {
		case a.Op < from:
		case a.Op >= len(r.p.ops) || r.p.ops[a.Op].Kernel < 0 || !sameShape(&r.p.ops[a.Op].d, &a.Decoded):
			return nil, 0, ErrClock
		}
	}
	r.altered = list
	defer func() { r.altered = nil }()
	return r.Propagate(t, from, diff)
}

// sameShape reports whether two operations differ in values only.
func sameShape(a, b *isa.Decoded) bool {
	x := *a
	x.CopyValues(b)
	return x == *b
}

// alteredAt returns the altered form of an operation, or nil.
func (r *Runner) alteredAt(op int) *isa.Decoded {
	for i := range r.altered {
		if r.altered[i].Op == op {
			return &r.altered[i].Decoded
		}
	}
	return nil
}

// lastAltered is the number of the last altered operation, or -1.
func (r *Runner) lastAltered() int {
	if len(r.altered) == 0 {
		return -1
	}
	return r.altered[len(r.altered)-1].Op
}

// with is the operation with other values.
func (o *operation) with(d *isa.Decoded) *operation {
	p := *o
	p.d = *d
	p.ifm.ZeroPoint, p.ifm2.ZeroPoint, p.ofm.ZeroPoint = d.IFM.ZeroPoint, d.IFM2.ZeroPoint, d.OFM.ZeroPoint
	p.out = newStage(d)
	if d.Round != o.d.Round {
		p.scales = slices.Clone(o.scales)
		for i := range p.scales {
			p.scales[i].prepare(d.Round)
		}
	}
	if o.d.UsesWeights {
		p.stage()
	}
	return &p
}

// computeAltered runs the whole of an altered operation on the recorded inputs with the
// differences in them, and compares the result with the recorded one.
func (r *Runner) computeAltered(o *operation, g *recorded) {
	in := append(r.in[:0], g.ifm...)
	r.in = in
	r.overlay(in, &o.ifm, &r.a)
	var in2 []byte
	if o.two {
		in2 = append(r.in2[:0], g.ifm2...)
		r.in2 = in2
		r.overlay(in2, &o.ifm2, &r.b)
	}
	r.mem.drop(o.Writes)
	out := grow(&r.bytes, o.ofm.bytes())
	r.compute(o, in, in2, out, nil)
	r.macs += o.MACs
	for e := range o.ofm.elements() {
		r.emit(o, g, e, take(out, e, o.ofm.Bytes))
	}
}

// overlay writes the elements that differ into a feature map.
func (r *Runner) overlay(dst []byte, m *fieldMap, c *changes) {
	for k, e := range c.at {
		put(dst, int(e), m.Bytes, c.now[k])
	}
}
