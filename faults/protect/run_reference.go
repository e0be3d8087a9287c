package protect

import (
	"fmt"
	"slices"

	"upset/faults/mechanism"
	"upset/stats/result"
)

// references fills in what does not depend on the search: the inputs and the
// designs to compare with.
func (r *run) references() error {
	pr, err := r.problem(Even(1))
	if err != nil {
		return err
	}
	q, s := r.o.Question, r.stored()
	r.out = &result.Protect{
		NPU: s.Frame.NPU, Model: s.Spec.Model, Campaign: s.ResultDigest(), Target: q.Target.Name, Scenario: q.Scenario.Name,
		Violation: q.Violation, Criterion: s.Spec.Criterion, BudgetFIT: q.BudgetFIT, Options: r.o.Set, Unit: r.o.Unit, HardenedRatio: r.o.Cells.DICE.SER, Confidence: q.Confidence,
		Inputs: declaredInputs(r.o.Inputs), BreakEven: []result.BreakEven{}, Inventories: []result.InventoryReading{}, Credits: []result.CreditReading{}, DUEFront: []result.Available{},
		Choice: []result.Choice{}, Pareto: []result.ParetoPoint{}, Warnings: []result.Warning{},
		Proof: result.Proof{Attempts: []result.Attempt{}},
	}
	asked := campaignQuestion(r.o)
	asked.PulseFITPerKGE = 0 // the campaign is of upsets
	c, err := s.Campaign(asked)
	if err != nil {
		return err
	}
	r.unproven("nothing was proven")
	r.out.Assumptions, r.out.Criterion = c.Assumptions, c.Assumptions.Criterion
	r.out.Assumptions.PulseFITPerKGE = r.o.PulseFITPerKGE
	everything := func(k mechanism.Kind) Assignment { return pr.everything(k) }
	for _, x := range []struct {
		to   *result.Alternative
		a    Assignment
		cost func(*mechanism.Pricing) (mechanism.Cost, error)
	}{
		{&r.out.Unprotected, pr.none(), nil},
		{&r.out.HardenAll, everything(mechanism.Harden), r.hardenAll},
		{&r.out.DuplicateAll, everything(mechanism.Duplicate), nil},
		{&r.out.Lockstep, everything(mechanism.Duplicate), (*mechanism.Pricing).Lockstep},
	} {
		e, err := pr.Evaluate(x.a)
		if err != nil {
			return err
		}
		if x.cost == nil {
			x.cost = priced(pr.Choices(x.a))
		} else {
			cost, err := x.cost(r.pricing)
			if err != nil {
				return err
			}
			e.Area, e.RAM = cost.LogicGE, cost.SRAMBits
		}
		if *x.to, err = r.alternative(e, x.cost); err != nil {
			return err
		}
	}
	if r.o.NoFront {
		return nil
	}
	return r.pareto()
}

// everything puts one mechanism on all flops; RAM stays as it is.
func (pr *Problem) everything(k mechanism.Kind) Assignment {
	a := pr.none()
	for b := range pr.Blocks {
		a.Duplicate[b] = k == mechanism.Duplicate && pr.Blocks[b].Duplicate != nil
		for _, u := range pr.Blocks[b].Units {
			if i := slices.IndexFunc(pr.Options[u], func(o Option) bool { return o.Kind == k }); i >= 0 {
				a.Option[u] = i
			}
		}
	}
	return a
}

// hardenAll is the area of hardening every flop, also those that only observe.
func (r *run) hardenAll(p *mechanism.Pricing) (c mechanism.Cost, err error) {
	return mechanism.Cost{LogicGE: p.FlopGE() * (r.o.Cells.DICE.Area - 1)}, nil
}

// overheads relate an added area to the unprotected logic, and to all of it with
// the RAM.
func (r *run) overheads(logicGE float64, sramBits int) (logic, withRAM float64) {
	base, ram := r.pricing.Logic()
	return logicGE / base, (logicGE + mechanism.SRAMBitGE*float64(sramBits)) / (base + ram)
}

