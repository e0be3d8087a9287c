package protect

import (
	"context"
	"slices"

	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// safety are the metrics of ISO 26262 of a proven design: transients from the proof,
// permanent faults from stuck-at faults beside the design or from what is declared.
func (r *run) safety(ctx context.Context, d *mechanism.Design, p *proven) (*result.Safety, error) {
	in := stats.SafetyInput{
		Raw: p.raw, Violating: stats.Limits(limits(p.fit)), Detected: stats.Limits(limits(p.due)), SPFM: stats.Limits(p.spfm),
		Protected: len(d.Choices()) > 0, Target: r.o.Question.Target.Name, PMHFBudget: campaignQuestion(r.o).PMHFBudget(),
	}
	logic, _ := r.pricing.Logic()
	var guarded []campaign.GuardedGE
	added, under := 0.0, 0.0
	for _, c := range d.Choices() {
		cost, err := r.pricing.Cost(c)
		if err != nil {
			return nil, err
		}
		coverage := c.Kind.PermanentCoverage()
		if coverage == 0 && !(r.perm != nil && c.Kind.Checker()) {
			// A larger cell or a checker of unknown coverage fails like any other
			// logic of the NPU.
			logic += cost.LogicGE
			continue
		}
		added += cost.LogicGE
		if ge := r.guards(c); ge > 0 {
			under += ge
			guarded = append(guarded, campaign.GuardedGE{Part: c.String(), GE: ge, Coverage: coverage})
		}
	}
	if r.perm == nil {
		return r.o.Permanent.Safety(in, logic, added, guarded)
	}
	m, err := r.stuck(ctx, d, p.attempt.Confidence)
	if err != nil {
		return nil, err
	}
	m.LogicGE, m.AddedGE, m.GuardedGE = logic, added, under
	return r.o.Permanent.Measured(in, m)
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

// stuck injects the sample of the verdict beside a design.
func (r *run) stuck(ctx context.Context, d *mechanism.Design, confidence float64) (m campaign.StuckAt, err error) {
	p := r.perm
	if err := p.fresh(ctx, r.stored().Spec.Seed, len(r.out.Proof.Attempts)); err != nil {
		return m, err
	}
	list, err := r.beside(ctx, &p.judge, p.plain, d.Choices())
	if err != nil {
		return m, err
	}
	larger := r.larger(d)
	part := stats.PartRates{Name: "flops"}
	for u, x := range p.judge.units {
		part.Raw += x.rate * larger(u)
	}
	for what, to := range map[effect]*stats.Limits{effectHarm: &part.Missed, effectDetected: &part.Detected, effectOutvoted: &part.Latent} {
		t, err := p.judge.total(list, what, larger, confidence)
		if err != nil {
			return m, err
		}
		*to = stats.Limits{Estimate: t.Estimate, Lower: max(0, t.Lower), Upper: min(t.Upper, part.Raw)}
	}
	if len(d.Choices()) == 0 {
		part.Unprotected, part.Missed = part.Missed, stats.Limits{}
	}
	rest := stats.Limits{}
	for _, l := range []stats.Limits{part.Missed, part.Unprotected, part.Detected, part.Latent} {
		rest.Estimate, rest.Lower, rest.Upper = rest.Estimate+l.Estimate, rest.Lower+l.Lower, rest.Upper+l.Upper
	}
	part.Safe = stats.Limits{Estimate: max(0, part.Raw-rest.Estimate), Lower: max(0, part.Raw-rest.Upper), Upper: part.Raw - rest.Lower}
	m.Flops, m.Gates = part, p.logic
	logic, err := r.gates(ctx, d, confidence, &m)
	if err != nil {
		return m, err
	}
	if m.Shares, err = p.intervals(list, d.Choices(), r.o.Question.Confidence); err != nil {
		return m, err
	}
	m.Shares.Logic, m.Shares.GatesFIT = logic, p.logic-m.Gates
	harm := part.Missed
	if len(d.Choices()) == 0 {
		harm = part.Unprotected
	}
	m.Shares.FlopSPFM = result.Limits(spfm(stats.Total{Estimate: harm.Estimate, Lower: harm.Lower, Upper: harm.Upper}, part.Raw))
	m.Shares.Open = p.judge.open(list, larger)
	return m, nil
}

// larger is the factor by which the cells of a unit are larger than plain ones, and fail
// more often.
func (r *run) larger(d *mechanism.Design) func(unit int) float64 {
	return func(unit int) float64 {
		u := &r.perm.judge.units[unit]
		factor := 1.0
		for _, c := range d.Choices() {
			if c.Kind != mechanism.Harden && c.Kind != mechanism.HardenLight {
				continue
			}
			bits := 0
			for i := range r.table().Registers {
				if x := &r.table().Registers[i]; x.Block == u.block && x.Class == u.class && c.Covers(x) {
					bits += x.Bits()
				}
			}
			if cost, err := r.pricing.Cost(c); err == nil && bits > 0 && r.flopGE(c) > 0 {
				factor += float64(bits) / float64(u.bits) * cost.LogicGE / r.flopGE(c)
			}
		}
		return factor
	}
}

// open lists the units with faults that do harm, the largest rate first.
func (s *stuckSample) open(list []effect, scale func(int) float64) (out []result.StuckUnit) {
	for u, x := range s.strata(func(i int) bool { return list[i] == effectHarm }, scale) {
		if x.Failures > 0 {
			out = append(out, result.StuckUnit{
				Block: s.units[u].block, Class: s.units[u].class.String(), FIT: x.Weight * float64(x.Failures) / float64(x.N), Failures: x.Failures, N: x.N,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b result.StuckUnit) int { return compare(b.FIT, a.FIT) })
	return out
}
