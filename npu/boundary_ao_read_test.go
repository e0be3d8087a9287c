package npu_test

import "math/bits"

// The read stage and the record unpacker of the model.

func (k *aoModel) read() {
	a, now := &k.was.A, &k.now.A
	depth, obh, obw, lo, ch, bricks, tl := k.places()
	ob, e, cc := int(a.OB), k.u("t_ofm_bytes"), lo+int(a.C)
	if a.C == 0 && a.Slot == 0 {
		k.set("set_ob_busy", 1<<ob)
	}
	now.Valid[0], now.N[0] = 1, uint8(tl)
	now.Addr[0] = uint16(cut(ob*1024+int(a.Slot)*16*e+int(a.C)*e, 11))
	now.TC, now.TY, now.TX = uint8(cut(cc, 4)), uint16(k.oy+int(a.Y)), uint16(k.ox+int(a.X))
	k.set("rd1_en", 1)
	k.set("rd_lanes", tl)
	k.addresses(depth, obh, obw, cc)
	elem, b := k.u("t_kind") == 5, k.u("t_ifm_bytes")
	for i := range tl {
		x := k.lane("rd1_data", i, 40)
		switch {
		case elem && k.on("t_ifm_signed"):
			x = uint64(int64(x<<(64-8*b)) >> (64 - 8*b))
		case elem:
			x &= 1<<(8*b) - 1
		case !k.on("t_wide"):
			x = uint64(int64(int32(x)))
		}
		now.In[i] = x & (1<<40 - 1)
		if !elem {
			continue
		}
		y := k.lane("rd2_data", i, 32)
		switch {
		case !k.on("t_binary"):
			continue
		case k.on("t_use_scalar"):
			y = uint64(k.s("t_scalar"))
		case k.on("t_ifm2_signed"):
			y = uint64(int64(y<<(64-8*b)) >> (64 - 8*b))
		default:
			y &= 1<<(8*b) - 1
		}
		now.In2[i] = uint32(y)
	}
	lastPixel := int(a.X) >= obw-1 && int(a.Y) >= obh-1
	lastBrick := int(a.B)+1 >= bricks
	closes := k.position(tl, ch, obh, obw, lastPixel, lastBrick)
	now.Flags[0] = uint8(modelBit(lastPixel) | modelBit(closes)<<1 | ob<<2)
}

func up8(x int) int { return (x + 7) / 8 * 8 }

func (k *aoModel) addresses(depth, obh, obw, cc int) {
	a := &k.was.A
	y, x := int(a.Y), int(a.X)
	if k.u("t_kind") != 5 {
		acc := 4 + k.u("t_wide")
		k.set("rd1_bytes", acc)
		k.set("rd1_pitch", acc)
		k.set("rd1_addr", k.u("t_ab_start")*1024+int(a.AB)*k.u("t_ab_half")+(y*k.u("t_blk_w")+x)*up8(k.u("t_blk_d"))*acc+cc*acc)
		return
	}
	b, sel := k.u("t_ifm_bytes"), k.u("ib_sel")
	h := max(0, min(k.oy+obh, k.u("t_ifm_h"))-k.oy)
	w := max(0, min(k.ox+obw, k.u("t_ifm_w"))-k.ox)
	n := depth
	k.set("rd1_bytes", b)
	k.set("rd1_addr", 2048+sel*k.u("t_ib_half")+(y*w+x)*up8(n*b)+cc*b)
	if n > 1 {
		k.set("rd1_pitch", b)
	}
	if !k.on("t_binary") || k.on("t_use_scalar") {
		return
	}
	if k.on("t_bcast_h") {
		h = 1
	}
	if k.on("t_bcast_w") {
		w = 1
	}
	if k.on("t_bcast_c") {
		n, cc = 1, 0
	}
	y, x = min(y, max(1, h)-1), min(x, max(1, w)-1)
	k.set("rd2_en", 1)
	k.set("rd2_addr", k.u("t_ib2_start")*1024+sel*k.u("t_ib2_half")+(y*w+x)*up8(n*b)+cc*b)
	if n > 1 {
		k.set("rd2_pitch", b)
	}
}

