package stats

import (
	"fmt"
	"math"
)

// Rounds plans a campaign in rounds: a pilot split by weight, then rounds that are each split by
// Neyman allocation on what all rounds before let expect. What
// [Rounds.Next] returns depends on its arguments alone.
//
// Every round is the best split by itself and does not make up for earlier ones: each
// round then is an estimate of its own, and their mean, weighted by the sizes of the
// rounds, has no bias. Pooled proportions would: after few failures fewer injections
// follow, so that the few weigh more.
type Rounds struct {
	// Weights are those of the total, see [Stratum].
	Weights []float64
	// Cost is the mean cost of an injection in cycles; nil takes all as equal.
	Cost []float64
	// Sizes are the numbers of sites of finite strata drawn without
	// replacement; 0 or nil is no limit.
	Sizes []int
	// Groups number the strata; those of equal number resemble each other, see
	// [Guess]. Nil takes each for itself, with [Smoothed].
	Groups []int
	// Floor is the least number per stratum in every round.
	Floor int
}

// hedge is the share of each allocation that stays proportional, so that misleading first
// rounds cannot cost much: half before anything was seen, less with the failures, at
// least a twentieth (our choice: with a constant tenth, the worst campaigns on the
// ground truth of docs/validation.md needed more injections than proportional ones).
func hedge(failures []int) float64 {
	sum := 4
	for _, k := range failures {
		sum += k
	}
	return math.Max(0.05, 1/math.Sqrt(float64(sum)))
}

// RoundTotals are the numbers of injections done after each round: the first
// is the pilot, each later one half as much again, the last the whole (our
// choice). They depend on nothing that is observed.
func RoundTotals(first, total int) []int {
	if first <= 0 || total <= 0 {
		return nil
	}
	var out []int
	for n := min(first, total); n < total; n += max(1, n/2) {
		out = append(out, n)
	}
	// A last round of less than a quarter of what is done joins the one before.
	if k := len(out); k > 1 && total-out[k-1] < out[k-1]/4 {
		out = out[:k-1]
	}
	return append(out, total)
}

// pilotShare is the part of an adaptive campaign of fixed size that its first round takes
// (our choice).
const pilotShare = 32

// AdaptiveTotals are the [RoundTotals] of an adaptive campaign of fixed size.
func AdaptiveTotals(total int) []int {
	return RoundTotals(max(2*MinStratum, total/pilotShare), total)
}

// Next allocates the next round, after which total injections shall be done.
// N and failures are the counts of all rounds so far, nil before the first one, which
// is split by weight alone.
func (s Rounds) Next(n, failures []int, total int) ([]int, error) {
	k := len(s.Weights)
	if n == nil && failures == nil {
		n, failures = make([]int, k), make([]int, k)
	}
	if err := s.check(n, failures); err != nil {
		return nil, err
	}
	done := 0
	for _, x := range n {
		done += x
	}
	if total < done {
		return nil, fmt.Errorf("allocation: %d injections wanted in all, %d are done already", total, done)
	}
	if done == 0 {
		return s.fill(s.Weights, n, total)
	}
	scores, err := s.scores(n, failures)
	if err != nil {
		return nil, err
	}
	return s.fill(scores, n, total-done)
}

// check compares lengths and counts.
func (s Rounds) check(n, failures []int) error {
	k := len(s.Weights)
	if len(n) != k || len(failures) != k || s.Cost != nil && len(s.Cost) != k || s.Sizes != nil && len(s.Sizes) != k || s.Groups != nil && len(s.Groups) != k {
		return fmt.Errorf("allocation: %d weights, %d counts, %d failures, %d costs, %d sizes, %d groups: lengths must agree", k, len(n), len(failures), len(s.Cost), len(s.Sizes), len(s.Groups))
	}
	if s.Floor < 0 {
		return fmt.Errorf("allocation: floor %d must not be negative", s.Floor)
	}
	for i := range n {
		if err := checkCounts(failures[i], n[i]); err != nil {
			return fmt.Errorf("allocation, stratum %d: %w", i, err)
		}
		if !(s.Weights[i] >= 0) || math.IsInf(s.Weights[i], 0) {
			return fmt.Errorf("allocation: weight %d is %v, must be finite and not negative", i, s.Weights[i])
		}
		if s.Cost != nil && (!(s.Cost[i] > 0) || math.IsInf(s.Cost[i], 0)) {
			return fmt.Errorf("allocation: cost %d is %v, must be finite and positive", i, s.Cost[i])
		}
		if s.Sizes != nil && (s.Sizes[i] < 0 || s.Sizes[i] > 0 && n[i] > s.Sizes[i]) {
			return fmt.Errorf("allocation: stratum %d has %d sites, %d injected: draw without replacement, or give no size", i, s.Sizes[i], n[i])
		}
	}
	return nil
}

