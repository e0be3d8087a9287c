// Package cone recomputes only what a difference in memory changes. It is the
// sparse form of the functional machine: given the recorded run of an inference
// and a few bytes that differ from it, it follows the differences from operation
// to operation and returns those that are left, exactly as a run of the
// functional machine over the altered memory would leave them.
//
// Sums are differential. The accumulators of the functional machine are elements
// of the ring of integers modulo 2^32 or 2^40, and cutting a sum to the width of
// the accumulator is a homomorphism of rings. Hence, for inputs x that become
// x+d, the new accumulator is the recorded one plus the sum of d × weight, cut to
// the same width, whatever wrapped on the way. Everything behind the accumulator
// (bias, scale, rounding, activation, clamp) is not linear and is computed anew
// for the outputs that the differences reach. The largest value of a window,
// elementwise operations and copies are computed anew from the whole operands.
//
// Products of 8-bit features are computed two at a time: a 64-bit word holds the
// weights of two output channels, 32 bits apart. The lower sum fits 32 bits by a
// bound that is checked for each operation, so both sums can be separated.
//
// What cannot be done exactly is refused with ErrClock, never approximated.
package cone
