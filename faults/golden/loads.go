package golden

import "slices"

// loads are the cycles at which the beats of SRAM are read.
type loads struct {
	n      int
	noted  []load   // in order of time, while the run is recorded
	start  []uint32 // where the cycles of a beat begin, by its number; they end where those of the next one do
	cycles []uint32 // in order for each beat
}

type load struct{ beat, cycle uint32 }

// maxLoads bounds the beats whose reads are kept (our choice).
const maxLoads = 8 << 20

// full reports whether some were not kept.
func (l *loads) full() bool { return l.n >= maxLoads }

// note keeps the read of a beat.
func (l *loads) note(beat, cycle uint32) {
	if l.n < maxLoads {
		l.noted = append(l.noted, load{beat, cycle})
		l.n++
	}
}

// close sorts them by their beats, which keeps the order of time in each.
func (l *loads) close() {
	most := uint32(0)
	for _, x := range l.noted {
		most = max(most, x.beat)
	}
	l.start, l.cycles = make([]uint32, most+2), make([]uint32, len(l.noted))
	for _, x := range l.noted {
		l.start[x.beat+1]++
	}
	for i := range most + 1 {
		l.start[i+1] += l.start[i]
	}
	at := slices.Clone(l.start)
	for _, x := range l.noted {
		l.cycles[at[x.beat]] = x.cycle
		at[x.beat]++
	}
	l.noted = nil
}

// of lists the cycles at which a beat is read.
func (l *loads) of(beat uint32) []uint32 {
	if int(beat)+1 >= len(l.start) {
		return nil
	}
	return l.cycles[l.start[beat]:l.start[beat+1]]
}

// sound reports whether the lists fit together, as those that were read from elsewhere may
// not.
func (l *loads) sound() bool {
	n := len(l.start)
	return n > 0 && slices.IsSorted(l.start) && int(l.start[n-1]) == len(l.cycles)
}
