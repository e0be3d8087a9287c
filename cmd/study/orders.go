package main

import (
	"fmt"
	"math"

	"upset/faults/mechanism"
	"upset/netlist"
)

// order is a kind of ranking by area: groups of things that are compared with each other, each with
// its added area, for every set of constants.
type order struct {
	name string
	// of lists the groups with one set of constants, always in the same order.
	of func(set int) ([][]float64, error)
}

// swaps compares the order with one set of constants with the one in use: the number of pairs, of those
// that change places, and the largest distance between two of them, in shares of the logic, where
// it is smaller.
func swaps(inUse, other [][]float64) (pairs, changed int, distance float64) {
	for g, list := range inUse {
		for i := range list {
			for j := range i {
				pairs++
				a, b := list[i]-list[j], other[g][i]-other[g][j]
				if math.Abs(a) < sameArea && math.Abs(b) < sameArea || a > 0 == (b > 0) && a != 0 && b != 0 {
					continue
				}
				changed++
				distance = max(distance, math.Abs(a), math.Abs(b))
			}
		}
	}
	return pairs, changed, distance
}

// sameArea is what rounding leaves of a difference.
const sameArea = 1e-12

// orders are those that the study speaks of.
func (x *sets) orders() []order {
	area := func(full bool, a *assessment) float64 {
		if full {
			return a.Full.Area
		}
		return a.Paper.Area
	}
	// by groups assessments by a name and takes one figure of each.
	by := func(key func(*assessment) string, f func(*assessment) float64) func(int) ([][]float64, error) {
		return func(set int) (out [][]float64, err error) {
			at := map[string]int{}
			for i := range x.all[set].Assessments {
				a := &x.all[set].Assessments[i]
				k, ok := at[key(a)]
				if !ok {
					k = len(out)
					at[key(a)], out = k, append(out, nil)
				}
				out[k] = append(out[k], f(a))
			}
			return out, nil
		}
	}
	npuOf := func(a *assessment) string { return a.NPU }
	networkOf := func(a *assessment) string { return a.Network }
	var list []order
	for _, full := range []bool{true, false} {
		options := map[bool]string{true: "full options", false: "paper's options"}[full]
		list = append(list,
			order{"networks on a configuration, " + options, by(npuOf, func(a *assessment) float64 { return area(full, a) })},
			order{"configurations of a network, " + options, by(networkOf, func(a *assessment) float64 { return area(full, a) })},
			order{"configurations, one chip for all networks, " + options, func(set int) ([][]float64, error) {
				var one []float64
				for i := range x.all[set].Together {
					t := &x.all[set].Together[i]
					one = append(one, map[bool]float64{true: t.Full.Area, false: t.Paper.Area}[full])
				}
				return [][]float64{one}, nil
			}})
	}
	return append(list,
		order{"designs: full, paper's, harden all, duplicate all, lock-step", func(set int) (out [][]float64, err error) {
			for i := range x.all[set].Assessments {
				a := &x.all[set].Assessments[i]
				out = append(out, []float64{a.Full.Area, a.Paper.Area, a.HardenAll.AreaOverhead, a.DuplicateAll.AreaOverhead, a.Lockstep.AreaOverhead})
			}
			return out, nil
		}},
		order{"mechanisms on a class of registers of a block", func(set int) ([][]float64, error) { return x.options(set) }},
		order{"checkers, and copies of blocks", func(set int) ([][]float64, error) { return x.wholes(set) }})
}

// optionKinds are the mechanisms that a search puts on a class of registers.
var optionKinds = []mechanism.Kind{mechanism.HardenLight, mechanism.Harden, mechanism.Parity, mechanism.Triplicate}

// options are, for every class of registers of every block and configuration, the mechanisms
// that a search chooses among.
func (x *sets) options(set int) (out [][]float64, err error) {
	for _, name := range configurations {
		p, err := newPricer(name, x.costs[set])
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for i := range p.table.Registers {
			r := &p.table.Registers[i]
			key := r.Block + "/" + r.Class.String()
			if r.IsSRAM() || r.Observer || seen[key] {
				continue
			}
			seen[key] = true
			var group []float64
			for _, k := range optionKinds {
				v, err := p.added([]mechanism.Choice{{Block: r.Block, Classes: []netlist.Class{r.Class}, Kind: k}})
				if err != nil {
					return nil, fmt.Errorf("%s on %s: %w", key, name, err)
				}
				group = append(group, v)
			}
			out = append(out, group)
		}
	}
	return out, nil
}

// wholes are, for every configuration, the checkers and the copies of single blocks.
func (x *sets) wholes(set int) (out [][]float64, err error) {
	for _, name := range configurations {
		p, err := newPricer(name, x.costs[set])
		if err != nil {
			return nil, err
		}
		list := p.copies()
		for _, k := range mechanism.Checkers() {
			list = append(list, mechanism.Choice{Block: mechanism.Home(k), Kind: k})
		}
		var group []float64
		for _, c := range list {
			v, err := p.added([]mechanism.Choice{c})
			if err != nil {
				return nil, err
			}
			group = append(group, v)
		}
		out = append(out, group)
	}
	return out, nil
}
