package protect

import (
	"cmp"
	"fmt"
	"strings"

	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// Numbers of the search for a permanent target (our choice).
const (
	// tighten is how often the share of the limit may shrink until the joint limit of
	// the search's sample holds as well.
	tighten = 8
	// shrink is the factor by which it does at least.
	shrink = 0.7
	least  = 0.01
	// spareLimit is the share of the limit that the joint limit of the search's sample
	// may take, so that a fresh one of the same size is likely to keep it.
	spareLimit = 0.75
	// openNamed is the most units that a warning names.
	openNamed = 4
)

// permanentLimit is the rate of harmful permanent faults of flops in FIT that a design
// may have, beside a residual of transients and with what gates do left out.
func (r *run) permanentLimit(transient float64) float64 {
	q := campaignQuestion(r.o)
	return min((1-q.Target.SPFM)*r.perm.flops, q.PMHFBudget()-transient)
}

// aim makes permanent faults a limit of the search, or says why no design meets it.
func (r *run) aim() error {
	p := r.perm
	q := r.o.Question
	limit := r.permanentLimit(0)
	reached := (1 - p.best.Lower) * p.flops
	if reached <= limit {
		p.cap = defaultMargin
		return nil
	}
	best := make([]effect, len(p.bare))
	for i := range best {
		best[i] = p.bare[i]
		for _, k := range permanentKinds {
			best[i] = min(best[i], p.under[k][i])
		}
	}
	why := "no harmful fault of the sample was missed: a larger one (--stuck-at) may show more"
	if open := p.search.open(best, alike); len(open) > 0 {
		why = "what no mechanism of the set sees: " + openText(open)
	}
	r.warn("no_permanent_design", fmt.Sprintf("The search left permanent faults out: with the best mechanism on every flop their SPFM is %.2f %% (lower limit %.2f %%) and their rate at most %.3g FIT, the limits are %.2f %% and %.3g FIT; %s.",
		100*p.best.Estimate, 100*p.best.Lower, reached, 100*q.Target.SPFM, campaignQuestion(r.o).PMHFBudget(), why))
	return nil
}

// openText names units with their rates.
func openText(open []result.StuckUnit) string {
	var names []string
	for i, u := range open {
		if i == openNamed {
			names = append(names, fmt.Sprintf("%d more", len(open)-i))
			break
		}
		names = append(names, fmt.Sprintf("%s/%s %.3g FIT (%d of %d)", u.Block, u.Class, u.FIT, u.Failures, u.N))
	}
	return strings.Join(names, ", ")
}

// permanentShares are, by unit of the evidence and mechanism, the rate of harmful
// permanent faults as a share of what a design may have; nil where the search leaves
// them out.
func (r *run) permanentShares(ev *Evidence) []map[mechanism.Kind]float64 {
	p := r.perm
	if p == nil || p.cap == 0 {
		return nil
	}
	limit := p.cap * r.permanentLimit(0)
	rates := map[[2]string]map[mechanism.Kind]float64{} // by block, and class or register
	t := r.table()
	for i := range t.Registers { // also where no fault was drawn, or none does harm
		r := &t.Registers[i]
		rates[[2]string{r.Block, r.Class.String()}] = map[mechanism.Kind]float64{}
		rates[[2]string{r.Block, r.Name}] = map[mechanism.Kind]float64{}
	}
	add := func(k mechanism.Kind, list []effect) {
		strata := p.search.strata(func(i int) bool { return list[i] == effectHarm }, alike)
		for i, f := range p.search.faults {
			if list[i] != effectHarm {
				continue
			}
			reg, x := p.search.register(i), strata[f.unit]
			for _, name := range []string{reg.Class.String(), reg.Name} {
				rates[[2]string{reg.Block, name}][k] += x.Weight / float64(x.N) / limit
			}
		}
	}
	for _, k := range []mechanism.Kind{mechanism.None, mechanism.HardenLight, mechanism.Harden} {
		add(k, p.bare)
	}
	for k, list := range p.under {
		add(k, list)
	}
	for _, m := range rates {
		// A single stuck flop is one flop of one group, interleaved or not.
		m[mechanism.ParityInterleaved] = m[mechanism.Parity]
	}
	out := make([]map[mechanism.Kind]float64, len(ev.Units))
	for i, u := range ev.Units {
		if !u.SRAM {
			out[i] = rates[[2]string{u.Block, cmp.Or(u.Register, u.Class.String())}]
		}
	}
	return out
}

// foreseen is the effect of a design on the sample of the search.
func (p *permanents) foreseen(choices []mechanism.Choice) []effect {
	out := append([]effect(nil), p.bare...)
	for i := range p.search.faults {
		for _, c := range choices {
			if !c.Covers(p.search.register(i)) || out[i] != effectHarm {
				continue
			}
			switch k := c.Kind; k {
			case mechanism.ParityInterleaved:
				out[i] = p.under[mechanism.Parity][i]
			case mechanism.Lockstep:
				out[i] = p.under[mechanism.Duplicate][i]
			case mechanism.Triplicate:
				out[i] = effectOutvoted
			default:
				if list := p.under[k]; list != nil {
					out[i] = list[i]
				}
			}
		}
	}
	return out
}

// closer reports whether the search must go on with a smaller share of the permanent
// limit, and makes it smaller: the joint limit of the sample lies beyond it.
func (r *run) closer(pr *Problem, f Found) (bool, error) {
	p := r.perm
	if p == nil || p.cap == 0 {
		return false, nil
	}
	e, err := pr.Evaluate(f.Assignment)
	if err != nil {
		return false, err
	}
	confidence, err := stats.AttemptConfidence(r.o.Question.Confidence, 1)
	if err != nil {
		return false, err
	}
	t, err := p.search.total(p.foreseen(pr.Choices(f.Assignment)), effectHarm, alike, confidence)
	if err != nil {
		return false, err
	}
	limit := r.permanentLimit(e.FIT.Estimate)
	// Room for a fresh sample, as far as there is any.
	limit = min(limit, max(spareLimit*limit, (1-p.best.Lower)*p.flops*(1+tolerance)))
	if t.Upper <= limit {
		return false, nil
	}
	p.cap *= max(least, min(shrink, limit/t.Upper))
	return true, nil
}

// binds reports whether permanent faults are a limit of the search, so that a narrower
// margin for transients may leave the design as it is.
func (r *run) binds() bool { return r.perm != nil && r.perm.cap > 0 }

// missed reports whether a proven design misses the permanent limit alone, and lets the
// next attempt have a smaller share of it.
func (r *run) missed(p *proven) bool {
	if !p.attempt.Holds || r.out.Meets || !r.binds() {
		return false
	}
	r.perm.cap *= shrink
	x := r.out.Safety.StuckAts
	why := "no fault of the fresh sample did harm: a larger one (--stuck-at) may show more"
	if len(x.Open) > 0 {
		why = "harm is left in " + openText(x.Open)
	}
	r.warn("permanent_missed", fmt.Sprintf("The design of proof %d does not keep the permanent limits on a fresh sample: SPFM of flops at least %.4f; %s.", len(r.out.Proof.Attempts), x.FlopSPFM.Lower, why))
	r.failed = [limitDUE]bool{} // the margin of transients may stay
	return true
}

// closest is the cheapest design with a margin that keeps the permanent limit on the
// sample of the search. Where none does, it is the cheapest for transients alone.
func (r *run) closest(margin Shares) (pr *Problem, f Found, err error) {
	for range tighten {
		pr, f, err = r.cheapest(margin)
		r.out.Searched += f.Searched
		if err != nil || r.perm == nil || r.perm.cap == 0 {
			return pr, f, err
		}
		if !f.Feasible {
			break
		}
		again, err := r.closer(pr, f)
		if err != nil || !again {
			return pr, f, err
		}
	}
	cap := r.perm.cap
	r.perm.cap = 0
	pr, f, err = r.cheapest(margin)
	r.out.Searched += f.Searched
	if err == nil && f.Feasible {
		r.warn("no_permanent_design", "The search left permanent faults out: no design within the margin for transients keeps their limit on the sample; see the units with harm, or inject more (--stuck-at).")
		return pr, f, nil
	}
	r.perm.cap = cap // transients alone are the obstacle
	return pr, f, err
}
