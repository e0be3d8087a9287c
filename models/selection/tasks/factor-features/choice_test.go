package factors

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/npu/isa"
)

// By hand, two features: the normal equations (Σaa Σab; Σab Σbb)·w = (Σay; Σby) by Cramer's
// rule. Features twice as large have half the weights.
func TestFitByCramer(t *testing.T) {
	x, y := [][]float64{{1, 2}, {3, -1}, {0, 1}, {-2, 2}}, []float64{1, 4, 2, -1}
	var aa, ab, bb, ay, by float64
	for i, v := range x {
		aa, ab, bb, ay, by = aa+v[0]*v[0], ab+v[0]*v[1], bb+v[1]*v[1], ay+v[0]*y[i], by+v[1]*y[i]
	}
	det := aa*bb - ab*ab
	want := []float64{(ay*bb - by*ab) / det, (aa*by - ab*ay) / det}
	got := fit(x, y)
	var larger [][]float64
	for _, v := range x {
		larger = append(larger, []float64{2 * v[0], 2 * v[1]})
	}
	half := fit(larger, y)
	for k := range want {
		if math.Abs(got[k]-want[k]) > 1e-6 || math.Abs(2*half[k]-want[k]) > 1e-6 {
			t.Errorf("weight %d: %v, of doubled features %v, want %v", k, got[k], half[k], want[k])
		}
	}
	// What is left over is at right angles to each feature.
	for k := range want {
		sum := 0.0
		for i, p := range predictions(x, got) {
			sum += x[i][k] * (y[i] - p)
		}
		if math.Abs(sum) > 1e-5 {
			t.Errorf("feature %d still tells %v of the rest", k, sum)
		}
	}
}

// Components are of length one and at right angles, so that encoding what was decoded
// changes nothing.
func TestComponentsAreAProjection(t *testing.T) {
	x, _ := newWorld(4).draw(400, data.Rand(4, ofUnlabeled))
	c, err := components(x)
	if err != nil {
		t.Fatal(err)
	}
	back := transposed(c)
	for k := range hidden {
		unit := make([]float64, hidden)
		unit[k] = 1
		for j, v := range kit.Product(c, kit.Product(back, unit)) {
			if math.Abs(v-unit[j]) > 1e-9 {
				t.Errorf("component %d comes back as %v in %d", k, v, j)
			}
		}
	}
	// The first component explains most, and no direction of the samples more than it.
	size := func(direction []float64) (sum float64) {
		for _, v := range x {
			p := kit.Product(direction, v)[0]
			sum += p * p
		}
		return sum
	}
	first := size(c[:seen])
	if second := size(c[seen : 2*seen]); second > first {
		t.Errorf("components explain %v, then %v", first, second)
	}
	for _, v := range x[:50] {
		n := kit.Norm(v)
		d := make([]float64, seen)
		for i := range d {
			d[i] = v[i] / n
		}
		if got := size(d); got > first*1.02 {
			t.Errorf("a sample's direction explains %v, the first component %v", got, first)
		}
	}
}

// chosen decides by definition from what every sample came out as: the three known samples
// that are explained worst are left out, weights are those of least squares by QR, and the
// largest predictions are picked.
func chosen(r *regression, outputs [][]float64) []int {
	code := func(row int) []float64 { return outputs[row][:hidden] }
	rows := kit.Every(few)
	left := func(i int) float64 { return math.Pow(kit.Distance(r.x[i], outputs[i][hidden:]), 2) }
	slices.SortStableFunc(rows, func(i, j int) int {
		if left(i) < left(j) {
			return -1
		}
		return 1
	})
	var a []float64
	var b []float64
	for _, i := range rows[:few-dropped] {
		a, b = append(a, code(i)...), append(b, r.labels[i])
	}
	var w mat.Dense
	_ = w.Solve(mat.NewDense(few-dropped, hidden, a), mat.NewDense(few-dropped, 1, b))
	var p []float64
	for i := range test {
		p = append(p, kit.Product(code(labelled+i), mat.Col(nil, 0, &w))[0])
	}
	return kit.TopK(p, picked)
}

