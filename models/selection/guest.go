package selection

import (
	"fmt"

	"upset/models/guest"
)

// GuestRule makes the decision of a task with a user's WebAssembly module. What a
// changed decision costs is still told by the task's own objective.
type GuestRule struct {
	Module *guest.Module
	Metric Metric // what the items are
	Inner  Rule   // the task's own rule
}

// NewGuestRule replaces the rule of a workload.
func NewGuestRule(m *guest.Module, metric Metric, w *Workload) (*GuestRule, error) {
	switch {
	case !m.HasRule():
		return nil, fmt.Errorf("%s exports no rule", m.Name())
	case metric == Weights || metric == Value:
		return nil, fmt.Errorf("%s: the outcome of this task is a %s: a module can decide on a label, set, route, depth or accept", m.Name(), metric)
	}
	return &GuestRule{m, metric, w.Rule}, nil
}

// Decide asks the module.
func (g *GuestRule) Decide(ask *Ask) (Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return Outcome{}, err
	}
	tables := make([]guest.Table, len(scores))
	rows := 0
	for i := range scores {
		s := &scores[i]
		tables[i] = guest.Table{Data: s.Data, Rows: s.Rows(), Width: s.Width, Scale: float32(s.Scale), Zero: int32(s.ZeroPoint)}
		rows = max(rows, s.Rows())
	}
	items, err := g.Module.Decide(tables)
	if err != nil {
		return Outcome{}, err
	}
	if g.Metric == Set {
		for _, row := range items {
			if row < 0 || row >= rows {
				return Outcome{}, fmt.Errorf("%s selects row %d of a pool of %d", g.Module.Name(), row, rows)
			}
		}
	} else if len(items) != rows {
		return Outcome{}, fmt.Errorf("%s decides on %d rows of a pool of %d", g.Module.Name(), len(items), rows)
	}
	return Outcome{Metric: g.Metric, Items: items}, nil
}

// Consequence is that of the task's own rule.
func (g *GuestRule) Consequence(scores []Table, golden, faulty Outcome) float64 {
	return g.Inner.Consequence(scores, golden, faulty)
}
