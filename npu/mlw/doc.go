// Package mlw is the codec of the Ethos-U55 compressed weight stream and the
// order in which the MAC array consumes the decoded weights.
//
// A stream is a sequence of slices. A slice holds weight indices, and in
// zero-run mode the lengths of the runs of zeros between them. Both are Rice
// coded in interleaved chunks: unary quotients of this chunk, then the
// remainders of the previous one. An index selects a palette entry or, beyond
// the palette, a sign-magnitude code. Bits are read from bit 0 of byte 0 up.
//
// The format is the public one written by Vela 3.10.
package mlw

// Field values and limits of the format (Vela 3.10).
const (
	zdivDisable      = 6 // no zero runs in this slice
	zdivEnd          = 7 // end of stream, or padding
	zdivMax          = 4 // largest Rice parameter of zero runs
	wdivUncompressed = 7 // indices are sent as plain binary numbers
	wdivMax          = 5 // largest Rice parameter of weight indices

	maxPalette  = 32      // largest palette
	maxQuotient = 31      // largest unary part that an encoder may send
	maxSlice    = 1 << 15 // SLICELEN has 15 bits and holds n-1

	weightChunk      = 12 // unary symbols of weights in a chunk
	wideWeightChunk  = 8  // the same for uncompressed indices above 5 bits
	zeroChunk        = 12 // unary bits of zero runs in a chunk
	steepZeroChunk   = 8  // the same for Rice parameters of 3 and more
	maxBalance       = 8  // weights may run ahead of zero runs by this much
	maxWideIndexBits = 5  // widest uncompressed index of a 12-symbol chunk

	streamAlign = 16 // streams are padded to this many bytes
)

// codeOf returns the sign-magnitude code of a weight: bit 0 is the sign.
func codeOf(w int16) int {
	if w < 0 {
		return int(-w)<<1 | 1
	}
	return int(w) << 1
}

// weightOf is the inverse of codeOf.
func weightOf(code int) int16 {
	if code&1 != 0 {
		return int16(-(code >> 1))
	}
	return int16(code >> 1)
}

// bitsFor returns ceil(log2(n)): the width of a plain index below n.
func bitsFor(n int) int {
	bits := 0
	for 1<<bits < n {
		bits++
	}
	return bits
}

// zeroChunkBits returns the number of unary zero-run bits in a chunk.
func zeroChunkBits(zdiv int) int {
	if zdiv < 3 {
		return zeroChunk
	}
	return steepZeroChunk
}

// weightChunkSymbols returns the number of weight symbols in a chunk, where
// width is the Rice parameter or the width of an uncompressed index.
func weightChunkSymbols(uncompressed bool, width int) int {
	if uncompressed && width > maxWideIndexBits {
		return wideWeightChunk
	}
	return weightChunk
}
