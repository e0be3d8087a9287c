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

// OverheadWithRAM is the added share of logic and SRAM together.
func (s Span) OverheadWithRAM() float64 {
	return (s.Adds.LogicGE + SRAMBitGE*float64(s.Adds.SRAMBits)) / (s.LogicGE + s.SRAMGE)
}

// Spans returns the area of choices with the constants of each library that was measured
// (netlist.MeasuredCosts): numerator and denominator of an overhead go with the same
// library, so that the range of overheads is narrower than that of areas.
func Spans(t *netlist.Table, cells Cells, choices []Choice) ([]Span, error) {
	return SpansOf(Libraries(t, nil, cells), func(p *Pricing) (Cost, error) { return p.Total(choices) })
}

// Library prices mechanisms with the constants of one open library.
type Library struct {
	Name string
	*Pricing
}

// Libraries are those that were measured. Areas gives the areas of the machine's blocks
// with some constants; nil takes those of the table.
func Libraries(t *netlist.Table, areas func(*netlist.Costs) []netlist.BlockArea, cells Cells) (list []Library) {
	if areas == nil {
		areas = t.Areas
	}
	for _, m := range netlist.MeasuredCosts() {
		list = append(list, Library{m.Library, NewPricing(t, areas(&m.Costs), &m.Costs, cells)})
	}
	return list
}

// SpansOf is [Spans] of whatever has a cost.
func SpansOf(list []Library, cost func(*Pricing) (Cost, error)) ([]Span, error) {
	out := make([]Span, len(list))
	for i, l := range list {
		adds, err := cost(l.Pricing)
		if err != nil {
			return nil, err
		}
		out[i] = Span{Library: l.Name, Adds: adds}
		out[i].LogicGE, out[i].SRAMGE = l.Logic()
	}
	return out, nil
}
