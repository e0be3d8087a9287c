package stats

import (
	"cmp"
	"slices"
)

// MinStratum is the number of samples below which a stratum is thin and is
// merged (our choice: 30, the usual floor for a proportion per group).
const MinStratum = 30

// StratumKey identifies a stratum for [Merge]. Phases of one block and class
// are neighbours in the order of Phase.
type StratumKey struct {
	Block string
	Class string
	Phase int
	// SRAM cells and flops have different raw rates and never merge.
	SRAM bool
	// N is the planned number of samples.
	N int
}

// group is a run of merged strata.
type group struct {
	members []int
	n       int
}

// Merge groups strata so that every group holds at least minimum samples
// where that is possible. The rule:
//
//  1. Order strata by block, flops before SRAM, class, phase, index.
//  2. Within one block and class, while a group is thin: take the thinnest
//     (ties: the earliest) and merge it with its thinner neighbour in phase
//     order (ties: the earlier).
//  3. Do the same once more over all groups of one block (same kind of cell),
//     so that a thin class joins the neighbouring class.
//
// A block that is thin as a whole stays alone. Groups come back in that order,
// each a sorted list of indices into keys.
//
// The rule looks at planned sizes only, never at outcomes. Pooling the counts
// of a group is unbiased when its injections are drawn uniformly over all its
// sites: merge the plan, then draw.
func Merge(keys []StratumKey, minimum int) [][]int {
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := keys[a], keys[b]
		return cmp.Or(cmp.Compare(x.Block, y.Block), compareBool(x.SRAM, y.SRAM),
			cmp.Compare(x.Class, y.Class), cmp.Compare(x.Phase, y.Phase))
	})
	sameBlock := func(a, b StratumKey) bool { return a.Block == b.Block && a.SRAM == b.SRAM }
	sameClass := func(a, b StratumKey) bool { return sameBlock(a, b) && a.Class == b.Class }
	groups := make([]group, len(order))
	for i, k := range order {
		groups[i] = group{members: []int{k}, n: keys[k].N}
	}
	groups = mergeRuns(keys, groups, sameClass, minimum)
	groups = mergeRuns(keys, groups, sameBlock, minimum)
	out := make([][]int, len(groups))
	for i, g := range groups {
		slices.Sort(g.members)
		out[i] = g.members
	}
	return out
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// mergeRuns merges thin groups within each run of groups that belong together.
func mergeRuns(keys []StratumKey, groups []group, together func(a, b StratumKey) bool, minimum int) []group {
	var out []group
	for start := 0; start < len(groups); {
		first := keys[groups[start].members[0]]
		end := start + 1
		for end < len(groups) && together(first, keys[groups[end].members[0]]) {
			end++
		}
		out = append(out, mergeThin(slices.Clone(groups[start:end]), minimum)...)
		start = end
	}
	return out
}

// mergeThin merges within one run until no group is thin or one is left.
func mergeThin(run []group, minimum int) []group {
	for len(run) > 1 {
		thin := 0
		for i, g := range run {
			if g.n < run[thin].n {
				thin = i
			}
		}
		if run[thin].n >= minimum {
			break
		}
		with := thin - 1
		if thin == 0 || thin+1 < len(run) && run[thin+1].n < run[thin-1].n {
			with = thin + 1
		}
		low, high := min(thin, with), max(thin, with)
		run[low] = group{
			members: append(slices.Clone(run[low].members), run[high].members...),
			n:       run[low].n + run[high].n,
		}
		run = slices.Delete(run, high, high+1)
	}
	return run
}
