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

	seen npu.TravState // the counters that now is of
	now  [stages]counters
}

// stages is the number of stages that traverse an operation.
const stages = 5

// counters are what the check sees of a stage's counters: the residue of their sum, and
// whether an operation is under way.
type counters struct{ residue, on uint64 }

// modulus is the base of the residue code.
const modulus = 3

func ofJob(j *npu.Job, n npu.Inner) counters {
	sum := uint32(j.On) + uint32(j.Bank) + uint32(j.OY) + uint32(j.OX) + uint32(j.OZ) + uint32(j.IZ) + uint32(j.KY) + uint32(j.KX)
	sum += uint32(n.IO)<<8 + uint32(n.OU) + uint32(n.Tap)
	return counters{uint64(sum % modulus), uint64(j.On)}
}

func ofBlock(b *npu.Block) counters {
	sum := uint32(b.On) + uint32(b.Bank) + uint32(b.OY) + uint32(b.OX) + uint32(b.OZ)
	return counters{uint64(sum % modulus), uint64(b.On)}
}

// look reads the counters of every stage, and returns the stages in which they are others
// than at the last look, a bit for each.
func (r *residue) look(m *npu.Machine) (changed uint8) {
	t, s := &m.S.Trav, &r.seen
	if *t == *s {
		return 0
	}
	if t.IFM != s.IFM {
		r.now[0], changed = ofJob(&t.IFM, npu.Inner{}), changed|1
	}
	if t.WD != s.WD || t.WDInner != s.WDInner {
		r.now[1], changed = ofJob(&t.WD, t.WDInner), changed|2
	}
	if t.MAC != s.MAC || t.MACInner != s.MACInner {
		r.now[2], changed = ofJob(&t.MAC, t.MACInner), changed|4
	}
	if t.AO != s.AO {
		r.now[3], changed = ofBlock(&t.AO), changed|8
	}
	if t.OFM != s.OFM {
		r.now[4], changed = ofBlock(&t.OFM), changed|16
	}
	*s = *t
	return changed
}

func (r *residue) regs() (list []reg) {
	for i, name := range [stages]string{"ifm", "wd", "mac", "ao", "ofm"} {
		list = append(list, reg{name + ".sum", 2, &r.sum[i]}, reg{name + ".on", 1, &r.on[i]})
	}
	return list
}

func (r *residue) sync(m *npu.Machine) {
	r.look(m)
	for i, c := range r.now {
		r.sum[i], r.on[i] = c.residue, c.on
	}
}

func (r *residue) agrees(m *npu.Machine) bool {
	r.look(m)
	for i, c := range r.now {
		if r.sum[i] != c.residue || r.on[i] != c.on {
			return false
		}
	}
	return true
}

func (r *residue) before(m *npu.Machine) bool {
	r.look(m)
	for i, c := range r.now {
		if (c.on != 0 || r.on[i] != 0) && (r.sum[i] != c.residue || r.on[i] != c.on) {
			return true
		}
	}
	return false
}

// after takes over the residue of counters that have loaded something else.
func (r *residue) after(m *npu.Machine) bool {
	for i, changed := 0, r.look(m); changed != 0; i, changed = i+1, changed>>1 {
		if changed&1 != 0 {
			r.sum[i], r.on[i] = r.now[i].residue, r.now[i].on
		}
	}
	return false
}
