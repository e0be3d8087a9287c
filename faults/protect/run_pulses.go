package protect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"upset/faults/campaign"
	"upset/faults/logic"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/netlist/transient"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// pulseEvents is the number of pulses in each block that are injected, once without mechanisms and
// once beside a proven design (our choice: a few seconds on a small network).
const pulseEvents = 3000

// pulser is a bench that can inject pulses beside a design, or on the inputs of the campaign
// without one.
type pulser interface {
	Pulses(ctx context.Context, d *mechanism.Design, seed uint64) ([]BlockPulses, error)
}

// Pulses injects pulses beside a design; nil takes the machine of the campaign without any.
func (b engineBench) Pulses(ctx context.Context, d *mechanism.Design, seed uint64) ([]BlockPulses, error) {
	e := b.e
	var err error
	if d == nil {
		d, err = mechanism.New(e.Table(), nil, mechanism.DefaultCells(), seed)
	} else {
		e, err = b.engine(d)
	}
	if err != nil {
		return nil, err
	}
	return Pulses(ctx, e, d, PulsesOptions{Seed: seed, N: pulseEvents, Workers: b.o.Workers, Within: b.o.Deadline, Progress: b.o.Pulsing})
}

// Pulses joins those of every network of a mix, each for its share of the time.
func (b mixBench) Pulses(ctx context.Context, d *mechanism.Design, seed uint64) (out []BlockPulses, err error) {
	for k, n := range b.nets {
		p, ok := n.bench.(pulser)
		if !ok {
			return nil, nil
		}
		list, err := p.Pulses(ctx, d, seed)
		if err != nil {
			return nil, err
		}
		for i := range list {
			list[i].Share *= b.shares[k]
		}
		out = append(out, list...)
	}
	return out, nil
}

// pulsesOf injects pulses into a network beside a design, nil for none; the list is nil where the
// bench cannot.
func (r *run) pulsesOf(ctx context.Context, n subject, d *mechanism.Design) ([]BlockPulses, error) {
	b, ok := n.bench.(pulser)
	if !ok || r.o.PulseFITPerKGE == 0 {
		return nil, nil
	}
	name := "none"
	if d != nil {
		name = d.String()
	}
	list, err := b.Pulses(ctx, d, proofSeed(n.stored.Spec, "pulses "+name, 1))
	if err != nil {
		return nil, fmt.Errorf("pulses in logic: %w", err)
	}
	return list, nil
}

// pulseCount says which pulses of a block enter a rate.
type pulseCount func(BlockPulses) (any, critical int)

func (u BlockPulses) plain() (any, critical int)     { return u.PlainAny, u.PlainCritical }
func (u BlockPulses) remaining() (any, critical int) { return u.Any, u.Critical }
func (u BlockPulses) right() (any, critical int)     { return u.ApartAny, u.ApartCritical }

// captureBounds are the estimate and the limits of what is captured.
var captureBounds = [...]func(transient.Share) float64{
	func(s transient.Share) float64 { return s.Value },
	func(s transient.Share) float64 { return s.Low },
	func(s transient.Share) float64 { return s.High },
}

// pulseStrata are the pulses of blocks as weighted counts: rates in FIT, while the NPU
// computes for the share duty of the time.
func (o Options) pulseStrata(list []BlockPulses, bound func(transient.Share) float64, count pulseCount) (out []stats.Stratum) {
	for _, u := range list {
		any, critical := count(u)
		if o.Question.Violation == stats.ViolationCritical {
			any = critical
		}
		out = append(out, stats.Stratum{Weight: o.PulseFITPerKGE * u.GE / 1000 * bound(u.Captured) * u.Share * o.Question.Duty, N: u.N, Failures: any})
	}
	return out
}

// pulseLimits is the rate of violating pulses, with what is in strata beside them, which may be nil.
// Limits are joint: those of what violates, at the limits of what is captured.
func (o Options) pulseLimits(beside []stats.Stratum, list []BlockPulses, count pulseCount, confidence float64) (out result.Limits, err error) {
	var t [len(captureBounds)]stats.Total
	for i, bound := range captureBounds {
		if t[i], err = stats.Combine(append(slices.Clone(beside), o.pulseStrata(list, bound, count)...), confidence); err != nil {
			return out, err
		}
	}
	return result.Limits{Estimate: t[0].Estimate, Lower: t[1].Lower, Upper: t[2].Upper}, nil
}

// upsetStrata are exposures as weighted counts in FIT.
func (o Options) upsetStrata(list []stats.Exposure) (out []stats.Stratum) {
	rates := stats.Rates{Flop: o.Question.Scenario.Flop, SRAM: o.Question.Scenario.SRAM, Duty: o.Question.Duty}
	for _, e := range list {
		s := stats.Stratum{Weight: stats.RawFIT([]stats.Exposure{e}, rates, false), N: e.N, Failures: e.Any, Exact: e.Exact}
		if o.Question.Violation == stats.ViolationCritical {
			s.Failures = e.Critical
		}
		out = append(out, s)
	}
	return out
}

