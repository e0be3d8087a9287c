package npu

func (a *aoPorts) sample(m *Machine, _ uint64, in []uint64) {
	sb, d := &m.S.SB, &m.S.DMA
	put := func(name string, v uint64) { a.in[name].put(in, v) }
	put("op_valid", joined(m.S.CC.OpValid[:]))
	put("ib_full", joined(sb.IBFull[:]))
	put("ib_sel", uint64(sb.IBSel))
	put("ab_full", joined(sb.ABFull[:]))
	put("ob_busy", joined(sb.OBBusy[:]))
	put("scl_ready", uint64(flag(d.SclCnt > 0)))
	put("scl_data", d.SclFIFO[d.SclHead&(sclDepth-1)])
}

// get returns an output of at most 64 bits.
func (a *aoPorts) get(out []uint64, name string) uint64 { return a.out[name].get(out) }

// laneRead is what a lane reads of the shared buffer.
type laneRead struct{ lane, addr, bytes int }

// reads lists the reads that outputs ask for: 1 sums or first operands, 2 second operands.
func (a *aoPorts) reads(out []uint64, second bool) (list []laneRead) {
	name := "rd1_"
	if second {
		name = "rd2_"
	}
	if a.get(out, name+"en")&1 == 0 {
		return nil
	}
	addr, pitch := int(a.get(out, name+"addr")), int(a.get(out, name+"pitch"))
	for i := range min(int(a.get(out, "rd_lanes")), a.lanes) {
		list = append(list, laneRead{i, addr + i*pitch, int(min(a.get(out, "rd1_bytes"), 5))})
	}
	return list
}

// lookups lists the reads of the tables, as bytes of the tables.
func (a *aoPorts) lookups(out []uint64) (list []laneRead) {
	if a.get(out, "lut_en")&1 == 0 {
		return nil
	}
	for i := range min(int(a.get(out, "lut_lanes")), a.lanes) {
		list = append(list, laneRead{i, int(a.out["lut_addr"].field(out, i, aoTableBits)), 4})
	}
	return list
}

func (a *aoPorts) answer(m *Machine, out, in []uint64) {
	t, r := &m.op[a.get(out, "bank_t")&3], &m.op[a.get(out, "bank_r")&3]
	for _, x := range aoSettings {
		a.in[x.Name].put(in, uint64(x.of(t))&(1<<x.Width-1))
	}
	for _, x := range recordSettings {
		a.in[x.Name].put(in, uint64(x.of(r))&(1<<x.Width-1))
	}
	fill := func(name string, width, offset int, list []laneRead) {
		a.in[name].clear(in)
		for _, x := range list {
			a.in[name].putField(in, x.lane, width, a.stored(m, out, offset+x.addr, x.bytes))
		}
	}
	fill("rd1_data", 40, 0, a.reads(out, false))
	fill("rd2_data", 32, 0, a.reads(out, true))
	fill("lut_data", 32, m.lutStart, a.lookups(out))
}

// stored is what the shared buffer holds in n bytes, as the output stage reads them: corrected, and
// after the writes of the same clock.
func (a *aoPorts) stored(m *Machine, out []uint64, addr, n int) (v uint64) {
	size := m.Spec.SHRAMBytes()
	from, e, written := int(a.get(out, "wr_addr")), int(a.get(out, "wr_bytes")), 0
	if a.get(out, "wr_en")&1 != 0 {
		written = e * min(int(a.get(out, "wr_lanes")), a.lanes)
	}
	for i := range n {
		at := (addr + i) % size
		w, _ := m.Corrected(at >> 3)
		b := w >> (8 * (at & 7)) & 0xff
		if o := (at + size - from) % size; o < written {
			b = a.out["wr_data"].field(out, o/e, 32) >> (8 * (o % e)) & 0xff
		}
		v |= b << (8 * i)
	}
	return v
}

// apply makes the accesses in the order of the output stage, since a protected word that
// is read or partly written is checked.
func (a *aoPorts) apply(m *Machine, out []uint64) {
	a.applyWrites(m, out)
	for _, x := range a.lookups(out) {
		m.table(x.addr)
	}
	for _, second := range [2]bool{false, true} {
		for _, x := range a.reads(out, second) {
			m.ram(x.addr, x.bytes)
		}
	}
	sb, d := &m.S.SB, &m.S.DMA
	for i := range 2 {
		bit := func(name string) uint8 { return uint8(a.get(out, name) >> i & 1) }
		sb.OBBusy[i] |= bit("set_ob_busy")
		sb.OBFull[i] |= bit("set_ob_full")
		if bit("set_ob_slots") != 0 {
			sb.OBSlots[i] = uint8(a.get(out, "ob_slots")) & 0x7f
		}
		sb.IBFull[i] &^= bit("clear_ib_full")
		sb.ABFull[i] &^= bit("clear_ab")
		sb.ABBusy[i] &^= bit("clear_ab")
	}
	sb.IBSel ^= uint8(a.get(out, "toggle_ib_sel") & 1)
	for b := range m.S.CC.ElemRead {
		m.S.CC.ElemRead[b] |= uint8(a.get(out, "set_elem_read") >> b & 1)
	}
	if a.get(out, "scl_take")&1 != 0 && d.SclCnt > 0 {
		d.SclHead = (d.SclHead + 1) & (sclDepth - 1)
		d.SclCnt--
	}
	for i, e := range aoEvents {
		m.count(e, a.get(out, "events")>>i&1)
	}
}

// applyWrites stores results: side by side in one access where they have a byte each.
func (a *aoPorts) applyWrites(m *Machine, out []uint64) {
	if a.get(out, "wr_en")&1 == 0 {
		return
	}
	addr, e, n := int(a.get(out, "wr_addr")), int(a.get(out, "wr_bytes")), min(int(a.get(out, "wr_lanes")), a.lanes)
	var bytes uint64
	for i := range n {
		v := a.out["wr_data"].field(out, i, 32)
		if e != 1 {
			m.ramStore(addr+i*e, v, min(e, 4))
		}
		bytes |= v & 0xff << (8 * i)
	}
	if e == 1 {
		m.ramStore(addr, bytes, n)
	}
}
