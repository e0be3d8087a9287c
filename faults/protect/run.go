package protect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/stats/result"
)

// run is a search with its proof.
type run struct {
	nets    []subject // of one configuration; a mission mix counts as one
	o       Options
	pricing *mechanism.Pricing
	// libraries price with the constants of each measured library.
	libraries []mechanism.Library
	out       *result.Protect
	seen      []candidate // whose proof lacks power
	proven    map[string]bool
	failed    [limitDUE]bool // limits that the last proof did not show
	widest    Shares         // the last margin that had a design
	last      proofs
	final     candidate       // the design that was put to the proof last
	perm      *permanents     // nil where permanent faults are not measured
	copied    map[string]bool // blocks that are copied against pulses

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
func Run(ctx context.Context, e *engine.Engine, s *campaign.Stored, o Options) (*result.Protect, error) {
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
	return search(ctx, []subject{n}, o)
}

// gather makes the evidence of a campaign. In a search for single registers one half of
// the records chooses and the other judges.
func gather(ctx context.Context, b Bench, s *campaign.Stored, o Options) (n subject, err error) {
	n = subject{bench: b, stored: s, view: view{within: o.Deadline, registers: o.Unit == UnitRegister}}
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

// coarsen takes all records as those of whole classes.
func (n *subject) coarsen() (err error) {
	n.chosen, n.view.registers, n.view.part = nil, false, allRecords
	if b, ok := n.bench.(mixBench); ok {
		b.nets = slices.Clone(b.nets)
		list := make([]*Evidence, len(b.nets))
		for i := range b.nets {
			if err := b.nets[i].coarsen(); err != nil {
				return err
			}
			list[i] = b.nets[i].ev
		}
		n.bench, n.ev = b, mix(list, b.shares)
		return nil
	}
	n.ev, err = gatherAs(n.stored, n.bench.Table(), n.caught, n.view)
	return err
}

// newRun prepares a search or a judgement, with what does not depend on a design.
func newRun(nets []subject, o Options) (*run, error) {
	r := &run{nets: nets, o: o, proven: map[string]bool{}}
	if err := checkSeveral(r.stored().Spec, o.Several); err != nil {
		return nil, err
	}
	for i := range r.nets {
		if r.nets[i].ledger == nil {
			var err error
			if r.nets[i].ledger, err = OpenLedger(o.Disk, o.Ledger); err != nil {
				return nil, err
			}
		}
	}
	asked := []any{o.Question, o.BudgetDUE, o.Deadline, o.Several, o.Set, o.Cells, o.Permanent, r.stored().Spec.Digest()}
	if o.Unit == UnitRegister {
		asked = append(asked, o.Unit)
	}
	if o.PulseFITPerKGE > 0 {
		asked = append(asked, "pulses", o.PulseFITPerKGE)
	}
	r.question = campaign.Digest(asked)[:16]
	r.pricing = mechanism.NewPricing(r.table(), o.Areas, o.Costs, o.Cells)
	r.libraries = o.libraries(r.table())
	if err := r.references(); err != nil {
		return nil, err
	}
	if b, ok := r.nets[0].bench.(engineBench); ok && b.o.Fresh == nil && !o.NoProof {
		r.warn("proof_inputs", "The proof runs on the inputs that the search saw: give others with --proof-inputs.")
	}
	return r, nil
}

// number is the place of an attempt with a design among all proofs that were ever begun in
// the folders of the networks.
func (r *run) number(attempt int, d *mechanism.Design) (most int) {
	for _, n := range r.nets {
		most = max(most, n.ledger.number(r.question, attempt, d.String()))
	}
	return most
}

// search finds and proves the cheapest protection for networks.
func search(ctx context.Context, nets []subject, o Options) (*result.Protect, error) {
	r, err := newRun(nets, o)
	if err != nil {
		return nil, err
	}
	if err := r.measure(ctx); err != nil {
		return nil, err
	}
	if err := r.measurePulses(ctx); err != nil {
		return nil, err
	}
	r.copyAgainst(func(b *result.LogicPulseBlock) result.Limits { return b.FIT })
	for _, n := range nets {
		if c := n.bench.Cycles(); o.Set == OptionsFull && c > checkerCycles {
			r.warn("no_checkers", fmt.Sprintf("The checkers were not tried: an inference of %d cycles is longer than %d.", c, checkerCycles))
		}
	}
	most := attempts
	if r.split() {
		most-- // the last is for whole classes
	}
	if err := r.try(ctx, 1, most); err != nil {
		return r.out, err
	}
	if r.split() && !r.out.Meets && !(o.NoProof && r.final.pr != nil) {
		if r.final.pr == nil {
			return coarser(ctx, nets, o)
		}
		if err := r.coarsen(ctx); err != nil {
			return r.out, err
		}
	}
	if r.final.pr == nil {
		if err := r.predict(); err != nil {
			return r.out, err
		}
	}
	return r.out, r.explain(ctx)
}

// try puts designs to a proof until one holds.
func (r *run) try(ctx context.Context, number, last int) error {
	margin := Even(r.o.Margin)
	for ; number <= last; number++ {
		done, err := r.attempt(ctx, number, &margin)
		if done || err != nil {
			return err
		}
		margin = margin.divided(retreat, r.failed)
	}
	return nil
}

// coarsen makes one more attempt with whole classes, on all records, where those with
// single registers failed: what the halves of the records did not show of the registers
// that were left alone counts there. The attempts share the error as ever.
func (r *run) coarsen(ctx context.Context) error {
	before, put := r.nets, len(r.out.Proof.Attempts)
	r.nets = slices.Clone(before)
	for i := range r.nets {
		if err := r.nets[i].coarsen(); err != nil {
			return err
		}
	}
	r.seen, r.widest = nil, Shares{}
	if err := r.try(ctx, put+1, put+1); err != nil {
		return err
	}
	if len(r.out.Proof.Attempts) == put {
		r.nets = before
		return nil
	}
	r.out.Unit = UnitBlockClass
	r.warn("classes", "No design of single registers was shown to meet the target: whole classes were searched on all of the injections.")
	return nil
}

// coarser searches for whole classes on all records where a search for single registers
// had no design to prove: halves of the records may be too small for that. No error was
// spent before.
func coarser(ctx context.Context, nets []subject, o Options) (*result.Protect, error) {
	o.Unit = UnitBlockClass
	whole := slices.Clone(nets)
	for i := range whole {
		if err := whole[i].coarsen(); err != nil {
			return nil, err
		}
	}
	out, err := search(ctx, whole, o)
	if out != nil {
		out.Warnings = append(out.Warnings, result.Warning{Code: "classes", Message: "No design of single registers could be put to a proof with half of the injections: whole classes were searched on all of them."})
	}
	return out, err
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
	if err := r.pulsesBreakEven(); err != nil {
		return err
	}
	return r.sortAlarms(ctx)
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
	if r.o.PulseFITPerKGE > 0 {
		text += fmt.Sprintf(", pulses %g FIT/kGE", r.o.PulseFITPerKGE)
	}
	if r.o.BudgetDUE > 0 {
		text += fmt.Sprintf(", DUE budget %g FIT", r.o.BudgetDUE)
	}
	return text
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
