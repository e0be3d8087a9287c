package npu

// macAccess is an access to the shared buffer that the array asks for.
type macAccess struct{ pixel, addr int }

// fetches, sumReads and sumWrites list the accesses that the outputs enable.
func (a *macPorts) fetches(out []uint64) []macAccess {
	list := a.accesses(out, "fetch_en", "fetch_addr", macFetchBits)
	for i := range list {
		list[i].addr = int(int64(list[i].addr) << (64 - macFetchBits) >> (64 - macFetchBits))
	}
	return list
}

func (a *macPorts) sumReads(out []uint64) []macAccess {
	return a.accesses(out, "sum_rd_en", "sum_rd_addr", macSumBits)
}

func (a *macPorts) sumWrites(out []uint64) []macAccess {
	return a.accesses(out, "sum_wr_en", "sum_wr_addr", macSumBits)
}

func (a *macPorts) accesses(out []uint64, enable, addr string, bits int) (list []macAccess) {
	for px := range a.pixels {
		if a.out[enable].get(out)>>px&1 != 0 {
			list = append(list, macAccess{px, int(a.out[addr].field(out, px, bits))})
		}
	}
	return list
}

// fetchWords is the number of eight-byte words that are read of a pixel.
func (a *macPorts) fetchWords(out []uint64) int {
	return int(min(a.out["fetch_words"].get(out), macFetchBytes/8))
}

// sumBytes is the size of a sum.
func (a *macPorts) sumBytes(out []uint64, wide string) int { return 4 + int(a.out[wide].get(out)&1) }

func (a *macPorts) answer(m *Machine, out, in []uint64) {
	bank := func(name string) *params { return &m.op[a.out[name].get(out)&3] }
	put := func(name string, v uint64) { a.in[name].put(in, v) }
	copy(in[a.in["t_blk_w"].at:], bank("bank_t").macJobWords())
	f := bank("bank_f")
	put("f_signed", uint64(flag(f.IFM.Signed)))
	put("f_bytes", uint64(f.IFM.Bytes))
	put("f_zero", uint64(uint16(f.IFM.ZeroPoint)))
	put("s_max", uint64(flag(bank("bank_s").kind == kindMax)))
	for _, x := range [2]string{"rd", "wr"} {
		p := bank("bank_" + x)
		put(x+"_blk_w", uint64(p.BlkW))
		put(x+"_blk_d", uint64(p.BlkD))
		put(x+"_wide", uint64(flag(p.accBytes > 4)))
		put(x+"_flat", p.macFlat())
	}
	a.answerData(m, out, in)
}

func (a *macPorts) answerData(m *Machine, out, in []uint64) {
	weights, fetched, sums := a.in["w_data"], a.in["fetch_data"], a.in["sum_data"]
	weights.clear(in)
	fetched.clear(in)
	sums.clear(in)
	buf, from := &m.S.WD.Buf[a.out["w_block"].get(out)&1], int(a.out["w_addr"].get(out))
	for i := range 8 * a.d {
		weights.putField(in, i, 9, uint64(buf[(from+i)%len(buf)]))
	}
	writes := a.sumWrites(out)
	for _, x := range a.fetches(out) {
		for i := range 8 * a.fetchWords(out) {
			fetched.putField(in, x.pixel*macFetchBytes+i, 8, a.stored(m, out, writes, x.addr+i))
		}
	}
	size := a.d * macSumBytes
	for _, x := range a.sumReads(out) {
		for i := range a.d * a.sumBytes(out, "sum_rd_wide") {
			sums.putField(in, x.pixel*size+i, 8, a.stored(m, out, writes, x.addr+i))
		}
	}
}

// stored is a byte of the shared buffer as the array reads it: corrected, and after the
// writes of the same clock.
func (a *macPorts) stored(m *Machine, out []uint64, writes []macAccess, addr int) uint64 {
	size := m.Spec.SHRAMBytes()
	at := int(uint(addr) % uint(size))
	n := a.sumBytes(out, "sum_wr_wide")
	for i := len(writes) - 1; i >= 0; i-- { // the last one stays
		if o := (at + size - writes[i].addr%size) % size; o < a.d*n {
			return a.out["sum_wr_data"].field(out, writes[i].pixel*a.d+o/n, 40) >> (8 * (o % n)) & 0xff
		}
	}
	v, _ := m.Corrected(at >> 3)
	return v >> (8 * (at & 7)) & 0xff
}

// apply makes the accesses in the order of the array, since a protected word that is
// read or partly written is checked. Observers of accesses see whole words.
func (a *macPorts) apply(m *Machine, out []uint64) {
	n := a.sumBytes(out, "sum_wr_wide")
	for _, x := range a.sumWrites(out) {
		for o := range a.d {
			m.ramStore(x.addr+o*n, a.out["sum_wr_data"].field(out, x.pixel*a.d+o, 40), n)
		}
	}
	n = a.sumBytes(out, "sum_rd_wide")
	for _, x := range a.sumReads(out) {
		for o := range a.d {
			m.ram(x.addr+o*n, n)
		}
	}
	for _, x := range a.fetches(out) {
		for w := range a.fetchWords(out) {
			m.ram(x.addr+8*w, 8)
		}
	}
	cc, sb := &m.S.CC, &m.S.SB
	get := func(name string) uint64 { return a.out[name].get(out) }
	for i := range 2 {
		bit := func(name string) uint8 { return uint8(get(name) >> i & 1) }
		sb.ABFull[i] |= bit("set_ab_full")
		sb.ABBusy[i] |= bit("set_ab_busy")
		sb.IBFull[i] &^= bit("clear_ib_full")
		m.S.WD.Full[i] &^= bit("clear_wd_full")
	}
	sb.IBSel ^= uint8(get("toggle_ib_sel") & 1)
	if get("set_layout")&1 != 0 {
		cc.LayAB, cc.LayLUT = uint8(get("layout_ab")), uint8(get("layout_lut"))
	}
	for i, e := range macEvents {
		m.count(e, get("events")>>i&1)
	}
}
