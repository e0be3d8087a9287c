package conformal

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// told is a rule whose interesting rows come every third, with scores of two models: one
// that knows them and one that says nothing.
func told() (*conformal, selection.Table) {
	r := &conformal{prune: 0.5}
	var rows [][]int
	for i := range conformalCalibration + conformalTest + 40 {
		r.truth = append(r.truth, 0)
		row := []int{-20 + i%7, 0}
		if i%3 == 0 {
			r.truth[i], row[0] = 1, 60+i%5
		}
		rows = append(rows, row)
	}
	return r, scoretest.Scores(rows...)
}

// Rows that the model knows are all found, and few others with them.
func TestDecide(t *testing.T) {
	r, scores := told()
	o := scoretest.Decide(t, r, scores)
	if len(o.Items) != conformalTest {
		t.Fatalf("%d decisions", len(o.Items))
	}
	wrong, all := 0, 0
	for j, v := range o.Items {
		interesting := r.truth[conformalCalibration+j]
		if interesting == 1 && v == 0 {
			t.Errorf("candidate %d is not found", j)
		}
		all += v
		wrong += v * (1 - interesting)
	}
	if float64(wrong) > 0.5*float64(all) {
		t.Errorf("%d of %d accepted candidates are not interesting", wrong, all)
	}
	if again := scoretest.Decide(t, r, scores); !again.Equal(o) {
		t.Error("another decision by the same scores")
	}
	// Rows beyond the candidates are not asked for.
	asked := 0
	ask := selection.FromFunction([]selection.Table{{Scale: 1, Width: 2}}, []selection.Scorer{{Rows: make([][]byte, len(r.truth))}}, func(int, []byte) []byte {
		asked++
		return []byte{0, 0}
	})
	if _, err := r.Decide(ask); err != nil || asked != conformalCalibration+conformalTest {
		t.Errorf("%d inferences, error %v", asked, err)
	}
}

func TestConsequence(t *testing.T) {
	r := &conformal{}
	golden := selection.Outcome{Metric: selection.Accept, Items: []int{1, 0, 0}}
	if got := r.Consequence(nil, golden, golden); got != 0 {
		t.Errorf("no change: %v", got)
	}
	if got := r.Consequence(nil, golden, selection.Outcome{Metric: selection.Accept, Items: []int{1, 0, 1}}); got != 1 {
		t.Errorf("one candidate more: %v", got)
	}
}

func TestRate(t *testing.T) {
	r := &conformal{truth: []int{1, 1, 0, 0, 1}}
	for _, c := range []struct {
		list       []int
		fdp, power float64
	}{
		{nil, 0, 0}, {[]int{0, 1, 4}, 0, 1}, {[]int{2, 3}, 1, 0}, {[]int{0, 2}, 0.5, 1.0 / 3},
	} {
		if fdp, power := r.rate(c.list, []int{0, 1, 2, 3, 4}); fdp != c.fdp || math.Abs(power-c.power) > 1e-12 {
			t.Errorf("%v: rate %v and power %v, want %v and %v", c.list, fdp, power, c.fdp, c.power)
		}
	}
}

// TestRepeats: a model that knows gives much power at a bounded rate, one half of the
// calibration rows does not give more, and another seed draws other splits.
func TestRepeats(t *testing.T) {
	r, scores := told()
	fdr, power := r.repeats(&scores, 1)
	if power[1] < 0.9 || fdr[1] > conformalLevel+conformalSlack {
		t.Errorf("rates %v, power %v", fdr, power)
	}
	other, _ := r.repeats(&scores, 2)
	if fdr == other {
		t.Error("two seeds give the same splits")
	}
	again, _ := r.repeats(&scores, 1)
	if fdr != again {
		t.Error("one seed gives two results")
	}
}

// About three in ten samples are interesting, and more of those on one side.
func TestProperty(t *testing.T) {
	rng := data.Rand(1, 0)
	weights := make([]float64, conformalFeatures)
	weights[2] = 3
	s := property(weights, 4000, rng)
	share, up := 0.0, 0.0
	for i, y := range s.Labels {
		share += float64(y) / 4000
		if s.X[i][2] > 0 {
			up += float64(y) / 4000
		}
	}
	if share < 0.2 || share > 0.4 || up < 0.75*share {
		t.Errorf("share %v, of which %v on the side of the weight", share, up)
	}
	if other := property(weights, 5, rng); slices.Equal(other.X[0], s.X[0]) {
		t.Error("the same sample twice")
	}
}
