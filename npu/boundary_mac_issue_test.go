package npu

// The job control of the model, sections 5 and 6 of the page.

func macClip(at, blk, n int) int { return max(1, min(blk, n-at)) }

// size returns the sub-kernel and the clipped block of a job.
func (m *MACModel) size(t *Job) (sh, sw, obh, obw int) {
	return max(1, min(m.get("t_sub_h"), m.get("t_kernel_h")-int(t.KY))), max(1, min(m.get("t_sub_w"), m.get("t_kernel_w")-int(t.KX))),
		macClip(int(t.OY), m.get("t_blk_h"), m.get("t_ofm_h")), macClip(int(t.OX), m.get("t_blk_w"), m.get("t_ofm_w"))
}

// channels is the number of channels of a box.
func (m *MACModel) channels(t *Job) int {
	if k := m.get("t_kind"); k == 0 || k == 4 {
		return macClip(int(t.IZ), m.get("t_ifm_blk_d"), m.get("t_ifm_d"))
	}
	return macClip(int(t.OZ), m.get("t_blk_d"), m.get("t_ofm_d"))
}

func (m *MACModel) span(o, outs, stride, pad, k, taps, dil, extent int) (first, count int) {
	lo := max(0, o*stride-pad+k*dil)
	hi := min(extent-1, (o+outs-1)*stride-pad+(k+taps-1)*dil)
	if hi < lo {
		return 0, 0
	}
	switch m.get("t_upscale") {
	case 1:
		lo, hi = lo>>1, hi>>1
	case 2:
		lo, hi = (lo+1)>>1, hi>>1
		if hi < lo {
			return 0, 0
		}
	}
	return lo, hi - lo + 1
}

func (m *MACModel) start() {
	s, n, t := &m.was.MAC, &m.now.MAC, &m.now.Trav
	if t.On == 0 {
		b := int(t.Bank)
		differs := m.get("lay_ab") != m.get("t_ab_start") || m.get("lay_lut") != m.get("t_uses_lut")
		switch {
		case m.bit("op_valid", b) == 0, m.get("t_kind") == 5:
			if m.bit("op_valid", b) != 0 && m.bit("elem_read", b) != 0 {
				t.Bank = (t.Bank + 1) & 3
			}
			if s.Valid == [5]uint8{} && s.WrOn == 0 {
				m.event(1)
			} else {
				m.event(5)
			}
			return
		case differs && m.get("ao_bank") != b:
			m.event(3)
			return
		case differs:
			m.put("set_layout", 1)
		}
		*t = Job{Bank: t.Bank, On: 1}
	}
	opens := t.IZ == 0 && t.KY == 0 && t.KX == 0
	switch {
	case m.bit("ib_full", m.get("ib_sel")) == 0:
		m.event(2)
		return
	case opens && m.bit("ab_busy", int(s.AB)) != 0:
		m.event(3)
		return
	case opens:
		m.put("set_ab_busy", 1<<s.AB)
	}
	sh, sw, obh, obw := m.size(t)
	y0, _ := m.span(int(t.OY), obh, m.get("t_stride_y"), m.get("t_pad_top"), int(t.KY), sh, m.get("t_dil_y"), m.get("t_ifm_h"))
	x0, w := m.span(int(t.OX), obw, m.get("t_stride_x"), m.get("t_pad_left"), int(t.KX), sw, m.get("t_dil_x"), m.get("t_ifm_w"))
	n.Y0, n.X0, n.Row = uint16(y0), uint16(x0), uint16(w)&1023
	n.Pix = uint16((m.channels(t)*m.get("t_bytes") + 7) / 8 * 8)
	n.UY, n.UX, n.Step, n.Run = 0, 0, 0, 1
	m.now.Inner = Inner{}
	m.event(5)
}

