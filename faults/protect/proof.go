package protect

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"

	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats"
	"upset/stats/result"
)

// Numbers of the proof (our choice).
const (
	// attempts is the most designs that are put to a proof.
	attempts = stats.ProofAttempts
	// wantedPower is the least probability with which the limits of a proof are to hold.
	wantedPower = 0.9
	// leastPower is what the proof of the best design that can be had must have.
	leastPower = 0.1
	// cautious is the confidence of the upper limit that stands for the residual
	// when a proof is planned: the search picks what looks good by chance, too.
	cautious = 0.9
	// spare enlarges a planned proof, since small strata get more than their share.
	spare = 1.1
	// enlarge is how often a plan may grow by a tenth until its power suffices.
	enlarge = 10
	// powerRepeats is the number of simulated proofs behind a printed power.
	powerRepeats = 2000
)

// Plan is a planned proof.
type Plan struct {
	Attempt    int
	Seed       uint64
	Confidence float64
	Injections int
	// Power is the probability that all limits hold at once, at least.
	Power float64
	// lacking are the limits that keep the proof from the wanted power.
	lacking [limitDUE]bool
}

// enough reports that the proof has the wanted power.
func (p Plan) enough() bool { return p.lacking == [limitDUE]bool{} }

// PlanProof sizes the proof of an assignment for attempt 1, 2, …, of at most so many
// injections.
func (pr *Problem) PlanProof(a Assignment, d *mechanism.Design, attempt, most int) (Plan, error) {
	q := pr.Target.Question
	p := Plan{Attempt: attempt}
	var err error
	if p.Confidence, err = stats.AttemptConfidence(q.Confidence, attempt); err != nil {
		return p, err
	}
	e, err := pr.evaluate(a, cautious)
	if err != nil {
		return p, err
	}
	rate := pr.rate(false)
	flops := rate * (pr.Evidence.FlopBits + addedBits(d))
	ram := pr.rate(true) * pr.openRAM(a)
	for _, c := range []struct{ residual, budget, raw float64 }{
		{e.FIT.Upper, q.BudgetFIT, flops + ram},
		{e.Flops.Upper, (1 - q.Target.SPFM) * rate * pr.related(a), flops},
	} {
		size := most
		// The sample is proportional to bits, RAM and flops alike. A residual too
		// close to its limit is an error of the plan: no size is enough.
		if plan, err := stats.PlanProof(c.residual, c.budget, c.raw, p.Confidence, wantedPower); err == nil {
			size = int(math.Ceil(spare * float64(plan.Injections)))
		}
		p.Injections = min(most, max(p.Injections, size))
	}
	for range enlarge {
		power, err := pr.power(a, e, p, flops+ram)
		if err != nil {
			return p, err
		}
		p.Power = max(0, 1-(1-power[limitFIT])-(1-power[limitSPFM]))
		for limit := range power {
			p.lacking[limit] = power[limit] < wantedPower
		}
		if p.enough() && p.Power < wantedPower { // each alone has it, both together do not
			weaker := limitFIT
			if power[limitSPFM] < power[limitFIT] {
				weaker = limitSPFM
			}
			p.lacking[weaker] = true
		}
		if p.enough() || p.Injections == most {
			break
		}
		p.Injections = min(most, p.Injections+p.Injections/10)
	}
	return p, nil
}

// openRAM is the number of RAM bits whose outcome is not known: those without a
// correcting code.
func (pr *Problem) openRAM(a Assignment) (n float64) {
	for b := range pr.Blocks {
		for _, u := range pr.Blocks[b].Units {
			if pr.Evidence.Units[u].SRAM && pr.option(a, b, u).Kind != mechanism.SECDED {
				n += pr.Evidence.Units[u].Bits
			}
		}
	}
	return n
}

// addedBits is the number of bits that a design adds.
func addedBits(d *mechanism.Design) (n float64) {
	for _, p := range d.Parts() {
		n += float64(p.Bits)
	}
	return n
}