// struck answers some rows otherwise.
type struck struct {
	selection.Source
	outputs map[int][]byte
}

func (s struck) Infer(scorer, row int, input []byte) ([]byte, error) {
	if out, ok := s.outputs[row]; ok {
		return out, nil
	}
	return s.Source.Infer(scorer, row, input)
}

// The decision of the NPU is that of the definition, with faults too: a wild code of a
// known sample bends the weights, unless what it gives back is wild as well, so that the
// sample is left out; one in the test moves that sample alone.
func TestDecisionsByDefinition(t *testing.T) {
	w, err := build(1)
	if err != nil {
		t.Fatal(err)
	}
	r, source := w.Rule.(*regression), selection.NewFunctional(w.Scorers, isa.U55x128)
	answer := func(row int) []byte {
		out, err := source.Infer(0, row, w.Scorers[0].Rows[row])
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Clone(out)
	}
	decide := func(outputs map[int][]byte) []int {
		o, err := r.Decide(selection.NewAsk(w, struck{source, outputs}))
		if err != nil {
			t.Fatal(err)
		}
		reals := make([][]float64, labelled+test)
		for row := range reals {
			if row >= few && row < labelled {
				continue
			}
			out, ok := outputs[row]
			if !ok {
				out = answer(row)
			}
			reals[row] = append(scoreForm.Reals(out[:2*hidden]), sampleForm.Reals(out[2*hidden:])...)
		}
		if want := chosen(r, reals); !slices.Equal(o.Items, want) {
			t.Errorf("%d rows struck: %v, want %v", len(outputs), o.Items, want)
		}
		return o.Items
	}
	golden := decide(nil)
	bent := answer(3)
	bent[1], bent[3] = 0x7f, 0x80 // the largest first component, the least second one
	if got := decide(map[int][]byte{3: bent}); slices.Equal(got, golden) {
		t.Error("a wild code of a known sample changes nothing")
	}
	wild := bytes.Clone(bent)
	for i := 2*hidden + 1; i < len(wild); i += 2 {
		wild[i] = 0x7f
	}
	was := decide(map[int][]byte{3: wild})
	r.labels[3] += 1000
	if got := decide(map[int][]byte{3: wild}); !slices.Equal(got, was) {
		t.Errorf("the label of a sample that is left out moves the picks from %v to %v", was, got)
	}
	r.labels[3] -= 1000

	out := golden[0] // of the picks, by its own code: turned, it is the worst
	turned := answer(labelled + out)
	for k, v := range scoreForm.Reals(turned[:2*hidden]) {
		copy(turned[2*k:], scoreForm.Bytes(-v))
	}
	got := decide(map[int][]byte{labelled + out: turned})
	for _, i := range golden[1:] {
		if !slices.Contains(got, i) {
			t.Errorf("sample %d moves sample %d", out, i)
		}
	}
	if slices.Contains(got, out) || len(got) != picked {
		t.Errorf("picks %v with sample %d turned", got, out)
	}
}

// Features that tell the labels pass the check; features that say nothing, and picks that
// are drawn, do not.
func TestCheckBounds(t *testing.T) {
	w, err := build(2)
	if err != nil {
		t.Fatal(err)
	}
	r := w.Rule.(*regression)
	c, err := components(r.x)
	if err != nil {
		t.Fatal(err)
	}
	scores := selection.Table{Scale: float64(scoreForm.Scale), Width: hidden, Wide: true}
	for _, v := range r.x {
		scores.Data = append(scores.Data, scoreForm.Bytes(kit.Product(c, v)...)...)
	}
	nothing := scores
	nothing.Data = make([]byte, len(scores.Data))
	best := kit.TopK(r.truth, picked)
	for name, c := range map[string]struct {
		scores selection.Table
		picks  []int
		want   bool
	}{
		"components": {scores, best, true}, "no features": {nothing, best, false}, "the first samples": {scores, kit.Every(picked), false},
	} {
		got, err := check([]selection.Run{{Workload: w, Scores: []selection.Table{c.scores}, Outcome: selection.Outcome{Metric: selection.Set, Items: c.picks}}})
		if err != nil || got.Pass != c.want {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
}
