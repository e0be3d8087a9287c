package cone

import (
	"slices"

	"upset/npu/functional"
	"upset/npu/isa"
)

// Known reports whether an inference can be had again from the kernels of this package
// alone, by Recompute: nothing in it is opaque, so that they were found to give the bytes of
// the functional machine in all operations, and the host does nothing in between.
func (t *Trace) Known() bool {
	return t.p.hosts == nil && !slices.ContainsFunc(t.ops, func(g recorded) bool { return g.opaque != "" })
}

// Recompute is Record for an input that was recorded before, and whose trace was Known: the
// same, in a fraction of the time.
func (p *Program) Recompute(mem *isa.Memory) (*Trace, error) {
	if err := p.fits(mem); err != nil {
		return nil, err
	}
	t := &Trace{p: p, ops: make([]recorded, len(p.ops)), size: len(mem.SRAM)}
	r := p.Runner()
	table := new([isa.LUTBytes]byte)
	change := func() { // those before have the old one
		now := *table
		table = &now
	}
	for i := range p.ops {
		o, g := &p.ops[i], &t.ops[i]
		if o.Kernel < 0 {
			if o.Kind == Table {
				change()
			}
			if err := o.transfer(mem, table, p.cfg); err != nil {
				return nil, err
			}
			continue
		}
		t.before(i, mem)
		if g.opaque != "" {
			return nil, ErrClock
		}
		g.lut, g.ofm = table, make([]byte, o.ofm.bytes())
		g.hold(o)
		r.lut = table
		r.compute(o, g.ifm, g.ifm2, g.ofm, g)
		o.ofm.scatter(g.ofm, mem)
		if o.loses(p.cfg) && *table != lost {
			table = &lost
		}
	}
	return t, nil
}

// lost is what tables hold that an operation has run over.
var lost = func() (t [isa.LUTBytes]byte) {
	for i := range t {
		t[i] = functional.LostTable
	}
	return t
}()

// loses reports whether the lookup tables are gone after an operation.
func (o *operation) loses(c isa.Config) bool {
	return !o.d.UsesLUT && c.Spec().ReservedLUT == 0
}

// hold makes room for the accumulators of an operation.
func (g *recorded) hold(o *operation) {
	switch n := o.sums(); {
	case n == 0:
	case o.d.Acc40:
		g.wide = make([]int64, n)
	default:
		g.sums = make([]int32, n)
	}
}
