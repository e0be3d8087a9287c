package protect

import (
	"fmt"
	"math"
	"slices"

	"upset/stats/result"
)

// cheapest is the design of least area that meets the limits of a problem, which may be
// others than those of the training: what single exchanges make of the cheapest that were
// sampled, and exchanges of pairs of the best of these. Sampled reports the area without
// the exchanges, or +Inf.
func (f *flow) cheapest(pr *Problem) (found Found, sampled float64, err error) {
	sampled = math.Inf(1)
	best := math.Inf(1)
	var starts []Assignment
	for _, d := range f.designs {
		if len(starts) == flowStarts {
			break
		}
		ok, err := pr.feasible(d.a)
		if err != nil {
			return found, sampled, err
		}
		if ok {
			sampled = math.Min(sampled, d.area)
			starts = append(starts, d.a)
		}
	}
	if len(starts) == 0 {
		a, ok, err := f.mend(pr)
		if !ok || err != nil {
			return Found{Assignment: pr.none(), Searched: int64(len(f.designs))}, sampled, err
		}
		starts = append(starts, a)
	}
	for i := range starts {
		if starts[i], err = pr.descend(starts[i]); err != nil {
			return found, sampled, err
		}
	}
	slices.SortStableFunc(starts, func(a, b Assignment) int {
		x, _ := pr.Area(a)
		y, _ := pr.Area(b)
		return compare(x, y)
	})
	for _, a := range starts[:min(flowPaired, len(starts))] {
		if a, err = pr.exchange(a); err != nil {
			return found, sampled, err
		}
		if area, _ := pr.Area(a); area < best {
			best = area
			found = Found{Assignment: a, Feasible: true}
		}
	}
	found.Searched, found.Bound = int64(len(f.designs)), pr.base
	return found, sampled, nil
}

// mend takes the sampled designs of the least pressure and lowers that, exchange by
// exchange and then two by two, until one meets the limits.
func (f *flow) mend(pr *Problem) (Assignment, bool, error) {
	type pressed struct {
		a Assignment
		p float64
	}
	var list []pressed
	for _, d := range f.designs {
		p, err := pr.pressure(d.a)
		if err != nil {
			return d.a, false, err
		}
		list = append(list, pressed{d.a, p})
	}
	slices.SortStableFunc(list, func(a, b pressed) int { return compare(a.p, b.p) })
	for _, x := range list[:min(flowStarts, len(list))] {
		if a, ok, err := pr.relieve(x.a, x.p); ok || err != nil {
			return a, ok, err
		}
	}
	return pr.none(), false, nil
}

// relieve lowers the pressure of a design until it meets the limits.
func (pr *Problem) relieve(a Assignment, least float64) (Assignment, bool, error) {
	for {
		if ok, err := pr.feasible(a); ok || err != nil {
			return a, ok, err
		}
		near := pr.around(a)
		next, p, err := pr.calmest(near, least)
		if err != nil {
			return a, false, err
		}
		for i := 0; next == nil && i < len(near); i++ {
			if next, p, err = pr.calmest(pr.around(near[i]), least); err != nil {
				return a, false, err
			}
		}
		if next == nil {
			return a, false, nil
		}
		a, least = *next, p
	}
}

// calmest is the design of the least pressure below one, or nil.
func (pr *Problem) calmest(list []Assignment, below float64) (best *Assignment, p float64, err error) {
	for i := range list {
		x, err := pr.pressure(list[i])
		if err != nil {
			return nil, 0, err
		}
		if x < below*(1-tolerance) {
			best, below = &list[i], x
		}
	}
	return best, below, nil
}

// pressure is the most that a design takes of what it may, by estimates and by joint
// limits, where 1 is all of it.
func (pr *Problem) pressure(a Assignment) (most float64, err error) {
	for _, n := range pr.networks() {
		for limit := range numLimits {
			if c := n.caps[limit]; !math.IsInf(c, 1) && c > 0 {
				most = math.Max(most, n.total(a, limit)/c)
			}
		}
		if n.estimateOnly {
			continue
		}
		e, err := n.evaluate(a, n.Target.Question.Confidence)
		if err != nil {
			return most, err
		}
		q, reach := n.Target.Question, n.Target.Reach
		most = math.Max(most, math.Max(e.FIT.Upper/(reach[limitFIT]*q.BudgetFIT), (1-e.SPFM.Lower)/(reach[limitSPFM]*(1-q.Target.SPFM))))
	}
	return most, nil
}

