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
	// has the wanted power, limit by limit and at most maxNarrow times, and by retreat
	// after a proof that failed.
	defaultMargin = 0.7
	narrow        = 1.2
	maxNarrow     = 14
	retreat       = 1.5
	// leastProof is the number of injections that a proof may always take; it may
	// also take proofShare times as many as the campaign did (our choice).
	leastProof = 4000
	proofShare = 2
)

// Options say what is searched and how it is proven.
type Options struct {
	// Question and BudgetDUE are the target; zero fields take their defaults.
	Question  stats.Question
	BudgetDUE float64
	// Several is the share of events that hit more than one bit, see [Target].
	Several float64
	// Deadline is what detection is held against; its reaction is the number of cycles
	// for which the protected machine goes on after an alarm.
	Deadline campaign.Deadline
	// Permanent are the declared permanent rates.
	Permanent campaign.Permanent
	// Set is the option set: paper or full, the default.
	Set string
	// Unit is what is decided on as a whole: block-class, the default, or register.
	Unit string
	// Inputs are the declared cells and mechanisms, nil the defaults. Cells are the
	// figures of them that decide; zero takes those of Inputs.
	Inputs mechanism.Inputs
	Cells  mechanism.Cells
	// Areas and Costs are those of the machine; nil takes the built-in ones.
	Areas []netlist.BlockArea
	Costs *netlist.Costs
	// Margin is the share of a limit that the estimate may take at first; 0 takes
	// 0.7.
	Margin float64
	// MaxProof is the most injections of one proof; 0 takes 4,000 or twice as many
	// as the campaign has, whichever is more.
	MaxProof int
	// Dir is where the logs of the proofs go. NoProof ends after the search.
	Dir     string
	NoProof bool
	// Ledger is the folder of the campaign, where every proof is entered; empty keeps
	// the ledger in memory.
	Ledger string
	// NoFront leaves out the fronts and what the verdict hangs on.
	NoFront bool
	Workers int
	// Progress, which may be nil, follows the proof campaigns.
	Progress func(campaign.Progress)
	// Trying, which may be nil, follows the records that are injected again beside
	// one mechanism after the other, before the search.
	Trying func(done, total int)
	// Sticking, which may be nil, follows the injection of permanent faults.
	Sticking func(done, total int)
	// Population is that of the plain machine, if it is not the built-in one.
	Population campaign.Population
	// Fresh makes an engine for the same program on inputs that the search never saw, for
	// the proof; nil proves on the inputs of the campaign.
	Fresh func(npu.ECC) (*faults.Engine, error)
	// Rebuild makes an engine for the same program and inputs with another code on
	// the RAM. Without it a code is no option.
	Rebuild func(npu.ECC) (*faults.Engine, error)

	given bool // the design is given: all records judge it
	quick bool // without checkers, and near the cheapest is near enough
}

// normal fills in the defaults.
func (o Options) normal(s campaign.Spec, t *netlist.Table, injections int) Options {
	o.Question = o.Question.Normal(s.Confidence)
	if o.Set == "" {
		o.Set = OptionsFull
	}
	if o.Unit == "" {
		o.Unit = UnitBlockClass
	}
	if o.Inputs == nil {
		o.Inputs = mechanism.DefaultInputs()
	}
	if o.Cells == (mechanism.Cells{}) {
		o.Cells, _ = o.Inputs.Cells() // mechanism.New reports what cannot be
	}
	if o.Areas == nil {
		o.Areas = t.Areas(o.Costs)
	}
	if o.Margin == 0 {
		o.Margin = defaultMargin
	}
	if o.MaxProof == 0 {
		o.MaxProof = max(leastProof, proofShare*injections)
	}
	return o
}

// campaignQuestion is the question as a campaign puts it.
func campaignQuestion(o Options) campaign.Question {
	return campaign.Question{Question: o.Question, BudgetDUE: o.BudgetDUE, Deadline: o.Deadline, Permanent: o.Permanent}
}

// network is one network of a search: its campaign, and where designs are proven.
type network struct {
	bench  Bench
	stored *campaign.Stored
	ev     *Evidence // that judges
	chosen *Evidence // that the search sees, nil for the same
	view   view      // of what judges
	caught []Caught
	ledger *ledger
	mixed  bool // stands for several networks, by their shares of the time
}

// run is a search with its proof.
type run struct {
	nets    []network // of one configuration; a mission mix counts as one
	o       Options
	pricing *mechanism.Pricing
	out     *result.Protect
	seen    []candidate // whose proof lacks power
	proven  map[string]bool
	failed  [limitDUE]bool // limits that the last proof did not show
	widest  Shares         // the last margin that had a design
	last    proofs
	final   candidate   // the design that was put to the proof last
	perm    *permanents // nil where permanent faults are not measured

	question string // the digest of what is asked
	hasty    bool   // searches end early
}

