package protect

import (
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// safety are the metrics of ISO 26262 of a proven design: transients from the proof,
// permanent faults from what is declared.
func (r *run) safety(pr *Problem, d *mechanism.Design, p *proven) (*result.Safety, error) {
	in := stats.SafetyInput{
		Raw: p.raw, Violating: stats.Limits(limits(p.fit)), Detected: stats.Limits(limits(p.due)), SPFM: stats.Limits(p.spfm),
		Protected: len(d.Choices()) > 0, Target: r.o.Question.Target.Name, PMHFBudget: campaignQuestion(r.o).PMHFBudget(),
	}
	logic, _ := r.pricing.Logic()
	var guarded []campaign.GuardedGE
	added := 0.0
	for _, c := range d.Choices() {
		cost, err := r.pricing.Cost(c)
		if err != nil {
			return nil, err
		}
		coverage := c.Kind.PermanentCoverage()
		if coverage == 0 {
			// A larger cell or a checker fails like any other logic of the NPU.
			logic += cost.LogicGE
			continue
		}
		added += cost.LogicGE
		if ge := r.guards(c); ge > 0 {
			guarded = append(guarded, campaign.GuardedGE{Part: c.String(), GE: ge, Coverage: coverage})
		}
	}
	return r.o.Permanent.Safety(in, logic, added, guarded)
}

// guards is the logic whose permanent faults a mechanism sees, in gate equivalents:
// all of a block that is duplicated, and the flops alone of one with parity or voters.
func (r *run) guards(c mechanism.Choice) (ge float64) {
	for _, a := range r.o.Areas {
		switch {
		case c.Kind == mechanism.Lockstep, c.Kind == mechanism.Duplicate && a.Block == c.Block:
			ge += a.LogicGE()
		case a.Block == c.Block && c.Kind != mechanism.Duplicate && a.Flops > 0:
			ge += a.FlopGE * float64(r.pricing.Flops(c)) / float64(a.Flops)
		}
	}
	return ge
}