// exchange makes a design cheaper by one exchange at a time, and by two where one does
// not help, while it meets the limits.
func (pr *Problem) exchange(a Assignment) (Assignment, error) {
	for range flowPairs {
		next, err := pr.descend(a)
		if err != nil {
			return a, err
		}
		if a, err = pr.pair(next); err != nil {
			return a, err
		}
		if a.key() == next.key() {
			break
		}
	}
	return a, nil
}

// around are the designs that differ in one unit or in one duplication, also one that is
// taken back: for nothing, or for one option in all units of the block that have it.
func (pr *Problem) around(a Assignment) []Assignment {
	list := pr.neighbours(a)
	for b := range a.Duplicate {
		if !a.Duplicate[b] {
			continue
		}
		options := 0
		for _, u := range pr.Blocks[b].Units {
			options = max(options, len(pr.Options[u]))
		}
		for k := range options {
			c := a.clone()
			c.Duplicate[b] = false
			for _, u := range pr.Blocks[b].Units {
				if !pr.Evidence.Units[u].SRAM && k < len(pr.Options[u]) {
					c.Option[u] = k
				}
			}
			list = append(list, c)
		}
	}
	return list
}

// descend takes the cheapest neighbour that meets the limits, as long as there is a
// cheaper one.
func (pr *Problem) descend(a Assignment) (Assignment, error) {
	for {
		area, _ := pr.Area(a)
		list, err := pr.first(pr.around(a), area)
		if err != nil || list == nil {
			return a, err
		}
		a = *list
	}
}

// first is the cheapest of some designs below an area that meets the limits, or nil.
func (pr *Problem) first(list []Assignment, below float64) (*Assignment, error) {
	type priced struct {
		a    Assignment
		area float64
	}
	var cheaper []priced
	for _, c := range list {
		if x, _ := pr.Area(c); x < below*(1-tolerance) {
			cheaper = append(cheaper, priced{c, x})
		}
	}
	slices.SortStableFunc(cheaper, func(a, b priced) int { return compare(a.area, b.area) })
	for _, c := range cheaper {
		if ok, err := pr.feasible(c.a); ok || err != nil {
			return &c.a, err
		}
	}
	return nil, nil
}

// pair exchanges two units at once: the first pair that makes the design cheaper.
func (pr *Problem) pair(a Assignment) (Assignment, error) {
	area, _ := pr.Area(a)
	for _, c := range pr.around(a) {
		better, err := pr.first(pr.around(c), area)
		if err != nil {
			return a, err
		}
		if better != nil {
			return *better, nil
		}
	}
	return a, nil
}

// flowBeside runs the flow beside the exact search of a margin and takes its design where
// that is cheaper, which it is not where the exact search came to its end.
func (r *run) flowBeside(pr *Problem, found *Found) error {
	f := newFlow(pr, r.stored().Spec.Seed)
	own, _, err := f.cheapest(pr)
	if err != nil {
		return err
	}
	out := r.flow()
	out.Found = own.Feasible
	if !own.Feasible {
		return nil
	}
	area, _ := pr.Area(own.Assignment)
	out.AreaOverhead, _ = r.overheads(area, 0)
	if exact, _ := pr.Area(found.Assignment); !found.Feasible || area < exact*(1-tolerance) {
		if found.Optimal { // which the tests of the exact search exclude
			r.warn("below_optimum", fmt.Sprintf("The flow found a design of %v gates equivalent below the optimum of %v: please report this.", area, exact))
		}
		own.Bound, own.Searched = found.Bound, found.Searched
		*found = own
	}
	return nil
}

// flow is what the flow found, of which the front and the design are told apart.
func (r *run) flow() *result.Flow {
	if r.out.Flow == nil {
		r.out.Flow = &result.Flow{}
	}
	return r.out.Flow
}

// flowPoint is a point of the exact front: a problem of its own limits, and its least area.
type flowPoint struct {
	pr   *Problem
	area float64
}

// flowCoverage says how much of the exact front the flow reaches.
func (r *run) flowCoverage(pr *Problem, points []flowPoint) error {
	f := newFlow(pr, r.stored().Spec.Seed)
	out := r.flow()
	out.Designs, out.Points = len(f.designs), len(points)
	for _, p := range points {
		found, sampled, err := f.cheapest(p.pr)
		if err != nil {
			return err
		}
		within := func(area float64) bool { return area <= p.area*(1+tolerance)+tolerance }
		if within(sampled) {
			out.Sampled++
		}
		if !found.Feasible {
			out.Missed++
			continue
		}
		area, _ := p.pr.Area(found.Assignment)
		if within(area) {
			out.Reached++
		}
		if p.area > 0 {
			out.Excess = math.Max(out.Excess, area/p.area-1)
		}
	}
	return nil
}
