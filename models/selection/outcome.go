package selection

import (
	"math"
	"slices"
)

// Metric says what an outcome is and thereby how two of them are compared.
type Metric string

// The kinds of outcome.
const (
	Label   Metric = "label"   // Items: the class of every row
	Set     Metric = "set"     // Items: the rows selected, in any order
	Route   Metric = "route"   // Items: the expert of every row
	Depth   Metric = "depth"   // Items: the last stage run for every row
	Accept  Metric = "accept"  // Items: 1 for every row accepted, else 0
	Weights Metric = "weights" // Values: the weights chosen
	Value   Metric = "value"   // Values: the figures found
)

// Outcome is what a rule decides.
type Outcome struct {
	Metric Metric
	Items  []int
	Values []float64
}

// Equal reports whether two outcomes are the same decision. The order of a set
// does not matter.
func (o Outcome) Equal(other Outcome) bool {
	if o.Metric != other.Metric || !slices.Equal(o.Values, other.Values) {
		return false
	}
	if o.Metric == Set {
		return slices.Equal(distinct(o.Items), distinct(other.Items))
	}
	return slices.Equal(o.Items, other.Items)
}

// Distance tells how far an outcome is from the golden one: 0 for none, 1 for
// everything. Sets: 1 − Jaccard index. Decisions by row: the share of rows that
// differ. Numbers: the L1 distance relative to the golden numbers, at most 1.
func (o Outcome) Distance(golden Outcome) float64 {
	if o.Metric != golden.Metric {
		return 1
	}
	switch o.Metric {
	case Set:
		return 1 - jaccard(distinct(o.Items), distinct(golden.Items))
	case Weights, Value:
		return relativeL1(golden.Values, o.Values)
	}
	return ShareOfRows(golden.Items, o.Items)
}

// ShareOfRows is the share of positions at which two lists differ; a position
// that only one of them has counts as different.
func ShareOfRows(a, b []int) float64 {
	n := max(len(a), len(b))
	if n == 0 {
		return 0
	}
	differ := n - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			differ++
		}
	}
	return float64(differ) / float64(n)
}

// Harm rates rows whose values are decisions by themselves, such as classes: 1 where one of
// them differs, else the share of items that differ, such as the networks that gave them.
func Harm(golden, faulty Outcome) float64 {
	if !slices.Equal(golden.Values, faulty.Values) {
		return 1
	}
	return ShareOfRows(golden.Items, faulty.Items)
}

func distinct(items []int) []int {
	s := slices.Clone(items)
	slices.Sort(s)
	return slices.Compact(s)
}

// jaccard compares two sorted lists without repeats. Two empty sets are equal.
func jaccard(a, b []int) float64 {
	common := 0
	for _, v := range a {
		if _, ok := slices.BinarySearch(b, v); ok {
			common++
		}
	}
	union := len(a) + len(b) - common
	if union == 0 {
		return 1
	}
	return float64(common) / float64(union)
}

func relativeL1(golden, faulty []float64) float64 {
	if len(golden) != len(faulty) {
		return 1
	}
	var size, apart float64
	for i, g := range golden {
		size += math.Abs(g)
		apart += math.Abs(g - faulty[i])
	}
	switch {
	case math.IsNaN(apart):
		return 1
	case apart == 0:
		return 0
	case size == 0:
		return 1
	}
	return min(1, apart/size)
}
