package stats

import (
	"fmt"
	"math"
)

// Precision is a wanted half-width of an interval; one of the two is set. Sampling looks
// at the interval between rounds and stops when it is narrow enough:
//
//   - Every look computes the interval at [StopConfidence], and the one at the stop is
//     reported.
//   - [Precision.Excess] says how far the precision is, and [NextLook] places the next
//     look where it is predicted to be reached.
//
// Whether to stop follows from the width, not from where the interval lies. For a normal
// mean of known deviation the number of looks then costs nothing. A binomial width grows
// with the proportion, so that absolute widths stop early where few failures were seen,
// and relative ones where many were. What this costs can be computed exactly for a
// single stratum; a fifth of the error pays for it ([stopShare]).
type Precision struct {
	Absolute float64
	// Relative is a fraction of the estimate.
	Relative float64
}

// stopShare is the share of the error that the interval at the stop may have: the largest
// multiple of 0.05 at which two-sided intervals and one-sided limits both keep their error
// for every proportion and precision tried (exact enumeration in the tests). With the whole
// error two-sided intervals still cover, but one-sided limits that rest on a few failures
// miss more often than they say.
const stopShare = 0.8

// Of the looks (our choice). A prediction that is too high cannot be taken back, and one
// from few failures is rough: while it is far, only a part of the way is gone.
const (
	// farPart is that part, while the way is longer than nearWay, a share of what is done,
	// and farStep the most that is gone, in multiples of it.
	farPart = 2. / 3
	farStep = 3
	nearWay = 0.1
	// nearMargin is added to a near prediction, so that few of them fall short, and
	// leastStep is the least step, as shares of what is done.
	nearMargin = 0.01
	leastStep  = 0.04
	// lookGrid: looks are at whole multiples.
	lookGrid = 10
)

// StopConfidence is the confidence of each interval and limit at which sampling that stops
// on its [Precision] looks, so that those at the stop keep the given one.
func StopConfidence(confidence float64) (float64, error) {
	if err := checkConfidence(confidence); err != nil {
		return 0, err
	}
	return 1 - stopShare*(1-confidence), nil
}

// Excess is the longer half of an interval over the wanted one: at most 1 where the
// precision is reached, infinite where a relative one has nothing to go by.
func (p Precision) Excess(t Total) float64 {
	half := math.Max(t.Upper-t.Estimate, t.Estimate-t.Lower)
	if p.Absolute > 0 {
		return half / p.Absolute
	}
	if !(t.Estimate > 0 && p.Relative > 0) {
		return math.Inf(1)
	}
	return half / (p.Relative * t.Estimate)
}

// NextLook is the number of injections after which to look again, when the half-width after
// done of them exceeds the wanted one by the given factor. The step is at least the given
// one, and the result at most the given number.
func NextLook(done int, excess float64, step, most int) (int, error) {
	if done <= 0 || !(excess > 1) || step < 0 || most <= done {
		return 0, fmt.Errorf("next look after %d of at most %d injections, at %v times the wanted width: there is nothing to look for", done, most, excess)
	}
	have := float64(done)
	way := have * (excess*excess - 1) // widths shrink with the root of the size
	next := have + way + nearMargin*have
	if way > nearWay*have {
		next = have + math.Min(farPart*way, farStep*have)
	}
	next = math.Max(next, have+math.Max(leastStep*have, float64(step)))
	next = math.Ceil(next/lookGrid) * lookGrid
	return int(math.Min(next, float64(most))), nil
}

// MostLooks is the number of looks that [NextLook] can ask for, from the first to most.
func MostLooks(first, most int) int {
	n := 1
	for done := first; done < most; n++ {
		step := math.Ceil((1+leastStep)*float64(done)/lookGrid) * lookGrid
		done = max(int(step), done+1)
	}
	return n
}
