package functional

import (
	"math"

	"upset/npu/arith"
	"upset/npu/isa"
)

// poolModes is what the low bits of the pooling mode select (our choice for 3).
var poolModes = [4]int{isa.PoolMax, isa.PoolAverage, isa.PoolReduceSum, isa.PoolMax}

// pool executes a pooling operation.
func (m *Machine) pool(d *isa.Decoded) error {
	mode, depth := poolModes[d.Mode&3], d.OFMD
	if mode == isa.PoolReduceSum {
		depth = d.IFMD
	}
	if err := m.checkWork(d, depth, d.OFMH, d.OFMW, max(depth, d.OFMD), d.KH, d.KW); err != nil {
		return err
	}
	src, err := m.source(d, depth)
	if err != nil {
		return err
	}
	acc := grow(&m.buf.acc, d.OFMD)
	for oy := 0; oy < d.OFMH; oy++ {
		for ox := 0; ox < d.OFMW; ox++ {
			switch mode {
			case isa.PoolMax:
				src.maximum(acc, oy, ox)
			case isa.PoolAverage:
				n := src.sum(acc, oy, ox)
				average(acc, d, true, n)
			default:
				src.reduce(acc, oy, ox)
				average(acc, d, false, 0)
			}
			if err := m.pixel(d, oy, ox, acc); err != nil {
				return err
			}
		}
	}
	return nil
}

// maximum takes the largest valid tap of each channel. The accumulators start
// from the smallest 32-bit number.
func (s *source) maximum(acc []int64, oy, ox int) {
	for c := range acc {
		acc[c] = math.MinInt32
	}
	s.window(oy, ox, func(t []int32) {
		for c := range acc {
			x := int64(0)
			if t != nil {
				x = int64(t[c])
			}
			acc[c] = max(acc[c], x)
		}
	})
}

// sum adds the valid taps of each channel and returns their number.
func (s *source) sum(acc []int64, oy, ox int) (n int) {
	clear(acc)
	s.window(oy, ox, func(t []int32) {
		n++
		for c, x := range t {
			acc[c] += int64(x)
		}
	})
	s.wrap(acc)
	return n
}

// reduce adds all channels of the valid taps into every output channel.
func (s *source) reduce(acc []int64, oy, ox int) {
	total := int64(0)
	s.window(oy, ox, func(t []int32) {
		for _, x := range t {
			total += int64(x)
		}
	})
	for c := range acc {
		acc[c] = total
	}
	s.wrap(acc)
}

// wrap cuts sums to the width of the accumulators.
func (s *source) wrap(acc []int64) {
	for c, a := range acc {
		acc[c] = arith.WrapAccumulator(a, s.d.Acc40)
	}
}

// window calls f for each valid tap of an output position, with nil for an
// inserted zero.
func (s *source) window(oy, ox int, f func(t []int32)) {
	d := s.d
	for ky := 0; ky < d.KH; ky++ {
		for kx := 0; kx < d.KW; kx++ {
			if t, valid := s.tap(oy*d.StrideY-d.PadTop+ky*d.DilY, ox*d.StrideX-d.PadLeft+kx*d.DilX); valid {
				f(t)
			}
		}
	}
}

// average scales sums: by the register with a global scale and for sums over
// channels, else by the number of valid taps.
func average(acc []int64, d *isa.Decoded, mean bool, n int) {
	factor, shift := d.OFMScale, d.OFMShift
	if mean && !d.GlobalScale {
		factor, shift = arith.MeanScale(n)
	}
	for c := range acc {
		acc[c] = arith.NarrowScale(acc[c], factor, shift, d.Round)
	}
}
