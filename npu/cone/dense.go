package cone

import (
	"encoding/binary"
	"fmt"

	"upset/npu/isa"
)

// Dense runs a whole inference with the dense kernels: mem holds flash and the
// input, and afterwards the result, bit for bit that of the functional machine.
// It returns the multiply-accumulates, padding taps included. An operation whose
// weights are not those of the flash image gives ErrClock.
func (r *Runner) Dense(mem *isa.Memory) (macs int64, err error) {
	p := r.p
	if err := p.fits(mem); err != nil {
		return 0, err
	}
	table := &r.own
	clear(table[:])
	r.lut = table
	for i := range p.ops {
		o := &p.ops[i]
		if o.Kernel < 0 {
			if err := o.transfer(mem, table, p.cfg); err != nil {
				return macs, err
			}
			continue
		}
		if o.opaque != "" || o.stale(mem) {
			return macs, fmt.Errorf("operation %d (%s): %w", i, o.Kind, ErrClock)
		}
		in, in2, out := grow(&r.in, o.ifm.bytes()), []byte(nil), grow(&r.bytes, o.ofm.bytes())
		if !o.ifm.gather(in, mem) {
			return macs, fmt.Errorf("cone: operation %d (%s) reads outside the memory map", i, o.Kind)
		}
		if o.two {
			in2 = grow(&r.in2, o.ifm2.bytes())
			if !o.ifm2.gather(in2, mem) {
				return macs, fmt.Errorf("cone: operation %d (%s) reads outside the memory map", i, o.Kind)
			}
		}
		r.compute(o, in, in2, out, nil)
		o.ofm.scatter(out, mem)
		macs += o.MACs
		if o.loses(p.cfg) {
			*table = lost
		}
	}
	return macs, nil
}

// transfer carries out a DMA operation.
func (o *operation) transfer(mem *isa.Memory, table *[isa.LUTBytes]byte, cfg isa.Config) error {
	if o.n == 0 {
		return nil
	}
	data := make([]byte, o.n)
	if !fetch(data, mem, o.src) {
		return fmt.Errorf("cone: DMA reads %d bytes at %#08x outside the memory map", o.n, o.src)
	}
	if o.Kind == Copy {
		copy(mem.SRAM[o.dst-isa.SRAMBase:], data)
		return nil
	}
	const shared = 0xffff // addresses in the shared buffer have 16 bits
	first := uint32(cfg.Spec().LUTStart())
	for i, v := range data {
		if at := (o.dst+uint32(i))&shared - first; at < isa.LUTBytes {
			table[at] = v
		}
	}
	return nil
}

// word reads the lookup tables of the operation in progress.
func (r *Runner) word(offset int) uint32 { return binary.LittleEndian.Uint32(r.lut[offset:]) }

// compute executes one kernel operation on feature maps in HWC order. Keep, if
// not nil, receives the accumulators.
func (r *Runner) compute(o *operation, in, in2, out []byte, keep *recorded) {
	switch {
	case o.Kind == Elementwise:
		r.elementwise(o, in, in2, out)
		return
	case o.lanes16 != nil && o.Kind == Conv:
		r.convAll(o, in, out, keep)
		return
	case o.lanes16 != nil:
		r.depthwiseAll(o, in, out, keep)
		return
	}
	x := grow(&r.x, o.ifm.elements())
	unpack(x, in, &o.ifm)
	switch o.Kind {
	case Conv:
		r.conv(o, x, out, keep)
	case Depthwise:
		r.depthwise(o, x, out, keep)
	default:
		r.pool(o, x, out, keep)
	}
}

// unpack turns bytes into numbers less the zero point.
func unpack(x []int32, in []byte, m *fieldMap) {
	zp := m.zeroPoint()
	switch {
	case m.Bytes == 1 && m.Signed:
		for i := range x {
			x[i] = int32(int8(in[i])) - zp
		}
	case m.Bytes == 1:
		for i := range x {
			x[i] = int32(in[i]) - zp
		}
	default:
		for i := range x {
			x[i] = m.value(take(in, i, m.Bytes), zp)
		}
	}
}

// tap is the stored pixel at a tap of an output position, with its number.
func (o *operation) tap(oy, ky, ox, kx int) int {
	sy, sx := o.rows.tap(oy, ky), o.cols.tap(ox, kx)
	switch {
	case sy == padding || sx == padding:
		return padding
	case sy < 0 || sx < 0:
		return inserted
	}
	return int(sy)*o.ifm.w + int(sx)
}

// patch returns the inputs of one output position in the order of the weights.
func (r *Runner) patch(o *operation, x []int32, oy, ox int) []int32 {
	depth := o.ifm.c
	buf := grow(&r.window, o.taps)
	at := 0
	for ky := range o.d.KH {
		for kx := range o.d.KW {
			p := o.tap(oy, ky, ox, kx)
			switch {
			case p < 0:
				clear(buf[at : at+depth])
			case depth == o.taps:
				return x[p*depth : (p+1)*depth]
			default:
				copy(buf[at:at+depth], x[p*depth:])
			}
			at += depth
		}
	}
	return buf
}

func (r *Runner) conv(o *operation, x []int32, out []byte, keep *recorded) {
	d := &o.d
	var acc [pairs]int64
	lanes, e := o.lanes(), 0
	for oy := range d.OFMH {
		for ox := range d.OFMW {
			p := r.patch(o, x, oy, ox)
			w := o.weights
			for oc := 0; oc < d.OFMD; oc += lanes {
				o.spread(&acc, dot(p, w[:o.taps]))
				w = w[o.taps:]
				part := acc[:min(lanes, d.OFMD-oc)]
				o.settle(part, e, keep)
				r.outputs(o, out, e, oc, part)
				e += len(part)
			}
		}
	}
}

