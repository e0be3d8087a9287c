package kernel

import (
	"encoding/binary"
	"math/bits"
)

// Differences of feature maps are followed from layer to layer without a clock. The inputs
// of a sum, or what they are larger by, are 16-bit lanes in pairs, so that one instruction
// multiplies two and adds them.

// Accelerated reports whether the vector variants are in use.
func Accelerated() bool { return accelerated }

// Channels is the number of output channels that a group of weights holds.
const Channels = 16

// Lot is the number of channels that Scales takes at a time.
const Lot = 8

// PairWeights is the number of weights of a group for one pair of inputs.
const PairWeights = 2 * Channels

// MultiplyPairs adds products to the sums of groups of output channels, modulo 2^32. Pair k
// of the inputs, x[2k] and x[2k+1], belongs to pair at[k] of the weights: group g has
// those of channel c at w[g·stride + 32·at[k] + 2c]. At is in ascending order. Acc sets the
// number of groups.
func MultiplyPairs(acc []int32, at []uint16, x, w []int16, stride int) {
	groups := len(acc) / Channels
	if groups == 0 || len(at) == 0 {
		return
	}
	x = x[:2*len(at)]
	if multiplyPairs(acc, at, x, w, stride) {
		return
	}
	for g := range groups {
		sums, own := acc[g*Channels:][:Channels], w[g*stride:]
		for k, p := range at {
			a, b := int32(x[2*k]), int32(x[2*k+1])
			f := own[int(p)*PairWeights:][:PairWeights]
			for c := range sums {
				sums[c] += a*int32(f[2*c]) + b*int32(f[2*c+1])
			}
		}
	}
}

// MultiplyLanes adds the products of inputs and weights of the same channel, modulo 2^32.
func MultiplyLanes(acc []int32, x, w []int16) {
	x, w = x[:len(acc)], w[:len(acc)]
	for i := multiplyLanes(acc, x, w); i < len(acc); i++ {
		acc[i] += int32(x[i]) * int32(w[i])
	}
}

// Differences sets x to what the marked bytes of now are larger by than those of old, and
// to 0 for the others. A bit of marks belongs to each byte of memory, the first to memory[0];
// now is memory[at:]. X sets the length; up to 15 elements behind it, as far as it has room,
// may be set to 0. Signed says that the bytes are. It returns how many differ.
func Differences(x []int16, memory, old []byte, marks []uint64, at int, signed bool) (n int) {
	done, n := differences(x, memory, old, marks, at, signed)
	flip := byte(0)
	if signed {
		flip = 0x80
	}
	for i := done; i < len(x); i++ {
		x[i] = 0
		if o := at + i; marks[o>>6]>>(o&63)&1 != 0 {
			if x[i] = int16(memory[o]^flip) - int16(old[i]^flip); x[i] != 0 {
				n++
			}
		}
	}
	return n
}

// Scales is what turns the sums of eight output channels into bytes, in the order of the
// vectors: the terms of the even channels stand before those of the odd ones.
type Scales struct {
	Bias   [Lot]int32
	Factor [Lot]int32 // not negative
	Shift  [Lot]int32 // less 32
	Up     [Lot]int64 // is added to a product
	Down   [Lot]int64 // and this, too, to a negative one
}

// Set sets the terms of a channel: a product with a sum is shifted by 32 to 63 bits, after
// up, or down if it is negative, was added.
func (s *Scales) Set(c int, bias, factor int32, shift uint, up, down int64) {
	s.Bias[c], s.Factor[c], s.Shift[c] = bias, factor, int32(shift)-32
	k := c>>1 + c&1*(Lot/2)
	s.Up[k], s.Down[k] = up, down-up
}

// Stage is the end of the output stage: the zero point and the clamp.
type Stage struct{ Zero, Low, High int32 }

// Scale turns what sums are larger by into bytes, eight channels at a time: as many as
// there are scales. Sums wrap at 32 bits. With the bytes of old it copies them where nothing
// is larger. It reports false where a sum with its bias is too large, and the bytes are not
// to be used.
func Scale(out []byte, acc, sums []int32, old []byte, s []Scales, end Stage) bool {
	n := Lot * len(s)
	if n == 0 {
		return true
	}
	out, acc, sums = out[:n], acc[:n], sums[:n]
	if old != nil {
		old = old[:n]
	}
	if ok, done := scale(out, acc, sums, old, s, end); done {
		return ok
	}
	for i := range s {
		if !s[i].lot(out[i*Lot:][:Lot], acc[i*Lot:][:Lot], sums[i*Lot:][:Lot], old, i*Lot, end) {
			return false
		}
	}
	return true
}

// lot is Scale for eight channels from first on.
func (s *Scales) lot(out []byte, acc, sums []int32, old []byte, first int, end Stage) bool {
	for c := range out {
		if old != nil && acc[c] == 0 {
			out[c] = old[first+c]
			continue
		}
		v := int64(sums[c]+acc[c]) + int64(s.Bias[c])
		if v != int64(int32(v)) {
			return false
		}
		k := c>>1 + c&1*(Lot/2)
		p := v * int64(s.Factor[c])
		p += s.Up[k] + p>>63&s.Down[k]
		out[c] = byte(min(max(int32(p>>32)>>s.Shift[c]+end.Zero, end.Low), end.High))
	}
	return true
}

// Mark notes the bytes of out that differ from old, from byte at of the memory on, of which
// none is marked, and returns how many.
func Mark(memory []byte, marks []uint64, at int, out, old []byte) (n int) {
	const (
		top  = 0x8080808080808080
		rest = ^uint64(top)
	)
	for ; len(out) >= 8; out, old, at = out[8:], old[8:], at+8 {
		now := binary.LittleEndian.Uint64(out)
		diff := now ^ binary.LittleEndian.Uint64(old)
		if diff == 0 {
			continue
		}
		binary.LittleEndian.PutUint64(memory[at:], now)
		// The top bit of every byte that is not zero, then a bit for each byte.
		mask := (((diff&rest + rest) | diff) & top) >> 7 * 0x0102040810204080 >> 56
		n += bits.OnesCount64(mask)
		marks[at>>6] |= mask << (at & 63)
		if shift := at & 63; shift > 56 {
			if over := mask >> (64 - shift); over != 0 {
				marks[at>>6+1] |= over
			}
		}
	}
	for i, v := range out {
		if v != old[i] {
			memory[at+i] = v
			marks[(at+i)>>6] |= 1 << ((at + i) & 63)
			n++
		}
	}
	return n
}