// room is want, or what stratum i has left.
func (s Rounds) room(i, done, want int) int {
	if s.Sizes == nil || s.Sizes[i] == 0 {
		return want
	}
	return min(want, s.Sizes[i]-done)
}

// scores are the shares of the best allocation by what is known: weight times
// deviation over the root of the cost, hedged by the weights alone.
//
// Shrinking proportions towards that of all injections starves a stratum whose pilot saw
// nothing; what shrinking them towards that of like strata is worth stands in
// docs/validation.md.
func (s Rounds) scores(n, failures []int) ([]float64, error) {
	var heaviest float64
	for _, w := range s.Weights {
		heaviest = math.Max(heaviest, w)
	}
	if heaviest == 0 {
		return nil, fmt.Errorf("allocation: no stratum of positive weight")
	}
	scores := make([]float64, len(n))
	plain := make([]float64, len(n))
	var guesses []float64
	if s.Groups != nil {
		guesses = Guess(n, failures, s.Groups)
	}
	var sum, plainSum float64
	for i, w := range s.Weights {
		p := Smoothed(failures[i], n[i])
		if guesses != nil {
			p = guesses[i]
		}
		plain[i] = w / heaviest
		scores[i] = plain[i] * math.Sqrt(p*(1-p))
		if s.Cost != nil {
			scores[i] /= math.Sqrt(s.Cost[i])
		}
		sum += scores[i]
		plainSum += plain[i]
	}
	h := hedge(failures)
	for i := range scores {
		scores[i] = (1-h)*scores[i]/sum + h*plain[i]/plainSum
	}
	return scores, nil
}

// fill spends the injections of a round by the scores. A stratum has at least the
// floor, and what one cannot take goes to the others in proportion.
func (s Rounds) fill(scores []float64, n []int, rest int) ([]int, error) {
	add := make([]int, len(n))
	for i, w := range s.Weights {
		if w > 0 {
			add[i] = s.room(i, n[i], s.Floor)
			rest -= add[i]
		}
	}
	if rest < 0 {
		return nil, fmt.Errorf("allocation: a floor of %d per stratum needs %d more injections than the round has: lower the floor", s.Floor, -rest)
	}
	want := s.level(scores, n, add, rest)
	var open []int
	left := rest
	for i, x := range want {
		add[i] += int(x)
		left -= int(x)
		want[i] = x - math.Floor(x)
		if s.Weights[i] > 0 {
			open = append(open, i)
		}
	}
	// Largest remainder, ties to the lower index, where there is room.
	for ; left > 0; left-- {
		best := -1
		for _, i := range open {
			if s.room(i, n[i]+add[i], 1) == 1 && (best < 0 || want[i] > want[best]) {
				best = i
			}
		}
		if best < 0 {
			break // every stratum is exhausted
		}
		add[best]++
		want[best]--
	}
	return add, nil
}

// level raises every stratum to the common level t·score, between its floor and what
// it can take, with t such that rest injections are spent.
func (s Rounds) level(scores []float64, n, add []int, rest int) []float64 {
	want := make([]float64, len(n))
	spend := func(t float64) float64 {
		var sum float64
		for i, c := range scores {
			want[i] = 0
			if s.Weights[i] == 0 {
				continue
			}
			want[i] = math.Max(0, t*c-float64(add[i]))
			want[i] = math.Min(want[i], float64(s.room(i, n[i]+add[i], rest)))
			sum += want[i]
		}
		return sum
	}
	low, high := 0.0, 1.0
	for range 1000 {
		if spend(high) >= float64(rest) || math.IsInf(high, 1) {
			break
		}
		low, high = high, high*2
	}
	for range 100 {
		middle := low + (high-low)/2
		if spend(middle) > float64(rest) {
			high = middle
		} else {
			low = middle
		}
	}
	spend(low)
	return want
}
