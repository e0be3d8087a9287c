package functional

import (
	"upset/npu/arith"
	"upset/npu/isa"
)

// source is the gathered IFM of an operation with a kernel, and the way from
// upscaled coordinates to stored ones.
type source struct {
	d       *isa.Decoded
	data    []int32
	w, c    int
	columns []int // per upscaled column: the stored one, or -1 for an inserted zero
	rows    []int // the same for rows
}

// source reads the IFM with its zero point subtracted. The array subtracts byte
// by byte, so a zero point counts with the width of the elements.
func (m *Machine) source(d *isa.Decoded, depth int) (*source, error) {
	s := &source{d: d, w: d.SrcW, c: depth, columns: upscaled(d.IFMW, d.Upscale), rows: upscaled(d.IFMH, d.Upscale)}
	s.data = grow(&m.buf.ifm, d.SrcH*d.SrcW*depth)
	zp := d.IFM.ZeroPoint
	if d.IFM.Bytes < 4 {
		zp = int32(d.IFM.Widen(uint64(zp)))
	}
	return s, m.gather(s.data, &d.IFM, d.SrcH, d.SrcW, depth, zp)
}

// upscaled maps n upscaled coordinates to stored ones.
func upscaled(n, mode int) []int {
	at := make([]int, n)
	for i := range at {
		switch {
		case mode == 0:
			at[i] = i
		case mode == 1 || i&1 == 0:
			at[i] = i >> 1
		default:
			at[i] = -1
		}
	}
	return at
}

// tap returns the channels at upscaled position (y, x). Padding is not valid;
// an inserted zero is valid and has no channels.
func (s *source) tap(y, x int) (channels []int32, valid bool) {
	if uint(y) >= uint(len(s.rows)) || uint(x) >= uint(len(s.columns)) {
		return nil, false
	}
	sy, sx := s.rows[y], s.columns[x]
	if sy < 0 || sx < 0 {
		return nil, true
	}
	at := (sy*s.w + sx) * s.c
	return s.data[at : at+s.c], true
}

// conv executes a convolution: every output channel sums over all channels and
// taps.
func (m *Machine) conv(d *isa.Decoded) error {
	if err := m.checkWork(d, d.IFMD, d.OFMH, d.OFMW, d.OFMD, d.KH, d.KW, d.IFMD); err != nil {
		return err
	}
	w, err := m.weights(d)
	if err != nil {
		return err
	}
	recs, err := m.scales(d)
	if err != nil {
		return err
	}
	src, err := m.source(d, d.IFMD)
	if err != nil {
		return err
	}
	k := d.KH * d.KW * d.IFMD
	patch := grow(&m.buf.patch, k)
	acc := grow(&m.buf.acc, d.OFMD)
	for oy := 0; oy < d.OFMH; oy++ {
		for ox := 0; ox < d.OFMW; ox++ {
			p := src.patch(patch, oy, ox)
			for oc := 0; oc < d.OFMD; oc += 4 {
				n := min(4, d.OFMD-oc)
				if d.Acc40 {
					dot40(acc[oc:oc+n], p, w[oc*k:(oc+n)*k])
				} else {
					dot32(acc[oc:oc+n], p, w[oc*k:(oc+n)*k])
				}
			}
			rescale(acc, recs, d.Round)
			if err := m.pixel(d, oy, ox, acc); err != nil {
				return err
			}
		}
	}
	return nil
}

// patch returns the inputs of one output position in weight order, zero where
// there is padding.
func (s *source) patch(buf []int32, oy, ox int) []int32 {
	d := s.d
	at := 0
	for ky := 0; ky < d.KH; ky++ {
		for kx := 0; kx < d.KW; kx++ {
			t, _ := s.tap(oy*d.StrideY-d.PadTop+ky*d.DilY, ox*d.StrideX-d.PadLeft+kx*d.DilX)
			if len(t) == len(buf) {
				return t
			}
			if t == nil {
				clear(buf[at : at+s.c])
			} else {
				copy(buf[at:at+s.c], t)
			}
			at += s.c
		}
	}
	return buf
}

