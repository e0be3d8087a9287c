package protect

import (
	"math"

	"upset/stats"
)

// Target is what a design has to meet.
type Target struct {
	Question stats.Question
	// BudgetDUE is the availability budget in FIT; 0 means none.
	BudgetDUE float64
	// Margin is the largest share of a limit that the estimate may take, so that
	// an independent proof is likely to hold.
	Margin Shares
	// Reach is the largest share of a limit that the joint upper limit may take;
	// 0 takes all of it.
	Reach Shares
	// Several is the share of events that hit more than one bit; 0 where single upsets
	// alone count. [Pairs] measures what a design then leaves.
	Several float64
}

// Shares are shares of the limits of residual FIT and of SPFM.
type Shares [limitDUE]float64

// Even is the same share of both.
func Even(share float64) Shares { return Shares{share, share} }

// between is the geometric mean of two margins.
func (s Shares) between(t Shares) Shares {
	for i := range s {
		s[i] = math.Sqrt(s[i] * t[i])
	}
	return s
}

// beside reports margins so close that nothing is searched between them (our choice:
// a fiftieth).
func (s Shares) beside(t Shares) bool {
	for i := range s {
		if s[i] < t[i]/1.02 {
			return false
		}
	}
	return true
}

// divided is the shares of the given limits divided by a factor.
func (s Shares) divided(by float64, which [limitDUE]bool) Shares {
	for i := range s {
		if which[i] {
			s[i] /= by
		}
	}
	return s
}
