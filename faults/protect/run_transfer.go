package protect

import (
	"context"
	"fmt"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/stats/result"
)

// TransferCase is a network with two campaigns of different seeds: one that designs are
// chosen on, and one that they are judged on.
type TransferCase struct {
	Name          string
	Engine        *engine.Engine
	Choose, Judge *campaign.Stored
}

// Transferred is a design that was chosen on some networks and judged, by calculation on
// records that it was not chosen by, on all.
type Transferred struct {
	// On names the networks that it was chosen on.
	On   []string
	Unit string
	// Found is false where no design met the target on them.
	Found        bool
	Design       string
	AreaOverhead float64
	// Judged has an entry for every network.
	Judged []result.GateDesign
}

// Transfer finds designs for every network alone and for all others together, in both
// units, and judges each on every network: what a choice is worth on a network that it
// was not made for. The judgement is that of [Check]. Checkers are left out: their effect
// differs from record to record, and all harmful ones of all networks would have to be
// injected beside each. Designs are near the cheapest, see [Problem.approach]. Cases need the same machine.
func Transfer(ctx context.Context, cases []TransferCase, o Options) ([]Transferred, error) {
	var out []Transferred
	o.NoProof, o.NoFront, o.Rebuild = true, true, nil
	o.Set, o.quick = OptionsFull, true
	for _, unit := range []string{UnitBlockClass, UnitRegister} {
		o.Unit = unit
		for i := range cases {
			x, err := transfer(ctx, cases, o, func(k int) bool { return k == i })
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		for i := range cases {
			if len(cases) < 3 {
				break // the others are one, and have their row
			}
			x, err := transfer(ctx, cases, o, func(k int) bool { return k != i })
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
	}
	return out, nil
}

// transfer chooses on some of the networks and judges on all.
func transfer(ctx context.Context, cases []TransferCase, o Options, on func(k int) bool) (x Transferred, err error) {
	x.Unit = o.Unit
	var nets []subject
	for k := range cases {
		if !on(k) {
			continue
		}
		c := &cases[k]
		own := o.normal(c.Choose.Spec, c.Engine.Table(), len(c.Choose.Records))
		n, err := gather(ctx, uncaught{engineBench{c.Engine, own, ""}}, c.Choose, own)
		if err != nil {
			return x, fmt.Errorf("%s: %w", c.Name, err)
		}
		if len(nets) > 0 && !sameUnits(nets[0].ev, n.ev) {
			return x, fmt.Errorf("%s and %s do not expose the same registers", x.On[0], c.Name)
		}
		nets, x.On = append(nets, n), append(x.On, c.Name)
	}
	first := nets[0].stored
	r, err := newRun(nets, o.normal(first.Spec, nets[0].bench.Table(), len(first.Records)))
	if err != nil {
		return x, err
	}
	margin := Even(r.o.Margin)
	if _, err := r.attempt(ctx, 1, &margin); err != nil {
		return x, err
	}
	pr := r.final.pr
	if x.Found = pr != nil; !x.Found {
		return x, nil
	}
	choices := pr.Choices(r.final.found.Assignment)
	x.Design, x.AreaOverhead = designText(pr, r.final.found.Assignment), r.out.AreaOverhead
	for k := range cases {
		c := &cases[k]
		own := o.normal(c.Judge.Spec, c.Engine.Table(), len(c.Judge.Records))
		r, err := given(ctx, engineBench{c.Engine, own, ""}, c.Judge, own, choices, false)
		if err != nil {
			return x, fmt.Errorf("%s: %w", c.Name, err)
		}
		j, err := r.check(choices)
		if err != nil {
			return x, fmt.Errorf("%s: %w", c.Name, err)
		}
		j.Name = c.Name
		x.Judged = append(x.Judged, *j)
	}
	return x, nil
}