// settle cuts sums to the width of the accumulators and keeps them as those of
// the elements from e on.
func (o *operation) settle(acc []int64, e int, keep *recorded) {
	for i, sum := range acc {
		acc[i] = o.wrap(sum)
		keep.note(e+i, acc[i])
	}
}

// dot multiplies inputs with a group of weights.
func dot(x []int32, w [][4]int64) (s [4]int64) {
	var a, b, c, d int64
	w = w[:len(x)]
	for i, v := range x {
		q, f := &w[i], int64(v)
		a += f * q[0]
		b += f * q[1]
		c += f * q[2]
		d += f * q[3]
	}
	return [4]int64{a, b, c, d}
}

// spread separates the sums of a group of channels.
func (o *operation) spread(acc *[pairs]int64, s [4]int64) {
	if !o.paired {
		copy(acc[:], s[:])
		return
	}
	for i, v := range s {
		low := int64(int32(v))
		acc[2*i], acc[2*i+1] = low, (v-low)>>spread
	}
}

func (r *Runner) depthwise(o *operation, x []int32, out []byte, keep *recorded) {
	d := &o.d
	depth := d.OFMD
	narrow, wide := grow(&r.acc32, depth), grow(&r.acc, depth)
	for q := range d.OFMH * d.OFMW {
		clear(narrow)
		clear(wide)
		for ky := range d.KH {
			for kx := range d.KW {
				p := o.tap(q/d.OFMW, ky, q%d.OFMW, kx)
				if p < 0 {
					continue
				}
				row, f := x[p*depth:(p+1)*depth], o.filters[(ky*d.KW+kx)*depth:][:depth]
				if d.Acc40 {
					for c, v := range row {
						wide[c] += int64(v) * int64(f[c])
					}
				} else {
					multiply(narrow, row, f)
				}
			}
		}
		for c, v := range narrow {
			wide[c] += int64(v)
		}
		o.settle(wide, q*depth, keep)
		r.outputs(o, out, q*depth, 0, wide)
	}
}

// multiply adds the products of a row of inputs and a row of weights, four
// channels at a time.
func multiply(acc, x, w []int32) {
	for len(acc) >= 4 && len(x) >= 4 && len(w) >= 4 {
		acc[0] += x[0] * w[0]
		acc[1] += x[1] * w[1]
		acc[2] += x[2] * w[2]
		acc[3] += x[3] * w[3]
		acc, x, w = acc[4:], x[4:], w[4:]
	}
	for i := range acc {
		acc[i] += x[i] * w[i]
	}
}

func (r *Runner) pool(o *operation, x []int32, out []byte, keep *recorded) {
	d := &o.d
	depth, outs := o.ifm.c, d.OFMD
	acc := grow(&r.acc, depth)
	for oy := range d.OFMH {
		for ox := range d.OFMW {
			q := oy*d.OFMW + ox
			if o.Kind == MaxPool {
				r.largest(o, x, acc, oy, ox)
				for c, v := range acc {
					put(out, q*outs+c, d.OFM.Bytes, r.finish(o, v))
				}
				continue
			}
			r.add(o, x, acc, oy, ox)
			if o.Kind == ReduceSum {
				total := int64(0)
				for _, v := range acc {
					total += v
				}
				total = o.wrap(total)
				keep.note(q, total)
				bits := r.finish(o, o.mean(total, 0))
				for c := range outs {
					put(out, q*outs+c, d.OFM.Bytes, bits)
				}
				continue
			}
			n := o.valid(oy, ox)
			for c, v := range acc {
				sum := o.wrap(v)
				keep.note(q*outs+c, sum)
				put(out, q*outs+c, d.OFM.Bytes, r.finish(o, o.mean(sum, n)))
			}
		}
	}
}

// valid is the number of taps of an output position that are not padding.
func (o *operation) valid(oy, ox int) int { return int(o.rows.valid[oy]) * int(o.cols.valid[ox]) }

// add sums the taps of each channel.
func (r *Runner) add(o *operation, x []int32, acc []int64, oy, ox int) {
	clear(acc)
	for ky := range o.d.KH {
		for kx := range o.d.KW {
			if p := o.tap(oy, ky, ox, kx); p >= 0 {
				for c, v := range x[p*len(acc):][:len(acc)] {
					acc[c] += int64(v)
				}
			}
		}
	}
}

// largest takes the largest tap of each channel. An inserted zero counts.
func (r *Runner) largest(o *operation, x []int32, acc []int64, oy, ox int) {
	for c := range acc {
		acc[c] = lowest
	}
	for ky := range o.d.KH {
		for kx := range o.d.KW {
			switch p := o.tap(oy, ky, ox, kx); {
			case p >= 0:
				for c, v := range x[p*len(acc):][:len(acc)] {
					acc[c] = max(acc[c], int64(v))
				}
			case p == inserted:
				for c := range acc {
					acc[c] = max(acc[c], 0)
				}
			}
		}
	}
}

func (r *Runner) elementwise(o *operation, in, in2, out []byte) {
	d := &o.d
	for e := range o.ofm.elements() {
		b := uint32(0)
		if o.two {
			b = take(in2, o.partner(e), o.ifm2.Bytes)
		}
		put(out, e, d.OFM.Bytes, r.finish(o, o.combine(take(in, e, o.ifm.Bytes), b)))
	}
}

// partner is the element of the second operand that goes with element e.
func (o *operation) partner(e int) int {
	m := &o.ifm2
	if m.h == o.ofm.h && m.w == o.ofm.w && m.c == o.ofm.c {
		return e
	}
	p := e / o.ofm.c
	return (min(p/o.ofm.w, m.h-1)*m.w+min(p%o.ofm.w, m.w-1))*m.c + min(e%o.ofm.c, m.c-1)
}
