package netlist

// Measured are the constants as they come out of a synthesis into one open library.
type Measured struct {
	Library string
	Costs   Costs
}

// MeasuredCosts returns the constants measured in two open libraries by yosys 0.23
// (docs/area.md has every building block, netlist/rtl/area/building.go the ones that
// decide a constant; a test compares). They are areas of cells, with no clock to be
// reached, no clock tree, no scan and no wiring.
func MeasuredCosts() []Measured {
	return []Measured{
		{"OSU018", Costs{Flop: 4, Multiplier: 6.7, Adder: 7.3, Mux: 2, XOR: 2.3, Comparator: 3.2, Less: 3.8, Voter: 3, Gate: 1.3}},
		{"SG13G2", Costs{Flop: 6.75, Multiplier: 6.5, Adder: 7, Mux: 2.2, XOR: 2, Comparator: 2.5, Less: 3.9, Voter: 3.3, Gate: 1.3}},
	}
}

// Names of sets of constants that are no library's.
const (
	CostsEarlier = "earlier"
	CostsInUse   = "in use"
)

// EarlierCosts returns the constants that were in use before libraries were measured: usual
// figures of a standard-cell library (our choice then). A comparison of order counted as one
// of equality.
func EarlierCosts() Costs {
	return Costs{Flop: 6.5, Multiplier: 5, Adder: 7, Mux: 2.5, XOR: 2.5, Comparator: 3, Less: 3, Voter: 4, Gate: 1.5}
}

// CostSets returns the earlier constants, those in use, and those of each measured library,
// in this order.
func CostSets() []Measured {
	return append([]Measured{{CostsEarlier, EarlierCosts()}, {CostsInUse, *DefaultCosts()}}, MeasuredCosts()...)
}

// CostRange is the range that the two libraries span, constant by constant.
func CostRange() (low, high Costs) {
	for i, m := range MeasuredCosts() {
		if i == 0 {
			low, high = m.Costs, m.Costs
			continue
		}
		for _, x := range []struct {
			low, high *float64
			is        float64
		}{
			{&low.Flop, &high.Flop, m.Costs.Flop},
			{&low.Multiplier, &high.Multiplier, m.Costs.Multiplier},
			{&low.Adder, &high.Adder, m.Costs.Adder},
			{&low.Mux, &high.Mux, m.Costs.Mux},
			{&low.XOR, &high.XOR, m.Costs.XOR},
			{&low.Comparator, &high.Comparator, m.Costs.Comparator},
			{&low.Less, &high.Less, m.Costs.Less},
			{&low.Voter, &high.Voter, m.Costs.Voter},
			{&low.Gate, &high.Gate, m.Costs.Gate},
		} {
			*x.low, *x.high = min(*x.low, x.is), max(*x.high, x.is)
		}
	}
	return low, high
}

// AreaRange returns the areas of every block with the low and with the high end of every
// constant, in the order of Blocks. Ratios of areas span less than their quotients: take
// both areas of a ratio with the constants of one library, see MeasuredCosts.
func (t *Table) AreaRange() (low, high []BlockArea) {
	l, h := CostRange()
	return t.Areas(&l), t.Areas(&h)
}
