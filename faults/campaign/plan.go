package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"upset/stats"
)

// Round is the plan of one round: injections Start to Start+Size−1, allocated to
// the strata of the frame in their order.
type Round struct {
	Start int   `json:"start"`
	Size  int   `json:"size"`
	Alloc []int `json:"alloc"`
}

// end is the number of the first injection behind the round.
func (r Round) end() int { return r.Start + r.Size }

// strata lists the stratum of every injection of the round.
func (r Round) strata() []int {
	out := make([]int, 0, r.Size)
	for s, n := range r.Alloc {
		for range n {
			out = append(out, s)
		}
	}
	return out
}

// walker finds the strata of injections that are asked for in rising order. It
// needs no memory per injection, whatever sizes a log claims.
type walker struct {
	rounds  []Round
	round   int
	stratum int
	end     int // injections of the strata before
}

// at is the stratum of injection i; ok is false where no round has it.
func (w *walker) at(i int) (stratum int, ok bool) {
	for ; w.round < len(w.rounds); w.round, w.stratum = w.round+1, 0 {
		alloc := w.rounds[w.round].Alloc
		for ; w.stratum < len(alloc); w.stratum++ {
			if i < w.end+alloc[w.stratum] {
				return w.stratum, true
			}
			w.end += alloc[w.stratum]
		}
	}
	return 0, false
}

// stream is the source of injection i. The golden ratio and the mixing constants
// are those of SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers
// give unrelated streams.
func stream(seed, i uint64) *rand.Rand {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("upset campaign "), seed))
	x := (i + 1) * 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), x^x>>31))
}

// relativeFloor is the proportion down to which a relative half-width is pursued
// when no number of injections caps it (our choice).
const relativeFloor = 1e-3

// Of campaigns that stop on their precision (our choice): strata are merged for a campaign of
// the default size, since coarser ones leave adaptive rounds less to choose from; the first
// look is early, so that a precision that is reached soon costs little; and each round
// has so many injections for each stratum, of which those that follow the failures need
// at least one, see roundShares.
const (
	strataSize = DefaultInjections
	firstLook  = 250
	perStratum = 4
)

// schedule lists the cumulative number of injections after each round of a campaign of
// fixed size: a quarter, a quarter and a half, or those of stats.RoundTotals where the
// allocation follows the failures.
func schedule(s Spec) []int {
	n := s.Injections
	switch {
	case n < 4*stats.MinStratum:
		return []int{n}
	case s.Sampling == SamplingAdaptive:
		return stats.AdaptiveTotals(n)
	}
	return []int{(n + 3) / 4, (n + 1) / 2, n}
}

// capSize is the most that a campaign may spend: its size, or for one that stops on its
// precision the size that this needs in the worst case, twice, since the joint limits are
// wider than those of a simple proportion.
func capSize(s Spec) (int, error) {
	if s.Injections > 0 {
		return s.Injections, nil
	}
	confidence, err := lookConfidence(s, s.Confidence)
	if err != nil {
		return 0, err
	}
	var n int
	if s.Margin > 0 {
		n, err = stats.SampleSize(0, s.Margin, confidence, 0.5)
	} else {
		n, err = stats.SampleSizeRelative(relativeFloor, s.Relative, confidence)
	}
	if err != nil {
		return 0, err
	}
	// Few campaigns need the worst case: refuse only what a rare failure cannot reach.
	least, err := stats.SampleSize(0, max(s.Margin, s.Relative*relativeFloor), confidence, relativeFloor)
	if err != nil {
		return 0, err
	}
	if least > maxInjections {
		return 0, fmt.Errorf("the precision needs at least %d injections, more than %d: widen --margin or --relative, or give --injections too", least, maxInjections)
	}
	return min(2*n, maxInjections), nil
}

// mostRounds is the number of rounds that there can be.
func mostRounds(s Spec) (int, error) {
	if !s.untilPrecise() {
		return len(schedule(s)), nil
	}
	most, err := capSize(s)
	return stats.MostLooks(min(firstLook, most), most), err
}

// plannedSize is the size for which strata are merged.
func plannedSize(s Spec) (int, error) {
	most, err := capSize(s)
	if s.untilPrecise() {
		most = min(most, strataSize)
	}
	return most, err
}

// next is the number of injections after round k, from the records of the rounds before;
// more is false where the campaign ends without it.
func next(f *Frame, s Spec, k int, before *tally) (total int, more bool, err error) {
	if !s.untilPrecise() {
		if totals := schedule(s); k < len(totals) {
			return totals[k], true, nil
		}
		return 0, false, nil
	}
	most, err := capSize(s)
	if err != nil {
		return 0, false, err
	}
	step := perStratum * len(f.Strata)
	if k == 0 {
		return min(max(firstLook, step), most), true, nil
	}
	done := before.done()
	wide, err := excess(f, s, before)
	if err != nil || wide <= 1 || done >= most {
		return 0, false, err
	}
	total, err = stats.NextLook(done, wide, step, most)
	return total, err == nil, err
}

// plan makes the plan of the round that ends at so many injections, from the records of
// the rounds before.
func plan(f *Frame, s Spec, total int, before *tally) (Round, error) {
	r := Round{Start: before.done()}
	r.Size = total - r.Start
	weights := make([]float64, len(f.Strata))
	n, failures := make([]int, len(f.Strata)), make([]int, len(f.Strata))
	// The rounds follow what the campaign is to be precise about.
	guide, _ := s.violations()
	if s.untilPrecise() {
		guide = critical
	}
	for i, cells := range f.Strata {
		weights[i] = f.drawWeight(cells)
		o := before.sum(cells)
		n[i], failures[i] = o.Total(), guide(o)
	}
	size, err := plannedSize(s)
	if err != nil {
		return Round{}, err
	}
	// Every stratum keeps the least sample of a sound proportion, spread over
	// the rounds in proportion to their size.
	share := float64(r.Size) / float64(size)
	floor := min(int(math.Ceil(stats.MinStratum*share)), stats.MinStratum, r.Size/(2*len(weights)))
	if s.Sampling == SamplingAdaptive && r.Size >= 2*len(weights) {
		floor = max(floor, 1) // see roundShares
	}
	if s.Sampling == SamplingAdaptive && r.Start > 0 {
		r.Alloc, err = stats.Rounds{Weights: weights, Groups: f.kinds(), Floor: floor}.Next(n, failures, total)
	} else {
		r.Alloc, err = stats.Proportional(weights, r.Size, floor)
	}
	return r, err
}

// same reports equal plans.
func (r Round) same(o Round) bool {
	return r.Start == o.Start && r.Size == o.Size && slices.Equal(r.Alloc, o.Alloc)
}

// lookConfidence is the confidence of each interval of a campaign, so that the one at the
// stop keeps that of the spec where the campaign stops on its precision.
func lookConfidence(s Spec, confidence float64) (float64, error) {
	if !s.untilPrecise() {
		return confidence, nil
	}
	return stats.StopConfidence(confidence)
}

// excess is how much wider the interval of the critical AVF is than the spec asks for.
func excess(f *Frame, s Spec, t *tally) (float64, error) {
	confidence, err := lookConfidence(s, s.Confidence)
	if err != nil {
		return 0, err
	}
	strata := t.shares(f.reportStrata(s, t), t.roundShares(), critical)
	total, err := stats.CombineTwoSided(strata, confidence)
	return stats.Precision{Absolute: s.Margin, Relative: s.Relative}.Excess(total), err
}
