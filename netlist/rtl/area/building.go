package area

import (
	"fmt"
	"math"

	"upset/netlist"
)

// Building is a building block of one size.
type Building struct {
	Title string
	Subject
	Constant string  // of netlist.Costs that stands for it; empty where none does
	Units    float64 // how many of them the formulas count for it
	Fits     bool    // its areas decide the constant, see Fit
}

// PerUnit is an area in the unit of the constant.
func (b Building) PerUnit(a Area) float64 { return a.GE() / b.Units }

const (
	partsFile = "area/parts/parts.v"
	mulFile   = "area/parts/multipliers.v"
	tableFile = "area/parts/sigmoid.v"
)

// Buildings lists the building blocks that are measured, by width.
func Buildings() (list []Building) {
	add := func(title, module, constant string, units float64, fits bool, params ...Param) {
		file := partsFile
		list = append(list, Building{title, Subject{Module: module, Params: params, Files: []string{file}}, constant, units, fits})
	}
	for _, w := range []int{8, 32} {
		n := float64(w)
		add("flop", "part_flop", "Flop", n, w == 32, par("W", w)...)
		add("flop with reset", "part_flop_reset", "Flop", n, false, par("W", w)...)
		add("flop with enable", "part_flop_enable", "Flop", n, false, par("W", w)...)
	}
	for _, w := range []int{4, 8, 16, 32, 64} {
		add("adder", "part_add", "Adder", float64(w), w >= 8, par("W", w)...)
	}
	for _, w := range []int{8, 16, 32, 64} {
		add("adder, chain of full adders", "part_add_ripple", "Adder", float64(w), false, par("W", w)...)
	}
	for _, w := range []int{8, 16, 32} {
		add("counter: plus one", "part_increment", "Adder", float64(w), false, par("W", w)...)
	}
	add("multiplexer 2:1", "part_mux2", "Mux", 32, true, par("W", 32)...)
	for _, levels := range []int{2, 3, 4, 5} {
		ways := 1 << levels
		add(fmt.Sprintf("multiplexer %d:1", ways), "part_mux", "Mux", float64(16*(ways-1)), true, par("W", 16, Param{"LEVELS", levels})...)
	}
	for _, x := range [][2]int{{16, 4}, {32, 5}, {64, 6}} {
		add("barrel shifter", "part_shift", "Mux", float64(x[0]*x[1]), true, par("W", x[0], Param{"LEVELS", x[1]})...)
	}
	for _, x := range [][2]int{{64, 3}, {64, 6}} {
		add("barrel rotator", "part_rotate", "Mux", float64(x[0]*x[1]), true, par("W", x[0], Param{"LEVELS", x[1]})...)
	}
	for _, w := range []int{2, 9, 27, 64} {
		add("tree of exclusive ors", "part_xor", "XOR", float64(w-1), true, par("W", w)...)
	}
	for _, w := range []int{2, 8, 64} {
		add("tree of ors", "part_or", "Gate", float64(w-1), w == 2, par("W", w)...)
	}
	for _, w := range []int{8, 16, 32} {
		add("comparator a = b", "part_equal", "Comparator", float64(w), true, par("W", w)...)
	}
	for _, w := range []int{8, 16, 32} {
		add("comparator a < b", "part_less", "Less", float64(w), true, par("W", w)...)
	}
	add("comparator with a constant", "part_is", "Comparator", 10, false, par("W", 10)...)
	add("majority voter", "part_majority", "Voter", 32, true, par("W", 32)...)
	for _, x := range [][2]int{{8, 9}, {9, 9}, {9, 12}, {9, 16}, {16, 16}, {16, 64}} {
		for _, form := range [][2]string{{"operator", "part_multiply"}, {"array", "part_multiply_array"}, {"Booth", "part_multiply_booth"}} {
			list = append(list, Building{
				fmt.Sprintf("multiplier %d × %d, %s", x[0], x[1], form[0]),
				Subject{Module: form[1], Params: par("A", x[0], Param{"B", x[1]}), Files: []string{mulFile}},
				"Multiplier", float64(x[0] * x[1]), x == [2]int{9, 9},
			})
		}
	}
	// netlist/gates.go counts a table of constants as a quarter of its multiplexers.
	list = append(list, Building{"table of constants: sigmoid, 256 × 16 bits", Subject{Module: "part_sigmoid", Files: []string{tableFile}}, "Mux", 255 * 16 / 4, false})
	return list
}

// Constants are the names of the constants in netlist.Costs, in the order of the page.
func Constants() []string {
	return []string{"Flop", "Multiplier", "Adder", "Mux", "XOR", "Comparator", "Less", "Voter", "Gate"}
}

// Constant points to a constant by its name.
func Constant(c *netlist.Costs, name string) *float64 {
	switch name {
	case "Flop":
		return &c.Flop
	case "Multiplier":
		return &c.Multiplier
	case "Adder":
		return &c.Adder
	case "Mux":
		return &c.Mux
	case "XOR":
		return &c.XOR
	case "Comparator":
		return &c.Comparator
	case "Less":
		return &c.Less
	case "Voter":
		return &c.Voter
	case "Gate":
		return &c.Gate
	}
	return nil
}

// Fit is the value of a constant in each library: the mean over the building blocks that
// decide it, and of the forms of the multiplier the smallest, since a synthesiser for
// products has all of them to choose from.
func (f *File) Fit(name string) ([]float64, error) {
	fit := make([]float64, len(f.Libraries))
	n := 0
	for _, b := range Buildings() {
		if b.Constant != name || !b.Fits {
			continue
		}
		r, err := f.Find(b.Subject)
		if err != nil {
			return nil, err
		}
		for i, a := range r.Areas {
			switch x := b.PerUnit(a); {
			case name != "Multiplier":
				fit[i] += x
			case n == 0 || x < fit[i]:
				fit[i] = x
			}
		}
		n++
	}
	if n == 0 {
		return nil, fmt.Errorf("no building block decides the constant %s", name)
	}
	for i := range fit {
		if name != "Multiplier" {
			fit[i] /= float64(n)
		}
		fit[i] = math.Round(100*fit[i]) / 100
	}
	return fit, nil
}