// alternative converts an evaluation of what has a cost.
func (r *run) alternative(e Evaluation, cost func(*mechanism.Pricing) (mechanism.Cost, error)) (out result.Alternative, err error) {
	out = result.Alternative{
		Meets: e.Result == "met", Result: e.Result, FITViolating: limits(e.FIT), FITDUE: e.DUE, SPFM: e.SPFM, SPFMCoverage: e.SPFMCoverage,
	}
	out.AreaOverhead, out.AreaOverheadWithRAM = r.overheads(e.Area, e.RAM)
	out.AreaOverheadRange, out.AreaOverheadWithRAMRange, err = r.ranges(cost)
	return out, err
}

// chosen fills in the design that was found.
func (r *run) chosen(pr *Problem, f Found) error {
	e, err := pr.Evaluate(f.Assignment)
	if err != nil {
		return err
	}
	out := r.out
	out.AreaGE, out.Optimal = e.Area, f.Optimal
	out.AreaOverheadBound, _ = r.overheads(f.Bound, 0)
	out.AreaOverhead, out.AreaOverheadWithRAM = r.overheads(e.Area, e.RAM)
	choices := pr.Choices(f.Assignment)
	if out.AreaOverheadRange, out.AreaOverheadWithRAMRange, err = r.ranges(priced(choices)); err != nil {
		return err
	}
	if out.Libraries, err = r.libraryAreas(choices); err != nil {
		return err
	}
	out.FITViolating, out.FITDUE, out.SPFM, out.SPFMCoverage = limits(e.FIT), e.DUE, e.SPFM, e.SPFMCoverage
	out.Choice = out.Choice[:0]
	for _, c := range pr.beside {
		if err := r.checker(pr, c); err != nil {
			return err
		}
	}
	if f.Assignment.Lockstep {
		if err := r.whole(e); err != nil {
			return err
		}
	}
	for b := range pr.Blocks {
		if f.Assignment.Lockstep {
			break
		}
		if err := r.choices(pr, f.Assignment, b); err != nil {
			return err
		}
	}
	out.Warnings = slices.DeleteFunc(out.Warnings, func(w result.Warning) bool { return w.Code == "margin" })
	if out.Given {
		return nil // nothing was searched
	}
	m, reach := pr.Target.Margin, pr.Target.Reach
	which := "the cheapest"
	if r.split() {
		which = "near the cheapest of those of single registers, by the half of the records that chose,"
	}
	if len(r.copied) > 0 {
		which += " for upsets, with copies of " + r.copies() + " against pulses in logic,"
	}
	purpose := ", so that an independent proof is likely to hold"
	if r.final.plan.Power < wantedPower {
		purpose = "" // no proof is likely to
	}
	r.warn("margin", fmt.Sprintf("The design is %s whose estimate takes at most %.0f %% of the budget (upper limit %.0f %%) and %.0f %% of what the SPFM allows (%.0f %%)%s.",
		which, 100*m[limitFIT], 100*reach[limitFIT], 100*m[limitSPFM], 100*reach[limitSPFM], purpose))
	return nil
}

// choices lists the mechanisms of one block of a design.
func (r *run) choices(pr *Problem, a Assignment, b int) error {
	block := &pr.Blocks[b]
	if a.Duplicate[b] {
		c := mechanism.Choice{Block: block.Name, Kind: mechanism.Duplicate}
		if err := r.choice(pr, a, b, block.Units, c, "", block.Duplicate.Area); err != nil {
			return err
		}
	}
	alike := map[cluster][]int{}
	for _, u := range block.Units {
		o, c := pr.option(a, b, u), cluster{pr.Evidence.Units[u].Class, pr.option(a, b, u).Kind}
		if o.Kind != mechanism.None && o.Kind != mechanism.Duplicate {
			alike[c] = append(alike[c], u)
		}
	}
	for _, u := range block.Units {
		unit, o := pr.Evidence.Units[u], pr.option(a, b, u)
		units := alike[cluster{unit.Class, o.Kind}]
		if units == nil || units[0] != u {
			continue
		}
		c, area := unit.choice(o.Kind), o.Shared
		for i, v := range units {
			area += pr.option(a, b, v).Area
			if i > 0 {
				c.Registers = append(c.Registers, pr.Evidence.Units[v].Register)
			}
		}
		if err := r.choice(pr, a, b, units, c, unit.Class.String(), area); err != nil {
			return err
		}
	}
	return nil
}

