package golden

import (
	"math/bits"
	"sort"

	"upset/npu/isa"
)

// lifetimes records when the words of the shared buffer hold a value that is
// still to be read, over three inferences without faults, since every other one uses
// the same halves of the buffers; over one where the NPU is reset behind it. Which words
// are accessed when does not depend on the data, so one record serves all inputs. Lookup tables
// are the exception: which entry is read is a matter of the data, so that a read of
// one counts for all words of their area.
type lifetimes struct {
	looked uint32   // last read of a table
	size   int      // bytes of the buffer
	fine   int      // bytes from the start that are words of their own
	unit   int      // bytes of the words behind
	words  [][]span // live stretches per word, in order
	open   []span   // the value under way: written at from, last read at to
}

// lifeRecord tells which bytes of the shared buffer are dead at a checkpoint.
type lifeRecord interface {
	Dead(addr int, cycle uint64) bool
}

// maxRecorded bounds the cycles that are recorded: three inferences.
const maxRecorded = 3*lifetimeCycles + 1

// span is a stretch of cycles: a flip after cycle c is seen when from <= c < to.
type span struct{ from, to uint32 }

const (
	RAMWord = 4                 // bytes of the shared buffer that live and die together from there on:
	RAMFine = 2 * isa.BankBytes // in front lie the output buffers, which are written byte by byte

	lifeWord       = RAMWord // bytes: the smallest unit that accumulators are written in
	lifeFine       = RAMFine
	lifetimeCycles = 2_000_000 // of longer inferences only the checkpoints are recorded, to bound memory
)

// newLifetimes makes an empty record for a buffer of so many bytes, of which the
// first ones are recorded byte by byte.
func newLifetimes(size, fine, unit int) *lifetimes {
	n := fine + (size-fine)/unit
	return &lifetimes{size: size, fine: fine, unit: unit, words: make([][]span, n), open: make([]span, n)}
}

// word is the word that holds a byte, and where that word begins and ends. Words have the
// size of a power of two.
func (l *lifetimes) word(addr int) (i, from, to int) {
	if addr < l.fine {
		return addr, addr, addr + 1
	}
	i = (addr - l.fine) >> (bits.TrailingZeros8(uint8(l.unit)) & 7)
	from = l.fine + i*l.unit
	return l.fine + i, from, from + l.unit
}

// wrapped is the place of a byte behind whose end the buffer begins again.
func (l *lifetimes) wrapped(addr int) int {
	if addr < l.size {
		return addr
	}
	return addr % l.size
}

// access notes that bytes were read or written in a cycle.
func (l *lifetimes) access(cycle uint64, addr, bytes int, write bool) {
	if l.open == nil || cycle > maxRecorded || addr < 0 {
		return
	}
	now := uint32(cycle)
	for a := addr; a < addr+bytes; {
		k := l.wrapped(a)
		i, from, to := l.word(k)
		o := &l.open[i]
		if write && k == from && a+to-from <= addr+bytes {
			l.settle(i)
			*o = span{now, now}
		} else {
			o.to = now // a read, or a write of a part that leaves the rest alive
		}
		a += to - k
	}
}

// lookup notes that a table was read in a cycle.
func (l *lifetimes) lookup(cycle uint64) {
	if cycle <= maxRecorded {
		l.looked = uint32(cycle)
	}
}

// tables is the number of the first word of the tables.
func (l *lifetimes) tables() int { return len(l.words) - isa.LUTBytes/l.unit }

// settle keeps the stretch under way of a word if its value was read.
func (l *lifetimes) settle(i int) {
	o := l.open[i]
	if i >= l.tables() && l.looked > o.from {
		o.to = max(o.to, l.looked)
	}
	if o.to > o.from {
		l.words[i] = append(l.words[i], o)
	}
}

// drop forgets the record of an inference that turns out to be too long for one.
func (l *lifetimes) drop() { l.words, l.open = nil, nil }

// close ends the recording.
func (l *lifetimes) close() {
	for i := range l.open {
		l.settle(i)
	}
	l.open = nil
}

// Dead reports whether the word that holds a byte is written, or never touched
// again, before it is read after the given cycle. Without a record it says no.
func (l *lifetimes) Dead(addr int, cycle uint64) bool {
	if l == nil {
		return false
	}
	i, _, _ := l.word(addr)
	return deadIn(l.words[i], cycle)
}

// Unsure reports whether it depends on the input if a word of a table is read
// after the given cycle.
func (l *lifetimes) Unsure(addr int, cycle uint64) bool {
	i, _, _ := l.word(addr)
	return i >= l.tables() && l.looked > 0 && !deadIn(l.words[i], cycle)
}

func deadIn(s []span, cycle uint64) bool {
	c := uint32(cycle)
	i := sort.Search(len(s), func(i int) bool { return s[i].to > c })
	return i == len(s) || s[i].from > c
}
