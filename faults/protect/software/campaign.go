package software

import (
	"context"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/models/network"
	"upset/stats"
	"upset/stats/result"
)

// runner runs the campaigns of a combination.
type runner struct {
	s *search
	c *candidate
	e *engine.Engine
}

// open makes the fault-free runs of a combination and enters what it costs.
func (s *search) open(ctx context.Context, c *candidate) (*runner, error) {
	e, err := s.b.engine(ctx, c.program, false)
	if err != nil {
		return nil, err
	}
	if s.cycles == 0 {
		if err := s.measurePlain(ctx, e, c); err != nil {
			return nil, err
		}
	}
	used, err := energy(e)
	if err != nil {
		return nil, err
	}
	row := &s.out.Combinations[c.row]
	row.Cycles = int64(e.Cycles())
	row.Time = float64(e.Cycles()) / float64(s.cycles)
	row.Energy = used / s.energy
	return &runner{s, c, e}, nil
}

// measurePlain notes what the plain sequence costs; e is the engine of a combination.
func (s *search) measurePlain(ctx context.Context, e *engine.Engine, c *candidate) error {
	if Name(c.m) != none {
		p, err := s.b.program(network.Measures{})
		if err != nil {
			return err
		}
		if e, err = s.b.engine(ctx, p, false); err != nil {
			return err
		}
	}
	var err error
	s.cycles = e.Cycles()
	if s.energy, err = energy(e); err != nil {
		return err
	}
	spec := s.b.Spec
	spec.Seed, spec.Injections = s.o.Seed, s.o.Injections
	spec = spec.For(e)
	s.out.Criterion, s.out.ECC = spec.Criterion, spec.ECC
	s.base = spec.Digest()
	q := s.o.Question
	s.question = campaign.Digest([]any{"software", q.Question, q.BudgetDUE, q.Deadline, s.base})[:16]
	return nil
}

// campaign runs one of so many injections and judges it.
func (r *runner) campaign(ctx context.Context, stage string, injections int) (judged, error) {
	s, c := r.s, r.c
	s.o.Note("measures %s: %d injections over %d cycles", Name(c.m), injections, r.e.Cycles())
	res, spec, err := s.inject(ctx, r.e, s.folder(stage, c.m), s.o.Seed, injections, s.o.Question)
	if err != nil {
		return judged{}, err
	}
	c.figures = newFigures(res, spec, s.o.Question)
	j, err := c.figures.at(s.o.Question.Confidence)
	if err != nil {
		return j, err
	}
	row := &s.out.Combinations[c.row]
	row.Stage, row.Injections, row.Outcomes, row.ResultDigest = stage, res.Injections, res.Outcomes, res.ResultDigest
	row.FITViolating, row.FITDUE, row.SPFM = limits(j.fit), limits(j.due), limits(j.spfm)
	if Name(c.m) == none {
		s.plain = j.fit.Estimate
	}
	if s.plain > 0 {
		row.PerInference = j.fit.Estimate * row.Time / s.plain
	}
	row.Result, _ = stats.Conclude(s.o.Question.Scope(), j.decided)
	return j, nil
}

// inject runs a campaign in a folder, or goes on with it.
func (s *search) inject(ctx context.Context, e *engine.Engine, dir string, seed uint64, injections int, q campaign.Question) (*result.Campaign, campaign.Spec, error) {
	spec := s.b.Spec
	spec.Seed, spec.Injections = seed, injections
	spec = spec.For(e)
	o := campaign.RunOptions{Workers: s.o.Workers, Question: q, Progress: s.o.Progress}
	if s.b.Population != nil {
		var err error
		if o.Population, err = s.b.Population(spec); err != nil {
			return nil, spec, err
		}
	}
	res, err := campaign.Run(ctx, e, spec, dir, o)
	return res, spec, err
}
