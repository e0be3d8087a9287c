package policy

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/train/data"
)

func TestDraw(t *testing.T) {
	for class, want := range difficulties {
		e := draw(class, data.Rand(1, 0))
		sum, best := 0.0, 0
		for _, v := range e.gaps {
			if v == 0 {
				best++
			} else {
				sum += 1 / (v * v)
			}
		}
		if best != 1 || math.Abs(sum-want) > 1e-9 {
			t.Errorf("class %d: %d best arms, difficulty %v", class, best, sum)
		}
	}
}

// steady is an instance without noise.
func steady(gaps ...float64) *instance {
	e := &instance{gaps: gaps}
	for k, v := range gaps {
		for n := range e.shows[k] {
			e.shows[k][n] = -v
		}
	}
	return e
}

func TestPolicies(t *testing.T) {
	e := steady(5, 4, 3, 2, 1, 0, 6, 7, 8, 9)
	h := begin(e)
	uniform(h)
	if slices.Min(h.n) != 2 || slices.Max(h.n) != 2 || h.regret() != 0 {
		t.Errorf("uniform pulls %v", h.n)
	}
	h = begin(e)
	halving(h)
	// After one pull each, five arms get one more, three of them another and of the last
	// three pulls each one.
	if want := []int{1, 2, 2, 4, 4, 4, 1, 1, 1, 1}; h.regret() != 0 || sum(h.n) != budget || !better(h.n, e.gaps) {
		t.Errorf("halving pulls %v, like %v", h.n, want)
	}
	h = begin(steady(1, 0, 1, 1, 1, 1, 1, 1, 1, 1))
	h.play(func(int) int { return h.confident() })
	if slices.Max(h.n) != h.n[1] || sum(h.n) != budget {
		t.Errorf("bounds of confidence pull %v", h.n)
	}
}

func sum(n []int) (all int) {
	for _, v := range n {
		all += v
	}
	return all
}

// better reports whether no arm is pulled more often than a better one.
func better(n []int, gaps []float64) bool {
	for i := range n {
		for k := range n {
			if gaps[i] > gaps[k] && n[i] > n[k] {
				return false
			}
		}
	}
	return true
}

func TestState(t *testing.T) {
	h := begin(steady(1, 0, 0.5, 3, 3, 3, 3, 3, 3, 3))
	h.pull(2)
	x := h.state(5)
	if x[0] != -1 || x[channels] != 0.5 || x[2*channels] != -0.5 || x[2*channels+1] != 0.5 || x[2] != 0.5 {
		t.Errorf("state %v", x[:3*channels])
	}
}

// The policy gradient moves a policy towards the arm that pays.
func TestImprove(t *testing.T) {
	rng := data.Rand(3, 0)
	g := network(rng)
	improve(g, rng)
	// Without a teacher it has learnt to pull arms that lead more often than a chance does.
	lead, n := 0.0, 0
	for i := range 100 {
		list, _ := sampled(g, draw(i%len(difficulties), rng), rng)
		for _, c := range list {
			lead += c.state[c.arm*channels]
			for k := range arms {
				lead -= c.state[k*channels] / arms
			}
			n++
		}
	}
	if lead/float64(n) < 0.2 {
		t.Errorf("pulled arms lead by %v more than all", lead/float64(n))
	}
}

func TestAimAndConsequence(t *testing.T) {
	r := &puller{instances: []*instance{steady(5, 4, 3, 2, 1, 0, 6, 7, 8, 10)}}
	o := selection.Outcome{Metric: selection.Label, Items: []int{5}, Values: []float64{5, 4, 3, 2, 1, 5, 5, 5, 9, 9}}
	if got := r.aim(o); got != 0.6 {
		t.Errorf("aim %v", got)
	}
	faulty := selection.Outcome{Metric: selection.Label, Items: []int{4}, Values: o.Values}
	if got := r.Consequence(nil, o, faulty); got != 0.1 {
		t.Errorf("consequence %v", got)
	}
	if got := r.Consequence(nil, faulty, o); got != 0 {
		t.Errorf("a better arm: consequence %v", got)
	}
}
