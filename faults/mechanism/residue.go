package mechanism

import "upset/npu"

// residue keeps, for every stage's set of traversal counters, the residue modulo 3
// of their sum, and a copy of the bit that says that an operation is under way. An
// upset of one counter bit changes the sum by a power of two, which no multiple of
// three is. The residue is made of what the counters load, and compared while
// either copy of that bit is set.
type residue struct {
	sum [stages]uint64
	on  [stages]uint64

	last [stages]counters
}

// stages is the number of stages that traverse an operation.
const stages = 5

// counters are the registers of a stage's counters.
type counters struct {
	on  uint8
	sum uint32
	all [10]uint16
}

// traversal reads the counters of every stage.
func traversal(m *npu.Machine) (list [stages]counters) {
	t := &m.S.Trav
	job := func(j *npu.Job) counters {
		return counters{on: j.On, all: [10]uint16{uint16(j.On), uint16(j.Bank), j.OY, j.OX, j.OZ, j.IZ, j.KY, j.KX}}
	}
	block := func(b *npu.Block) counters {
		return counters{on: b.On, all: [10]uint16{uint16(b.On), uint16(b.Bank), b.OY, b.OX, b.OZ}}
	}
	list = [stages]counters{job(&t.IFM), job(&t.WD), job(&t.MAC), block(&t.AO), block(&t.OFM)}
	for i, n := range [...]*npu.Inner{1: &t.WDInner, 2: &t.MACInner} {
		if n != nil {
			copy(list[i].all[8:], []uint16{uint16(n.IO)<<8 | uint16(n.OU), uint16(n.Tap)})
		}
	}
	for i := range list {
		for _, v := range list[i].all {
			list[i].sum += uint32(v)
		}
	}
	return list
}

// modulus is the base of the residue code.
const modulus = 3

func (c counters) residue() uint64 { return uint64(c.sum % modulus) }

func (r *residue) regs() (list []reg) {
	for i, name := range [stages]string{"ifm", "wd", "mac", "ao", "ofm"} {
		list = append(list, reg{name + ".sum", 2, &r.sum[i]}, reg{name + ".on", 1, &r.on[i]})
	}
	return list
}

func (r *residue) sync(m *npu.Machine) {
	for i, c := range traversal(m) {
		r.sum[i], r.on[i] = c.residue(), uint64(c.on)
	}
}

func (r *residue) agrees(m *npu.Machine) bool {
	for i, c := range traversal(m) {
		if r.sum[i] != c.residue() || r.on[i] != uint64(c.on) {
			return false
		}
	}
	return true
}

func (r *residue) before(m *npu.Machine) bool {
	r.last = traversal(m)
	for i, c := range r.last {
		if (c.on != 0 || r.on[i] != 0) && (r.sum[i] != c.residue() || r.on[i] != uint64(c.on)) {
			return true
		}
	}
	return false
}

// after takes over the residue of counters that have loaded something else.
func (r *residue) after(m *npu.Machine) bool {
	for i, c := range traversal(m) {
		if c.all != r.last[i].all {
			r.sum[i], r.on[i] = c.residue(), uint64(c.on)
		}
	}
	return false
}
