package kernel

import "encoding/binary"

// The register files of the largest array: four pixels of eight input channels against
// eight output channels.
const (
	maxPixels   = 4
	maxChannels = 8
	maxDots     = maxPixels * maxChannels
)

// Operand, weight, product and sum registers of an array, and those of its input bytes. A
// smaller array uses the first ones.
type (
	Bytes    = [maxPixels]uint64
	Inputs   = [maxPixels * Lanes]uint16
	Weights  = [maxChannels * Lanes]uint16
	Products = [maxDots * Lanes]uint32
	Sums     = [maxDots]uint64
)

// The functions below work on the register files of an array of so many pixels, 1 to 4, and
// so many output channels, 1 to 8, or so many dot products, a multiple of four.

// OperandsArray is operands of the first pixels.
func OperandsArray(x *Inputs, raw *Bytes, pixels int, mask, channels uint8, zero int32, isSigned bool) {
	flip, bias := uint64(0), uint16(zero)
	if isSigned {
		flip, bias = 0x8080808080808080, uint16(zero)+0x80
	}
	if !operandsArray(x, raw, pixels, mask, channels, flip, bias) {
		operands(x[:], raw[:pixels], mask, channels, zero, isSigned)
	}
}

// MultiplyArray is multiply of the first pixels and channels.
func MultiplyArray(prod *Products, x *Inputs, w *Weights, pixels, channels int) {
	if !multiplyArray(prod, x, w, pixels, channels) {
		multiply(prod[:], x[:Lanes*pixels], w[:Lanes*channels])
	}
}

// SumProductsArray is sumProducts of the first dot products.
func SumProductsArray(sum *Sums, prod *Products, dots int, shift uint, fresh bool) {
	keep := uint64(sumMask)
	if fresh {
		keep = 0
	}
	if !sumProductsArray(sum, prod, dots, uint64(shift&31), keep) {
		sumProducts(sum[:dots], prod[:], shift, fresh)
	}
}

// AccumulateArray is accumulate of the first dot products, from other accumulators than
// those that take the result, or from the same ones.
func AccumulateArray(acc, from, sum *Sums, dots int) {
	if !accumulateArray(acc, from, sum, dots) {
		copy(acc[:dots], from[:dots])
		accumulate(acc[:dots], sum[:])
	}
}

// Narrow stores the low 32 bits of accumulators, low byte first.
func Narrow(b []byte, acc []uint64) {
	b = b[:4*len(acc)]
	for i := narrowVector(b, acc); i < len(acc); i++ {
		binary.LittleEndian.PutUint32(b[4*i:], uint32(acc[i]))
	}
}

// Widen reads accumulators of 40 bits that were stored by [Narrow]; the sign fills them.
func Widen(acc []uint64, b []byte) {
	b = b[:4*len(acc)]
	for i := widenVector(acc, b); i < len(acc); i++ {
		acc[i] = uint64(int64(int32(binary.LittleEndian.Uint32(b[4*i:])))) & accMask
	}
}
