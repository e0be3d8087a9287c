package switching

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// watching is a rule for batches of experts, as in stream, that the selector sends to the
// first one, and their tables.
func watching(experts ...string) (*switching, []selection.Table) {
	rows := switchBatch * len(experts[0])
	r := &switching{truth: make([]int, rows), experts: make([]int, rows), bands: slices.Repeat([]kit.Band{{Mean: 0.1, Deviation: 0.1}}, switchExperts)}
	scores := []selection.Table{scoretest.Table(0.1, switchExperts, make([][]int, rows)...)}
	for _, s := range experts {
		scores = append(scores, stream(s))
	}
	return r, scores
}

// Only the expert in use runs, until a change is suspected; then the others run on the rows
// of the suspicion alone.
func TestOthersRunOnSuspicion(t *testing.T) {
	for _, c := range []struct {
		name    string
		experts [switchExperts]string
		want    [switchExperts]int // batches that each expert runs
	}{
		{"no change", [...]string{"......", "......", "......"}, [...]int{6, 0, 0}},
		{"one strange batch", [...]string{"..x...", "......", "......"}, [...]int{6, 0, 0}},
		{"a change", [...]string{"..xxxx", "......", "xxxxxx"}, [...]int{6, 4, 2}}, // all rows by the selector's expert
	} {
		r, scores := watching(c.experts[:]...)
		scorers := make([]selection.Scorer, len(scores))
		for k := range scorers {
			for i := range r.truth {
				scorers[k].Rows = append(scorers[k].Rows, []byte{byte(i)})
			}
		}
		var count [switchExperts]int
		if _, err := r.Decide(selection.FromFunction(scores, scorers, func(scorer int, input []byte) []byte {
			if scorer > 0 {
				count[scorer-1]++
			}
			return scores[scorer].Row(int(input[0]))
		})); err != nil {
			t.Fatal(err)
		}
		for k, n := range count {
			if n != switchBatch*c.want[k] {
				t.Errorf("%s: expert %d runs %d rows, want %d batches", c.name, k, n, c.want[k])
			}
		}
	}
}

// One wrong row makes its batch strange, which is borne; beside a batch that is strange by
// itself it calls for another expert, and where none fits for a new one, which is a harm of
// one. In a batch that is strange anyway it changes nothing.
func TestFaultsInOneRow(t *testing.T) {
	wrong := scoretest.Table(0.1, digits.Classes, scoretest.Class(1, 60))
	for _, c := range []struct {
		name    string
		experts [switchExperts]string
		batch   int
		want    []int
		harm    float64
	}{
		{"in a quiet stream", [...]string{"......", "......", "......"}, 3, []int{0, 0, 0, 0, 0, 0}, 1},
		{"beside a strange batch", [...]string{"..x...", "......", "xxxxxx"}, 3, []int{0, 0, 0, 1, 1, 1}, 1},
		{"beside one, where no expert fits", [...]string{"..x...", "xxxxxx", "xxxxxx"}, 3, []int{0, 0, 0, switchExperts, 0, 0}, 1},
		{"in a batch that is strange anyway", [...]string{"..x...", "......", "......"}, 2, []int{0, 0, 0, 0, 0, 0}, 0},
	} {
		r, scores := watching(c.experts[:]...)
		golden := scoretest.Decide(t, r, scores...)
		faulty := slices.Clone(scores)
		var err error
		if faulty[1], err = scores[1].WithRow(c.batch*switchBatch+2, wrong.Row(0)); err != nil {
			t.Fatal(err)
		}
		o := scoretest.Decide(t, r, faulty...)
		if got := o.Items[len(r.truth):]; !slices.Equal(got, c.want) {
			t.Errorf("%s: experts in use %v, want %v", c.name, got, c.want)
		}
		if got := r.Consequence(nil, golden, o); got != c.harm {
			t.Errorf("%s: consequence %v, want %v", c.name, got, c.harm)
		}
	}
}

// By hand: the band of the losses 1, 1, 3, 3 is 2 ± 1, so that losses up to 5 are in it.
func TestBandByHand(t *testing.T) {
	e := &expert{losses: slices.Concat(slices.Repeat([]float64{1}, switchWindow/2), slices.Repeat([]float64{3}, switchWindow/2))}
	if !e.usual(4.999) || e.usual(5.001) {
		t.Errorf("usual: 4.999 %v, 5.001 %v", e.usual(4.999), e.usual(5.001))
	}
	e.losses = e.losses[1:] // too few of them
	if !e.usual(1000) {
		t.Error("a young expert refuses a loss")
	}
}

// The weights that are pruned are the smallest ones of their layer, two fifths of it, from
// a batch on; biases stay.
func TestPrune(t *testing.T) {
	l := &learner{rng: data.Rand(7, 0)}
	l.add(0)
	e := l.experts[0]
	params := e.g.Params()
	var before [][]float64
	for _, p := range params {
		before = append(before, slices.Clone(p.Value))
	}
	e.batches = switchPruneAt - 1
	if e.prune(); !slices.Equal(params[0].Value, before[0]) {
		t.Error("a young expert is pruned")
	}
	e.batches++
	e.prune()
	for k := 0; k < len(params); k += 2 {
		zeros, largest, least := 0, 0.0, math.Inf(1)
		for i, v := range params[k].Value {
			if size := math.Abs(before[k][i]); v == 0 {
				zeros, largest = zeros+1, max(largest, size)
			} else if least = min(least, size); v != before[k][i] {
				t.Fatalf("layer %d: weight %d becomes %v", k/2, i, v)
			}
		}
		n := float64(len(before[k]))
		if largest >= least || math.Abs(float64(zeros)-switchPruned*n) > 1 {
			t.Errorf("layer %d: %d of %v weights up to %v are pruned, others from %v on", k/2, zeros, n, largest, least)
		}
		if !slices.Equal(params[k+1].Value, before[k+1]) {
			t.Errorf("layer %d: a bias is pruned", k/2)
		}
	}
}
