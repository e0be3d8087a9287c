package npu_test

import (
	"math"
	"math/big"
	"math/bits"
)

// The lanes of the model, docs/blocks/output-stage-lanes.md, on unlimited integers.

// wrap cuts v to n bits, signed.
func wrapped(v *big.Int, n uint) *big.Int {
	m := new(big.Int).Lsh(big.NewInt(1), n)
	w := new(big.Int).Mod(v, m)
	if w.Bit(int(n)-1) != 0 {
		w.Sub(w, m)
	}
	return w
}

func times(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

func shiftedLeft(v int64, n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(v), n) }

// rounded is round of section 4.2.
func rounded(p *big.Int, s uint, mode int) int64 {
	if s == 0 {
		return wrapped(p, 64).Int64()
	}
	one := big.NewInt(1)
	r := new(big.Int).Lsh(one, s-1)
	switch {
	case mode == 0 && s > 31 && p.Sign() >= 0:
		r.Add(r, big.NewInt(1<<30))
	case mode == 0 && s > 31:
		r.Sub(r, big.NewInt(1<<30))
	case mode == 1 && p.Sign() < 0:
		r.Sub(new(big.Int).Lsh(one, s), one)
	case mode == 1:
		r.SetInt64(0)
	}
	sum := new(big.Int).Add(p, r)
	return wrapped(sum.Rsh(sum, s), 64).Int64()
}

// product80 is the product register of a lane before the clock.
func (k *aoModel) product80(i int) *big.Int {
	p := new(big.Int).SetUint64(uint64(k.was.A.ProdHi[i]))
	p.Lsh(p, 64).Add(p, new(big.Int).SetUint64(k.was.A.ProdLo[i]))
	return wrapped(p, 80)
}

