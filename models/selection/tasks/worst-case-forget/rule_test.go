package worst

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/scoretest"
)

func TestWorst(t *testing.T) {
	n := worstSize + 2
	r := &worst{truth: make([]int, n), weights: make([]float64, n)}
	labels := make([]int, n)
	for i := range r.weights {
		r.weights[i] = float64(worstSize) / float64(n)
	}
	labels[3], labels[7] = 1, 2 // two rows of a large loss
	table := scoretest.Labels(labels...)
	golden, err := r.Decide(selection.FromTables(table))
	if err != nil || len(golden.Items) != worstSize || slices.Contains(golden.Items, 3) || slices.Contains(golden.Items, 7) {
		t.Fatalf("%v, %v", golden.Items, err)
	}
	// A fault makes row 9 a hard one too: the lowest of the three comes in, and its
	// loss is the share 1/25 of the distance to the mean row, times 27/2.
	labels[9] = 5
	faulty, err := r.Decide(selection.FromTables(scoretest.Labels(labels...)))
	if err != nil || slices.Contains(faulty.Items, 9) || !slices.Contains(faulty.Items, 3) {
		t.Fatalf("%v, %v", faulty.Items, err)
	}
	if harm := r.Consequence([]selection.Table{table}, golden, faulty); math.Abs(harm-27.0/50) > 1e-9 {
		t.Errorf("consequence %v", harm)
	}
	if share := r.forgotten(&table, []int{0, 3, 7, 8}); share != 0.5 {
		t.Errorf("forgotten %v", share)
	}
}