// measurePulses injects pulses into the machine as it is.
func (r *run) measurePulses(ctx context.Context) error {
	if r.o.PulseFITPerKGE == 0 {
		return nil
	}
	out := &result.LogicPulses{FITPerKGE: r.o.PulseFITPerKGE, Blocks: []result.LogicPulseBlock{}, NotCovered: []string{}}
	t := netlist.New(r.table().Config, npu.ECCNone)
	set, err := transient.Of(t.Config)
	if err != nil {
		return err
	}
	for _, a := range campaign.WithoutGates(t, set) {
		out.NotCovered = append(out.NotCovered, a.Block)
		out.Unmeasured += out.FITPerKGE * a.CombGE / 1000
	}
	pr, err := r.problem(Even(1))
	if err != nil {
		return err
	}
	for i, x := range pr.networks() {
		list, err := r.pulsesOf(ctx, r.nets[i], nil)
		if err != nil {
			return err
		}
		if list == nil {
			r.warn("pulses_not_assessed", "Pulses in logic are not assessed: nothing was injected into gates here.")
			return nil
		}
		total, err := r.o.pulseLimits(x.strata(x.none(), false), list, BlockPulses.plain, r.o.Question.Confidence)
		if err != nil {
			return err
		}
		if i > 0 && total.Upper <= out.TotalUnprotected.Upper {
			continue
		}
		out.TotalUnprotected, out.Blocks, out.AtOutputs = total, out.Blocks[:0], 0
		if out.Unprotected, err = r.o.pulseLimits(nil, list, BlockPulses.plain, r.o.Question.Confidence); err != nil {
			return err
		}
		for k, u := range list {
			row := result.LogicPulseBlock{Block: u.Block, GE: u.GE, Captured: result.Interval{Estimate: u.Captured.Value, Low: u.Captured.Low, High: u.Captured.High}, N: u.N}
			if row.Violating, _ = BlockPulses.plain(u); r.o.Question.Violation == stats.ViolationCritical {
				_, row.Violating = BlockPulses.plain(u)
			}
			if row.FIT, err = r.o.pulseLimits(nil, list[k:k+1], BlockPulses.plain, r.o.Question.Confidence); err != nil {
				return err
			}
			out.AtOutputs += out.FITPerKGE * u.GE / 1000 * u.AtOutputs * u.Share
			out.Blocks = append(out.Blocks, row)
		}
	}
	r.out.Pulses = out
	return nil
}

// pulsed joins pulses beside the design of a proof with the upsets of the proof, network by
// network, and keeps the worst.
func (r *run) pulsed(list []*proven) error {
	out := r.out.Pulses
	if out == nil {
		return nil
	}
	out.Protected, out.Total, out.CheckBitsRight = nil, nil, nil
	for _, p := range list {
		if p.pulses == nil {
			return nil
		}
		beside := r.o.upsetStrata(withPairs(p.exposures, p.pairs, r.o.Several, UnitPairs.violations))
		total, err := r.o.pulseLimits(beside, p.pulses, BlockPulses.remaining, p.attempt.Confidence)
		if err != nil {
			return err
		}
		if out.Total != nil && total.Upper <= out.Total.Upper {
			continue
		}
		alone, err := r.o.pulseLimits(nil, p.pulses, BlockPulses.remaining, p.attempt.Confidence)
		if err != nil {
			return err
		}
		right, err := r.o.pulseLimits(nil, p.pulses, BlockPulses.right, p.attempt.Confidence)
		if err != nil {
			return err
		}
		out.Total, out.Protected, out.CheckBitsRight = &total, &alone, &right
		for k, u := range p.pulses {
			row := &out.Blocks[k] // the same blocks in the same order
			row.ProtectedN = u.N
			row.Remaining, row.RemainingRight = u.Any, u.ApartAny
			if r.o.Question.Violation == stats.ViolationCritical {
				row.Remaining, row.RemainingRight = u.Critical, u.ApartCritical
			}
			l, err := r.o.pulseLimits(nil, p.pulses[k:k+1], BlockPulses.remaining, r.o.Question.Confidence)
			if err != nil {
				return err
			}
			row.RemainingFIT = &l
		}
	}
	return nil
}

// pulsesDecided is the part of pulses in a verdict on the protected machine; nothing where no
// rate is declared.
func (r *run) pulsesDecided() []stats.Decided {
	if r.o.PulseFITPerKGE == 0 {
		return nil
	}
	d := stats.Decided{Metric: stats.MetricFITPulses, Target: r.o.Question.BudgetFIT, Result: stats.NotAssessed}
	if p := r.out.Pulses; p != nil && p.Total != nil {
		d.Limits, d.Result = stats.Limits(*p.Total), stats.AtMost(p.Total.Lower, p.Total.Upper, d.Target)
	}
	return []stats.Decided{d}
}

