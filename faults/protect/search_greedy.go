package protect

import (
	"math"

	"upset/faults/mechanism"
)

// Greedy protects, one after the other, what lowers the worst limit most per area
// until the target is met with the margin.
func (pr *Problem) Greedy() (Assignment, bool, error) {
	a := pr.none()
	for {
		ok, err := pr.feasible(a)
		if err != nil {
			return a, false, err
		}
		if ok {
			return a, true, nil
		}
		next, gain := a, 0.0
		area, _ := pr.Area(a)
		load := pr.worst(a)
		for _, c := range pr.neighbours(a) {
			cost, _ := pr.Area(c)
			better := load - pr.worst(c)
			if better <= 0 {
				continue
			}
			g := math.Inf(1)
			if cost > area {
				g = better / (cost - area)
			}
			if g > gain {
				next, gain = c, g
			}
		}
		if gain == 0 {
			return a, false, nil
		}
		a = next
	}
}

// load is what an assignment takes of a limit: its estimate and one more count of
// the largest weight.
func (pr *Problem) load(a Assignment, limit int) float64 {
	var sum sums
	for b := range pr.Blocks {
		for _, u := range pr.Blocks[b].Units {
			sum = sum.plus(pr.share(u, limit, pr.option(a, b, u)))
		}
	}
	return sum.mean + sum.largest
}

// worst is the most that an assignment takes of any limit.
func (pr *Problem) worst(a Assignment) (most float64) {
	for _, n := range pr.networks() {
		most = max(most, n.load(a, limitFIT), n.load(a, limitRelated), n.load(a, limitPermanent))
	}
	return most
}

// neighbours are the assignments that differ in one unit or in one duplication.
func (pr *Problem) neighbours(a Assignment) (out []Assignment) {
	for b := range pr.Blocks {
		if pr.Blocks[b].Duplicate != nil && !a.Duplicate[b] {
			c := a.clone()
			c.Duplicate[b] = true
			out = append(out, c)
		}
		for _, u := range pr.Blocks[b].Units {
			if pr.option(a, b, u).Kind == mechanism.Duplicate {
				continue
			}
			for k := range pr.Options[u] {
				if k != a.Option[u] {
					c := a.clone()
					c.Option[u] = k
					out = append(out, c)
				}
			}
		}
	}
	return out
}