// choice adds one mechanism with the residual of what it covers, before and after.
func (r *run) choice(pr *Problem, a Assignment, b int, units []int, c mechanism.Choice, group string, area float64) error {
	part := pr.only(units, b)
	before, err := part.Evaluate(part.none())
	if err != nil {
		return err
	}
	with := part.none()
	with.Duplicate[0] = c.Kind == mechanism.Duplicate
	for i, u := range units {
		with.Option[i] = a.Option[u]
	}
	after, err := part.Evaluate(with)
	if err != nil {
		return err
	}
	logic, _ := r.pricing.Logic()
	span, _, err := r.ranges(priced([]mechanism.Choice{c}))
	if err != nil {
		return err
	}
	r.out.Choice = append(r.out.Choice, result.Choice{
		Block: c.Block, Group: group, Registers: c.Registers, Mechanism: c.Kind.String(), Flops: r.pricing.Flops(c), AreaGE: area, Overhead: area / logic, OverheadRange: span,
		FITBefore: limits(before.FIT), FITAfter: limits(after.FIT), FITDUE: after.DUE,
	})
	return nil
}

// only is the problem of some flops of one block.
func (pr *Problem) only(units []int, b int) *Problem {
	part := &Problem{Evidence: &Evidence{FlopBits: pr.Evidence.FlopBits}, Target: pr.Target}
	block := Block{Name: pr.Blocks[b].Name, Duplicate: pr.Blocks[b].Duplicate}
	for i, u := range units {
		part.Evidence.Units = append(part.Evidence.Units, pr.Evidence.Units[u])
		part.Options = append(part.Options, pr.Options[u])
		block.Units = append(block.Units, i)
	}
	part.Blocks = []Block{block}
	return part
}

// paretoLevels are the margins at which the front is sampled (our choice).
var paretoLevels = []float64{1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001}

// pareto samples the front of area against residual: the cheapest design for a
// falling share of what the unprotected machine has, of the residual and of what SPFM
// misses of one.
func (r *run) pareto() error {
	pr, err := r.problem(Even(1))
	if err != nil {
		return err
	}
	search, err := r.searchable(Even(1), 0)
	if err != nil {
		return err
	}
	bare, err := pr.Evaluate(pr.none())
	if err != nil {
		return err
	}
	var points []result.ParetoPoint
	var exact []flowPoint
	for _, level := range paretoLevels {
		a := pr.none()
		if level < 1 {
			fit, spfm := level*bare.FIT.Estimate, 1-level*(1-bare.SPFM.Estimate)
			found, free, err := search.cheapest(fit, spfm)
			if err != nil {
				return err
			}
			if a = found.Assignment; found.Optimal {
				area, _ := free.Area(a)
				exact = append(exact, flowPoint{free, area})
			}
		}
		e, err := pr.Evaluate(a)
		if err != nil {
			return err
		}
		choices := pr.Choices(a)
		alt, err := r.alternative(e, priced(choices))
		if err != nil {
			return err
		}
		d, err := r.design(choices)
		if err != nil {
			return err
		}
		points = append(points, result.ParetoPoint{AreaOverhead: alt.AreaOverhead, AreaOverheadRange: alt.AreaOverheadRange, FITViolating: alt.FITViolating, SPFM: alt.SPFM, Meets: alt.Meets, Design: d.String()})
	}
	r.out.Pareto = front(points)
	if r.o.Searcher == SearcherFlow {
		return r.flowCoverage(search, exact)
	}
	return nil
}

// front keeps the points that no other beats in both area and residual.
func front(points []result.ParetoPoint) []result.ParetoPoint {
	slices.SortStableFunc(points, func(a, b result.ParetoPoint) int {
		if c := compare(a.AreaOverhead, b.AreaOverhead); c != 0 {
			return c
		}
		return compare(a.FITViolating.Upper, b.FITViolating.Upper)
	})
	out := []result.ParetoPoint{}
	for _, p := range points {
		if n := len(out); n == 0 || p.FITViolating.Upper < out[n-1].FITViolating.Upper {
			out = append(out, p)
		}
	}
	return out
}
