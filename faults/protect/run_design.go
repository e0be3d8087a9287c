package protect

import (
	"context"
	"fmt"
	"slices"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// Judge judges a given design on the machine of a campaign, without any search: first by
// calculation on the records of the campaign, then, unless it misses the target by that,
// by a proof. The design may come from silicon that was there before the network.
func Judge(ctx context.Context, e *engine.Engine, s *campaign.Stored, o Options, choices []mechanism.Choice) (*result.Protect, error) {
	return JudgeOn(ctx, engineBench{e, o, o.Dir}, s, o, choices)
}

// JudgeOn is [Judge] on any bench.
func JudgeOn(ctx context.Context, b Bench, s *campaign.Stored, o Options, choices []mechanism.Choice) (*result.Protect, error) {
	r, err := given(ctx, b, s, o, choices, watched(choices, true))
	if err != nil {
		return nil, err
	}
	if err := r.measure(ctx); err != nil {
		return nil, err
	}
	if err := r.measurePulses(ctx); err != nil {
		return nil, err
	}
	return r.out, r.judgeDesign(ctx, choices)
}

// judgeDesign judges and proves one design.
func (r *run) judgeDesign(ctx context.Context, choices []mechanism.Choice) error {
	pr, a, err := r.judged(choices)
	if err != nil {
		return err
	}
	c := candidate{pr: pr, found: Found{Assignment: a, Feasible: true}}
	if c.d, err = r.design(pr.Choices(a)); err != nil {
		return err
	}
	r.out.Given = true
	if err := r.chosen(pr, c.found); err != nil {
		return err
	}
	e, err := pr.Evaluate(a)
	if err != nil {
		return err
	}
	if e.Result == stats.NotMet {
		r.warn("misses", "By calculation on the campaign the design misses the target: no proof was run.")
		r.unproven("by calculation the design misses them")
		r.out.Verdict, r.final = stats.NotMet, c
		return r.explain(ctx)
	}
	if err := c.planned(r.number(1, c.d), r.o.MaxProof); err != nil {
		return err
	}
	if c.plan.Power < wantedPower && !r.o.NoProof {
		r.warn("low_power", fmt.Sprintf("The proof of the design has a power of %.0f %% with %d injections; a larger campaign raises it.", 100*c.plan.Power, c.plan.Injections))
	}
	if _, err = r.put(ctx, c, 1); err != nil {
		return err
	}
	return r.explain(ctx)
}

// assignment finds the options that choices stand for. A choice without classes is for
// all flops of its block.
func (pr *Problem) assignment(choices []mechanism.Choice) (Assignment, error) {
	a := pr.none()
	for _, c := range choices {
		switch {
		case c.Kind == mechanism.None || c.Kind.Checker():
			continue
		case c.Kind == mechanism.Lockstep:
			a = pr.everything(mechanism.Duplicate)
			a.Lockstep = true
			continue
		}
		b := slices.IndexFunc(pr.Blocks, func(b Block) bool { return b.Name == c.Block })
		if b < 0 {
			return a, fmt.Errorf("design: %s: the campaign has no block %s", c, c.Block)
		}
		if c.Kind == mechanism.Duplicate {
			if pr.Blocks[b].Duplicate == nil || len(c.Classes)+len(c.Registers) > 0 {
				return a, fmt.Errorf("design: %s: only whole blocks are duplicated, and not this one", c)
			}
			a.Duplicate[b] = true
			continue
		}
		covered := false
		missing := slices.Clone(c.Registers)
		for _, u := range pr.Blocks[b].Units {
			unit := pr.Evidence.Units[u]
			if unit.SRAM != (c.Kind == mechanism.SECDED) || len(c.Classes) > 0 && !slices.Contains(c.Classes, unit.Class) ||
				len(c.Registers) > 0 && !slices.Contains(c.Registers, unit.Register) {
				continue
			}
			i := slices.IndexFunc(pr.Options[u], func(o Option) bool { return o.Kind == c.Kind })
			if i < 0 {
				return a, fmt.Errorf("design: %s: this mechanism cannot be judged on %s/%s", c, unit.Block, unit.Class)
			}
			a.Option[u], covered = i, true
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == unit.Register })
		}
		if len(missing) > 0 {
			return a, fmt.Errorf("design: %s: the campaign has no register %s there; see upset sites", c, missing[0])
		}
		if !covered && c.Kind != mechanism.SECDED {
			return a, fmt.Errorf("design: %s: the campaign has no such registers; see upset sites", c)
		}
	}
	return a, nil
}
