package protect

import (
	"math"

	"upset/faults/mechanism"
)

// sums are what Fay and Feuer's limit needs of weighted counts, in shares of the
// limit.
type sums struct {
	mean     float64 // Σ w·x
	variance float64 // Σ w²·x
	largest  float64 // max w
	raw      float64 // Σ w·n
}

// plus joins two sets of counts.
func (a sums) plus(b sums) sums {
	return sums{a.mean + b.mean, a.variance + b.variance, math.Max(a.largest, b.largest), a.raw + b.raw}
}

// under is the effect of an option.
func (a sums) under(o *Option) sums {
	if o.Stops {
		return sums{largest: a.largest * o.Keep, raw: a.raw * o.Keep}
	}
	return sums{a.mean * o.Keep, a.variance * o.Keep * o.Keep, a.largest * o.Keep, a.raw * o.Keep}
}

// unit returns the factor that turns bits into a share of a limit; 0 where the
// limit does not apply.
func (pr *Problem) unit(limit int, sram bool) float64 {
	q, rate := pr.Target.Question, pr.rate(sram)
	switch {
	case limit == limitFIT:
		return rate / q.BudgetFIT
	case limit == limitSPFM && !sram && pr.Evidence.FlopBits > 0:
		return 1 / ((1 - q.Target.SPFM) * pr.Evidence.FlopBits)
	case limit == limitDUE && pr.Target.BudgetDUE > 0:
		return rate / pr.Target.BudgetDUE
	}
	return 0
}

// share is what a unit under an option contributes to a limit.
func (pr *Problem) share(unit, limit int, o *Option) sums {
	if limit == limitRelated || limit == limitJoint {
		s := pr.events[unit][limitSPFM].under(o)
		c := pr.caps[limitRelated]
		if limit == limitJoint {
			c = pr.joint
		}
		if !math.IsInf(c, 1) {
			s.mean += c * pr.unrelated(unit, o)
		}
		return s
	}
	e := pr.events[unit][limit]
	if limit == limitPermanent {
		if pr.permanent == nil {
			return sums{}
		}
		return sums{mean: pr.permanent[unit][o.Kind]}
	}
	if limit == limitDUE {
		u := pr.Evidence.Units[unit]
		if o.Kind == mechanism.Duplicate {
			return sums{} // counted once for the block
		}
		left := e.under(o)
		left.mean += o.Alarms * pr.unit(limitDUE, u.SRAM)
		return left
	}
	return e.under(o)
}

// unrelated is the share of the raw rate of all flops that the hardened cells of a unit
// take from the denominator of SPFM.
func (pr *Problem) unrelated(unit int, o *Option) float64 {
	u := &pr.Evidence.Units[unit]
	if u.SRAM || pr.Evidence.FlopBits == 0 {
		return 0
	}
	return (1 - o.Raw) * u.Bits / pr.Evidence.FlopBits
}

// related is the number of flop bits that SPFM is measured against, hardened ones as
// many as their ratio says.
func (pr *Problem) related(a Assignment) float64 {
	bits := pr.Evidence.FlopBits
	for b := range pr.Blocks {
		for _, i := range pr.Blocks[b].Units {
			if u := &pr.Evidence.Units[i]; !u.SRAM {
				bits -= (1 - pr.option(a, b, i).Raw) * u.Bits
			}
		}
	}
	return max(bits, 0)
}
