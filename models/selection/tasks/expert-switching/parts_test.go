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

func TestPermuted(t *testing.T) {
	rng := data.Rand(1, 0)
	x, order := make([]float64, 20), rng.Perm(20)
	for i := range x {
		x[i] = float64(i)
	}
	y := permuted(x, order)
	for i, v := range y {
		if v != x[order[i]] {
			t.Fatalf("place %d holds %v, want %v", i, v, x[order[i]])
		}
	}
	slices.Sort(y)
	if !slices.Equal(x, y) {
		t.Error("a pixel is lost")
	}
}

// A young expert takes everything; one with a past takes what is near its losses, at least
// the floor's width.
func TestUsual(t *testing.T) {
	e := &expert{}
	if !e.usual(100) {
		t.Error("an expert without a past refuses a loss")
	}
	for range switchWindow {
		e.losses = append(e.losses, 1)
	}
	edge := 1 + switchFactor*switchFloor
	if !e.usual(edge-1e-9) || e.usual(edge+1e-9) || !e.usual(0) || e.usual(math.NaN()) {
		t.Errorf("around %v: %v and %v; a low loss: %v", edge, e.usual(edge-1e-9), e.usual(edge+1e-9), e.usual(0))
	}
}

// An expert keeps a reservoir of what it saw, in which late samples are as likely as early
// ones, and only the losses of its window.
func TestLearnKeeps(t *testing.T) {
	l := &learner{rng: data.Rand(2, 0)}
	l.add(7)
	e := l.experts[0]
	const batches = 100
	for b := range batches {
		s := &data.Samples{}
		for k := range switchLearning {
			x := make([]float64, data.DigitsSize)
			x[0] = float64(b*switchLearning + k)
			s.X, s.Labels = append(s.X, x), append(s.Labels, k%digits.Classes)
		}
		for _, x := range s.X {
			x[1], x[0] = x[0], 0.5 // the network sees the same pixel of all
			x[1] /= batches * switchLearning
		}
		e.learn(s, float64(b), l.rng)
	}
	if len(e.losses) != switchWindow || e.losses[switchWindow-1] != batches-1 || e.batches != batches || e.task != 7 {
		t.Errorf("losses %v of %d batches", e.losses, e.batches)
	}
	late := 0
	for _, x := range e.kept.X {
		if x[1] >= 0.5 {
			late++
		}
	}
	if len(e.kept.X) != switchKept || len(e.kept.Labels) != switchKept || late < switchKept/3 || late > 2*switchKept/3 {
		t.Errorf("%d samples kept, %d of the second half", len(e.kept.X), late)
	}
}

// TestServedOnce: an expert runs a row once, however often its loss is asked for.
func TestServedOnce(t *testing.T) {
	r := &switching{truth: []int{3, 4, 5, 6}}
	asked := 0
	layout, scorers := make([]selection.Table, 1+switchExperts), make([]selection.Scorer, 1+switchExperts)
	for k := range scorers {
		layout[k], scorers[k].Rows = selection.Table{Scale: 0.1, Width: digits.Classes}, make([][]byte, len(r.truth))
	}
	table := scoretest.Labels(3)
	s := r.serve(selection.FromFunction(layout, scorers, func(int, []byte) []byte {
		asked++
		return table.Row(0)
	}))
	first, err := s.loss(1, 0, 4)
	if err != nil || asked != 4 {
		t.Fatalf("%d inferences, error %v", asked, err)
	}
	again, err := s.loss(1, 0, 4)
	if err != nil || asked != 4 || again != first {
		t.Errorf("%d inferences, loss %v after %v, error %v", asked, again, first, err)
	}
	// Row 0 is of class 3, which leads by 4; the other rows miss by as much.
	right := math.Log(1 + 9*math.Exp(-4))
	if want := right + 3; math.Abs(first-want) > 1e-9 {
		t.Errorf("loss %v, want %v", first, want)
	}
	if _, err := s.loss(2, 1, 2); err != nil || asked != 5 {
		t.Errorf("another expert: %d inferences, error %v", asked, err)
	}
}

func TestMade(t *testing.T) {
	o := selection.Outcome{Metric: selection.Route, Items: []int{0, switchExperts, 1, switchExperts}}
	if made(o) != 2 || made(selection.Outcome{}) != 0 {
		t.Errorf("%d new experts", made(o))
	}
}

// A network that knows a class has a lower loss on it than on another.
func TestExpertLoss(t *testing.T) {
	l := &learner{rng: data.Rand(3, 0)}
	l.add(0)
	e := l.experts[0]
	x := make([]float64, data.DigitsSize)
	x[9] = 1
	known, other := &data.Samples{}, &data.Samples{}
	for range 10 {
		known.X, known.Labels = append(known.X, x), append(known.Labels, 2)
		other.X, other.Labels = append(other.X, x), append(other.Labels, 8)
	}
	before := e.loss(known)
	for range 60 {
		e.learn(known, e.loss(known), l.rng)
	}
	if got := e.loss(known); got > before/4 || got >= e.loss(other) || kit.Argmax(e.g.Forward(x)) != 2 {
		t.Errorf("loss %v after %v, on another class %v", got, before, e.loss(other))
	}
}
