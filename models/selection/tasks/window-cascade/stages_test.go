package window

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train"
)

// Depth, class and acceptance of every row by the definition: the second network decides
// where the first one's certainty lies within the window, its ends included.
func TestStagesByDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	r := &window{}
	var rows [2][][]int
	for range 60 {
		r.truth = append(r.truth, rng.IntN(windowClasses))
		for k := range rows {
			row := make([]int, windowClasses)
			for c := range row {
				row[c] = rng.IntN(30)
			}
			rows[k] = append(rows[k], row)
		}
	}
	scores := []selection.Table{scoretest.Table(0.1, windowClasses, rows[0]...), scoretest.Table(0.1, windowClasses, rows[1]...)}
	certainty := func(k, i int) float64 {
		top, sum := slices.Max(rows[k][i]), 0.0
		for _, v := range rows[k][i] {
			sum += math.Exp(0.1 * float64(v-top))
		}
		return 1 / sum
	}
	// The ends of the window are certainties of rows.
	order := []int{}
	for i := range r.truth {
		order = append(order, i)
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(certainty(0, i), certainty(0, j)) })
	first, last := order[15], order[40]
	_, r.low, _ = scores[0].Confidence(first, 0, windowClasses)
	_, r.high, _ = scores[0].Confidence(last, 0, windowClasses)
	r.edge = certainty(1, 5)
	o := scoretest.Decide(t, r, scores...)
	deep := 0
	for i := range r.truth {
		depth, c := 1, certainty(0, i)
		if c >= r.low-1e-12 && c <= r.high+1e-12 {
			depth, c = 2, certainty(1, i)
			deep++
		}
		if o.Items[i] != depth || math.Abs(c-r.edge) > 1e-12 && (o.Values[i] == 1) != (c > r.edge) {
			t.Errorf("row %d: depth %d, accepted %v; want depth %d with %v", i, o.Items[i], o.Values[i], depth, c)
		}
	}
	if deep < 5 || deep > 55 || o.Items[first] != 2 || o.Items[last] != 2 {
		t.Errorf("%d rows go on; those at the ends of the window: %d and %d", deep, o.Items[first], o.Items[last])
	}
	// A wider window sends on more rows and never fewer.
	r.low -= 0.05
	for i, depth := range scoretest.Decide(t, r, scores...).Items {
		if depth < o.Items[i] {
			t.Errorf("row %d stays with a wider window", i)
		}
	}
	for name, list := range map[string][]selection.Table{"one network": scores[:1], "another pool": {scores[0], logits(1)}, "five classes": {scores[0], {Scale: 1, Width: 5, Data: make([]byte, 300)}}} {
		if _, err := r.Decide(selection.FromTables(list...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A thumbnail's pixel is the rounded mean of four, of the pictures from a place on.
func TestThumbnails(t *testing.T) {
	const side = 2 * windowSide
	set := &train.Images{Height: side, Width: side, Pixels: make([]byte, 2*side*side), Labels: []uint8{3, 7}}
	second := set.Pixels[side*side:]
	second[0], second[1], second[side], second[side+1] = 255, 255, 1, 1 // 512/4
	second[2*side+4] = 10                                               // alone among four: 2.5, to 3
	s := thumbnails(set, 1, 1)
	if len(s.X) != 1 || s.Labels[0] != 7 || len(s.X[0]) != windowSide*windowSide {
		t.Fatalf("%d thumbnails with labels %v", len(s.X), s.Labels)
	}
	for k, v := range s.X[0] {
		want := map[int]float64{0: 128, windowSide + 2: 3}[k] / 255
		if math.Abs(v-want) > 1e-12 {
			t.Errorf("pixel %d: %v, want %v", k, v, want)
		}
	}
}
