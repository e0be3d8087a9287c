package cosim

import "fmt"

// Result counts what a comparison has done.
type Result struct {
	Clocks    int // of all machines, without flips
	Disturbed int // the same in the comparison with flips
	Flips     int
	Seen      int // flips after which another bit or an output differed
	Long      int // flips that were followed to the limit
	Cut       int // flips that ended with their run
	Bits      []BitResult

	Different   int // in all
	Differences []Difference
}

// BitResult is what the flips of a bit did.
type BitResult struct{ Flips, Seen int }

// Difference is a place where machine and gates do not agree.
type Difference struct {
	Run   string
	Cycle uint64
	Flip  string // the bit that was flipped before, empty in a run without faults
	Where string
	What  string
}

// String is a line for people.
func (d Difference) String() string {
	s := fmt.Sprintf("%s, cycle %d, %s: %s", d.Run, d.Cycle, d.Where, d.What)
	if d.Flip != "" {
		s += ", after a flip of " + d.Flip
	}
	return s
}

// kept bounds the differences that are kept (our choice).
const kept = 100

func (r *Result) add(d Difference) {
	r.Different++
	if len(r.Differences) < kept {
		r.Differences = append(r.Differences, d)
	}
}

func (r *Result) flipped(f *flip) {
	r.Flips++
	b := &r.Bits[f.bit]
	b.Flips++
	if f.seen {
		r.Seen++
		b.Seen++
	}
}

// Join adds another result of the same block.
func (r *Result) Join(o *Result) {
	r.Clocks, r.Disturbed, r.Flips, r.Seen = r.Clocks+o.Clocks, r.Disturbed+o.Disturbed, r.Flips+o.Flips, r.Seen+o.Seen
	r.Long, r.Cut, r.Different = r.Long+o.Long, r.Cut+o.Cut, r.Different+o.Different
	r.Differences = append(r.Differences, o.Differences...)
	if r.Bits == nil {
		r.Bits = make([]BitResult, len(o.Bits))
	}
	for i, b := range o.Bits {
		r.Bits[i].Flips += b.Flips
		r.Bits[i].Seen += b.Seen
	}
}
