package exhaustive

import (
	"math"

	"upset/stats"
)

// Campaigns that are watched while they run (our choice): the number of looks, and
// the half-width, relative to the estimate, at which one stops.
const (
	looks        = 16
	stopAt       = 0.25
	widthSamples = 20 // one in so many campaigns has its last interval computed
)

// watched draws campaigns that are looked at while they run. An interval that is valid
// at every look must hold the truth at all of them.
func (c *campaigns) watched(repeats int) ([]Coverage, []Bias, error) {
	w := watch{c: c}
	for range repeats {
		if err := w.uniform(); err != nil {
			return nil, nil, err
		}
		if err := w.adaptive(); err != nil {
			return nil, nil, err
		}
	}
	expected := float64(c.total) * c.truth
	rows := []Coverage{
		{What: "all, uniform, at each of 16 looks", Method: "confidence sequence", Target: atLeast},
		{What: "all, uniform, at each of 16 looks", Method: "Wilson, every look on its own"},
		{What: "all, uniform, stopped at 25 %", Method: "confidence sequence", Target: atLeast},
		{What: "all, uniform, stopped at 25 %", Method: "Wilson, every look on its own"},
		{What: "stratified total, adaptive, after each round", Method: "total sequence", Target: atLeast},
		{What: "stratified total, adaptive, at the end", Method: "joint upper limit", Target: atLeast},
	}
	for i := range rows {
		r, m := &rows[i], &w.rows[i]
		r.What, r.Expected, r.Repeats, r.Covered = c.name+", "+r.What, expected, repeats, m.covered
		r.Width = m.width / math.Max(1, float64(m.widths))
	}
	adaptive := w.weighed.bias(c, "adaptive")
	adaptive.Reported = false
	return rows, []Bias{w.stopped.bias(c, "stopped at 25 %"), adaptive, w.pooled.bias(c, "adaptive, had the rounds been pooled")}, nil
}

// watch gathers what was seen.
type watch struct {
	c    *campaigns
	rows [6]struct {
		covered, widths int
		width           float64
	}
	stopped, pooled, weighed mean
	count                    int
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
	b := Bias{What: c.name + ", " + what, Truth: c.truth, Mean: m.sum / float64(max(1, m.n)), Reported: true}
	if m.squares > 0 {
		b.Errors = (b.Mean - c.truth) / math.Sqrt(m.squares/float64(m.n))
	}
	return b
}

// seen enters an interval.
func (w *watch) seen(row int, covered bool, low, high float64) {
	r := &w.rows[row]
	if covered {
		r.covered++
	}
	r.widths++
	r.width += high - low
}

// uniform draws a simple sample and looks at it as it grows. A second reader stops as
// soon as the interval is narrow enough, and reads nothing after that.
func (w *watch) uniform() error {
	c, n, x := w.c, 0, 0
	held, naive, done := true, true, false
	var low, high float64
	for k := range looks {
		next := c.total * (k + 1) / looks
		x += c.count(next-n, c.truth)
		n = next
		var err error
		if low, high, err = stats.ConfidenceSequence(x, n, confidence); err != nil {
			return err
		}
		a, b, err := stats.Wilson(x, n, confidence)
		if err != nil {
			return err
		}
		in, naiveIn := low <= c.truth && c.truth <= high, a <= c.truth && c.truth <= b
		held, naive = held && in, naive && naiveIn
		p := float64(x) / float64(n)
		if !done && (high-low <= 2*stopAt*p || k == looks-1) {
			done = true
			w.seen(2, in, low, high)
			w.seen(3, naiveIn, a, b)
			w.stopped.add(p, c.truth)
		}
		if k == looks-1 {
			w.seen(0, held, low, high)
			w.seen(1, naive, a, b)
		}
	}
	return nil
}

// adaptive draws a campaign whose rounds follow its failures.
func (w *watch) adaptive() error {
	c := w.c
	s, err := stats.NewTotalSequence(c.weights, confidence)
	if err != nil {
		return err
	}
	held := true
	var list []stats.Stratum
	n, x, err := c.rounds(c.kinds, func(share float64, n, x []int) (bool, error) {
		if err := s.Add(n, x); err != nil {
			return false, err
		}
		held = held && !s.Rejects(c.truth)
		for i, w := range c.weights {
			list = append(list, stats.Stratum{Weight: w * share, N: n[i], Failures: x[i]})
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	pooled := 0.0
	for i, w := range c.weights {
		pooled += w * float64(x[i]) / float64(n[i])
	}
	t, err := stats.Combine(list, confidence)
	if err != nil {
		return err
	}
	w.pooled.add(pooled, c.truth)
	w.weighed.add(t.Estimate, c.truth)
	w.seen(5, c.truth <= t.Upper, 0, t.Upper)
	r := &w.rows[4]
	if held {
		r.covered++
	}
	if w.count++; w.count%widthSamples == 1 {
		low, high := s.Interval()
		r.widths++
		r.width += high - low
	}
	return nil
}
