package stats

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Worsening asks whether a rate that should stay low grew from one campaign to
// another: Now − Base, each a weighted sum of proportions as in [Combine].
//
// Limits of a difference are made of the limits of its two sides (method of
// variance estimates recovery: Zou and Donner, Statistics in Medicine 2008), so
// that few or no failures on one side stay as uncertain as [Combine] says. For the
// upper limit of now − h(base), h rising:
//
//	now − h(base) + √((upper(now) − now)² + (h(base) − h(lower(base)))²)
type Worsening struct {
	// Now and Base are the samples of the two campaigns.
	Now, Base []Stratum
	// Paired says that both injected the same faults. NowOnly and BaseOnly then
	// count those that fail in one campaign only.
	Paired            bool
	NowOnly, BaseOnly []Stratum
	// Relative and Absolute are the margin: a worsening is tolerated up to the
	// larger of Relative × base and Absolute.
	Relative, Absolute float64
}

// largestZ bounds the search for a P value: smaller ones are given as 1e-10.
const largestZ = 6.3613

// planPrecision is the relative precision of sizes and of the smallest worsening that
// could be seen (our choice: they are printed with three digits).
const planPrecision = 1e-4

// allowed is the margin where the rate of the baseline is the one given.
func (w *Worsening) allowed(base float64) float64 { return max(w.Relative*base, w.Absolute) }

// differs are the two sides of the difference: the campaigns, or the faults that
// fail in one of them only.
func (w *Worsening) differs() (now, base []Stratum) {
	if w.Paired {
		return w.NowOnly, w.BaseOnly
	}
	return w.Now, w.Base
}

// combineBoth combines two samples.
func combineBoth(now, base []Stratum, confidence float64) (n, b Total, err error) {
	n, err = Combine(now, confidence)
	b, errBase := Combine(base, confidence)
	return n, b, errors.Join(err, errBase)
}

// Upper is the upper limit of now − base.
func (w *Worsening) Upper(confidence float64) (float64, error) {
	now, base := w.differs()
	n, b, err := combineBoth(now, base, confidence)
	return n.Estimate - b.Estimate + math.Hypot(n.Upper-n.Estimate, b.Estimate-b.Lower), err
}

// MarginUsed is the share of the margin that the worsening may take up: it is shown to
// be smaller than that share of the margin, and than no smaller one. Below 1 the
// worsening is shown to be within the margin. It is infinite where no share is
// shown.
//
// For paired campaigns the limits of the difference and of the margin add up, because
// the two depend on each other in a way that is not estimated.
func (w *Worsening) MarginUsed(confidence float64) (float64, error) {
	n, b, err := combineBoth(w.Now, w.Base, confidence)
	if err != nil {
		return math.Inf(1), err
	}
	upper, err := w.Upper(confidence)
	if err != nil {
		return math.Inf(1), err
	}
	within := func(share float64) bool {
		if w.Paired {
			return upper < share*w.allowed(b.Lower)
		}
		bound := b.Estimate + share*w.allowed(b.Estimate)
		least := b.Lower + share*w.allowed(b.Lower)
		return n.Estimate-bound+math.Hypot(n.Upper-n.Estimate, bound-least) < 0
	}
	if within(0) {
		return 0, nil // shown to be better
	}
	high := 1.0
	for ; !within(high); high *= 2 {
		if high > 1e12 {
			return math.Inf(1), nil
		}
	}
	share := halve(0, high, 1e-9, within)
	if share < 1e-9 {
		share = 0 // both are known to be equal
	}
	return share, nil
}

// Ratio is the upper limit of now ÷ base − 1. It is infinite where the baseline
// may be 0.
func (w *Worsening) Ratio(confidence float64) (float64, error) {
	n, b, err := combineBoth(w.Now, w.Base, confidence)
	if err != nil || b.Lower <= 0 {
		return math.Inf(1), err
	}
	if w.Paired {
		upper, err := w.Upper(confidence)
		return upper / b.Lower, err
	}
	within := func(k float64) bool {
		return n.Estimate-k*b.Estimate+math.Hypot(n.Upper-n.Estimate, k*(b.Estimate-b.Lower)) <= 0
	}
	high := 1.0
	for ; !within(high); high *= 2 {
		if high > 1e12 {
			return math.Inf(1), nil
		}
	}
	return halve(0, high, 1e-9, within) - 1, nil
}

// halve finds where a condition that holds at high begins to hold, to a precision
// that is relative.
func halve(low, high, precision float64, holds func(x float64) bool) float64 {
	for range 60 {
		middle := (low + high) / 2
		if holds(middle) {
			high = middle
		} else {
			low = middle
		}
		if high-low <= precision*high {
			break
		}
	}
	return high
}

