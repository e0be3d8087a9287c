package protect

import (
	"math"
	"slices"

	"upset/faults/mechanism"
	"upset/npu"
)

// problem builds the problem with a margin, without checkers.
func (r *run) problem(margin Shares) (*Problem, error) { return r.problemBeside(margin, 0) }

// reach is how much of a limit the joint upper limit may take beside a margin.
func reach(margin Shares) (s Shares) {
	for i, m := range margin {
		s[i] = min(1, m/defaultMargin)
	}
	return s
}

// problemBeside builds the problem of a machine beside a set of checkers, on the records
// that judge.
func (r *run) problemBeside(margin Shares, set int) (*Problem, error) {
	return r.problemOn(margin, set, func(n subject) *Evidence { return n.ev })
}

// searchable is the same on the records that choose.
func (r *run) searchable(margin Shares, set int) (*Problem, error) {
	return r.problemOn(margin, set, func(n subject) *Evidence {
		if n.chosen != nil {
			return n.chosen
		}
		return n.ev
	})
}

// split reports whether some records choose and others judge.
func (r *run) split() bool { return r.nets[0].chosen != nil }

// problemOn builds the problem on some evidence of every network.
func (r *run) problemOn(margin Shares, set int, evidence func(subject) *Evidence) (*Problem, error) {
	var first *Problem
	for _, n := range r.nets {
		pr, err := r.problemOf(evidence(n), margin, set)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = pr
		} else {
			first.rivals = append(first.rivals, pr)
		}
	}
	return first, nil
}

// problemOf is the problem of one network.
func (r *run) problemOf(ev *Evidence, margin Shares, set int) (*Problem, error) {
	coded := r.o.Rebuild != nil && r.table().ECC != npu.ECCSECDED && r.o.Set == OptionsFull
	if set != 0 {
		ev = ev.under(set)
	}
	pr, err := NewProblem(ev, r.pricing, Target{r.o.Question, r.o.BudgetDUE, margin, reach(margin), r.o.Several}, r.o.Set, r.o.Cells, coded)
	if err != nil {
		return nil, err
	}
	pr.permanent = r.permanentShares(ev)
	pr.beside, pr.set, pr.hasty, pr.quick = beside(set), set, r.hasty, r.o.quick
	cost, err := r.pricing.Total(pr.beside)
	if err != nil {
		return nil, err
	}
	lock, err := r.pricing.Lockstep()
	pr.base, pr.lock = cost.LogicGE, lock.LogicGE
	return pr, err
}

// cheapest searches beside every set of checkers and takes the least area. Where a
// limit on reported errors is given there are no checkers, since the records do not
// tell their false alarms; nor where events of several bits count, which the records
// do not have: a residue modulo 3 misses most pairs. The problem returned is that of the
// records that judge.
func (r *run) cheapest(margin Shares) (best *Problem, found Found, err error) {
	sets := subsets
	if r.o.Set != OptionsFull || r.o.BudgetDUE > 0 || r.o.Several > 0 || r.o.quick {
		sets = 1
	}
	var searched int64
	least, bound := math.Inf(1), math.Inf(1)
	optimal := true
	var before []*Problem
	for set := range sets {
		pr, err := r.searchable(margin, set)
		if err != nil {
			return nil, found, err
		}
		if best != nil && pr.base >= least || slices.ContainsFunc(before, pr.noCheaper) {
			continue
		}
		before = append(before, pr)
		if best != nil && !math.IsInf(least, 1) {
			pr.least = least
		}
		f, err := pr.Search()
		if err != nil {
			return nil, found, err
		}
		searched += f.Searched
		optimal = optimal && f.whole
		bound = min(bound, f.Bound)
		if best == nil {
			best, found = pr, f
		}
		if area, _ := pr.Area(f.Assignment); f.Feasible && area < least {
			best, found, least = pr, f, area
		}
	}
	if r.o.Set == OptionsFull {
		if err := r.lockstep(margin, least, &best, &found); err != nil {
			return nil, found, err
		}
	}
	found.Searched, found.Optimal = searched, found.Feasible && optimal
	if found.Feasible {
		area, _ := best.Area(found.Assignment)
		if found.Bound = min(area, bound); optimal {
			found.Bound = area
		}
	}
	if r.o.Searcher == SearcherFlow && !r.hasty && !r.o.quick && !found.Assignment.Lockstep {
		if err := r.flowBeside(best, &found); err != nil {
			return nil, found, err
		}
	}
	if r.split() {
		best, err = r.problemBeside(margin, best.set)
	}
	return best, found, err
}

// noCheaper reports that the checkers leave what those of another problem leave, in no less area: the cheapest
// design beside these is no cheaper.
func (pr *Problem) noCheaper(other *Problem) bool {
	same := func(a, b Unit) bool { return slices.Equal(a.Pieces, b.Pieces) }
	return pr.base >= other.base &&
		slices.EqualFunc(pr.networks(), other.networks(), func(a, b *Problem) bool {
			return slices.EqualFunc(a.Evidence.Units, b.Evidence.Units, same)
		})
}

// lockstep takes lock-step of the whole NPU where it is cheaper than what was found.
func (r *run) lockstep(margin Shares, least float64, best **Problem, found *Found) error {
	pr, err := r.searchable(margin, 0)
	if err != nil || pr.lock >= least {
		return err
	}
	a := pr.everything(mechanism.Duplicate)
	a.Lockstep = true
	ok, err := pr.feasible(a)
	if ok {
		*best, *found = pr, Found{Assignment: a, Feasible: true}
	}
	return err
}

// cheapest is the design of least area whose estimated residual is at most a rate in FIT
// and whose estimated SPFM at least a share. No joint limit enters it.
// It returns that problem as well.
func (pr *Problem) cheapest(fit, spfm float64) (Found, *Problem, error) {
	free, err := pr.relaxed(fit, spfm)
	if err != nil {
		return Found{}, nil, err
	}
	found, err := free.Search()
	if !found.Feasible {
		found.Assignment = pr.none()
	}
	return found, free, err
}

// relaxed is the problem with estimates as its only limits.
func (pr *Problem) relaxed(fit, spfm float64) (*Problem, error) {
	free := *pr
	free.Target.Question.Target.SPFM = min(max(spfm, math.SmallestNonzeroFloat32), 1-1e-9)
	free.Target.Question.BudgetFIT = max(fit, math.SmallestNonzeroFloat32)
	free.Target.BudgetDUE = 0
	free.estimateOnly = true
	if err := free.prepare(); err != nil {
		return nil, err
	}
	free.caps = [numLimits]float64{1, math.Inf(1), math.Inf(1), 1, math.Inf(1), math.Inf(1)}
	free.rivals = nil
	for _, r := range pr.rivals {
		x, err := r.relaxed(fit, spfm)
		if err != nil {
			return nil, err
		}
		free.rivals = append(free.rivals, x)
	}
	return &free, nil
}
