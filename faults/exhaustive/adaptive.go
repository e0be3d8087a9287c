package exhaustive

import (
	"math"

	"upset/stats"
)

// adaptive draws campaigns whose rounds follow their failures, and judges the limits that
// they end with.
func (c *campaigns) adaptive(repeats int) ([]Coverage, []Bias, error) {
	expected := float64(c.total) * c.truth
	what := c.name + ", stratified total, adaptive"
	rows := []Coverage{
		{What: what, Method: "joint, two-sided", Expected: expected, Repeats: repeats, Target: atLeast},
		{What: what, Method: "joint upper limit", Expected: expected, Repeats: repeats, Target: atLeast},
		{What: what, Method: "joint lower limit", Expected: expected, Repeats: repeats, Target: atLeast},
	}
	var weighed, pooled mean
	for range repeats {
		var list []stats.Stratum
		n, x, err := c.rounds(c.kinds, func(share float64, n, x []int) {
			for i, w := range c.weights {
				list = append(list, stats.Stratum{Weight: w * share, N: n[i], Failures: x[i]})
			}
		})
		if err != nil {
			return nil, nil, err
		}
		sum := 0.0
		for i, w := range c.weights {
			sum += w * float64(x[i]) / float64(n[i])
		}
		pooled.add(sum, c.truth)
		both, err := stats.CombineTwoSided(list, confidence)
		if err != nil {
			return nil, nil, err
		}
		one, err := stats.Combine(list, confidence)
		if err != nil {
			return nil, nil, err
		}
		weighed.add(one.Estimate, c.truth)
		rows[0].Width += (both.Upper - both.Lower) / float64(repeats)
		for i, held := range []bool{both.Lower <= c.truth && c.truth <= both.Upper, c.truth <= one.Upper, one.Lower <= c.truth} {
			if held {
				rows[i].Covered++
			}
		}
	}
	had := pooled.bias(c, "adaptive, had the rounds been pooled")
	had.Reported = true
	return rows, []Bias{weighed.bias(c, "adaptive"), had}, nil
}

// mean gathers estimates.
type mean struct {
	n            int
	sum, squares float64
}

func (m *mean) add(estimate, truth float64) {
	m.n++
	m.sum += estimate
	m.squares += (estimate - truth) * (estimate - truth)
}

func (m *mean) bias(c *campaigns, what string) Bias {
	b := Bias{What: c.name + ", " + what, Truth: c.truth, Mean: m.sum / float64(max(1, m.n))}
	if m.squares > 0 {
		b.Errors = (b.Mean - c.truth) / math.Sqrt(m.squares/float64(m.n))
	}
	return b
}