// dot32 computes up to four dot products of p with rows of w, wrapping at 32 bits
// as arith.WrapAccumulator does.
func dot32(acc []int64, p []int32, w []int16) {
	k := len(p)
	if len(acc) == 4 {
		w0, w1, w2, w3 := w[:k], w[k:2*k], w[2*k:3*k], w[3*k:4*k]
		var a0, a1, a2, a3 int32
		for i, x := range p {
			a0 += x * int32(w0[i])
			a1 += x * int32(w1[i])
			a2 += x * int32(w2[i])
			a3 += x * int32(w3[i])
		}
		acc[0], acc[1], acc[2], acc[3] = int64(a0), int64(a1), int64(a2), int64(a3)
		return
	}
	for o := range acc {
		row := w[o*k : (o+1)*k]
		var a int32
		for i, x := range p {
			a += x * int32(row[i])
		}
		acc[o] = int64(a)
	}
}

// dot40 computes up to four dot products of p with rows of w, wrapping at 40 bits.
func dot40(acc []int64, p []int32, w []int16) {
	k := len(p)
	for o := range acc {
		row := w[o*k : (o+1)*k]
		var a int64
		for i, x := range p {
			a += int64(x) * int64(row[i])
		}
		acc[o] = arith.WrapAccumulator(a, true)
	}
}

// rescale adds the bias and applies the scale of each channel.
func rescale(acc []int64, recs []isa.ScaleRecord, mode arith.Round) {
	for i := range acc {
		r := &recs[i]
		acc[i] = arith.NarrowScale(acc[i]+r.Bias, r.Scale, r.Shift, mode)
	}
}

// depthwise executes a convolution with one filter per channel.
func (m *Machine) depthwise(d *isa.Decoded) error {
	if err := m.checkWork(d, d.OFMD, d.OFMH, d.OFMW, d.OFMD, d.KH, d.KW); err != nil {
		return err
	}
	w, err := m.weights(d)
	if err != nil {
		return err
	}
	recs, err := m.scales(d)
	if err != nil {
		return err
	}
	src, err := m.source(d, d.OFMD)
	if err != nil {
		return err
	}
	acc := grow(&m.buf.acc, d.OFMD)
	acc32 := grow(&m.buf.acc32, d.OFMD)
	for oy := 0; oy < d.OFMH; oy++ {
		for ox := 0; ox < d.OFMW; ox++ {
			if d.Acc40 {
				src.filter40(acc, w, oy, ox)
			} else {
				src.filter32(acc32, w, oy, ox)
				for i, a := range acc32 {
					acc[i] = int64(a)
				}
			}
			rescale(acc, recs, d.Round)
			if err := m.pixel(d, oy, ox, acc); err != nil {
				return err
			}
		}
	}
	return nil
}

// filter32 applies one filter per channel at an output position, wrapping at 32 bits.
func (s *source) filter32(acc []int32, w []int16, oy, ox int) {
	clear(acc)
	d := s.d
	for ky := 0; ky < d.KH; ky++ {
		for kx := 0; kx < d.KW; kx++ {
			t, _ := s.tap(oy*d.StrideY-d.PadTop+ky*d.DilY, ox*d.StrideX-d.PadLeft+kx*d.DilX)
			row := w[(ky*d.KW+kx)*len(acc):]
			for c, x := range t {
				acc[c] += x * int32(row[c])
			}
		}
	}
}

// filter40 is filter32 for 40-bit accumulators.
func (s *source) filter40(acc []int64, w []int16, oy, ox int) {
	clear(acc)
	d := s.d
	for ky := 0; ky < d.KH; ky++ {
		for kx := 0; kx < d.KW; kx++ {
			t, _ := s.tap(oy*d.StrideY-d.PadTop+ky*d.DilY, ox*d.StrideX-d.PadLeft+kx*d.DilX)
			row := w[(ky*d.KW+kx)*len(acc):]
			for c, x := range t {
				acc[c] += int64(x) * int64(row[c])
			}
		}
	}
	for c, a := range acc {
		acc[c] = arith.WrapAccumulator(a, true)
	}
}
