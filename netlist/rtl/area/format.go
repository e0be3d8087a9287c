package area

import (
	"fmt"
	"slices"
	"strconv"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// logic is the whole logic of a configuration with SECDED in gate equivalents.
func logic(c isa.Config, costs *netlist.Costs) (sum float64) {
	for _, a := range netlist.New(c, npu.ECCSECDED).Areas(costs) {
		sum += a.LogicGE()
	}
	return sum
}

// whole writes gate equivalents without places, and small ones with one.
func whole(x float64) string {
	if x < 100 {
		return fmt.Sprintf("%.1f", x)
	}
	s := fmt.Sprintf("%.0f", x)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short writes a constant.
func short(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

// ratio writes the range of measured areas over a formula.
func ratio(measured []float64, formula float64) string {
	if formula <= 0 {
		return "–"
	}
	low, high := slices.Min(measured)/formula, slices.Max(measured)/formula
	if l, h := fmt.Sprintf("%.2f", low), fmt.Sprintf("%.2f", high); l != h {
		return l + "–" + h
	}
	return fmt.Sprintf("%.2f", low)
}

// own writes the range of measured areas, each over the formula with the constants of its
// own library.
func own(measured, formulas []float64) string {
	list := make([]float64, len(measured))
	for i := range list {
		if formulas[i] <= 0 {
			return "–"
		}
		list[i] = measured[i] / formulas[i]
	}
	return ratio(list, 1)
}