func (k *aoModel) setProduct80(i int, p *big.Int) {
	u := new(big.Int).Mod(p, new(big.Int).Lsh(big.NewInt(1), 80))
	hi := new(big.Int).Rsh(u, 64)
	k.now.A.ProdLo[i] = new(big.Int).And(u, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	k.now.A.ProdHi[i] = uint16(hi.Uint64())
}

func (k *aoModel) round() {
	for i := range k.uses(2) {
		v := rounded(k.product80(i), uint(k.was.A.PShift[i]), k.u("t_round"))
		k.now.A.Res[i] = uint32(min(max(v, math.MinInt32), math.MaxInt32))
	}
}

func signedBits(v uint64, n uint) int64 { return int64(v<<(64-n)) >> (64 - n) }

// operands are a and b of section 6.1.
func (k *aoModel) operands(i int) (a, b int64) {
	r := &k.was.A
	a = signedBits(r.In[i], 40) - k.s("t_ifm_zero")
	if k.on("t_binary") {
		b = int64(int32(r.In2[i]))
		if k.u("t_ifm_bytes") == 4 && !k.on("t_ifm2_signed") {
			b = int64(r.In2[i])
		}
		b -= k.s("t_ifm2_zero")
	}
	if k.on("t_swap") {
		return b, a
	}
	return a, b
}

// passes is section 5.
func (k *aoModel) passes() {
	r := &k.was.A
	j, mode, elem, wide := int(r.Pass), k.u("t_mode"), k.u("t_kind") == 5, k.u("t_ifm_bytes") == 4
	if elem && (mode == 1 || mode == 2) && !wide && r.Valid[0] != 0 {
		if r.Pass < 4 {
			for i := range k.uses(0) {
				k.operandPass(i)
			}
			return
		}
		j -= 4
	}
	if r.Valid[1] == 0 || k.u("t_kind") == 2 {
		return
	}
	mul := elem && mode == 0
	for i := range k.uses(1) {
		v, lo, hi := int64(r.Val[i]), int64(r.LScale[i]&0xffff), int64(r.LScale[i]>>16)
		high := func(p *big.Int, f int64) *big.Int { return p.Add(p, new(big.Int).Lsh(times(v, f), 16)) }
		switch {
		case mul && wide && j == 0:
			k.setProduct80(i, times(v, int64(r.Opd[i]&0xffff)))
		case mul && wide && j == 1:
			low := new(big.Int).SetUint64(r.ProdLo[i])
			k.setProduct80(i, wrapped(high(low, signedBits(r.Opd[i]>>16, 18)), 64))
		case mul && wide:
		case mul && j == 0:
			k.now.A.Val[i] = uint64(wrapped(times(v, signedBits(r.Opd[i], 18)), 64).Int64())
		case mul && j == 1, !mul && j == 0:
			k.setProduct80(i, times(v, lo))
		case mul && j == 2, !mul && j == 1:
			k.setProduct80(i, high(k.product80(i), hi))
		}
	}
}

// operandPass is case A.
func (k *aoModel) operandPass(i int) {
	x, y := k.operands(i)
	if k.u("t_add_mode") == 2 {
		x, y = y, x
	}
	left, head := uint(19), uint(20)
	if k.u("t_ifm_bytes") == 2 {
		left, head = 14, 15
	}
	head = min(head, uint(63-k.u("t_opa_shift")))
	lo, hi := int64(k.u("t_opa_scale")&0xffff), int64(k.u("t_opa_scale")>>16)
	one, sub, p := k.u("t_add_mode") == 1 || k.u("t_add_mode") == 2, k.u("t_mode") == 2, k.product80(i)
	wide := shiftedLeft(x, head)
	switch k.was.A.Pass {
	case 0:
		if !one {
			wide = big.NewInt(x)
		}
		k.setProduct80(i, wide.Mul(wide, big.NewInt(lo)))
	case 1:
		if one {
			wide.Mul(wide, big.NewInt(hi))
			k.setProduct80(i, p.Add(p, wide.Lsh(wide, 16)))
			return
		}
		if sub {
			y = -y
		}
		k.setProduct80(i, p.Add(p, times(y, int64(k.u("t_opb_scale")))))
	case 2:
		if one {
			q, z := big.NewInt(rounded(p, uint(k.u("t_opa_shift"))+head, 0)), shiftedLeft(y, left)
			switch {
			case !sub:
				p = q.Add(q, z)
			case k.u("t_add_mode") == 1:
				p = q.Sub(q, z)
			default:
				p = z.Sub(z, q)
			}
		}
		k.now.A.Opd[i] = uint64(wrapped(p, 64).Int64())
	}
}

// product is section 4.1.
func (k *aoModel) product() {
	for i := range k.uses(1) {
		if k.u("t_kind") == 2 {
			k.setProduct80(i, big.NewInt(int64(k.was.A.Val[i])))
		}
		k.now.A.PShift[i] = k.was.A.LShift[i]
	}
}

func inside(at, dil, taps, extent int) int {
	if at >= extent {
		return 0
	}
	lo := 0
	if at < 0 {
		lo = -at
		if dil == 2 {
			lo = (1 - at) >> 1
		}
	}
	return max(0, min(taps, (extent-1-at)>>(dil-1)+1)-lo)
}

// bias is section 6.
func (k *aoModel) bias() {
	r, now := &k.was.A, &k.now.A
	for i := range k.uses(0) {
		v, s, h := signedBits(r.In[i], 40), uint32(k.u("t_ofm_scale")), k.u("t_ofm_shift")
		rec := cut(int(r.TC)+i, 4)
		switch {
		case k.u("t_kind") == 2:
			s, h = 1, 0
		case k.on("t_mean"):
			ny := inside(int(r.TY)*k.u("t_stride_y")-k.u("t_pad_top"), k.u("t_dil_y"), k.u("t_kernel_h"), k.u("t_ifm_h"))
			nx := inside(int(r.TX)*k.u("t_stride_x")-k.u("t_pad_left"), k.u("t_dil_x"), k.u("t_kernel_w"), k.u("t_ifm_w"))
			n := min(64, max(1, ny*nx))
			length := bits.Len(uint(n - 1))
			s, h = uint32((1<<(31+length)+1<<length)/n), 31+length
		case k.on("t_uses_scales"):
			v, s, h = v+signedBits(r.Bias[rec], 40), r.Scale[rec], int(r.Shift[rec])
		case k.u("t_kind") == 5:
			v, s, h = k.elementwise(i)
		}
		now.Val[i], now.LScale[i], now.LShift[i] = uint64(v), s, uint8(h)
		if k.on("t_uses_scales") && r.Flags[0]&1 != 0 {
			now.Ready[rec] = 0
		}
	}
}

// elementwise is section 6.2.
func (k *aoModel) elementwise(i int) (v int64, s uint32, h int) {
	a, b := k.operands(i)
	wide := k.u("t_ifm_bytes") == 4
	s, h = uint32(k.u("t_ofm_scale")), k.u("t_ofm_shift")
	if wide {
		s = 1
	}
	switch k.u("t_mode") {
	case 0:
		k.now.A.Opd[i] = uint64(b)
		return a, s, h
	case 1, 2:
		if !wide {
			return int64(k.was.A.Opd[i]), s, h
		}
		if k.u("t_mode") == 2 {
			b = -b
		}
		return a + b, s, h
	case 3:
		return min(a, b), 1, 0
	case 4:
		return max(a, b), 1, 0
	case 5:
		if a >= 0 {
			return a, 1, 0
		}
		return a, s, h
	case 6:
		return max(a, -a), s, h
	case 7:
		return int64(bits.LeadingZeros32(uint32(a))), 1, 0
	case 8:
		return a, 1, int(b & 31)
	}
	return wrapped(shiftedLeft(a, uint(b&31)), 64).Int64(), 1, 0
}

// activate is section 4.3, for the token of stage 3 after the rounding.
func (k *aoModel) activate() {
	now := &k.now.A
	n := min(int(now.N[3]), k.e)
	if k.table() {
		k.set("lut_en", 1)
		k.set("lut_lanes", n)
	}
	for i := range n {
		now.Out[i] = k.activated(i, int64(int32(now.Res[i])))
	}
}

func (k *aoModel) activated(i int, v int64) uint32 {
	if k.u("t_ofm_bytes") == 4 && !k.table() {
		return uint32(v)
	}
	switch k.u("t_act") {
	case 3:
		v = modelTanh(v)
	case 4:
		v = modelSigmoid(v)
	}
	lo, hi := k.s("t_act_min"), k.s("t_act_max")
	switch k.u("t_clip") {
	case 2:
		lo, hi = 0, 255
	case 3:
		lo, hi = -128, 127
	case 5:
		lo, hi = -32768, 32767
	}
	v = min(max(v+k.s("t_ofm_zero"), lo), hi)
	if !k.table() {
		return uint32(v)
	}
	t, w := int64(k.u("t_act")-16)*256, k.lane("lut_data", i, 32)
	at := func(a int64) { k.setLane("lut_addr", i, 11, uint64(a)&0x7ff) }
	switch k.u("t_ofm_bytes") {
	case 1:
		if k.on("t_ofm_signed") {
			v += 128
		}
		j := t + v&255
		at(j &^ 3)
		return uint32(w >> (8 * (j & 3)) & 255)
	case 2:
		at(t + 4*((v+32768)>>7&511))
		y := signedBits(w, 16) + (signedBits(w>>16, 16)*(v&127)+64)>>7
		return uint32(min(max(y, -32768), 32767))
	}
	at(t + 4*((v+128)&255))
	return uint32(w)
}
