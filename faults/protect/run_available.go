package protect

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// dueLevels are the shares of the way, in powers, between the reported errors of the
// chosen design and those of the unprotected machine at which the front is sampled, and
// one below (our choice).
var dueLevels = []float64{0.75, 0.5, 0.25, 0, -0.5}

// availability samples the front of area against reported errors. Its designs meet the
// target by their limits and keep no margin for a proof: detection by parity and comparators turns silent errors into stops,
// which an availability target may not forgive. It names the cheapest design that
// reports no more than the unprotected machine.
func (r *run) availability(pr *Problem, a Assignment) error {
	r.out.DUEFront, r.out.Available = []result.Available{}, nil
	if r.o.BudgetDUE > 0 || r.o.NoFront || r.out.Given {
		return nil
	}
	chosen, err := pr.Evaluate(a)
	if err != nil {
		return err
	}
	bare, err := pr.Evaluate(pr.none())
	if err != nil {
		return err
	}
	now, err := r.alternative(chosen, priced(pr.Choices(a)))
	if err != nil {
		return err
	}
	points := []result.Available{{Alternative: now, Design: designText(pr, a)}}
	for _, level := range dueLevels {
		budget := bare.DUE.Estimate * math.Pow(chosen.DUE.Estimate/bare.DUE.Estimate, level)
		if !(budget > 0) || budget >= chosen.DUE.Estimate && level > 0 {
			continue
		}
		other := *r
		other.o.BudgetDUE, other.hasty = budget, true
		x, found, err := other.cheapest(Even(1))
		if err != nil {
			return err
		}
		if !found.Feasible {
			continue
		}
		free, err := r.problemBeside(Even(1), x.set) // the target without the limit of the point
		if err != nil {
			return err
		}
		e, err := free.Evaluate(found.Assignment)
		if err != nil {
			return err
		}
		if r.split() && e.Result != stats.Met {
			continue // on the records that judge
		}
		alt, err := r.alternative(e, priced(x.Choices(found.Assignment)))
		if err != nil {
			return err
		}
		p := result.Available{Alternative: alt, BudgetDUE: budget, Design: designText(x, found.Assignment)}
		points = append(points, p)
		if level == 0 {
			r.out.Available = &p
		}
	}
	if chosen.DUE.Estimate <= bare.DUE.Estimate {
		r.out.Available = &points[0]
	}
	slices.SortStableFunc(points, func(x, y result.Available) int {
		return cmp.Or(cmp.Compare(x.AreaOverhead, y.AreaOverhead), cmp.Compare(x.FITDUE.Estimate, y.FITDUE.Estimate))
	})
	for _, p := range points {
		if n := len(r.out.DUEFront); n == 0 || p.FITDUE.Estimate < r.out.DUEFront[n-1].FITDUE.Estimate {
			r.out.DUEFront = append(r.out.DUEFront, p)
		}
	}
	return nil
}

// designText lists the mechanisms of an assignment.
func designText(pr *Problem, a Assignment) string {
	list := pr.Choices(a)
	if len(list) == 0 {
		return "none"
	}
	text := make([]string, len(list))
	for i, c := range list {
		text[i] = c.String()
	}
	slices.Sort(text)
	return strings.Join(text, " ")
}
