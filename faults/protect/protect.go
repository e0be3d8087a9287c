package protect

import (
	"context"
	"errors"
	"fmt"
	"math"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

const (
	// defaultMargin is the share of a limit that the estimate of a design may take
	// at first (our choice). It shrinks by narrow until a proof of affordable size
	// has the wanted power, at most maxNarrow times, and by retreat after a proof
	// that failed.
	defaultMargin = 0.7
	narrow        = 1.2
	maxNarrow     = 14
	retreat       = 1.5
	// leastProof is the number of injections that a proof may always take; it may
	// also take as many as the campaign did (our choice).
	leastProof = 4000
)

// Options say what is searched and how it is proven.
type Options struct {
	// Question and BudgetDUE are the target; zero fields take their defaults.
	Question  stats.Question
	BudgetDUE float64
	// Set is the option set: paper or full, the default.
	Set   string
	Cells mechanism.Cells // zero takes the defaults
	// Areas and Costs are those of the machine; nil takes the built-in ones.
	Areas []netlist.BlockArea
	Costs *netlist.Costs
	// Margin is the share of a limit that the estimate may take at first; 0 takes
	// 0.7.
	Margin float64
	// MaxProof is the most injections of one proof; 0 takes 4,000 or as many as
	// the campaign has, whichever is more.
	MaxProof int
	// Dir is where the logs of the proofs go. NoProof ends after the search.
	Dir     string
	NoProof bool
	// NoFront leaves out the Pareto front.
	NoFront bool
	Workers int
	// Progress, which may be nil, follows the proof campaigns.
	Progress func(campaign.Progress)
	// Trying, which may be nil, follows the records that are injected again beside
	// one mechanism after the other, before the search.
	Trying func(done, total int)
	// Population is that of the plain machine, if it is not the built-in one.
	Population campaign.Population
	// Rebuild makes an engine for the same program and inputs with another code on
	// the RAM. Without it a code is no option.
	Rebuild func(npu.ECC) (*faults.Engine, error)
}

// normal fills in the defaults.
func (o Options) normal(s campaign.Spec, t *netlist.Table, injections int) Options {
	o.Question = o.Question.Normal(s.Confidence)
	if o.Set == "" {
		o.Set = OptionsFull
	}
	if o.Cells == (mechanism.Cells{}) {
		o.Cells = mechanism.DefaultCells()
	}
	if o.Areas == nil {
		o.Areas = t.Areas(o.Costs)
	}
	if o.Margin == 0 {
		o.Margin = defaultMargin
	}
	if o.MaxProof == 0 {
		o.MaxProof = max(leastProof, injections)
	}
	return o
}

// campaignQuestion is the question as a campaign puts it.
func campaignQuestion(o Options) campaign.Question {
	return campaign.Question{Question: o.Question, BudgetDUE: o.BudgetDUE}
}

// run is a search with its proof.
type run struct {
	bench   Bench
	stored  *campaign.Stored
	o       Options
	pricing *mechanism.Pricing
	ev      *Evidence
	out     *result.Protect
}

// Run finds the cheapest protection for the machine of a campaign and proves it.
// When a proof fails, a design with a narrower margin is put to the next one, at
// most twice; the error is shared among the attempts.
func Run(ctx context.Context, e *faults.Engine, s *campaign.Stored, o Options) (*result.Protect, error) {
	return RunOn(ctx, engineBench{e, o}, s, o)
}

// RunOn is [Run] on any bench.
func RunOn(ctx context.Context, e Bench, s *campaign.Stored, o Options) (*result.Protect, error) {
	o = o.normal(s.Spec, e.Table(), len(s.Records))
	if _, injects := e.(engineBench); injects && o.Dir == "" && !o.NoProof {
		return nil, errors.New("no directory for the logs of the proof")
	}
	var caught []Caught
	if o.Set == OptionsFull {
		var err error
		if caught, err = e.Catch(ctx, s, o.Cells); err != nil {
			return nil, err
		}
	}
	ev, err := Gather(s, e.Table(), caught)
	if err != nil {
		return nil, err
	}
	r := &run{bench: e, stored: s, o: o, ev: ev, pricing: mechanism.NewPricing(e.Table(), o.Areas, o.Costs, o.Cells)}
	if err := r.references(); err != nil {
		return nil, err
	}
	if o.Set == OptionsFull && e.Cycles() > checkerCycles {
		r.warn("no_checkers", fmt.Sprintf("The checkers were not tried: an inference of %d cycles is longer than %d.", e.Cycles(), checkerCycles))
	}
	margin := o.Margin
	tried := map[string]bool{}
	for attempt := 1; attempt <= attempts; attempt++ {
		done, err := r.attempt(ctx, attempt, &margin, tried)
		if err != nil {
			return r.out, err
		}
		if done {
			break
		}
		margin /= retreat
	}
	return r.out, nil
}

// problem builds the problem with a margin, without checkers.
func (r *run) problem(margin float64) (*Problem, error) { return r.problemBeside(margin, 0) }

// problemBeside builds the problem of a machine beside a set of checkers.
func (r *run) problemBeside(margin float64, set int) (*Problem, error) {
	coded := r.o.Rebuild != nil && r.bench.Table().ECC != npu.ECCSECDED && r.o.Set == OptionsFull
	ev := r.ev
	if set != 0 {
		ev = ev.under(set)
	}
	pr, err := NewProblem(ev, r.pricing, Target{r.o.Question, r.o.BudgetDUE, margin, min(1, margin/defaultMargin)}, r.o.Set, r.o.Cells, coded)
	if err != nil {
		return nil, err
	}
	pr.beside = beside(set)
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
// tell their false alarms.
func (r *run) cheapest(margin float64) (best *Problem, found Found, err error) {
	sets := subsets
	if r.o.Set != OptionsFull || r.o.BudgetDUE > 0 {
		sets = 1
	}
	var searched int64
	least := math.Inf(1)
	optimal := true
	for set := range sets {
		pr, err := r.problemBeside(margin, set)
		if err != nil {
			return nil, found, err
		}
		if best != nil && pr.base >= least {
			continue
		}
		if best != nil && !math.IsInf(least, 1) {
			pr.least = least
		}
		f, err := pr.Search()
		if err != nil {
			return nil, found, err
		}
		searched += f.Searched
		optimal = optimal && f.Searched < pr.nodes()
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
	return best, found, nil
}

// lockstep takes lock-step of the whole NPU where it is cheaper than what was found.
func (r *run) lockstep(margin, least float64, best **Problem, found *Found) error {
	pr, err := r.problem(margin)
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

// attempt searches with a margin and proves what it finds. It narrows the margin
// until the proof of the design can be planned.
func (r *run) attempt(ctx context.Context, number int, margin *float64, tried map[string]bool) (done bool, err error) {
	for range maxNarrow {
		pr, found, err := r.cheapest(*margin)
		if err != nil {
			return false, err
		}
		r.out.Searched += found.Searched
		if !found.Feasible {
			r.hopeless(number)
			return true, nil
		}
		d, err := r.design(pr.Choices(found.Assignment))
		if err != nil {
			return false, err
		}
		if tried[d.String()] {
			*margin /= narrow
			continue
		}
		plan, err := pr.PlanProof(found.Assignment, d, number)
		if err != nil || plan.Power < wantedPower || plan.Injections > r.o.MaxProof {
			// A residual too close to its limit is an error of the plan.
			tried[d.String()] = true
			*margin /= narrow
			continue
		}
		tried[d.String()] = true
		plan.Seed = proofSeed(r.stored.Spec, d.String(), number)
		if err := r.chosen(pr, found, *margin); err != nil || r.o.NoProof {
			return true, err
		}
		p, err := r.prove(ctx, pr, d, plan)
		if err != nil {
			return false, err
		}
		return p.attempt.Holds, r.record(pr, d, found.Assignment, p)
	}
	r.warn("no_proof", fmt.Sprintf("No further design could be proven with the wanted power by %d injections; take a larger campaign.", r.o.MaxProof))
	return true, nil
}

// hopeless records that no design meets the target.
func (r *run) hopeless(attempt int) {
	if u := r.out.Unprotected; attempt == 1 {
		r.out.FITViolating, r.out.FITDUE, r.out.SPFM = u.FITViolating, u.FITDUE, u.SPFM
	}
	r.warn("no_design", "No design of the option set meets the target with the margin that a proof needs; take a larger campaign or the option set full.")
}

// design puts choices on the machine.
func (r *run) design(choices []mechanism.Choice) (*mechanism.Design, error) {
	t := tableFor(r.bench.Table(), choices, func() *netlist.Table { return netlist.New(r.bench.Table().Config, npu.ECCSECDED) })
	return mechanism.New(t, choices, r.o.Cells, r.stored.Spec.Seed)
}

func (r *run) warn(code, message string) {
	r.out.Warnings = append(r.out.Warnings, result.Warning{Code: code, Message: message})
}

// record takes over the outcome of a proof.
func (r *run) record(pr *Problem, d *mechanism.Design, a Assignment, p *proven) error {
	area, _ := pr.Area(a)
	logic, _ := r.pricing.Logic()
	e, err := pr.Evaluate(a)
	if err != nil {
		return err
	}
	p.attempt.Design, p.attempt.AreaOverhead, p.attempt.FITExpected = d.String(), area/logic, e.FIT.Estimate
	out := r.out
	out.Proof.Attempts = append(out.Proof.Attempts, p.attempt)
	out.Proof.Injections += p.attempt.Injections
	out.Proof.FITUpper, out.Proof.SPFMLower = p.attempt.FITUpper, p.attempt.SPFMLower
	out.Proof.Power, out.Proof.Holds = p.attempt.Power, p.attempt.Holds
	// The attempts share the error, so that each counts against what is shown.
	out.Proof.Shown = max(0, 1-float64(len(out.Proof.Attempts))*(1-p.attempt.Shown))
	out.Meets = p.attempt.Holds
	out.FITViolating, out.FITDUE, out.SPFM = limits(p.fit), limits(p.due), p.spfm
	if !p.attempt.Holds {
		r.warn("proof_failed", fmt.Sprintf("Proof %d did not hold: upper limit %.4g FIT, SPFM at least %.4f; the next design has a narrower margin.", len(out.Proof.Attempts), p.attempt.FITUpper, p.attempt.SPFMLower))
	}
	return nil
}
