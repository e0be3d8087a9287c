package protect

import (
	"context"
	"fmt"

	"upset/faults/mechanism"
	"upset/stats/result"
)

// candidate is a design that was found with a margin, with its proof planned.
type candidate struct {
	pr    *Problem
	found Found
	d     *mechanism.Design
	plan  Plan // of the network whose proof has the least power
	plans []Plan
}

// planned plans the proofs of a candidate, one for every network.
func (c *candidate) planned(number, most int) error {
	c.plans = nil
	for i, n := range c.pr.networks() {
		p, err := n.PlanProof(c.found.Assignment, c.d, number, most)
		if err != nil {
			return err
		}
		if i == 0 || p.Power < c.plan.Power {
			c.plan = p
		}
		c.plans = append(c.plans, p)
	}
	for _, p := range c.plans {
		for limit, lacking := range p.lacking {
			c.plan.lacking[limit] = c.plan.lacking[limit] || lacking
		}
	}
	return nil
}

// attempt searches with a margin and proves what it finds. It narrows the margin of
// the limits for which a proof of affordable size lacks power, until there is one
// with the wanted power. Where none is left it puts the most powerful one to the
// proof: the error does not depend on the power.
func (r *run) attempt(ctx context.Context, number int, margin *Shares) (done bool, err error) {
	for range maxNarrow {
		c, feasible, err := r.candidate(*margin, number)
		if err != nil {
			return false, err
		}
		switch {
		case !feasible && r.widest == Shares{} && r.final.pr == nil:
			r.hopeless()
			return true, nil
		case !feasible && r.widest == Shares{}:
			return true, nil // whole classes, after registers
		case !feasible:
			// Somewhere between this margin and the last one that had a design.
			if margin.beside(r.widest) {
				return r.fallBack(ctx, number)
			}
			*margin = margin.between(r.widest)
			continue
		}
		r.widest = *margin
		if r.proven[c.d.String()] && !r.binds() {
			*margin = margin.divided(narrow, r.failed)
			continue
		}
		if c.plan.enough() {
			return r.put(ctx, c, number)
		}
		r.seen = append(r.seen, c)
		*margin = margin.divided(narrow, c.plan.lacking)
	}
	return r.fallBack(ctx, number)
}

// candidate is the cheapest design with a margin.
func (r *run) candidate(margin Shares, number int) (c candidate, feasible bool, err error) {
	if c.pr, c.found, err = r.closest(margin); err != nil {
		return c, false, err
	}
	if !c.found.Feasible {
		return c, false, nil
	}
	r.withCopies(c.pr, &c.found)
	if c.d, err = r.design(c.pr.Choices(c.found.Assignment)); err != nil {
		return c, false, err
	}
	return c, true, c.planned(r.number(number, c.d), r.o.MaxProof)
}

// provable is the candidate whose largest affordable proof has the greatest power, of
// those that were not put to one.
func (r *run) provable(number int) (best candidate, err error) {
	for _, c := range r.seen {
		if r.proven[c.d.String()] {
			continue
		}
		if err = c.planned(r.number(number, c.d), r.o.MaxProof); err != nil {
			return best, err
		}
		if best.pr == nil || c.plan.Power > best.plan.Power {
			best = c
		}
	}
	return best, nil
}

// fallBack proves the candidate that is most provable, or says that there is none.
func (r *run) fallBack(ctx context.Context, number int) (done bool, err error) {
	best, err := r.provable(number)
	if err != nil {
		return false, err
	}
	if best.plan.Power < leastPower {
		which := "No further design"
		if r.final.pr == nil {
			which = "No design"
		}
		r.warn("no_proof", fmt.Sprintf("%s can be proven by %d injections with a power of %.0f %% or more; take a larger campaign.", which, r.o.MaxProof, 100*leastPower))
		return true, nil
	}
	if !r.o.NoProof {
		r.warn("low_power", fmt.Sprintf("The proof of the best design has a power of %.0f %% with %d injections; a larger campaign raises it.", 100*best.plan.Power, best.plan.Injections))
	}
	return r.put(ctx, best, number)
}

