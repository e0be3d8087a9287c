package filter

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
)

// Of all sets of the size the one kept has the largest sum of reductions. A constant that
// is added to all logits of a row says nothing, and rows may come in any order.
func TestKeptIsTheBestSet(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	const rows, kept = 9, 4
	r := &filter{kept: kept}
	var logits [2][][]int
	worth := make([]float64, rows)
	for i := range rows {
		r.given = append(r.given, rng.IntN(digits.Classes))
		for k, sign := range []float64{1, -1} {
			row, sum := make([]int, digits.Classes), 0.0
			for c := range row {
				row[c] = rng.IntN(60) - 30
			}
			for _, v := range row {
				sum += math.Exp(0.1 * float64(v-row[r.given[i]]))
			}
			worth[i] += sign * math.Log(sum) // the loss −log p of the given label
			logits[k] = append(logits[k], row)
		}
	}
	var best []int
	most := math.Inf(-1)
	for _, set := range scoretest.Subsets(rows, kept) {
		sum := 0.0
		for _, i := range set {
			sum += worth[i]
		}
		if sum > most {
			best, most = set, sum
		}
	}
	prior, tuned := scoretest.Table(0.1, digits.Classes, logits[0]...), scoretest.Table(0.1, digits.Classes, logits[1]...)
	if got := scoretest.Decide(t, r, prior, tuned).Items; !slices.Equal(got, best) {
		t.Fatalf("kept %v, the best set is %v", got, best)
	}
	for i, row := range logits[0] {
		for c := range row {
			row[c] += 5 * i
		}
	}
	if got := scoretest.Decide(t, r, scoretest.Table(0.1, digits.Classes, logits[0]...), tuned).Items; !slices.Equal(got, best) {
		t.Errorf("constants added to the rows change the set from %v to %v", best, got)
	}
	order := rng.Perm(rows)
	given := slices.Clone(r.given)
	for at, i := range order {
		r.given[at] = given[i]
	}
	var back []int
	for _, at := range scoretest.Decide(t, r, scoretest.Permuted(prior, order), scoretest.Permuted(tuned, order)).Items {
		back = append(back, order[at])
	}
	if slices.Sort(back); !slices.Equal(back, best) {
		t.Errorf("in another order %v are kept, not %v", back, best)
	}
}
