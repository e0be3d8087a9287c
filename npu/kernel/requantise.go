package kernel

import "upset/npu/arith"

// Output is what the output stage does with a scaled value: it adds the zero
// point and limits the result.
type Output struct {
	Round    arith.Round
	Zero     int32
	Min, Max int32
}

// Requantise scales the accumulators acc to outputs, each with its own scale and
// shift (0..63, higher bits have no effect):
//
//	dst[i] = min(max((acc[i] × scale[i]) >> shift[i] + Zero, Min), Max)
//
// rounded as arith.Scale does. dst and acc may be the same slice.
func Requantise(dst, acc []int32, scale []uint32, shift []uint8, out Output) {
	n := len(acc)
	dst, scale, shift = dst[:n], scale[:n], shift[:n]
	for i := requantiseVector(dst, acc, scale, shift, &out); i < n; i++ {
		v := arith.Scale(int64(acc[i]), scale[i], uint(shift[i]), out.Round)
		dst[i] = int32(arith.Clamp(v+int64(out.Zero), int64(out.Min), int64(out.Max)))
	}
}

// rounding returns what the vector variant adds before it shifts: the nudge of
// the double rounding, and whether the half is left out for truncation.
func rounding(mode arith.Round) (nudge, truncate uint64) {
	switch mode {
	case arith.RoundDouble:
		return 1 << 30, 0
	case arith.RoundTruncate:
		return 0, ^uint64(0)
	}
	return 0, 0
}