func (m *MACModel) issue() {
	s, n, t, inner := &m.was.MAC, &m.now.MAC, &m.was.Trav, &m.was.Inner
	kind, passes, part := m.get("t_kind"), m.get("t_bytes"), m.get("t_part_kernel") != 0
	if kind < 2 && m.bit("wd_full", int(s.WB)) == 0 {
		m.event(4)
		return
	}
	m.event(0)
	sh, sw, obh, obw := m.size(t)
	g, k := int(s.Step)/passes, int(s.Step)%passes
	groups := 4
	if passes == 2 {
		groups = 2
	}
	tokens, tap, ch := groups*passes, int(inner.Tap), 8*g
	switch {
	case kind == 2 || kind == 3:
		tokens, tap, ch = max(4, sh*sw)*passes, g, int(inner.OU)
	case kind == 1:
		tokens, tap, ch = 4*passes, tap+g, int(inner.OU)
	case kind == 0 && part:
		tap, ch = tap+g, int(inner.IO)
	}
	m.fetch(tap, ch, k, sh, sw, obh, obw)
	m.weights(kind)
	acc := 4 + m.get("t_wide")
	n.Valid[0], n.Shift[0], n.Bank[0] = 1, uint8(k), t.Bank
	n.Addr[0] = uint16(m.get("t_ab_start")*1024 + int(s.AB)*m.get("t_ab_half") +
		(int(s.UY)*m.get("t_blk_w")+int(s.UX))*macPitch(m.get("t_blk_d"), acc) + int(inner.OU)*acc)
	var f uint8
	set := func(bit int, on bool) {
		if on {
			f |= 1 << bit
		}
	}
	next := uint8(int(s.Step) + 1)
	last := int(next) >= tokens
	set(0, s.Step == 0)
	set(1, last)
	set(2, t.IZ == 0 && t.KY == 0 && t.KX == 0 && inner.Tap == 0 && inner.IO == 0)
	set(3, k == passes-1)
	set(4, k == 0)
	set(5, s.AB != 0)
	n.Step = next
	if last {
		n.Step = 0
		set(6, m.advance(kind, obh, obw, sh*sw))
	}
	n.Flags[0] = f
}

func (m *MACModel) fetch(tap, ch, k, sh, sw, obh, obw int) {
	s, n, t := &m.was.MAC, &m.now.MAC, &m.was.Trav
	ky, kx := tap/sw, tap%sw
	yb := int(t.OY)*m.get("t_stride_y") - m.get("t_pad_top") + (int(t.KY)+ky)*m.get("t_dil_y")
	xb := int(t.OX)*m.get("t_stride_x") - m.get("t_pad_left") + (int(t.KX)+kx)*m.get("t_dil_x")
	base := 2048 + m.get("ib_sel")*m.get("t_ib_half") + ch*m.get("t_bytes")
	lanes := m.a.d
	if kind := m.get("t_kind"); kind == 0 || kind == 4 {
		lanes = 8
	}
	n.Chan = uint8(1<<max(0, min(lanes, m.channels(t)-ch)) - 1)
	n.Out[0], n.Mask[0] = 0, 0
	for px := range m.a.pixels {
		dy, dx := m.place(px, m.get("t_flat"))
		oy, ox := int(s.UY)+dy, int(s.UX)+dx
		y, x := yb+oy*m.get("t_stride_y"), xb+ox*m.get("t_stride_x")
		if oy < obh && ox < obw {
			n.Out[0] |= 1 << px
			if ky < sh && y >= 0 && y < m.get("t_ifm_h") && x >= 0 && x < m.get("t_ifm_w") && (m.get("t_upscale") != 2 || (y|x)&1 == 0) {
				n.Mask[0] |= 1 << px
			}
		}
		if m.get("t_upscale") != 0 {
			y, x = y>>1, x>>1
		}
		m.a.out["fetch_addr"].putField(m.out, px, 40, uint64(base+((y-int(s.Y0))*int(s.Row)+x-int(s.X0))*int(s.Pix)))
		if n.Mask[0]>>px&1 == 0 {
			continue
		}
		n.Raw[px] = 0
		for i := range 8 {
			n.Raw[px] |= m.a.in["fetch_data"].field(m.in, px*32+i*m.get("t_bytes")+k, 8) << (8 * i)
		}
	}
	m.put("fetch_en", int(n.Mask[0]))
}

