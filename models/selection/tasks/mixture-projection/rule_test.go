package mixture

import (
	"math"
	"testing"

	"upset/models/selection"
)

func TestGrid(t *testing.T) {
	list := grid()
	if len(list) != 55 {
		t.Errorf("%d mixtures", len(list))
	}
	for _, p := range list {
		if math.Abs(p[0]+p[1]+p[2]-1) > 1e-12 || min(p[0], p[1], p[2]) < 0.99/steps {
			t.Errorf("mixture %v", p)
		}
	}
}

// world is a projection with errors that are the transport twice, and less the larger the
// pilots are: by one for each doubling.
func world(distance []float64) *projection {
	r := &projection{mixtures: grid()}
	for at, n := range sizes {
		for k := range r.mixtures {
			r.errors[at] = append(r.errors[at], 2*distance[k]+r.mixtures[k][1]-0.01*math.Log2(float64(n)))
		}
	}
	return r
}

// A transport that tells the errors foretells them all from few pilots.
func TestForetold(t *testing.T) {
	distance := make([]float64, len(grid()))
	for k := range distance {
		distance[k] = math.Abs(math.Sin(float64(k)))
	}
	r := world(distance)
	for k, v := range r.foretold(distance) {
		if math.Abs(v-r.errors[2][k]) > 0.02 {
			t.Fatalf("mixture %d: %v, want %v", k, v, r.errors[2][k])
		}
	}
}

// The mixture that is nearest the target has the least distance: samples of the first two
// sources are where the target is, those of the third one are far away.
func TestDistances(t *testing.T) {
	r := &projection{mixtures: grid()}
	var features [][]float64
	for i := range sources*revealed + wanted {
		at := float64(i / revealed)
		if i >= sources*revealed {
			at = float64(i % 2)
		}
		features = append(features, []float64{5 * at})
	}
	list, err := r.distances(features)
	if err != nil {
		t.Fatal(err)
	}
	best := r.mixtures[r.best(list)]
	if best[2] > 1.01/steps || math.Abs(best[0]-best[1]) > 1.01/steps {
		t.Errorf("the nearest mixture is %v", best)
	}
	zero, err := r.distances(alike(len(features)))
	if err != nil || zero[0] != 0 {
		t.Errorf("features that are all alike: distance %v, error %v", zero[0], err)
	}
}

func alike(n int) [][]float64 {
	list := make([][]float64, n)
	for i := range list {
		list[i] = []float64{0}
	}
	return list
}

func TestConsequence(t *testing.T) {
	r := world(make([]float64, len(grid())))
	at := func(k int) selection.Outcome {
		return selection.Outcome{Metric: selection.Weights, Values: r.mixtures[k]}
	}
	best := r.best(r.errors[2])
	if got := r.Consequence(nil, at(best), at(best)); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
	worst := 0
	for k, v := range r.errors[2] {
		if v > r.errors[2][worst] {
			worst = k
		}
	}
	if got := r.Consequence(nil, at(best), at(worst)); got < 1 {
		t.Errorf("the worst mixture: consequence %v", got)
	}
	if got := r.is([]float64{1, 0, 0}); got != 1 {
		t.Errorf("no mixture of the grid: error %v", got)
	}
}
