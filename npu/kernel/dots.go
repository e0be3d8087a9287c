package kernel

// A simulator that need not show operands, weights and products goes from the bytes to the
// dot products at once. The functions below do in one step what OperandsArray,
// MultiplyArray and the first half of SumProductsArray do in three.

// Dots are the dot products of a clock, eight products each.
type Dots = [maxDots]int32

// Token is what an array's clock starts from.
type Token struct {
	Raw      Bytes // input bytes, eight channels of each pixel
	Mask     uint8 // pixels that count
	Channels uint8 // channels that count
	Signed   bool  // bytes are signed
	Zero     int32 // is subtracted from each
}

// Operands sets the operands of the first pixels.
func (t *Token) Operands(x *Inputs, pixels int) {
	OperandsArray(x, &t.Raw, pixels, t.Mask, t.Channels, t.Zero, t.Signed)
}

// bytes returns what turns bytes to operands: see operands.
func (t *Token) bytes() (flip, bias uint64) {
	if t.Signed {
		return 0x8080808080808080, uint64(uint16(t.Zero) + 0x80)
	}
	return 0, uint64(uint16(t.Zero))
}

// Dots forms the dot products of the first pixels and output channels, 4 or 8 of them, and
// copies the weights, of which there must be eight for each channel, to w.
func (t *Token) Dots(dots *Dots, w *Weights, from []uint16, pixels, channels int) {
	from = from[:Lanes*channels]
	if dotsVector(dots, w, from, t, pixels, channels) {
		return
	}
	copy(w[:], from)
	var x Inputs
	t.Operands(&x, pixels)
	for p := range pixels {
		for o := range channels {
			v := int32(0)
			for i := range Lanes {
				v += signed9(x[p*Lanes+i]) * signed9(w[o*Lanes+i])
			}
			dots[p*channels+o] = v
		}
	}
}

// Lanes is Dots where each output channel has one input channel, that of its own lane: w
// has one weight for each, in the first elements.
func (t *Token) Lanes(dots *Dots, w *Weights, pixels, channels int) {
	if lanesVector(dots, w, t, pixels, channels) {
		return
	}
	var x Inputs
	t.Operands(&x, pixels)
	for p := range pixels {
		for o := range channels {
			dots[p*channels+o] = signed9(x[p*Lanes+o]) * signed9(w[o])
		}
	}
}

// SumDots is [SumProductsArray] for dot products.
func SumDots(sum *Sums, dots *Dots, n int, shift uint, fresh bool) {
	keep := uint64(sumMask)
	if fresh {
		keep = 0
	}
	shift &= 31
	if sumDotsVector(sum, dots, n, uint64(shift), keep) {
		return
	}
	for i, v := range dots[:n] {
		sum[i] = (uint64(int64(v)<<shift) + sum[i]&keep) & sumMask
	}
}

// ClockSums is [AccumulateArray] followed by [SumDots]: what a clock does when both have a
// token.
func ClockSums(acc, from, sum *Sums, dots *Dots, n int, shift uint, fresh bool) {
	keep := uint64(sumMask)
	if fresh {
		keep = 0
	}
	if clockSumsVector(acc, from, sum, dots, n, uint64(shift&31), keep) {
		return
	}
	AccumulateArray(acc, from, sum, n)
	SumDots(sum, dots, n, shift, fresh)
}