func (m *MACModel) weights(kind int) {
	n := &m.now.MAC
	for j := range 8 * m.a.d {
		o, i := j/8, j%8
		v := uint64(0)
		switch {
		case kind == 0:
			v = m.a.in["w_data"].field(m.in, j, 9)
		case kind == 1 && i == o:
			v = m.a.in["w_data"].field(m.in, o, 9)
		case kind == 4 && o == 0, kind != 1 && kind != 4 && i == o:
			v = 1
		}
		n.WRaw[j] = uint16(v)
	}
}

// advance follows the last token of a micro-block and reports whether it ends the block.
func (m *MACModel) advance(kind, obh, obw, taps int) bool {
	s, n, t := &m.was.MAC, &m.now.MAC, &m.was.Trav
	w, h := m.spec.UBlockW, m.spec.UBlockH
	if m.get("t_flat") != 0 {
		w, h = 4, 1
	}
	if n.UX = (s.UX + uint8(w)) & 63; n.UX != 0 && int(n.UX) < obw {
		return false
	}
	n.UX = 0
	if n.UY = (s.UY + uint8(h)) & 31; n.UY != 0 && int(n.UY) < obh {
		return false
	}
	n.UY = 0
	if kind < 2 {
		m.put("clear_wd_full", 1<<s.WB)
		n.WB ^= 1
	}
	if !m.nextWeights(kind, taps) {
		return false
	}
	n.Run = 0
	many := m.get("t_depth_many") != 0
	ends := int(t.KX)+m.get("t_sub_w") >= m.get("t_kernel_w") && int(t.KY)+m.get("t_sub_h") >= m.get("t_kernel_h") &&
		(!many || int(t.IZ)+m.get("t_ifm_blk_d") >= m.get("t_ifm_d"))
	if ends {
		n.AB ^= 1
	}
	needed := m.get("t_keeps_boxes") != 0 && int(t.OZ)+m.get("t_blk_d") < m.get("t_ofm_d")
	if !needed {
		m.put("clear_ib_full", 1<<m.get("ib_sel"))
	}
	if !needed || many {
		m.put("toggle_ib_sel", 1)
	}
	m.nextJob(many)
	return ends
}

// countOn adds a step to a counter where that stays below a bound, else sets it to zero.
func countOn[T uint8 | uint16](at *T, step, bound int) bool {
	if int(*at)+step < bound {
		*at += T(step)
		return true
	}
	*at = 0
	return false
}

// nextWeights is pulse next_block of the inner counter; it reports over.
func (m *MACModel) nextWeights(kind, taps int) bool {
	t, c := &m.was.Trav, &m.now.Inner
	part := kind == 0 && m.get("t_part_kernel") != 0
	step := 1
	switch {
	case kind == 1, part:
		step = m.get("t_taps")
	case kind == 2, kind == 3:
		step = taps
	}
	if countOn(&c.Tap, step, taps) {
		return false
	}
	ob := macClip(int(t.OZ), m.get("t_blk_d"), m.get("t_ofm_d"))
	if kind == 4 {
		ob = 0
	}
	if countOn(&c.OU, m.a.d, ob) {
		return false
	}
	ib := macClip(int(t.IZ), m.get("t_ifm_blk_d"), m.get("t_ifm_d"))
	if !part {
		ib = 0
	}
	return !countOn(&c.IO, 8, ib)
}

// nextJob is pulse next of trav, and pulse end where the operation is over.
func (m *MACModel) nextJob(many bool) {
	t := &m.now.Trav
	depth := m.get("t_ifm_d")
	if !many {
		depth = 0
	}
	if countOn(&t.KX, m.get("t_sub_w"), m.get("t_kernel_w")) || countOn(&t.KY, m.get("t_sub_h"), m.get("t_kernel_h")) ||
		countOn(&t.IZ, m.get("t_ifm_blk_d"), depth) || countOn(&t.OZ, m.get("t_blk_d"), m.get("t_ofm_d")) ||
		countOn(&t.OX, m.get("t_blk_w"), m.get("t_ofm_w")) || countOn(&t.OY, m.get("t_blk_h"), m.get("t_ofm_h")) {
		return
	}
	t.On, t.Bank = 0, (t.Bank+1)&3
}