// power simulates the planned proof: every unit fails as often as the campaign
// says, raised to the cautious residual.
func (pr *Problem) power(a Assignment, e Evaluation, p Plan, raw float64) (each Shares, err error) {
	q := pr.Target.Question
	for limit, flopsOnly := range []bool{false, true} {
		raise, residual := 1.0, e.FIT
		if flopsOnly {
			residual = e.Flops // RAM is often known better
		}
		if residual.Estimate > 0 {
			raise = residual.Upper / residual.Estimate
		}
		var strata []stats.ProofStratum
		rest := raw
		for b := range pr.Blocks {
			for _, i := range pr.Blocks[b].Units {
				u, o := &pr.Evidence.Units[i], pr.option(a, b, i)
				if o.Stops || flopsOnly && u.SRAM {
					continue
				}
				weight := u.Bits * pr.rate(u.SRAM)
				failing, sampled := 0.0, 0.0
				for _, x := range u.Pieces {
					failing += x.Weight * float64(x.Violations(q.Violation))
					sampled += x.Weight * float64(x.N)
				}
				if sampled == 0 || weight == 0 {
					continue
				}
				n := int(math.Ceil(float64(p.Injections) * weight / raw))
				strata = append(strata, stats.ProofStratum{Weight: weight, P: min(1, raise*o.Keep*failing/sampled), N: n})
				rest -= weight
			}
		}
		if rest > 0 {
			strata = append(strata, stats.ProofStratum{Weight: rest, N: int(math.Ceil(float64(p.Injections) * rest / raw))})
		}
		budget := q.BudgetFIT
		if flopsOnly {
			budget = (1 - q.Target.SPFM) * pr.rate(false) * pr.related(a)
		}
		each[limit], err = stats.ProofPower(strata, budget, p.Confidence, powerRepeats, rand.NewPCG(1, uint64(p.Attempt)))
		if err != nil {
			return each, err
		}
	}
	return each, nil
}

// proofSeed is the seed of a proof: it follows from the campaign and the design. It
// stays below 2^53, so that every reader of JSON keeps it (RFC 8259 §6).
func proofSeed(spec campaign.Spec, choices string, attempt int) uint64 {
	digest, _ := hex.DecodeString(campaign.Digest([]string{"proof", spec.Digest(), choices, fmt.Sprint(attempt)})[:16])
	seed := uint64(0)
	for _, b := range digest {
		seed = seed<<8 | uint64(b)
	}
	return seed & (1<<53 - 1)
}

// proven is a finished proof campaign.
type proven struct {
	attempt result.Attempt
	fit     stats.Total
	due     stats.Total
	raw     float64 // FIT of the protected machine
	// spfm takes hardened cells as a lower raw rate, coverage as coverage.
	spfm, coverage result.Limits
	failed         [limitDUE]bool // limits that the proof did not show

	latencies []result.Latency

	exposures []stats.Exposure // of single upsets
	pairs     []UnitPairs      // nil where no share is declared
	pulses    []BlockPulses    // nil where no rate is declared
	related   float64          // flop bits that SPFM is measured against
}

// proofSpec is the campaign of a planned proof.
func (n subject) proofSpec(plan Plan) campaign.Spec {
	from := n.stored.Spec
	return campaign.Spec{
		Model: from.Model, Seed: plan.Seed, Injections: plan.Injections, Confidence: plan.Confidence,
		Sampling: campaign.SamplingStratified, Inventory: from.Inventory, RandomInputs: from.RandomInputs,
	}
}

// prove runs the campaign of a proof on the protected machine and judges it.
func (n subject) prove(ctx context.Context, pr *Problem, a Assignment, d *mechanism.Design, plan Plan, pairs []UnitPairs) (*proven, error) {
	from, spec := n.stored.Spec, n.proofSpec(plan)
	q := campaign.Question{Question: pr.Target.Question, BudgetDUE: pr.Target.BudgetDUE}
	c, scale, err := n.bench.Prove(ctx, d, spec, plan.Attempt, q)
	if err != nil {
		return nil, err
	}
	return pr.judge(c, a, scale, from, plan, pairs)
}