// position goes to the next position and reports whether the output buffer is closed.
func (k *aoModel) position(tl, ch, obh, obw int, lastPixel, lastBrick bool) (closes bool) {
	a, now := &k.was.A, &k.now.A
	if int(a.C)+tl < ch {
		now.C = a.C + uint8(tl)
		return false
	}
	now.C = 0
	s := cut(int(a.Slot)+1, 7)
	now.Slot = uint8(s)
	if s >= 16/k.u("t_ofm_bytes") || lastPixel && lastBrick {
		closes = true
		k.set("set_ob_slots", 1<<a.OB)
		k.set("ob_slots", s)
		now.OB, now.Slot = 1-a.OB, 0
	}
	if u := cut(int(a.X)+1, 6); u != 0 && u < obw {
		now.X = uint8(u)
		return closes
	}
	now.X = 0
	if u := cut(int(a.Y)+1, 5); u != 0 && u < obh {
		now.Y = uint8(u)
		return closes
	}
	now.Y = 0
	if !lastBrick {
		now.B = uint8(cut(int(a.B)+1, 4))
		return closes
	}
	now.B = 0
	elem := k.u("t_kind") == 5
	if elem {
		k.set("clear_ib_full", 1<<k.u("ib_sel"))
		k.set("toggle_ib_sel", 1)
	} else {
		k.set("clear_ab", 1<<a.AB)
		now.AB = 1 - a.AB
	}
	if k.nextBlock() {
		now.Tail = 1
		if elem {
			k.set("set_elem_read", 1<<k.was.T.Bank)
		}
	}
	return closes
}

// nextBlock is next of the block counter, see docs/blocks/traversal.md.
func (k *aoModel) nextBlock() (over bool) {
	t := &k.now.T
	if v := k.oz + k.u("t_blk_d"); v < k.u("t_ofm_d") {
		t.OZ = uint16(v)
		return false
	}
	t.OZ = 0
	if v := k.ox + k.u("t_blk_w"); v < k.u("t_ofm_w") {
		t.OX = uint16(v)
		return false
	}
	t.OX = 0
	if v := k.oy + k.u("t_blk_h"); v < k.u("t_ofm_h") {
		t.OY = uint16(v)
		return false
	}
	t.OY = 0
	return true
}

// records is the unpacker.
func (k *aoModel) records() {
	r, now, a := &k.was.R, &k.now.R, &k.now.A
	open := func() { now.OZ, now.C, now.N, now.Beats = 0, 0, 0, uint32(k.u("r_beats")) }
	switch {
	case r.On == 0:
		switch {
		case k.u("op_valid")>>r.Bank&1 == 0:
		case !k.on("r_uses_scales"):
			now.Bank = uint8(cut(int(r.Bank)+1, 2))
		default:
			now.On, now.Left = 1, uint32(k.u("r_passes"))
			open()
		}
		return
	case r.Drain != 0 && r.Beats > 0:
		now.N = 0
		if k.on("scl_ready") {
			k.set("scl_take", 1)
			now.Beats--
		}
		return
	case r.Drain != 0:
		now.Drain = 0
		if r.Left == 0 {
			now.On, now.Bank = 0, uint8(cut(int(r.Bank)+1, 2))
			return
		}
		now.Left--
		open()
		return
	}
	if i := r.C & 15; r.N >= 10 && a.Ready[i] == 0 {
		a.Bias[i], a.Scale[i] = r.Buf[0]&(1<<40-1), uint32(r.Buf[0]>>40|r.Buf[1]&0xff<<24)
		a.Shift[i], a.Ready[i] = uint8(r.Buf[1]>>8&63), 1
		now.Buf = [2]uint64{r.Buf[1] >> 16, 0}
		now.N = r.N - 10
		switch c, oz := int(r.C)+1, int(r.OZ); {
		case c < modelClip(oz, k.u("r_blk_d"), k.u("r_ofm_d")):
			now.C = uint8(c)
		case oz+k.u("r_blk_d") < k.u("r_ofm_d"):
			now.C, now.OZ = 0, uint16(oz+k.u("r_blk_d"))
		default:
			now.C, now.Drain = 0, 1
			return
		}
	}
	if now.N > 8 || r.Beats == 0 || !k.on("scl_ready") {
		return
	}
	v := k.in[k.at["scl_data"]]
	k.set("scl_take", 1)
	now.Beats--
	switch n := uint(now.N) * 8; n {
	case 64:
		now.Buf[1] = v
	case 0:
		now.Buf = [2]uint64{v, 0}
	default:
		low := bits.Reverse64(bits.Reverse64(now.Buf[0]) >> (64 - n) << (64 - n))
		now.Buf = [2]uint64{low | v<<n, v >> (64 - n)}
	}
	now.N += 8
}
