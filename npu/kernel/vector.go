package kernel

// int16Chunk is how many products of an int16 and an int8 one call of the vector
// variant may add: its sixteen 32-bit lanes take two products of at most 2^22
// each step, so 128 steps of 32 reach 2^30.
const int16Chunk = 128 * 32

// DotInt8 returns the dot product of a and b, wrapping at 32 bits. It does not
// wrap up to a length of 2^17.
func DotInt8(a, b []int8) int32 {
	b = b[:len(a)]
	sum, done := dotInt8Vector(a, b)
	for i := done; i < len(a); i++ {
		sum += int32(a[i]) * int32(b[i])
	}
	return sum
}

// DotInt16Int8 returns the dot product of a and b. It cannot overflow.
func DotInt16Int8(a []int16, b []int8) int64 {
	b = b[:len(a)]
	sum, done := int64(0), 0
	for done < len(a) {
		n := min(len(a)-done, int16Chunk)
		s, k := dotInt16Int8Vector(a[done:done+n], b[done:done+n])
		sum, done = sum+s, done+k
		if k < n {
			break
		}
	}
	for i := done; i < len(a); i++ {
		sum += int64(int32(a[i]) * int32(b[i]))
	}
	return sum
}

// DotInt32Int16 returns the dot product of operands a and nine-bit weights b
// widened to 16 bits, wrapping at 32 bits as a 32-bit accumulator does.
func DotInt32Int16(a []int32, b []int16) int32 {
	b = b[:len(a)]
	sum, done := dotInt32Int16Vector(a, b)
	for i := done; i < len(a); i++ {
		sum += a[i] * int32(b[i])
	}
	return sum
}

// AxpyInt8 adds delta × w to acc, wrapping at 32 bits. The length is that of w.
// It carries a change of one input into all sums that it feeds.
func AxpyInt8(acc []int32, w []int8, delta int32) {
	acc = acc[:len(w)]
	for i := axpyInt8Vector(acc, w, delta); i < len(w); i++ {
		acc[i] += delta * int32(w[i])
	}
}