// judge compares a proof campaign with the target, on its own limits. Scale is the
// factor of a block's raw rate.
func (pr *Problem) judge(c *result.Campaign, a Assignment, scale func(block string, sram bool) float64, spec campaign.Spec, plan Plan, pairs []UnitPairs) (*proven, error) {
	q := pr.Target.Question
	rates := stats.Rates{Flop: q.Scenario.Flop, SRAM: q.Scenario.SRAM, Duty: q.Duty}
	var exposures, alarms []stats.Exposure
	p := &proven{latencies: c.Latencies}
	for _, s := range c.Strata {
		x := stats.Exposure{
			Bits: s.Bits, SRAM: s.SRAM, Scale: scale(s.Block, s.SRAM), N: s.N, Exact: s.Exact,
			Any:      s.Violating(stats.ViolationAny, !spec.NoWatchdog, spec.AssumeReload),
			Critical: s.Violating(stats.ViolationCritical, !spec.NoWatchdog, spec.AssumeReload),
		}
		exposures = append(exposures, x)
		p.attempt.Violations += x.Any
		if q.Violation == stats.ViolationCritical {
			p.attempt.Violations += x.Critical - x.Any
		}
		x.Any = s.DUE(!spec.NoWatchdog) + s.Detected
		alarms = append(alarms, x)
	}
	var err error
	p.exposures, p.pairs, p.related = exposures, pairs, pr.related(a)
	exposures = withPairs(exposures, pairs, pr.Target.Several, UnitPairs.violations)
	alarms = withPairs(alarms, pairs, pr.Target.Several, UnitPairs.alarms)
	if p.attempt.Shown, err = pr.shown(exposures, alarms, rates, pr.related(a)); err != nil {
		return nil, err
	}
	if p.fit, err = stats.ResidualFIT(exposures, rates, q.Violation, false, plan.Confidence); err != nil {
		return nil, err
	}
	flops, err := stats.ResidualFIT(exposures, rates, q.Violation, true, plan.Confidence)
	if err != nil {
		return nil, err
	}
	if p.due, err = stats.ResidualFIT(alarms, rates, stats.ViolationAny, false, plan.Confidence); err != nil {
		return nil, err
	}
	p.raw = stats.RawFIT(exposures, rates, false)
	p.spfm = spfm(flops, rates.Flop*rates.Duty*pr.related(a))
	p.coverage = spfm(flops, rates.Flop*rates.Duty*pr.Evidence.FlopBits)
	p.attempt.Seed, p.attempt.Injections, p.attempt.Confidence, p.attempt.Power = plan.Seed, c.Injections, plan.Confidence, plan.Power
	p.attempt.FITUpper, p.attempt.SPFMLower, p.attempt.ResultDigest = p.fit.Upper, p.spfm.Lower, c.ResultDigest
	p.failed = [limitDUE]bool{p.fit.Upper > q.BudgetFIT, p.spfm.Lower < q.Target.SPFM}
	p.attempt.Holds = p.failed == [limitDUE]bool{} &&
		(pr.Target.BudgetDUE == 0 || p.due.Upper <= pr.Target.BudgetDUE)
	return p, nil
}

// shown is the largest confidence at which the limits of a proof meet the target.
func (pr *Problem) shown(exposures, alarms []stats.Exposure, rates stats.Rates, related float64) (float64, error) {
	q := pr.Target.Question
	return stats.LargestConfidence(func(confidence float64) (bool, error) {
		fit, err := stats.ResidualFIT(exposures, rates, q.Violation, false, confidence)
		if err != nil {
			return false, err
		}
		flops, err := stats.ResidualFIT(exposures, rates, q.Violation, true, confidence)
		if err != nil {
			return false, err
		}
		due, err := stats.ResidualFIT(alarms, rates, stats.ViolationAny, false, confidence)
		if err != nil {
			return false, err
		}
		return fit.Upper <= q.BudgetFIT && spfm(flops, rates.Flop*rates.Duty*related).Lower >= q.Target.SPFM &&
			(pr.Target.BudgetDUE == 0 || due.Upper <= pr.Target.BudgetDUE), nil
	})
}

// tableFor is the site table that a design is put on: with SECDED if it adds it.
func tableFor(t *netlist.Table, choices []mechanism.Choice, code func() *netlist.Table) *netlist.Table {
	for _, c := range choices {
		if c.Kind == mechanism.SECDED {
			return code()
		}
	}
	return t
}
