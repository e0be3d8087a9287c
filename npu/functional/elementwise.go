package functional

import (
	"upset/npu/arith"
	"upset/npu/isa"
)

// elementwise executes an operation on one or two equally shaped operands.
func (m *Machine) elementwise(d *isa.Decoded) error {
	if d.Mode > isa.LastElementwise {
		return m.fault(ParseError, "elementwise mode %d is not defined", d.Mode)
	}
	if err := m.checkWork(d, d.OFMD, d.OFMH, d.OFMW, d.OFMD); err != nil {
		return err
	}
	a := grow(&m.buf.ifm, d.OFMH*d.OFMW*d.OFMD)
	if err := m.gather(a, &d.IFM, d.OFMH, d.OFMW, d.OFMD, 0); err != nil {
		return err
	}
	b, err := m.operand2(d)
	if err != nil {
		return err
	}
	zpA, zpB := int64(d.IFM.ZeroPoint), int64(d.IFM2.ZeroPoint)
	values := grow(&m.buf.acc, d.OFMD)
	for y := 0; y < d.OFMH; y++ {
		for x := 0; x < d.OFMW; x++ {
			row := a[(y*d.OFMW+x)*d.OFMD:]
			for c := range values {
				va := d.IFM.Widen(uint64(row[c])) - zpA
				vb := int64(0)
				if d.Binary {
					vb = b.at(y, x, c) - zpB
				}
				if d.Swap {
					va, vb = vb, va
				}
				v, factor, shift := d.Combine(va, vb)
				values[c] = arith.NarrowScale(v, factor, shift, d.Round)
			}
			if err := m.pixel(d, y, x, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// operand is the second operand: a map with its broadcast dimensions collapsed
// to one element, or a scalar.
type operand struct {
	d       *isa.Decoded
	data    []int32
	w, c    int
	h1      bool
	w1      bool
	c1      bool
	scalar  int64
	isConst bool
}

func (o *operand) at(y, x, c int) int64 {
	if o.isConst {
		return o.scalar
	}
	if o.h1 {
		y = 0
	}
	if o.w1 {
		x = 0
	}
	if o.c1 {
		c = 0
	}
	return o.d.IFM2.Widen(uint64(o.data[(y*o.w+x)*o.c+c]))
}

// operand2 reads the second operand of a binary operation.
func (m *Machine) operand2(d *isa.Decoded) (*operand, error) {
	o := &operand{d: d, w: d.OFMW, c: d.OFMD, h1: d.BcastH, w1: d.BcastW, c1: d.BcastC}
	if !d.Binary || d.UseScalar {
		o.isConst, o.scalar = true, int64(d.Scalar)
		return o, nil
	}
	h := d.OFMH
	if o.h1 {
		h = 1
	}
	if o.w1 {
		o.w = 1
	}
	if o.c1 {
		o.c = 1
	}
	o.data = grow(&m.buf.ifm2, h*o.w*o.c)
	return o, m.gather(o.data, &d.IFM2, h, o.w, o.c, 0)
}
