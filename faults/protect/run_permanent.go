package protect

import (
	"context"
	"fmt"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// permanents are measured effects of permanent faults: one sample for the search, which
// picks what looks good by chance, too, and a fresh one for the verdict.
type permanents struct {
	search stuckSample
	bare   []effect                    // of the search's sample, without mechanisms
	under  map[mechanism.Kind][]effect // the same with a mechanism wherever it can stand
	judge  stuckSample
	plain  []effect // of the judge's sample

	flops, logic, share float64 // FIT of the flops and of the gates between them; share of the former
	asked, drawn        int
	// cap is the share of the limit that the estimate of a design may take, 0 where
	// the search leaves permanent faults out.
	cap float64
	// best is the SPFM that the best mechanism on every flop reaches.
	best stats.Limits
}

// Kinds that the search can put on a unit and that may see permanent faults. Lock-step
// compares at the pins what duplicated blocks compare at theirs, and is judged, not
// searched.
var permanentKinds = []mechanism.Kind{mechanism.Parity, mechanism.Duplicate}

// measured reports whether permanent faults are to be measured.
func (o Options) measured() bool {
	return o.Permanent.Missing() == "" && o.Permanent.Coverage != campaign.CoverageAnnexD
}

// enginesOf are the machines behind a bench, or none where there is no machine.
func enginesOf(b Bench) (out []*engine.Engine) {
	switch x := b.(type) {
	case engineBench:
		return []*engine.Engine{x.e}
	case mixBench:
		for _, n := range x.nets {
			out = append(out, enginesOf(n.bench)...)
		}
	}
	return out
}

// benchesOf are the benches of single machines behind a bench.
func benchesOf(b Bench) (out []engineBench) {
	switch x := b.(type) {
	case engineBench:
		return []engineBench{x}
	case mixBench:
		for _, n := range x.nets {
			out = append(out, benchesOf(n.bench)...)
		}
	}
	return out
}

// measure injects permanent faults into the machine as it is and beside the mechanisms
// of the search.
func (r *run) measure(ctx context.Context) error {
	if !r.o.measured() {
		return nil
	}
	p := &permanents{under: map[mechanism.Kind][]effect{}}
	var engines []*engine.Engine
	var longest float64 // cycles of one fault on everything
	for _, n := range r.nets {
		for _, e := range enginesOf(n.bench) {
			engines = append(engines, e)
			longest += float64(e.Inputs()) * float64(e.Cycles())
		}
	}
	if len(engines) == 0 {
		return nil
	}
	p.split(r)
	spec := r.stored().Spec
	const samples = 2
	p.asked = r.o.Permanent.StuckAts()
	n := max(leastStuck, min(p.asked, int(float64(r.o.Permanent.CyclesLimit())/(samples*longest))))
	flopRate := func(c mechanism.Choice) float64 { return r.flopGE(c) * p.flops / r.allFlopGE() }
	p.search = stuckSample{
		engines: engines, units: stuckUnits(r.table(), flopRate), violation: r.o.Question.Violation,
		watchdog: !spec.NoWatchdog, within: r.o.Deadline, workers: r.o.Workers, progress: r.o.Sticking,
	}
	p.judge = p.search
	p.search.draw(n, spec.Seed, 0)
	if err := p.search.depart(ctx); err != nil {
		return err
	}
	p.drawn = n
	p.bare = make([]effect, len(p.search.faults))
	if err := p.search.run(ctx, nil, p.search.all(), p.bare); err != nil {
		return err
	}
	for _, k := range permanentKinds {
		out, err := r.beside(ctx, &p.search, p.bare, Everywhere(k))
		if err != nil {
			return err
		}
		p.under[k] = out
	}
	r.perm = p
	if err := r.reachable(); err != nil {
		return err
	}
	return r.aim()
}

// fresh draws the sample that judges the design of an attempt, 1, 2, …, and runs it on
// the machine as it is.
func (p *permanents) fresh(ctx context.Context, seed uint64, attempt int) error {
	p.judge.faults = nil
	p.judge.draw(p.drawn, seed, uint64(attempt))
	if err := p.judge.depart(ctx); err != nil {
		return err
	}
	p.plain = make([]effect, len(p.judge.faults))
	return p.judge.run(ctx, nil, p.judge.all(), p.plain)
}

// split shares the declared rate between flops and the gates between them. Registers
// that only observe and their block have no part in it.
func (p *permanents) split(r *run) {
	logic := 0.0
	for _, a := range r.o.Areas {
		if a.Block != observers {
			logic += a.LogicGE()
		}
	}
	if p.share = r.o.Permanent.FlopShare; p.share == 0 {
		p.share = r.allFlopGE() / logic
	}
	all := r.o.Permanent.Rate(logic)
	p.flops, p.logic = all*p.share, all*(1-p.share)
}

// observers is the block on which nothing depends.
const observers = "pmu"

// flopGE is the area of the flops that a choice covers.
func (r *run) flopGE(c mechanism.Choice) float64 {
	for _, a := range r.o.Areas {
		if a.Block == c.Block && a.Flops > 0 {
			return a.FlopGE * float64(r.pricing.Flops(c)) / float64(a.Flops)
		}
	}
	return 0
}

// allFlopGE is the area of all flops that something depends on.
func (r *run) allFlopGE() (sum float64) {
	for _, u := range stuckUnits(r.table(), r.flopGE) {
		sum += u.rate
	}
	return sum
}

// beside is the effect of a sample beside choices of mechanisms. What does no harm
// without a mechanism does none with one: only the harmful faults are run.
func (r *run) beside(ctx context.Context, s *stuckSample, bare []effect, choices []mechanism.Choice) ([]effect, error) {
	out := append([]effect(nil), bare...)
	var designs []*mechanism.Design
	own := *s
	own.engines = nil
	coded := false
	for _, n := range r.nets {
		for _, b := range benchesOf(n.bench) {
			t := tableFor(b.Table(), choices, func() *netlist.Table { return netlist.New(b.Table().Config, npu.ECCSECDED) })
			d, err := mechanism.New(t, choices, r.o.Cells, r.stored().Spec.Seed)
			if err != nil {
				return nil, err
			}
			e, err := b.engine(d)
			if err != nil {
				return nil, err
			}
			if err := Equip(e, d); err != nil {
				return nil, err
			}
			coded = coded || e != b.e
			own.engines, designs = append(own.engines, e), append(designs, d)
		}
	}
	if coded {
		if err := own.moveTo(ctx, s.engines[0].Table()); err != nil {
			return nil, err
		}
	}
	var which []int
	for i, f := range own.faults {
		if bare[i] == effectHarm && designs[0].Observes(f.flaw.ID) {
			which = append(which, i)
		}
	}
	err := own.run(ctx, designs, which, out)
	s.spent = own.spent
	return out, err
}

// moveTo finds the faults of another site table in that of the engines: a code on the
// RAM adds flops, so that the numbers of the sites differ.
func (s *stuckSample) moveTo(ctx context.Context, from *netlist.Table) error {
	list := append([]stuckAt(nil), s.faults...)
	for i := range list {
		id, err := s.engines[0].Table().Parse(from.Name(list[i].flaw.ID))
		if err != nil {
			return fmt.Errorf("permanent faults beside a code on the RAM: %w", err)
		}
		list[i].flaw.ID = id
	}
	s.faults = list
	return s.depart(ctx)
}

// total is the rate of harm in FIT with joint limits.
func (s *stuckSample) total(list []effect, what effect, scale func(int) float64, confidence float64) (stats.Total, error) {
	return stats.Combine(s.strata(func(i int) bool { return list[i] == what }, scale), confidence)
}

// alike leaves rates as they are.
func alike(int) float64 { return 1 }

// reachable is the SPFM of flops with the best mechanism everywhere.
func (r *run) reachable() error {
	p := r.perm
	best := make([]effect, len(p.bare))
	for i := range best {
		best[i] = p.bare[i]
		for _, k := range permanentKinds {
			best[i] = min(best[i], p.under[k][i])
		}
	}
	confidence, err := stats.AttemptConfidence(r.o.Question.Confidence, 1)
	if err != nil {
		return err
	}
	t, err := p.search.total(best, effectHarm, alike, confidence)
	if err != nil {
		return err
	}
	p.best = stats.Limits(spfm(t, p.flops))
	return nil
}

// intervals are the measured shares that a reader may want to see.
func (p *permanents) intervals(list []effect, choices []mechanism.Choice, confidence float64) (*result.StuckAts, error) {
	s := &p.judge
	out := &result.StuckAts{
		Faults: len(s.faults), Asked: p.asked, Searched: len(p.search.faults), Inputs: s.engines[0].Inputs(), Networks: len(s.engines),
		Cycles: s.spent + p.search.spent, FlopFIT: p.flops, LogicFIT: p.logic, FlopShare: p.share, Reachable: result.Limits(p.best),
	}
	for _, e := range s.engines[1:] {
		out.Inputs += e.Inputs()
	}
	for _, block := range netlist.Blocks() {
		strata := map[effect][]stats.Stratum{}
		for _, e := range []effect{effectSafe, effectHarm} {
			for u, x := range s.strata(func(i int) bool { return p.plain[i] == e }, alike) {
				if s.units[u].block == block {
					strata[e] = append(strata[e], x)
				}
			}
		}
		if len(strata[effectSafe]) == 0 {
			continue
		}
		row := result.StuckBlock{Block: block}
		for e, to := range map[effect]*result.Interval{effectSafe: &row.Safe, effectHarm: &row.Harmful} {
			i, err := share(strata[e], confidence)
			if err != nil {
				return nil, err
			}
			*to = i
		}
		out.Blocks = append(out.Blocks, row)
	}
	for _, c := range choices {
		row := result.StuckMechanism{Mechanism: c.String()}
		n, seen := 0, 0
		for i, f := range s.faults {
			r := p.judge.units[f.unit]
			guards := c.Covers(s.register(i))
			if c.Kind.Checker() {
				guards = r.block == mechanism.Home(c.Kind)
			}
			if guards && p.plain[i] == effectHarm {
				n++
				if list[i] != effectHarm {
					seen++
				}
			}
		}
		row.Coverage = result.Interval{High: 1, Failures: seen, N: n}
		if n > 0 {
			low, high, err := stats.ClopperPearson(seen, n, confidence)
			if err != nil {
				return nil, err
			}
			row.Coverage.Estimate, row.Coverage.Low, row.Coverage.High = float64(seen)/float64(n), low, high
		}
		out.Mechanisms = append(out.Mechanisms, row)
	}
	return out, nil
}

// share is a weighted share with a two-sided interval.
func share(list []stats.Stratum, confidence float64) (result.Interval, error) {
	whole := 0.0
	for _, s := range list {
		whole += s.Weight
	}
	for i := range list {
		list[i].Weight /= whole
	}
	t, err := stats.CombineTwoSided(list, confidence)
	return result.Interval{Estimate: t.Estimate, Low: max(0, t.Lower), High: min(1, t.Upper), Failures: t.Failures, N: t.N}, err
}
