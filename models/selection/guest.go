package selection

import (
	"fmt"

	"upset/models/guest"
)

// GuestRule makes the decision of a task with a user's WebAssembly module. What a
// changed decision costs is told by the task's own objective or, where there is none, by
// the module or by the distance of the decisions.
type GuestRule struct {
	Module *guest.Module
	Metric Metric // what the items are
	Inner  Rule   // the task's own rule, nil where there is none
	// Live are the rows of each scorer that a rule of version 1, which sees tables,
	// needs: the ones from the first number up to the second. None for all.
	Live [][2]int
}

// NewGuestRule replaces the rule of a workload.
func NewGuestRule(m *guest.Module, metric Metric, w *Workload) (*GuestRule, error) {
	switch {
	case !m.HasRule() && !m.HasDecide():
		return nil, fmt.Errorf("%s exports no rule", m.Name())
	case metric == Weights || metric == Value:
		return nil, fmt.Errorf("%s: the outcome of this task is a %s: a module can decide on a label, set, route, depth or accept", m.Name(), metric)
	}
	return &GuestRule{Module: m, Metric: metric, Inner: w.Rule}, nil
}

// Decide asks the module.
func (g *GuestRule) Decide(ask *Ask) (Outcome, error) {
	items, rows, err := g.items(ask)
	if err != nil {
		return Outcome{}, err
	}
	if g.Metric == Set {
		for _, row := range items {
			if row < 0 || rows > 0 && row >= rows {
				return Outcome{}, fmt.Errorf("%s selects row %d of a pool of %d", g.Module.Name(), row, rows)
			}
		}
	} else if g.Inner != nil && len(items) != rows {
		return Outcome{}, fmt.Errorf("%s decides on %d rows of a pool of %d", g.Module.Name(), len(items), rows)
	}
	return Outcome{Metric: g.Metric, Items: items}, nil
}

// items asks the module, and returns the rows of the largest pool too.
func (g *GuestRule) items(ask *Ask) (items []int, rows int, err error) {
	for k := range ask.Scorers() {
		rows = max(rows, ask.Rows(k))
	}
	if g.Module.HasDecide() {
		first := true
		items, err = g.Module.Ask(func() guest.Asker {
			if first {
				first = false
				return asker{ask}
			}
			return asker{ask.Again()}
		})
		return items, rows, err
	}
	var tables []guest.Table
	rows = 0
	for k := range ask.Scorers() {
		from, to := 0, ask.Rows(k)
		if len(g.Live) > 0 {
			from, to = g.Live[k][0], g.Live[k][1]
		}
		t, err := ask.Part(k, from, to)
		if err != nil {
			return nil, 0, err
		}
		if t.Wide {
			return nil, 0, fmt.Errorf("%s: a rule of version 1 cannot read int16 scores; ask for inferences instead", g.Module.Name())
		}
		tables = append(tables, guest.Table{Data: t.Data, Rows: t.Rows(), Width: t.Width, Scale: float32(t.Scale), Zero: int32(t.ZeroPoint)})
		rows = max(rows, t.Rows())
	}
	items, err = g.Module.Decide(tables)
	return items, rows, err
}

// Consequence is that of the task's own rule, of the module, or the distance.
func (g *GuestRule) Consequence(scores []Table, golden, faulty Outcome) float64 {
	if g.Inner != nil {
		return g.Inner.Consequence(scores, golden, faulty)
	}
	if g.Module.HasConsequence() {
		v, err := g.Module.Consequence(golden.Items, faulty.Items)
		if err != nil {
			return 1 // a module that fails on a decision is no reason to call it harmless
		}
		return v
	}
	return faulty.Distance(golden)
}

// asker lets a module ask.
type asker struct{ ask *Ask }

func (a asker) Networks() int { return a.ask.Scorers() }

func (a asker) Net(network int) (guest.Net, error) {
	if network < 0 || network >= a.ask.Scorers() {
		return guest.Net{}, fmt.Errorf("the rule asks for network %d, which does not exist", network)
	}
	n, err := a.ask.source.Net(a.ask.ids[network])
	if err != nil {
		return guest.Net{}, err
	}
	g, first := guest.Net{Rows: a.ask.Rows(network)}, &n.outputs[0]
	for i := range n.outputs {
		g.Bytes += n.outputs[i].Bytes()
	}
	g.Width, g.Wide, g.Scale, g.Zero = first.Width, first.Wide, float32(first.Scale), int32(first.ZeroPoint)
	return g, nil
}

func (a asker) Row(network, row int) ([]byte, error) { return joined(a.ask.Row(network, row)) }

func (a asker) Infer(network int, input []byte) ([]byte, error) {
	return joined(a.ask.Infer(network, input))
}

func (a asker) Step(network int, input []byte) ([]byte, error) {
	return joined(a.ask.Step(network, input))
}

func (a asker) Reset(network int) { a.ask.Reset(network) }

// joined are all outputs of an inference.
func joined(a Answer, err error) ([]byte, error) {
	var out []byte
	for i := range a.Outputs {
		out = append(out, a.Outputs[i].Data...)
	}
	return out, err
}
