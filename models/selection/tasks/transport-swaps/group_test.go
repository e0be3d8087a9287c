package swaps

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
)

// pool is a rule with candidates and validation rows of classes in turn, whose hidden
// units lie on a line, and its scores.
func pool(candidates int) (*swap, selection.Table) {
	rng := rand.New(rand.NewPCG(6, 6))
	r := &swap{}
	var rows [][]int
	for i := range candidates + swapTargets {
		r.truth = append(r.truth, i%8)
		row := make([]int, digits.Hidden+digits.Classes)
		row[0], row[1] = rng.IntN(100), rng.IntN(20)
		row[digits.Hidden+i%8] = 20 + rng.IntN(60)
		rows = append(rows, row)
	}
	return r, scoretest.Table(0.1, digits.Hidden+digits.Classes, rows...)
}

func TestGroups(t *testing.T) {
	r, _ := pool(40)
	seen := 0
	for g, candidates := range r.groups() {
		for _, i := range candidates {
			seen++
			if i >= 40 || r.truth[i]%swapGroups != g || r.group(i) != g {
				t.Errorf("row %d of class %d is in group %d", i, r.truth[i], g)
			}
		}
	}
	if seen != 40 {
		t.Errorf("%d of 40 candidates have a group", seen)
	}
}

// The part of a group holds the costs of its own validation rows, in their order.
func TestWithin(t *testing.T) {
	r, _ := pool(40)
	cost := make([][]float64, 40)
	for i := range cost {
		for j := range swapTargets {
			cost[i] = append(cost[i], float64(1000*i+j))
		}
	}
	for g, candidates := range r.groups() {
		part := r.within(cost, candidates)
		for k, row := range part {
			if len(row) != swapTargets/swapGroups {
				t.Fatalf("group %d: %d validation rows", g, len(row))
			}
			for at, v := range row {
				i, j := int(v)/1000, int(v)%1000
				if i != candidates[k] || r.group(40+j) != g || at > 0 && v <= row[at-1] {
					t.Fatalf("group %d: candidate %d has the cost of candidate %d and validation row %d", g, candidates[k], i, j)
				}
			}
		}
	}
}

// TestCosts by the definition: distance of hidden units plus weighted gradient norm, each
// relative to its largest.
func TestCosts(t *testing.T) {
	r, scores := pool(16)
	cost := r.costs(&scores)
	far, steep := 0.0, 0.0
	distance := func(i, j int) float64 {
		sum := 0.0
		for k := range digits.Hidden {
			d := scores.At(i, k) - scores.At(16+j, k)
			sum += d * d
		}
		return math.Sqrt(sum)
	}
	norm := func(i int) float64 {
		hidden, miss := digits.Taps(&scores, i, r.truth[i])
		a, b := 0.0, 0.0
		for _, v := range hidden {
			a += v * v
		}
		for _, v := range miss {
			b += v * v
		}
		return math.Sqrt(a * b)
	}
	for i := range 16 {
		steep = max(steep, norm(i))
		for j := range swapTargets {
			far = max(far, distance(i, j))
		}
	}
	for i := range 16 {
		for j := range swapTargets {
			if want := distance(i, j)/far + swapLambda*norm(i)/steep; math.Abs(cost[i][j]-want) > 1e-9 {
				t.Fatalf("candidate %d, validation row %d: cost %v, want %v", i, j, cost[i][j], want)
			}
		}
	}
	zero := scoretest.Table(0.1, digits.Hidden+digits.Classes, make([][]int, 16+swapTargets)...)
	for _, row := range r.costs(&zero) {
		for _, v := range row {
			if math.IsNaN(v) || v < 0 {
				t.Fatalf("scores without any difference have a cost of %v", v)
			}
		}
	}
}

func TestDecideByGroup(t *testing.T) {
	r, scores := pool(60)
	o := scoretest.Decide(t, r, scores)
	var count [swapGroups]int
	for _, i := range o.Items {
		count[r.group(i)]++
	}
	for g, n := range count {
		if n != swapBudget/swapGroups {
			t.Errorf("group %d has %d rows of the selection", g, n)
		}
	}
	if !slices.IsSorted(o.Items) || len(slices.Compact(slices.Clone(o.Items))) != swapBudget {
		t.Errorf("selected %v", o.Items)
	}
	cost := r.costs(&scores)
	greedy, items, err := r.search(cost)
	if err != nil || !slices.Equal(items, o.Items) {
		t.Fatalf("search gives %v, %v", items, err)
	}
	if first, last, random := r.fit(cost, greedy), r.fit(cost, items), r.random(cost); last > first+1e-12 || last >= random {
		t.Errorf("cost %v after swaps, %v before, %v of random selections", last, first, random)
	}
	list := []selection.Table{scores}
	if got := r.Consequence(list, o, o); got != 0 {
		t.Errorf("the same selection: consequence %v", got)
	}
	// Any selection of the groups' sizes costs as much or more than the refined one but
	// by swaps of two rows; a far one costs a lot.
	var worse []int
	for _, candidates := range r.groups() {
		part := r.within(cost, candidates)
		var each []float64
		for _, row := range part {
			sum := 0.0
			for _, v := range row {
				sum += v
			}
			each = append(each, sum)
		}
		for range swapBudget / swapGroups {
			k := slices.Index(each, slices.Max(each))
			worse, each[k] = append(worse, candidates[k]), math.Inf(-1)
		}
	}
	if got := r.Consequence(list, o, selection.Outcome{Metric: selection.Set, Items: worse}); got < 0.3 {
		t.Errorf("the dearest rows: consequence %v", got)
	}
	worse[0] = worse[len(worse)-1]
	if got := r.fit(cost, worse); !math.IsInf(got, 1) {
		t.Errorf("a group without its part costs %v", got)
	}
}

func TestBruteRatio(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	cost := make([][]float64, bruteRows)
	for i := range cost {
		for range bruteTo {
			cost[i] = append(cost[i], rng.Float64())
		}
	}
	ratio, err := bruteRatio(cost)
	if err != nil || ratio < 1-1e-12 || ratio > 1.2 {
		t.Errorf("ratio %v, %v", ratio, err)
	}
}
