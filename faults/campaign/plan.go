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

// firstLook is the number of injections after which a campaign that stops on its
// precision looks for the first time; there is half as much again from look to look (our
// choice). mostLooks is the number of looks that its cap is computed for.
const (
	firstLook = 1000
	mostLooks = 24
)

// schedule lists the cumulative number of injections after each round. A campaign
// of fixed size has rounds of a quarter, a quarter and a half, or those of
// stats.RoundTotals where the allocation follows the failures; one that stops on
// its precision has those from [firstLook] on.
func schedule(s Spec) ([]int, error) {
	if !s.sequential() {
		n := s.Injections
		if n < 4*stats.MinStratum {
			return []int{n}, nil
		}
		if s.Sampling == SamplingAdaptive {
			return stats.AdaptiveTotals(n), nil
		}
		return []int{(n + 3) / 4, (n + 1) / 2, n}, nil
	}
	most, err := capSize(s)
	if err != nil {
		return nil, err
	}
	return stats.RoundTotals(firstLook, most), nil
}

// capSize is the most that a sequential campaign may spend: the size that the
// margin needs in the worst case, twice, since the joint limits are wider than
// those of a simple proportion.
func capSize(s Spec) (int, error) {
	if s.Injections > 0 {
		return s.Injections, nil
	}
	confidence, err := stats.LookConfidence(s.Confidence, mostLooks)
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

// plannedSize is the size for which strata are merged: all of a campaign of fixed
// size, the first round of one that may stop there.
func plannedSize(s Spec) (int, error) {
	totals, err := schedule(s)
	if err != nil {
		return 0, err
	}
	if s.sequential() {
		return totals[0], nil
	}
	return totals[len(totals)-1], nil
}

// plan makes the plan of round k from the records of the rounds before.
func plan(f *Frame, s Spec, totals []int, k int, before *tally) (Round, error) {
	r := Round{Size: totals[k]}
	if k > 0 {
		r.Start = totals[k-1]
		r.Size -= r.Start
	}
	weights := make([]float64, len(f.Strata))
	n, failures, done := make([]int, len(f.Strata)), make([]int, len(f.Strata)), 0
	// The rounds follow what the campaign is to be precise about.
	guide, _ := s.violations()
	if s.sequential() {
		guide = critical
	}
	for i, cells := range f.Strata {
		weights[i] = f.drawWeight(cells)
		o := before.sum(cells)
		done += o.Total()
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
	if s.Sampling == SamplingAdaptive && done > 0 {
		r.Alloc, err = stats.Sequential{Weights: weights, Groups: f.kinds(), Floor: floor}.Next(n, failures, done+r.Size)
	} else {
		r.Alloc, err = stats.Proportional(weights, r.Size, floor)
	}
	return r, err
}

// same reports equal plans.
func (r Round) same(o Round) bool {
	return r.Start == o.Start && r.Size == o.Size && slices.Equal(r.Alloc, o.Alloc)
}

// lookConfidence is the confidence of each interval of a campaign, so that all
// looks at a campaign that may stop early keep that of the spec together.
func lookConfidence(s Spec, confidence float64) (float64, error) {
	if !s.sequential() {
		return confidence, nil
	}
	totals, err := schedule(s)
	if err != nil {
		return 0, err
	}
	return stats.LookConfidence(confidence, len(totals))
}

// precise reports whether the precision that the spec asks for is reached.
func precise(f *Frame, s Spec, t *tally) (bool, error) {
	confidence, err := lookConfidence(s, s.Confidence)
	if err != nil {
		return false, err
	}
	strata := t.shares(f.reportStrata(s, t), t.roundShares(), critical)
	total, err := stats.CombineTwoSided(strata, confidence)
	if err != nil {
		return false, err
	}
	half := math.Max(total.Upper-total.Estimate, total.Estimate-total.Lower)
	if s.Margin > 0 {
		return half <= s.Margin, nil
	}
	return total.Estimate > 0 && half <= s.Relative*total.Estimate, nil
}
