package policy

import (
	"math"
	"math/rand/v2"

	"upset/models/selection/kit"
	"upset/models/train/nets"
)

// Sizes of an instance (Zhang et al. compare policies of budgets of a few dozen pulls; the
// numbers are our choice).
const (
	arms   = 10
	budget = 2 * arms // pulls, of which the first ones go to each arm once
	turns  = budget - arms
)

// difficulties are the problem classes: the sum of 1/gap² over all arms but the best one,
// which is the number of samples that a problem takes but for a factor.
var difficulties = []float64{3, 6, 12}

// instance is one problem: the gaps of the arms to the best one, and what each pull of
// each arm will show. A second policy that pulls an arm as often sees the same.
type instance struct {
	gaps  []float64
	shows [arms][budget]float64
}

// draw makes an instance of a class with the best arm at a random place.
func draw(class int, rng *rand.Rand) *instance {
	e := &instance{gaps: make([]float64, arms)}
	sum := 0.0
	order := rng.Perm(arms)
	for _, k := range order[1:] {
		e.gaps[k] = 0.5 + rng.ExpFloat64()
		sum += 1 / float64(e.gaps[k]*e.gaps[k])
	}
	scale := math.Sqrt(sum / difficulties[class])
	for k := range e.gaps {
		e.gaps[k] *= scale
		for n := range e.shows[k] {
			e.shows[k][n] = rng.NormFloat64() - e.gaps[k]
		}
	}
	return e
}

// history is what has been seen of an instance: the mean and the number of pulls of each
// arm.
type history struct {
	of   *instance
	mean []float64
	n    []int
}

// begin pulls every arm once.
func begin(e *instance) *history {
	h := &history{of: e, mean: make([]float64, arms), n: make([]int, arms)}
	for k := range arms {
		h.pull(k)
	}
	return h
}

func (h *history) pull(k int) {
	v := h.of.shows[k][h.n[k]]
	h.n[k]++
	h.mean[k] += (v - h.mean[k]) / float64(h.n[k])
}

// regret is the gap of the arm with the largest mean.
func (h *history) regret() float64 { return h.of.gaps[kit.Argmax(h.mean)] }

// channels of a state: by arm, the lead over the best other mean, a quarter of the pulls,
// and the share of turns that are left.
const channels = 3

// state is the input of the policy before a turn.
func (h *history) state(turn int) []float64 {
	order := kit.Order(h.mean)
	x := make([]float64, 0, arms*channels)
	for k, m := range h.mean {
		rival := h.mean[order[0]]
		if k == order[0] {
			rival = h.mean[order[1]]
		}
		x = append(x, m-rival, float64(h.n[k])/4, float64(turns-turn)/turns)
	}
	return x
}

// play asks a policy for every turn.
func (h *history) play(choose func(turn int) int) {
	for turn := range turns {
		h.pull(choose(turn))
	}
}

// uniform pulls every arm as often.
func uniform(h *history) { h.play(func(turn int) int { return turn }) }

// halving pulls the better half of the arms, then the better half of these (successive
// halving of Karnin et al., ICML 2013, with the first round done).
func halving(h *history) {
	var left []int
	h.play(func(turn int) int {
		if turn == 0 || turn == arms/2 || turn == arms/2+arms/4 {
			keep := max(1, arms/2)
			if turn > 0 {
				keep = (len(left) + 1) / 2
			}
			left = kit.Order(h.mean)[:keep]
		}
		return left[turn%len(left)]
	})
}

// exploration weighs the width of the confidence bounds of the teacher (our choice).
const exploration = 1.5

// confident is the teacher: the largest upper confidence bound (Audibert et al., "Best
// Arm Identification in Multi-Armed Bandits", COLT 2010).
func (h *history) confident() int {
	bounds := make([]float64, arms)
	for k, m := range h.mean {
		bounds[k] = m + exploration/math.Sqrt(float64(h.n[k]))
	}
	return kit.Argmax(bounds)
}

// units of the policy (our choice).
const units = 8

// network is an untrained policy: one layer for every arm, the largest of each unit over
// all arms, and a second layer of both.
func network(rng *rand.Rand) *nets.Graph {
	g := nets.New(nets.Shape{H: arms, W: 1, C: channels})
	each := g.Conv(0, 1, 1, units, true, nets.Relu, rng)
	all := g.Conv(g.MaxPool(each, arms, 1), 1, 1, units, true, nets.Linear, rng)
	both := g.Tanh(g.Add(g.Conv(each, 1, 1, units, true, nets.Linear, rng), all))
	g.Conv(both, 1, 1, 1, true, nets.Linear, rng)
	return g
}
