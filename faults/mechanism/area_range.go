package mechanism

import "upset/netlist"

// Span is what a set of choices adds with the constants of one open library.
type Span struct {
	Library string
	Adds    Cost
	LogicGE float64 // unprotected logic with the same constants
	SRAMGE  float64
}

// Overhead is the added share of the logic.
func (s Span) Overhead() float64 { return s.Adds.LogicGE / s.LogicGE }

// Spans returns the area of choices with the constants of each library that was measured
// (netlist.MeasuredCosts): numerator and denominator of an overhead go with the same
// library, so that the range of overheads is narrower than that of areas.
func Spans(t *netlist.Table, cells Cells, choices []Choice) ([]Span, error) {
	var list []Span
	for _, m := range netlist.MeasuredCosts() {
		p := NewPricing(t, t.Areas(&m.Costs), &m.Costs, cells)
		adds, err := p.Total(choices)
		if err != nil {
			return nil, err
		}
		s := Span{Library: m.Library, Adds: adds}
		s.LogicGE, s.SRAMGE = p.Logic()
		list = append(list, s)
	}
	return list, nil
}
