package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"upset/faults/convergence"
	"upset/faults/mechanism"
	"upset/faults/protect"
	"upset/faults/residue"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// evidenceFlag is --evidence of upset assess.
func evidenceFlag() cli.Flag {
	return &cli.IntFlag{Name: "evidence", Value: 100, Usage: "check the tool on this very job: `N` faults repeated without shortcuts, on both machines, and N masked ones followed into later inferences, as far as --evidence-time goes; 0 = none"}
}

// evidenceTimeFlag is --evidence-time of upset assess.
func evidenceTimeFlag() cli.Flag {
	return &cli.Float64Flag{Name: "evidence-time", Value: 0.25, Usage: "`SHARE` of the whole assessment's time for these checks, below 1, and 20 seconds at least; 1 = all of them, however long"}
}

// evidenceLeast is what the checks may take on however short an assessment (our choice:
// on small networks all of them are done in that time).
const evidenceLeast = 20 * time.Second

// allowance is the time that checks of the tool may take. It is dealt out evenly: a
// check that ends early leaves its time to those behind it. Nil stands for no limit.
type allowance struct{ end time.Time }

// allow returns the allowance of an assessment that began at a time.
func allow(began time.Time, share float64) *allowance {
	if share >= 1 {
		return nil
	}
	now := time.Now()
	return &allowance{now.Add(max(evidenceLeast, time.Duration(float64(now.Sub(began))*share/(1-share))))}
}

// enough is over once a check, which begins now with so many left, itself among them, has
// had its part.
func (a *allowance) enough(left int) func() bool {
	if a == nil {
		return nil
	}
	now := time.Now()
	end := now.Add(a.end.Sub(now) / time.Duration(left))
	return func() bool { return !time.Now().Before(end) }
}

// checkEvidence checks the flag.
func checkEvidence(c *cli.Context) error {
	if n := c.Int("evidence"); n < 0 || n > maxValidated {
		return usage("--evidence %d is not between 0 and %d", n, maxValidated)
	}
	return nil
}

// evidence checks the tool on the campaign and the protection of an assessment: n
// faults each, as far as the time goes.
func (p *program) evidence(ctx context.Context, o common, s search, r *result.Protect, n int, a *allowance) (*result.Evidence, error) {
	e := s.experiment.engine
	out := &result.Evidence{Tool: build(), Model: s.stored.Spec.Program, Table: s.stored.Spec.Table, FaultFree: e.Inputs(), Asked: n}
	bar := p.progress("faults repeated without shortcuts", n)
	v, err := convergence.Validate(ctx, e, o.seed, n, o.workers, func(x *convergence.Sample) {
		p.note("%s@%d, input %d: fast %s (%s), plain %s", e.Table().Name(x.Site.ID), x.Site.Cycle, x.Input, x.Fast.Outcome, x.Fast.Path, x.Plain.Outcome)
	}, bar.set, a.enough(4))
	bar.finish()
	if err != nil {
		return nil, err
	}
	out.Plain = result.Repeat{Samples: v.Samples, Pruned: v.Pruned, Differences: v.Differences}
	if len(r.Choice) > 0 {
		if out.Protected, err = p.repeatProtected(ctx, o, s, r, n, a); err != nil {
			return nil, err
		}
	}
	for _, x := range []*result.Repeat{&out.Plain, out.Protected} {
		if x == nil {
			continue
		}
		if x.Upper, err = stats.UpperLimit(x.Differences, x.Samples, 0.95); err != nil {
			return nil, err
		}
	}
	if e.Inputs() > 1 && !e.Options().AssumeReload {
		bar := p.progress("masked faults followed", n)
		defer bar.finish()
		x, err := residue.Examine(ctx, e, o.seed, n, residue.Later, o.workers, bar.set, a.enough(2))
		if err != nil {
			return nil, err
		}
		x.Model = s.experiment.model
		out.Residue = &x
	}
	return out, p.gatesEvidence(ctx, o, s, out)
}

// sound is an error where the tool was found wrong.
func sound(e *result.Evidence) error {
	switch {
	case e == nil:
	case e.Plain.Differences > 0 || e.Protected != nil && e.Protected.Differences > 0:
		return errors.New("faults repeated without shortcuts came out differently: no figure of this result can be trusted; please report this network")
	case e.Residue != nil && e.Residue.Masked.Harmed > 0:
		return errHarm
	case e.GatesDifferences() > 0:
		return errors.New("machine and gates differ on this network: see upset validate gates; please report this network")
	}
	return nil
}

// errHarm says that masked faults did harm later.
var errHarm = errors.New("masked faults harmed later inferences: the campaign takes for masked what persists; please report this network")

// interruptedEvidence names the way on after an interruption.
func interruptedEvidence(err error) error {
	if errors.Is(err, context.Canceled) {
		return &coded{codeIncomplete, errors.New("interrupted during the checks of the tool: the same command goes on with them")}
	}
	return err
}

// repeatProtected injects n faults twice into the machine with the chosen protection.
func (p *program) repeatProtected(ctx context.Context, o common, s search, r *result.Protect, n int, a *allowance) (*result.Repeat, error) {
	e := s.experiment.engine
	choices, err := protect.Choices(r.Choice)
	if err != nil {
		return nil, err
	}
	for _, c := range choices {
		if c.Kind == mechanism.SECDED && e.Table().ECC != npu.ECCSECDED {
			if e, err = s.experiment.withECC(ctx, npu.ECCSECDED); err != nil {
				return nil, err
			}
		}
	}
	d, err := mechanism.New(e.Table(), choices, s.cells(), o.seed)
	if err != nil {
		return nil, err
	}
	if err := d.Delay(s.question.Deadline.Reaction); err != nil {
		return nil, err
	}
	bar := p.progress("faults repeated on the protected machine", n)
	defer bar.finish()
	list, err := protect.Validate(ctx, e, d, o.seed, n, o.workers, bar.set, a.enough(3))
	if err != nil {
		return nil, err
	}
	out := &result.Repeat{Samples: len(list)}
	for i := range list {
		x := &list[i]
		if x.Fast.Path.Pruned() {
			out.Pruned++
		}
		if !x.Same() {
			out.Differences++
			p.note("%s@%d, input %d, protected: fast %s (%s), plain %s", d.Name(x.Site.ID), x.Site.Cycle, x.Input, x.Fast.Outcome, x.Fast.Path, x.Plain.Outcome)
		}
	}
	return out, nil
}
