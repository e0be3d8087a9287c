package campaign

import (
	"fmt"

	"upset/faults"
	"upset/faults/engine"
	"upset/netlist"
)

// Shape is what a sampling frame needs to know of an inference.
type Shape struct {
	NPU    string
	Cycles uint64
	Inputs int
	// Segments cover the cycles without a gap; empty is a single one.
	Segments []Segment
}

// ShapeOf is the shape of an engine's inference.
func ShapeOf(e *engine.Engine) Shape {
	return Shape{NPU: e.Table().Config.String(), Cycles: e.Cycles(), Inputs: e.Inputs(), Segments: segments(e.Golden(0).Ops, e.Cycles())}
}

// Fault is one injection of a campaign from a truth.
type Fault struct {
	Index int
	Group int // of the population
	Input int
	Site  faults.Site
}

// FromTruth is a campaign over a population whose outcomes are known: frame, rounds,
// allocation and draws are those of [Run], and outcome stands for the machine. It
// leaves no log. It serves to judge verdicts against a truth.
func FromTruth(x Shape, p Population, spec Spec, outcome func(Fault) faults.Outcome) (*Stored, error) {
	spec = spec.normal()
	if err := spec.Check(); err != nil {
		return nil, err
	}
	spec.Table, spec.NPU, spec.InputCount = p.Digest(), x.NPU, x.Inputs
	f := &Frame{
		NPU: x.NPU, Cycles: x.Cycles, Watchdog: 2 * x.Cycles, Inputs: x.Inputs,
		Criterion: spec.Criterion, Segments: x.Segments, Groups: p.Groups(),
	}
	if len(f.Segments) == 0 {
		f.Segments = []Segment{{Span: Span{End: x.Cycles}, Name: "all"}}
	}
	if err := f.build(spec); err != nil {
		return nil, err
	}
	s := &Stored{Spec: spec, Frame: f, Complete: true}
	counts := newTally(f, spec)
	for k := 0; ; k++ {
		total, more, err := next(f, spec, k, counts)
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", k, err)
		}
		if !more {
			return s, nil
		}
		round, err := plan(f, spec, total, counts)
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", k, err)
		}
		s.Rounds = append(s.Rounds, round)
		for j, stratum := range round.strata() {
			i := round.Start + j
			d := f.draw(spec.Seed, i, stratum)
			site := f.site(p, d)
			r := faults.Record{Input: uint32(d.input), Site: site}
			r.Outcome = outcome(Fault{Index: i, Group: f.Cells[d.cell].Group, Input: d.input, Site: site})
			counts.add(k, d.cell, r)
			s.Index, s.Records = append(s.Index, i), append(s.Records, r)
		}
	}
}

// NewTablePopulation is the population of all bits of a site table.
func NewTablePopulation(t *netlist.Table) (Population, error) { return NewPlain(t, Spec{}.normal()) }