// P is the probability, at most, of a difference at least as large if the rate did
// not grow by more than the tolerance, a fraction of the baseline: the error at
// which the lower limit of now − (1 + tolerance) × base reaches 0. It is 1 where the
// estimate is within the tolerance.
func (w *Worsening) P(tolerance float64) (float64, error) {
	_, whole, err := combineBoth(w.Now, w.Base, 0.5)
	if err != nil {
		return 1, err
	}
	now, base := w.differs()
	shown := func(z float64) bool {
		confidence := 0.5 * math.Erfc(-z/math.Sqrt2)
		n, b, failed := combineBoth(now, base, confidence)
		if failed != nil {
			err = failed
			return false
		}
		if w.Paired {
			_, whole, err = combineBoth(w.Now, w.Base, confidence)
			return n.Estimate-b.Estimate-math.Hypot(n.Estimate-n.Lower, b.Upper-b.Estimate) > tolerance*whole.Upper
		}
		k := 1 + tolerance
		return n.Estimate-k*b.Estimate-math.Hypot(n.Estimate-n.Lower, k*(b.Upper-b.Estimate)) > 0
	}
	n, b, err := combineBoth(now, base, 0.5)
	gap := n.Estimate - b.Estimate - tolerance*whole.Estimate
	if err != nil || gap <= 0 || !shown(1e-9) {
		return 1, err
	}
	low, high := 0.0, largestZ
	for range 17 { // to 5e-5, which is 0.03 % of P
		if z := (low + high) / 2; shown(z) {
			low = z
		} else {
			high = z
		}
	}
	return 0.5 * math.Erfc(low/math.Sqrt2), err
}

// events describes a sample by the weight of one failure (that of the failures
// seen, or the largest possible one), and by the rates if all fail: those of the
// strata with samples, and those without.
func events(list []Stratum) (unit, sampled, unsampled float64) {
	var c weightedCounts
	for _, s := range list {
		switch {
		case s.Exact || s.Weight == 0:
		case s.N == 0:
			unsampled += s.Weight
		default:
			sampled += s.Weight
			c.add(s.Weight/float64(s.N), s.Failures)
		}
	}
	switch {
	case c.sum > 0:
		return c.variance / c.sum, sampled, unsampled
	case c.largest > 0:
		return c.largest, sampled, unsampled
	}
	return math.Inf(1), sampled, unsampled
}

// Detectable is the smallest worsening, now − base, that campaigns of this size
// call worse with the given power where a test asks for the given confidence. It
// is infinite where even a rate of all would not be seen. Failures are taken as
// Poisson counts of equal weight; strata without samples take their share of the
// worsening and show nothing of it.
func (w *Worsening) Detectable(confidence, power, tolerance float64) (float64, error) {
	now, base := w.differs()
	unit, whole, hidden := events(now)
	other, _, _ := events(base)
	b, err := Combine(base, confidence)
	if err != nil {
		return 0, err
	}
	if math.IsInf(unit, 1) || math.IsInf(other, 1) {
		return math.Inf(1), nil
	}
	k, extra := 1+tolerance, 0.0
	if w.Paired { // the tolerance is then one of the whole baseline, not of BaseOnly
		all, err := Combine(w.Base, confidence)
		if err != nil {
			return 0, err
		}
		k, extra = 1, tolerance*all.Upper
	}
	most := whole / unit
	// least is the count from which a worsening is shown, if the baseline had come
	// out larger by shift.
	least := func(shift float64) float64 {
		before := b.Estimate / other
		spread := b.Upper - b.Estimate + other*(mathext.GammaIncRegInv(before+shift/other+1, confidence)-mathext.GammaIncRegInv(before+1, confidence)) - shift
		shown := func(count float64) bool {
			lower := mathext.GammaIncRegInv(count, 1-confidence)
			return unit*count-k*(b.Estimate+shift)-math.Hypot(unit*(count-lower), k*spread) > extra
		}
		if !(most > 0) || !shown(most) {
			return math.Inf(1)
		}
		return halve(most*1e-9, most, planPrecision, shown)
	}
	count := least(0)
	higher := least(NormalQuantile(power) * math.Sqrt(other*b.Estimate))
	if math.IsInf(higher, 1) {
		return higher, nil
	}
	rate := unit * (count + math.Hypot(mathext.GammaIncRegInv(count, power)-count, higher-count))
	if rate > whole {
		return math.Inf(1), nil
	}
	return (rate - b.Estimate) * (whole + hidden) / whole, nil
}

// Needed is the factor by which a sample would have to grow so that two equal
// campaigns of that size are shown to be within the margin with the given power,
// if the rate is the one seen in the sample. It is infinite where no size does.
func (w *Worsening) Needed(sample []Stratum, confidence, power float64) (float64, error) {
	b, err := Combine(sample, confidence)
	unit, sampled, unsampled := events(sample)
	if drawn := b.N - exactCount(sample); b.Estimate == 0 && drawn > 0 {
		unit = (sampled + unsampled) / float64(drawn) // that of a proportional allocation
	}
	room := w.allowed(b.Estimate)
	if err != nil || !(room > 0) || math.IsInf(unit, 1) {
		return math.Inf(1), err
	}
	slope := 1.0 // of base + allowed(base)
	if w.Relative*b.Estimate >= w.Absolute {
		slope += w.Relative
	}
	enough := func(factor float64) bool {
		u := unit / factor
		count := b.Estimate / u
		upper := u * (mathext.GammaIncRegInv(count+1, confidence) - count)
		lower := 0.0
		if count > 0 {
			lower = u * (count - mathext.GammaIncRegInv(count, 1-confidence))
		}
		noise := NormalQuantile(power) * math.Sqrt(u*b.Estimate*(1+slope*slope))
		return room > math.Hypot(upper, slope*lower)+noise
	}
	high := 1.0
	for ; !enough(high); high *= 2 {
		if high > 1e9 {
			return math.Inf(1), nil
		}
	}
	return halve(1e-9, high, planPrecision, enough), nil
}

// exactCount is the number of injections into strata that are known.
func exactCount(list []Stratum) (n int) {
	for _, s := range list {
		if s.Exact {
			n += s.N
		}
	}
	return n
}
