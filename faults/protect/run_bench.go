package protect

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats/result"
)

// engineBench injects into a simulated machine.
type engineBench struct {
	e   *engine.Engine
	o   Options
	dir string // of the logs
}

func (b engineBench) Table() *netlist.Table { return b.e.Table() }

func (b engineBench) Cycles() uint64 { return b.e.Cycles() }

func (b engineBench) Catch(ctx context.Context, s *campaign.Stored, cells mechanism.Cells) ([]Caught, error) {
	return catch(ctx, b.e, s, cells, b.o.repeats(), b.dir)
}

func (b engineBench) Prove(ctx context.Context, d *mechanism.Design, spec campaign.Spec, attempt int, q campaign.Question) (*result.Campaign, func(string, bool) float64, error) {
	e, err := b.engine(d)
	if err != nil {
		return nil, nil, err
	}
	if err := Equip(e, d); err != nil {
		return nil, nil, err
	}
	base := b.o.Population
	if base == nil || e != b.e {
		if base, err = campaign.NewPlain(e.Table(), spec.For(e)); err != nil {
			return nil, nil, err
		}
	}
	pop := NewPopulation(base, d)
	if b.o.Population != nil && e != b.e {
		pop.scaleAs(b.o.Population)
	}
	q.Deadline = b.o.Deadline
	c, err := campaign.Run(ctx, e, spec, b.proofDir(attempt, spec.Seed), campaign.RunOptions{Workers: b.o.Workers, Progress: b.o.Progress, Population: pop, Question: q, Disk: b.o.Disk})
	if err != nil {
		return nil, nil, fmt.Errorf("proof %d: %w", attempt, err)
	}
	return c, pop.scale, nil
}

// proofDir is the folder of a proof's log.
func (b engineBench) proofDir(attempt int, seed uint64) string {
	return filepath.Join(b.dir, fmt.Sprintf("proof-%d-%016x", attempt, seed))
}

// engine is the one of the campaign, or one with SECDED if the design adds it.
func (b engineBench) engine(d *mechanism.Design) (*engine.Engine, error) {
	if b.o.Fresh != nil {
		return b.o.Fresh(d.Table().ECC)
	}
	if d.Table().ECC == b.e.Table().ECC {
		return b.e, nil
	}
	if b.o.Rebuild == nil {
		return nil, errors.New("the design adds a code to the RAM, but the machine cannot be built with it here")
	}
	return b.o.Rebuild(d.Table().ECC)
}