// proofs are those of the design that was proven last, one for every network.
type proofs struct {
	d      *mechanism.Design
	plans  []Plan
	proven []*proven
}

// table is that of the machine, stored the campaign of the first network.
func (r *run) table() *netlist.Table { return r.nets[0].bench.Table() }

func (r *run) stored() *campaign.Stored { return r.nets[0].stored }

// Run finds the cheapest protection for the machine of a campaign and proves it.
// When a proof fails, a design with a narrower margin is put to the next one, at
// most twice; the error is shared among the attempts.
func Run(ctx context.Context, e *faults.Engine, s *campaign.Stored, o Options) (*result.Protect, error) {
	if o.Dir == "" && !o.NoProof {
		return nil, errors.New("no directory for the logs of the proof")
	}
	return RunOn(ctx, engineBench{e, o, o.Dir}, s, o)
}

// RunOn is [Run] on any bench.
func RunOn(ctx context.Context, b Bench, s *campaign.Stored, o Options) (*result.Protect, error) {
	o = o.normal(s.Spec, b.Table(), len(s.Records))
	n, err := gather(ctx, b, s, o)
	if err != nil {
		return nil, err
	}
	return search(ctx, []network{n}, o)
}

// gather makes the evidence of a campaign. In a search for single registers one half of
// the records chooses and the other judges.
func gather(ctx context.Context, b Bench, s *campaign.Stored, o Options) (n network, err error) {
	n = network{bench: b, stored: s, view: view{within: o.Deadline, registers: o.Unit == UnitRegister}}
	if o.Set == OptionsFull {
		if n.caught, err = b.Catch(ctx, s, o.Cells); err != nil {
			return n, err
		}
	}
	if n.view.registers && !o.given {
		n.view.part = choosing
		if n.chosen, err = gatherAs(s, b.Table(), n.caught, n.view); err != nil {
			return n, err
		}
		n.view.part = judging
	}
	n.ev, err = gatherAs(s, b.Table(), n.caught, n.view)
	return n, err
}

// newRun prepares a search or a judgement, with what does not depend on a design.
func newRun(nets []network, o Options) (*run, error) {
	r := &run{nets: nets, o: o, proven: map[string]bool{}}
	if err := checkSeveral(r.stored().Spec, o.Several); err != nil {
		return nil, err
	}
	for i := range r.nets {
		if r.nets[i].ledger == nil {
			var err error
			if r.nets[i].ledger, err = openLedger(o.Ledger); err != nil {
				return nil, err
			}
		}
	}
	asked := []any{o.Question, o.BudgetDUE, o.Deadline, o.Several, o.Set, o.Cells, o.Permanent, r.stored().Spec.Digest()}
	if o.Unit == UnitRegister {
		asked = append(asked, o.Unit)
	}
	r.question = campaign.Digest(asked)[:16]
	r.pricing = mechanism.NewPricing(r.table(), o.Areas, o.Costs, o.Cells)
	if err := r.references(); err != nil {
		return nil, err
	}
	if b, ok := r.nets[0].bench.(engineBench); ok && b.o.Fresh == nil && !o.NoProof {
		r.warn("proof_inputs", "The proof runs on the inputs that the search saw: give others with --proof-inputs.")
	}
	return r, nil
}

// number is the place of an attempt among all proofs that were ever begun in the folders
// of the networks.
func (r *run) number(attempt int) (most int) {
	for _, n := range r.nets {
		most = max(most, n.ledger.number(r.question, attempt))
	}
	return most
}

// search finds and proves the cheapest protection for networks.
func search(ctx context.Context, nets []network, o Options) (*result.Protect, error) {
	r, err := newRun(nets, o)
	if err != nil {
		return nil, err
	}
	if err := r.measure(ctx); err != nil {
		return nil, err
	}
	for _, n := range nets {
		if c := n.bench.Cycles(); o.Set == OptionsFull && c > checkerCycles {
			r.warn("no_checkers", fmt.Sprintf("The checkers were not tried: an inference of %d cycles is longer than %d.", c, checkerCycles))
		}
	}
	margin := Even(o.Margin)
	for number := 1; number <= attempts; number++ {
		done, err := r.attempt(ctx, number, &margin)
		if err != nil {
			return r.out, err
		}
		if done {
			break
		}
		margin = margin.divided(retreat, r.failed)
	}
	return r.out, r.explain(ctx)
}

