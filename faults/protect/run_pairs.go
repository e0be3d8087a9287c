package protect

import (
	"context"
	"fmt"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// pairEvents is the number of events of two bits that are injected beside a proven design
// (our choice: a second or two on a small network).
const pairEvents = 3000

// pairCycles bounds the inferences on which events are injected without being asked for
// (our choice, as for checkers).
const pairCycles = checkerCycles

// pairer is a bench that can inject events of two bits beside a design.
type pairer interface {
	Pairs(ctx context.Context, d *mechanism.Design, seed uint64) ([]UnitPairs, error)
}

// Pairs injects events of two bits beside a design.
func (b engineBench) Pairs(ctx context.Context, d *mechanism.Design, seed uint64) ([]UnitPairs, error) {
	e, err := b.engine(d)
	if err != nil {
		return nil, err
	}
	return Pairs(ctx, e, d, PairsOptions{Model: faults.Model{Kind: faults.Pair}, Seed: seed, N: pairEvents, Workers: b.o.Workers, Within: b.o.Deadline, Population: b.o.Population})
}

// pairsOf injects events of two bits beside the design of a network; nil where the bench
// cannot, or where nobody asked and the inference is long.
func (r *run) pairsOf(ctx context.Context, n subject, d *mechanism.Design) ([]UnitPairs, error) {
	b, ok := n.bench.(pairer)
	if !ok || r.o.Several == 0 && n.bench.Cycles() > pairCycles {
		return nil, nil
	}
	list, err := b.Pairs(ctx, d, proofSeed(n.stored.Spec, "pairs "+d.String(), 1))
	if err != nil {
		return nil, fmt.Errorf("events of two bits: %w", err)
	}
	return list, nil
}

// pairsBreakEven adds the share of events of two bits at which the verdict of the last
// proof is lost, on the limits of the proof and of the events that were injected.
func (r *run) pairsBreakEven(ctx context.Context) error {
	if len(r.last.proven) == 0 || !r.out.Meets {
		return nil
	}
	q := r.o.Question
	rates := stats.Rates{Flop: q.Scenario.Flop, SRAM: q.Scenario.SRAM, Duty: q.Duty}
	b := result.BreakEven{Input: "share of pairs", Value: r.o.Several, Note: "of upset events, in two neighbouring flops of a register; 28 nm: 0.04 to 0.06 (HPCA 2015)"}
	m := &result.Multiple{Share: r.o.Several}
	for i, p := range r.last.proven {
		n := r.nets[i]
		pairs := p.pairs
		if pairs == nil {
			var err error
			if pairs, err = r.pairsOf(ctx, n, r.last.d); err != nil || pairs == nil {
				return err
			}
		}
		for _, u := range pairs {
			x, c := u.violations()
			if q.Violation == stats.ViolationCritical {
				x = c
			}
			m.Events, m.Violating, m.Alarms = m.Events+u.N, m.Violating+x, m.Alarms+u.Alarms
		}
		total, bare, err := PairsResidual(pairs, q.Scenario.Flop*q.Duty, q.Violation, q.Confidence)
		if err != nil {
			return err
		}
		if i == 0 || total.Upper > m.FIT.Upper {
			m.FIT, m.FITUnprotected = limits(total), limits(bare)
		}
		holds := func(share float64) (bool, error) {
			e := withPairs(p.exposures, pairs, share, UnitPairs.violations)
			fit, err := stats.ResidualFIT(e, rates, q.Violation, false, p.attempt.Confidence)
			if err != nil {
				return false, err
			}
			flops, err := stats.ResidualFIT(e, rates, q.Violation, true, p.attempt.Confidence)
			return fit.Upper <= q.BudgetFIT && spfm(flops, rates.Flop*rates.Duty*p.related).Lower >= q.Target.SPFM, err
		}
		good, bad := r.o.Several, 1.0
		ok, err := holds(bad)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
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
		if b.Above == nil || bad < *b.Above {
			b.Above = &bad
		}
	}
	r.out.Multiple = m
	r.out.BreakEven = append(r.out.BreakEven, b)
	return nil
}

// checkSeveral checks the declared share.
func checkSeveral(s campaign.Spec, share float64) error {
	if !(share >= 0 && share <= 1) {
		return fmt.Errorf("share of pairs %v: must lie between 0 and 1", share)
	}
	if share > 0 && s.Fault != "" {
		return fmt.Errorf("the campaign is of %s faults: a share of pairs is declared beside single upsets", s.Fault)
	}
	return nil
}