// copiesRoom is the share of the budget that pulses in blocks without a copy may take at most, where
// blocks are copied against them (our choice: as much again for upsets).
const copiesRoom = 0.5

// copyAgainst chooses the blocks of which every design has a copy: those with the largest rates of
// violating pulses, until the upper limits of the others leave room for upsets. Nothing else that a
// search puts on a block keeps pulses out. The search itself does not weigh them: it finds the cheapest
// design for upsets, and the copies come on top. It reports whether there is a new one.
func (r *run) copyAgainst(rate func(*result.LogicPulseBlock) result.Limits) (more bool) {
	if r.out.Pulses == nil {
		return false
	}
	list := slices.Clone(r.out.Pulses.Blocks)
	slices.SortStableFunc(list, func(a, b result.LogicPulseBlock) int { return compare(rate(&b).Estimate, rate(&a).Estimate) })
	for i := range list {
		rest := 0.0
		for k := range list {
			if !r.copied[logic.Home(list[k].Block)] {
				rest += rate(&list[k]).Upper
			}
		}
		if rest <= copiesRoom*r.o.Question.BudgetFIT {
			break
		}
		if home := logic.Home(list[i].Block); !r.copied[home] && mechanism.Duplicable(home) {
			if r.copied == nil {
				r.copied = map[string]bool{}
			}
			r.copied[home], more = true, true
		}
	}
	return more
}

// copies lists the blocks that are copied against pulses.
func (r *run) copies() string { return strings.Join(slices.Sorted(maps.Keys(r.copied)), ", ") }

// withCopies adds the copies to a design that was found.
func (r *run) withCopies(pr *Problem, f *Found) {
	for b := range pr.Blocks {
		if r.copied[pr.Blocks[b].Name] && pr.Blocks[b].Duplicate != nil && !f.Assignment.Lockstep && !f.Assignment.Duplicate[b] {
			f.Assignment = f.Assignment.clone()
			f.Assignment.Duplicate[b], f.Optimal = true, false
		}
	}
}

// pulsesMissed reports whether a proven design misses the budget only for pulses and another one may
// keep it: with a narrower margin for upsets, or with more copies.
func (r *run) pulsesMissed(p *proven) (again bool) {
	x := r.out.Pulses
	if x == nil || x.Total == nil || !p.attempt.Holds || x.Total.Upper <= r.o.Question.BudgetFIT {
		return false
	}
	text := fmt.Sprintf("The design of proof %d keeps the budget for upsets, but not with pulses in logic, at most %.3g FIT together, %.3g FIT of them pulses", len(r.out.Proof.Attempts), x.Total.Upper, x.Protected.Upper)
	switch {
	case r.out.Given:
		text += ": copies of blocks keep pulses out, hardened cells and parity do not."
	case r.copyAgainst(func(b *result.LogicPulseBlock) result.Limits {
		if b.RemainingFIT == nil {
			return result.Limits{}
		}
		return *b.RemainingFIT
	}):
		text, again = text+": the next design has copies of "+r.copies()+".", true
		r.failed = [limitDUE]bool{} // the margin may stay
	case x.Protected.Upper < r.o.Question.BudgetFIT:
		text, again = text+": the next design has a narrower margin for upsets.", true
		r.failed = [limitDUE]bool{limitFIT: true}
	default:
		text += ", and no copy of a block is left to add."
	}
	r.warn("pulses_missed", text)
	return again
}

// pulsesBreakEven adds the rate of pulses at which the verdict of the last proof is lost.
func (r *run) pulsesBreakEven() error {
	if r.out.Pulses == nil || r.out.Pulses.Total == nil || !r.out.Meets {
		return nil
	}
	b := result.BreakEven{
		Input: "rate of pulses", Unit: "FIT", Value: r.o.PulseFITPerKGE,
		Note: "for 1,000 gate equivalents of logic, in blocks that have gates; others are not assessed",
	}
	holds := func(rate float64) (bool, error) {
		o := r.o
		o.PulseFITPerKGE = rate
		for _, p := range r.last.proven {
			beside := o.upsetStrata(withPairs(p.exposures, p.pairs, o.Several, UnitPairs.violations))
			total, err := o.pulseLimits(beside, p.pulses, BlockPulses.remaining, p.attempt.Confidence)
			if err != nil || total.Upper > o.Question.BudgetFIT {
				return false, err
			}
		}
		return true, nil
	}
	good, bad := b.Value, mostFactor*b.Value
	ok, err := holds(bad)
	if err != nil {
		return err
	}
	if !ok {
		for range bisections {
			middle := (good + bad) / 2
			if ok, err = holds(middle); err != nil {
				return err
			}
			if ok {
				good = middle
			} else {
				bad = middle
			}
		}
		b.Above = &bad
	}
	r.out.BreakEven = append(r.out.BreakEven, b)
	return nil
}
