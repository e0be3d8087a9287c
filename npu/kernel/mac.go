package kernel

// Widths of the machine's MAC array: operands, products, sums and accumulators.
// The array multiplies nine-bit operands (Arm U55: a byte less its zero point);
// the widths behind it hold what their inputs can reach.
const (
	operandBits = 9
	productBits = 18
	sumBits     = 36
	accBits     = 40

	// Lanes is the number of input channels of one dot product per clock.
	Lanes = 8

	operandMask = 1<<operandBits - 1
	productMask = 1<<productBits - 1
	sumMask     = 1<<sumBits - 1
	accMask     = 1<<accBits - 1
)

func signed9(v uint16) int32  { return int32(int16(v<<(16-operandBits))) >> (16 - operandBits) }
func signed36(v uint64) int64 { return int64(v<<(64-sumBits)) >> (64 - sumBits) }
func signed40(v uint64) int64 { return int64(v<<(64-accBits)) >> (64 - accBits) }

// operands turns the eight bytes of each word of raw into nine-bit operands: the
// byte less zero. Bytes are signed if isSigned. Bit p of pixels and bit i of
// channels say which words and which bytes count; the others give zero.
func operands(x []uint16, raw []uint64, pixels, channels uint8, zero int32, isSigned bool) {
	// A signed byte is (byte XOR 0x80) - 0x80, so one loop serves both kinds.
	flip, bias := uint64(0), uint16(zero)
	if isSigned {
		flip, bias = 0x8080808080808080, uint16(zero)+0x80
	}
	x = x[:len(raw)*Lanes]
	for p, word := range raw {
		q := (*[Lanes]uint16)(x[p*Lanes:])
		if p >= 8 || pixels>>p&1 == 0 {
			*q = [Lanes]uint16{}
			continue
		}
		word ^= flip
		on := channels
		for i := range q {
			q[i] = (uint16(uint8(word)) - bias) & operandMask & -uint16(on&1)
			word, on = word>>8, on>>1
		}
	}
}

// multiply forms the products of one clock from the operands x and the weights w,
// eight of each pixel and of each output channel:
//
//	prod[(p*d+o)*8+i] = x[p*8+i] * w[o*8+i]
//
// with d = len(w)/8 channels. Operands have nine signed bits, products eighteen.
func multiply(prod []uint32, x, w []uint16) {
	pixels, d := len(x)/Lanes, len(w)/Lanes
	prod = prod[:pixels*d*Lanes]
	for p := range pixels {
		a := (*[Lanes]uint16)(x[p*Lanes:])
		a0, a1, a2, a3 := signed9(a[0]), signed9(a[1]), signed9(a[2]), signed9(a[3])
		a4, a5, a6, a7 := signed9(a[4]), signed9(a[5]), signed9(a[6]), signed9(a[7])
		for o := range d {
			q := (*[Lanes]uint32)(prod[(p*d+o)*Lanes:])
			v := (*[Lanes]uint16)(w[o*Lanes:])
			q[0] = uint32(a0*signed9(v[0])) & productMask
			q[1] = uint32(a1*signed9(v[1])) & productMask
			q[2] = uint32(a2*signed9(v[2])) & productMask
			q[3] = uint32(a3*signed9(v[3])) & productMask
			q[4] = uint32(a4*signed9(v[4])) & productMask
			q[5] = uint32(a5*signed9(v[5])) & productMask
			q[6] = uint32(a6*signed9(v[6])) & productMask
			q[7] = uint32(a7*signed9(v[7])) & productMask
		}
	}
}

// sumProducts adds the eight products of each dot product, shifts the result left
// and adds it to sum, or replaces sum if fresh. Sums have 36 bits. The shift is 0
// to 31.
func sumProducts(sum []uint64, prod []uint32, shift uint, fresh bool) {
	shift &= 31
	keep := uint64(sumMask)
	if fresh {
		keep = 0
	}
	prod = prod[:len(sum)*Lanes]
	for i := range sum {
		// (q ^ 2^17) - 2^17 extends the sign of 18 bits; the eight 2^17 go at once.
		const sign = 1 << (productBits - 1)
		q := (*[Lanes]uint32)(prod[i*Lanes:])
		t := int32((q[0]^sign)+(q[1]^sign)+(q[2]^sign)+(q[3]^sign)+
			(q[4]^sign)+(q[5]^sign)+(q[6]^sign)+(q[7]^sign)) - Lanes*sign
		sum[i] = (uint64(int64(t)<<shift) + sum[i]&keep) & sumMask
	}
}

// accumulate adds 36-bit sums to the 40-bit accumulators acc.
func accumulate(acc, sum []uint64) {
	sum = sum[:len(acc)]
	for i := range acc {
		acc[i] = (acc[i] + uint64(signed36(sum[i]))) & accMask
	}
}

// AccumulateMax replaces the 40-bit accumulators acc by the 36-bit sums where
// these are larger.
func AccumulateMax(acc, sum []uint64) {
	sum = sum[:len(acc)]
	for i := accumulateMaxVector(acc, sum); i < len(acc); i++ {
		acc[i] = uint64(max(signed40(acc[i]), signed36(sum[i]))) & accMask
	}
}