// explain says of the last design what its verdict hangs on, and what it costs in
// availability.
func (r *run) explain(ctx context.Context) error {
	pr, a := r.final.pr, r.final.found.Assignment
	if pr == nil || r.o.NoFront && !r.out.Given {
		return nil
	}
	for _, step := range []func(*Problem, Assignment) error{r.breakEven, r.inventories, r.credits, r.availability} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(pr, a); err != nil {
			return err
		}
	}
	if err := r.pairsBreakEven(ctx); err != nil {
		return err
	}
	return r.sortAlarms(ctx)
}

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
	return r.problemOn(margin, set, func(n network) *Evidence { return n.ev })
}

// searchable is the same on the records that choose.
func (r *run) searchable(margin Shares, set int) (*Problem, error) {
	return r.problemOn(margin, set, func(n network) *Evidence {
		if n.chosen != nil {
			return n.chosen
		}
		return n.ev
	})
}

// split reports whether some records choose and others judge.
func (r *run) split() bool { return r.nets[0].chosen != nil }

// problemOn builds the problem on some evidence of every network.
func (r *run) problemOn(margin Shares, set int, evidence func(network) *Evidence) (*Problem, error) {
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
	for set := range sets {
		pr, err := r.searchable(margin, set)
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
	if r.split() {
		best, err = r.problemBeside(margin, best.set)
	}
	return best, found, err
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
		case !feasible && r.widest == Shares{}:
			r.hopeless()
			return true, nil
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
	if c.d, err = r.design(c.pr.Choices(c.found.Assignment)); err != nil {
		return c, false, err
	}
	return c, true, c.planned(r.number(number), r.o.MaxProof)
}

// fallBack proves the candidate whose largest affordable proof has the greatest
// power, or says that there is none.
func (r *run) fallBack(ctx context.Context, number int) (done bool, err error) {
	var best candidate
	for _, c := range r.seen {
		if r.proven[c.d.String()] {
			continue
		}
		if err = c.planned(r.number(number), r.o.MaxProof); err != nil {
			return false, err
		}
		if c.plan.Power > best.plan.Power {
			best = c
		}
	}
	if best.plan.Power < leastPower {
		r.warn("no_proof", fmt.Sprintf("No further design can be proven by %d injections with a power of %.0f %% or more; take a larger campaign.", r.o.MaxProof, 100*leastPower))
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
		if err := n.ledger.begin(result.LedgerProof{
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
		if err := n.ledger.end(r.question, c.d.String(), p.attempt); err != nil {
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
	worst := joined(list)
	if r.failed = worst.failed; r.failed == [limitDUE]bool{} {
		r.failed = [limitDUE]bool{true, true} // the limit on reported errors alone
	}
	if err := r.record(ctx, c.pr, c.d, c.found.Assignment, worst); err != nil {
		return false, err
	}
	return worst.attempt.Holds && !r.missed(worst), nil
}

// asked is the question in words, for the ledger.
func (r *run) asked() string {
	q := r.o.Question
	text := fmt.Sprintf("%s, %s, budget %g FIT, violation %s, options %s", q.Target.Name, q.Scenario.Name, q.BudgetFIT, q.Violation, r.o.Set)
	if r.o.Unit == UnitRegister {
		text += ", unit register"
	}
	if r.out.Given {
		text += ", given design"
	}
	if r.o.BudgetDUE > 0 {
		text += fmt.Sprintf(", DUE budget %g FIT", r.o.BudgetDUE)
	}
	return text
}

// hopeless records that no design meets the target.
func (r *run) hopeless() {
	u := r.out.Unprotected
	r.unproven("no design of the option set meets it")
	r.out.FITViolating, r.out.FITDUE, r.out.SPFM = u.FITViolating, u.FITDUE, u.SPFM
	r.warn("no_design", "No design of the option set meets the target with the margin that a proof needs; take a larger campaign or the option set full.")
}

// design puts choices on the machine.
func (r *run) design(choices []mechanism.Choice) (*mechanism.Design, error) {
	t := tableFor(r.table(), choices, func() *netlist.Table { return netlist.New(r.table().Config, npu.ECCSECDED) })
	d, err := mechanism.New(t, choices, r.o.Cells, r.stored().Spec.Seed)
	if err != nil {
		return nil, err
	}
	return d, d.Delay(r.o.Deadline.Reaction)
}

func (r *run) warn(code, message string) {
	r.out.Warnings = append(r.out.Warnings, result.Warning{Code: code, Message: message})
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
		r.warn("proof_failed", fmt.Sprintf("Proof %d did not hold: upper limit %.4g FIT, SPFM at least %.4f; the next design has a narrower margin.", len(out.Proof.Attempts), p.attempt.FITUpper, p.attempt.SPFMLower))
	}
	return nil
}
