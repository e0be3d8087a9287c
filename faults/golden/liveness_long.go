package golden

import (
	"slices"

	"upset/npu/isa"
)

// windows is what lifetimes is for inferences that are too long for a full history:
// it knows the state of the words of the shared buffer only at the cycles at which
// checkpoints lie.
type windows struct {
	*lifetimes          // for its layout of words
	rows       int      // instants that are recorded
	stride     int      // words of 64 bits in a row
	live       []uint64 // a bit per instant and word: the value is still to be read
	next       []int32  // per word: the first instant that is not decided
	last       int32    // the first instant that nobody asks for, at most maxWindows

	sparse  bool     // the instants are not those of the grid, but
	moments []uint64 // these cycles, in order
}

// windowGrid is the distance of the instants in cycles (our choice): a row takes
// less than 2 KiB, so that ten million cycles take less than 20 MiB.
const windowGrid = 1024

// maxWindows bounds the memory: later instants are not recorded.
const maxWindows = 1 << 16

func newWindows(layout *lifetimes) *windows {
	n := len(layout.words)
	return &windows{lifetimes: layout, stride: (n + 63) / 64, next: make([]int32, n), last: maxWindows}
}

// accessBoth notes in two records with the same words that bytes were read or written in a
// cycle.
func accessBoth(x, y *windows, cycle uint64, addr, bytes int, write bool) {
	if addr < 0 {
		return
	}
	atX, atY := x.instant(cycle), y.instant(cycle)
	for a := addr; a < addr+bytes; {
		k := x.wrapped(a)
		i, from, to := x.word(k)
		whole := write && k == from && a+to-from <= addr+bytes
		x.touch(i, atX, whole)
		y.touch(i, atY, whole)
		a += to - k
	}
}

// touch notes an access to a word in front of an instant: it was written whole, or read, or
// written in part, which leaves the rest alive.
func (l *windows) touch(i int, at int32, whole bool) {
	switch next := l.next[i]; {
	case at <= next:
	case whole:
		l.looks(i)
		l.next[i] = max(l.next[i], at)
	case next < l.last:
		l.read(i, at)
	}
}

// newMoments is newWindows for instants that are named while the inference runs.
func newMoments(layout *lifetimes) *windows {
	l := newWindows(layout)
	l.sparse = true
	return l
}

// moment names an instant: the cycle that has just passed.
func (l *windows) moment(cycle uint64) { l.moments = append(l.moments, cycle) }

// instant is the first one at or behind a cycle.
func instant(cycle uint64) int32 { return int32((cycle + windowGrid - 1) / windowGrid) }

func (l *windows) instant(cycle uint64) int32 {
	if !l.sparse {
		return instant(cycle)
	}
	n := len(l.moments)
	if n == 0 || l.moments[n-1] < cycle { // nearly always: the cycle is the present one
		return int32(n)
	}
	n, _ = slices.BinarySearch(l.moments, cycle) // the last read of a table may lie far behind
	return int32(n)
}

// read marks a word as live at the undecided instants in front of the given one.
func (l *windows) read(i int, at int32) {
	end := min(at, l.last)
	for k := l.next[i]; k < end; k++ {
		if need := (int(k) + 1) * l.stride; need > len(l.live) {
			l.live = append(l.live, make([]uint64, need-len(l.live))...)
		}
		l.live[int(k)*l.stride+i/64] |= 1 << (i & 63)
	}
	l.next[i] = max(l.next[i], end)
}

// looks takes the last read of a table into account, which counts for all its words.
func (l *windows) looks(i int) {
	if i >= len(l.next)-isa.LUTBytes/l.unit && l.looked > 0 {
		l.read(i, l.instant(uint64(l.looked)))
	}
}

// lookup notes that a table was read in a cycle.
func (l *windows) lookup(cycle uint64) { l.looked = uint32(min(cycle, 1<<32-1)) }

// close ends the recording, of which the instants of so many cycles are kept.
func (l *windows) close(cycles uint64) {
	for i := range l.next {
		l.looks(i)
	}
	l.rows = min(int(cycles/windowGrid)+1, maxWindows)
	if l.sparse {
		l.rows = min(len(l.moments), maxWindows)
	}
}

// row is the number of the instant that lies at a cycle, -1 where none does.
func (l *windows) row(cycle uint64) int {
	if l.sparse {
		if k, ok := slices.BinarySearch(l.moments, cycle); ok {
			return k
		}
		return -1
	}
	if cycle%windowGrid != 0 {
		return -1
	}
	return int(cycle / windowGrid)
}

// either joins two records: one of them knows the cycle.
type either [2]lifeRecord

func (e either) Dead(addr int, cycle uint64) bool {
	return e[0].Dead(addr, cycle) || e[1].Dead(addr, cycle)
}

// Dead reports whether the word that holds a byte is written, or never touched
// again, before it is read after the given cycle. Between the instants it says no.
func (l *windows) Dead(addr int, cycle uint64) bool {
	k := l.row(cycle)
	if k < 0 || k >= l.rows {
		return false
	}
	i, _, _ := l.word(addr)
	at := k*l.stride + i/64
	return at >= len(l.live) || l.live[at]>>(i&63)&1 == 0
}
