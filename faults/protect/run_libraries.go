package protect

import (
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats/result"
)

// libraries price mechanisms with the constants of each library that was measured. There are
// none where areas were given without a way to have them with other constants.
func (o Options) libraries(t *netlist.Table) []mechanism.Library {
	if o.AreasWith == nil {
		return nil
	}
	return mechanism.Libraries(t, o.AreasWith, o.Cells)
}

// spans are the areas of what has a cost, library by library.
func (r *run) spans(cost func(*mechanism.Pricing) (mechanism.Cost, error)) ([]mechanism.Span, error) {
	return mechanism.SpansOf(r.libraries, cost)
}

// priced is the cost of choices.
func priced(choices []mechanism.Choice) func(*mechanism.Pricing) (mechanism.Cost, error) {
	return func(p *mechanism.Pricing) (mechanism.Cost, error) { return p.Total(choices) }
}

// ranges are what the libraries span of the overheads of what has a cost, zero where it has
// none.
func (r *run) ranges(cost func(*mechanism.Pricing) (mechanism.Cost, error)) (logic, withRAM result.Range, err error) {
	list, err := r.spans(cost)
	for i, s := range list {
		if i == 0 {
			logic, withRAM = result.Range{Low: s.Overhead(), High: s.Overhead()}, result.Range{Low: s.OverheadWithRAM(), High: s.OverheadWithRAM()}
		}
		logic, withRAM = widened(logic, s.Overhead()), widened(withRAM, s.OverheadWithRAM())
	}
	return logic, withRAM, err
}

// widened is a range with a value in it.
func widened(r result.Range, x float64) result.Range {
	return result.Range{Low: min(r.Low, x), High: max(r.High, x)}
}

// libraryAreas are the areas of a design with the constants of each library.
func (r *run) libraryAreas(choices []mechanism.Choice) (out []result.LibraryArea, err error) {
	list, err := r.spans(priced(choices))
	for _, s := range list {
		out = append(out, result.LibraryArea{
			Library: s.Library, AreaGE: s.Adds.LogicGE, LogicGE: s.LogicGE, AreaOverhead: s.Overhead(), AreaOverheadWithRAM: s.OverheadWithRAM(),
		})
	}
	return out, err
}
