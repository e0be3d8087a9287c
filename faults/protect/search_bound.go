package protect

import (
	"math"
	"slices"

	"upset/stats"
)

// step is a stretch of the lower hull of a set of options: at a rate of area per
// share, the share of a limit falls by drop.
type step struct {
	drop float64
	area float64
}

// curve is the least area of some units as a convex function of the share of one
// limit that they may take: a relaxation in which options mix.
type curve struct {
	area  float64 // least area, which takes
	share float64 // this much
	least float64 // the least share at any area
	steps []step  // by falling drop per area
}

// point is an option as a curve sees it.
type point struct{ share, area float64 }

// hull is the curve of one choice among points.
func hull(points []point) curve {
	slices.SortFunc(points, func(a, b point) int {
		switch {
		case a.area != b.area:
			return compare(a.area, b.area)
		}
		return compare(a.share, b.share)
	})
	var stack []point
	for _, p := range points {
		if n := len(stack); n > 0 && p.share >= stack[n-1].share {
			continue
		}
		for n := len(stack); n >= 2 && slope(stack[n-2], stack[n-1]) <= slope(stack[n-1], p); n = len(stack) {
			stack = stack[:n-1]
		}
		stack = append(stack, p)
	}
	c := curve{area: stack[0].area, share: stack[0].share, least: stack[len(stack)-1].share}
	for i := 1; i < len(stack); i++ {
		c.steps = append(c.steps, step{stack[i-1].share - stack[i].share, stack[i].area - stack[i-1].area})
	}
	return c
}

// slope is the drop in share per area from one point to the next.
func slope(a, b point) float64 {
	if b.area == a.area {
		return math.Inf(1)
	}
	return (a.share - b.share) / (b.area - a.area)
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// add is the curve of two independent choices.
func (c curve) add(d curve) curve {
	out := curve{area: c.area + d.area, share: c.share + d.share, least: c.least + d.least}
	out.steps = append(slices.Clone(c.steps), d.steps...)
	slices.SortStableFunc(out.steps, func(a, b step) int {
		return compare(b.drop*a.area, a.drop*b.area) // by falling drop ÷ area
	})
	return out
}

// points are the corners of the curve.
func (c curve) points() []point {
	out := []point{{c.share, c.area}}
	for _, s := range c.steps {
		last := out[len(out)-1]
		out = append(out, point{last.share - s.drop, last.area + s.area})
	}
	return out
}

// at is the least area that leaves no more than the given share, or infinity.
func (c curve) at(share float64) float64 {
	excess := c.share - share
	if excess <= 0 {
		return c.area
	}
	if c.least > share+tolerance {
		return math.Inf(1)
	}
	area := c.area
	for _, s := range c.steps {
		if s.drop >= excess {
			return area + s.area*excess/s.drop
		}
		area += s.area
		excess -= s.drop
	}
	return area
}

// jointUpper is the upper limit of Fay and Feuer in shares of the limit, as
// stats.Combine computes it for several sampled strata.
func jointUpper(s sums, confidence float64) float64 {
	mean := s.mean + s.largest
	if mean == 0 {
		return 0
	}
	variance := s.variance + s.largest*s.largest
	return variance / mean * stats.GammaQuantile(mean*mean/variance, confidence)
}

// monotone is the factor by which the joint upper limit may at most fall when
// counts are added. Up to a confidence of 0.975 it does not fall, as 100,000 random
// samples confirm; at 0.99 the least factor seen is 0.9999, at 0.999 it is 0.938.
func monotone(confidence float64) float64 {
	switch {
	case confidence <= 0.975:
		return 1 - tolerance
	case confidence <= 0.99:
		return 0.999
	}
	return 0.9
}

// leastSlope is the least by which the room of a limit shrinks when the limit does, as a
// share: the joint limit at the least variance rises fastest where nothing was counted.
// With it the room beside hardened cells, which lower what the limit is a share of, is
// bounded by a straight line. The grid and the fiftieth in reserve are our choice;
// TestSlopeIsABound tries it.
func leastSlope(confidence float64) float64 {
	const step, most = 0.05, 40.0
	upper := func(mean float64) float64 { return jointUpper(sums{mean: mean, largest: 1}, confidence) }
	steepest, before := 1.0, upper(0)
	for mean := step; mean < most; mean += step {
		next := upper(mean)
		steepest = math.Max(steepest, (next-before)/step)
		before = next
	}
	return 0.98 / steepest
}

// room is the largest mean with which the joint limit can stay within reach when some
// sampled stratum has the given weight: at a given mean the limit is least when
// all variance comes from that weight alone.
func room(largest, confidence, reach float64) float64 {
	fits := func(mean float64) bool {
		return jointUpper(sums{mean: mean, largest: largest}, confidence)*monotone(confidence) <= reach*(1+tolerance)
	}
	if !fits(0) {
		return -1
	}
	low, high := 0.0, 2.0 // the factor of monotone lets it exceed 1
	for range 50 {
		if middle := (low + high) / 2; fits(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}