// put puts a candidate to the proof, on one network after the other. All must hold,
// so that each is judged at the whole confidence.
func (r *run) put(ctx context.Context, c candidate, attempt int) (done bool, err error) {
	r.proven[c.d.String()], r.final = true, c
	if err := r.chosen(c.pr, c.found); err != nil || r.o.NoProof {
		return true, err
	}
	var list []*proven
	r.last = proofs{d: c.d}
	for i, pr := range c.pr.networks() {
		n, plan := r.nets[i], c.plans[i]
		plan.Seed = proofSeed(n.stored.Spec, c.d.String(), plan.Attempt)
		if err := n.ledger.Begin(result.LedgerProof{
			Question: r.question, Asked: r.asked(), Attempt: attempt, Design: c.d.String(), Seed: plan.Seed,
			Confidence: plan.Confidence, Injections: plan.Injections,
		}); err != nil {
			return false, err
		}
		var pairs []UnitPairs
		if r.o.Several > 0 {
			if pairs, err = r.pairsOf(ctx, n, c.d); err != nil {
				return false, err
			}
		}
		p, err := n.prove(ctx, pr, c.found.Assignment, c.d, plan, pairs)
		if err != nil {
			return false, err
		}
		if p.pulses, err = r.pulsesOf(ctx, n, c.d); err != nil {
			return false, err
		}
		if err := n.ledger.End(r.question, c.d.String(), p.attempt); err != nil {
			return false, err
		}
		list = append(list, p)
		r.last.plans, r.last.proven = append(r.last.plans, plan), append(r.last.proven, p)
	}
	r.out.Proof.Ledger = nil
	for i := range r.nets {
		if l := r.nets[i].ledger; i == 0 || l.folder != r.nets[0].ledger.folder {
			r.out.Proof.Ledger = append(r.out.Proof.Ledger, l.list...)
		}
	}
	r.out.Latencies = latencies(list, r.nets)
	if err := r.pulsed(list); err != nil {
		return false, err
	}
	worst := joined(list)
	if r.failed = worst.failed; r.failed == [limitDUE]bool{} {
		r.failed = [limitDUE]bool{true, true} // the limit on reported errors alone
	}
	if err := r.record(ctx, c.pr, c.d, c.found.Assignment, worst); err != nil {
		return false, err
	}
	again := r.missed(worst)
	return worst.attempt.Holds && !r.pulsesMissed(worst) && !again, nil
}

// predict shows the most provable design where none was put to a proof.
func (r *run) predict() error {
	best, err := r.provable(1)
	if err != nil || best.pr == nil {
		return err
	}
	r.final = best
	return r.chosen(best.pr, best.found)
}

// hopeless records that no design meets the target.
func (r *run) hopeless() {
	u := r.out.Unprotected
	r.unproven("no design of the option set meets it")
	r.out.FITViolating, r.out.FITDUE, r.out.SPFM = u.FITViolating, u.FITDUE, u.SPFM
	r.warn("no_design", "No design of the option set meets the target with the margin that a proof needs; take a larger campaign or the option set full.")
}

// record takes over the outcome of a proof.
func (r *run) record(ctx context.Context, pr *Problem, d *mechanism.Design, a Assignment, p *proven) error {
	area, _ := pr.Area(a)
	logic, _ := r.pricing.Logic()
	e, err := pr.Evaluate(a)
	if err != nil {
		return err
	}
	p.attempt.Design, p.attempt.AreaOverhead, p.attempt.FITExpected = d.String(), area/logic, e.FIT.Estimate
	if p.attempt.AreaOverheadRange, _, err = r.ranges(priced(pr.Choices(a))); err != nil {
		return err
	}
	out := r.out
	out.Proof.Attempts = append(out.Proof.Attempts, p.attempt)
	out.Proof.Injections += p.attempt.Injections
	out.Proof.FITUpper, out.Proof.SPFMLower = p.attempt.FITUpper, p.attempt.SPFMLower
	out.Proof.Power, out.Proof.Holds = p.attempt.Power, p.attempt.Holds
	// The attempts share the error, so that each counts against what is shown.
	out.Proof.Shown = max(0, 1-float64(len(out.Proof.Attempts))*(1-p.attempt.Shown))
	out.FITViolating, out.FITDUE, out.SPFM, out.SPFMCoverage = limits(p.fit), limits(p.due), p.spfm, p.coverage
	if out.Safety, err = r.safety(ctx, d, p); err != nil {
		return err
	}
	r.conclude(p)
	if !p.attempt.Holds {
		next := ""
		if !out.Given {
			next = "; the next design has a narrower margin"
		}
		r.warn("proof_failed", fmt.Sprintf("Proof %d did not hold: upper limit %.4g FIT, SPFM at least %.4f%s.", len(out.Proof.Attempts), p.attempt.FITUpper, p.attempt.SPFMLower, next))
	}
	return nil
}
