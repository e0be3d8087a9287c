package kernel

import "encoding/binary"

// FirstDifference returns the index of the first byte in which a and b differ,
// or -1 if there is none. The length is that of a.
func FirstDifference(a, b []byte) int {
	b = b[:len(a)]
	i := equalPrefixVector(a, b)
	for ; i+8 <= len(a); i += 8 {
		if binary.LittleEndian.Uint64(a[i:]) != binary.LittleEndian.Uint64(b[i:]) {
			break
		}
	}
	for ; i < len(a); i++ {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// DifferingWords appends to dst the indices of the eight-byte words in which a
// and b differ. A last, shorter word counts too. The length is that of a.
func DifferingWords(dst []int, a, b []byte) []int {
	const block = 32 // the vector variant skips whole blocks
	b = b[:len(a)]
	for i := 0; i < len(a); {
		i += equalPrefixVector(a[i:], b[i:])
		end := min(i+block, len(a))
		for ; i+8 <= end; i += 8 {
			if binary.LittleEndian.Uint64(a[i:]) != binary.LittleEndian.Uint64(b[i:]) {
				dst = append(dst, i/8)
			}
		}
		if i < end {
			if string(a[i:end]) != string(b[i:end]) {
				dst = append(dst, i/8)
			}
			i = end
		}
	}
	return dst
}
