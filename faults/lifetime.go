package faults

import (
	"sort"

	"upset/npu"
)

// lifetimes records when the words of the shared buffer hold a value that is
// still to be read, over two inferences without faults. Which words are accessed
// when does not depend on the data, so one record serves all inputs.
type lifetimes struct {
	m     *npu.Machine
	unit  int      // bytes of a word
	words [][]span // live stretches per word, in order
	open  []span   // the value under way: written at from, last read at to
}

// span is a stretch of cycles: a flip after cycle c is seen when from <= c < to.
type span struct{ from, to uint32 }

const (
	lifeWord       = 4         // bytes: the smallest unit that accumulators and 32-bit outputs write whole
	codeWord       = 8         // bytes: with a code, a write of a part reads the whole coded word
	lifetimeCycles = 2_000_000 // longer inferences are not recorded, to bound memory
)

// newLifetimes starts recording the accesses of a machine.
func newLifetimes(m *npu.Machine) *lifetimes {
	unit := lifeWord
	if m.ECC != npu.ECCNone {
		unit = codeWord
	}
	n := m.Spec.SHRAMBytes() / unit
	l := &lifetimes{m: m, unit: unit, words: make([][]span, n), open: make([]span, n)}
	m.Access = l.access
	return l
}

func (l *lifetimes) access(addr, bytes int, write bool) {
	if l.m.Cycle() > 2*lifetimeCycles+1 {
		return
	}
	now := uint32(l.m.Cycle())
	size := len(l.words) * l.unit
	for a := addr / l.unit * l.unit; a < addr+bytes; a += l.unit {
		i := a % size / l.unit
		if a < 0 || i < 0 {
			continue
		}
		o := &l.open[i]
		if write && a >= addr && a+l.unit <= addr+bytes {
			l.settle(i)
			*o = span{now, now}
			continue
		}
		o.to = now // a read, or a write of a part that leaves the rest alive
	}
}

// settle keeps the stretch under way of a word if its value was read.
func (l *lifetimes) settle(i int) {
	if o := l.open[i]; o.to > o.from {
		l.words[i] = append(l.words[i], o)
	}
}

// close ends the recording.
func (l *lifetimes) close() {
	for i := range l.open {
		l.settle(i)
	}
	l.m.Access, l.open, l.m = nil, nil, nil
}

// dead reports whether the word that holds a byte is written, or never touched
// again, before it is read after the given cycle. Without a record it says no.
func (l *lifetimes) dead(addr int, cycle uint64) bool {
	if l == nil {
		return false
	}
	s := l.words[addr/l.unit]
	c := uint32(cycle)
	i := sort.Search(len(s), func(i int) bool { return s[i].to > c })
	return i == len(s) || s[i].from > c
}
