package protect

import (
	"upset/faults/mechanism"
	"upset/stats/result"
)

// checker adds a checker to the design: the rate of the whole machine without it
// and beside it alone.
func (r *run) checker(pr *Problem, c mechanism.Choice) error {
	cost, err := r.pricing.Cost(c)
	if err != nil {
		return err
	}
	set := 0
	for i, k := range mechanism.Checkers() {
		if k == c.Kind {
			set = 1 << i
		}
	}
	bare, err := r.problem(Even(1))
	if err != nil {
		return err
	}
	before, err := bare.Evaluate(bare.none())
	if err != nil {
		return err
	}
	alone, err := r.problemBeside(Even(1), set)
	if err != nil {
		return err
	}
	after, err := alone.Evaluate(alone.none())
	if err != nil {
		return err
	}
	logic, _ := r.pricing.Logic()
	span, _, err := r.ranges(priced([]mechanism.Choice{c}))
	if err != nil {
		return err
	}
	r.out.Choice = append(r.out.Choice, result.Choice{
		Block: c.Block, Mechanism: c.Kind.String(), AreaGE: cost.LogicGE, Overhead: cost.LogicGE / logic, OverheadRange: span,
		FITBefore: limits(before.FIT), FITAfter: limits(after.FIT), FITDUE: after.DUE,
	})
	return nil
}

// whole adds lock-step of the whole NPU to the design.
func (r *run) whole(e Evaluation) error {
	logic, _ := r.pricing.Logic()
	span, _, err := r.ranges((*mechanism.Pricing).Lockstep)
	flops := int64(0)
	for _, a := range r.o.Areas {
		flops += int64(a.Flops)
	}
	r.out.Choice = append(r.out.Choice, result.Choice{
		Block: mechanism.Whole, Mechanism: mechanism.Lockstep.String(), Flops: flops, AreaGE: e.Area, Overhead: e.Area / logic, OverheadRange: span,
		FITBefore: r.out.Unprotected.FITViolating, FITAfter: limits(e.FIT), FITDUE: e.DUE,
	})
	return err
}
