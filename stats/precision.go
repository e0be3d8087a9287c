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
// multiple of 0.05 at which the stop leaves all limits their error, two-sided and one-sided,
// for every proportion and precision that is tried (exact enumeration in the tests). With
// the whole error two-sided intervals still cover, but one-sided limits that rest on ten
// failures miss in 6 % instead of 5 %.
const stopShare = 0.8

// Of the looks (our choice).
const (
	// far is the ratio of needed to done injections above which a prediction is not
	// trusted: the next look then comes at half of it, at least halfStep later and at
	// most farStep, as shares of what is done.
	far      = 2
	halfStep = 0.5
	farStep  = 3
	// nearMargin is added to a prediction, so that few of them fall short, and nearStep
	// is the least step after one that did.
	nearMargin = 0.02
	nearStep   = 0.05
	// lookGrid: looks are at whole multiples.
	lookGrid = 50
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
	need := have * excess * excess // widths shrink with the root of the size
	next := need * (1 + nearMargin)
	if need > far*have {
		next = math.Max(math.Min(need/far, (1+farStep)*have), (1+halfStep)*have)
	}
	next = math.Max(next, math.Max((1+nearStep)*have, have+float64(step)))
	next = math.Ceil(next/lookGrid) * lookGrid
	return int(math.Min(next, float64(most))), nil
}

// MostLooks is the number of looks that [NextLook] can ask for, from the first to most.
func MostLooks(first, most int) int {
	n := 1
	for done := first; done < most; n++ {
		step := math.Ceil((1+nearStep)*float64(done)/lookGrid) * lookGrid
		done = max(int(step), done+1)
	}
	return n
}
