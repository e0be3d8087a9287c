package router

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// drawn are random codes of the router and of all experts.
func drawn(seed uint64, rows int) (*router, []selection.Table) {
	rng := data.Rand(seed, 6)
	r := &router{}
	var scores []selection.Table
	for k := range 1 + routerExperts {
		var list [][]int
		for range rows {
			row := make([]int, digits.Classes)
			if k == 0 {
				row = row[:routerExperts]
			}
			for j := range row {
				row[j] = rng.IntN(200) - 100
			}
			list = append(list, row)
		}
		scores = append(scores, scoretest.Table(0.1, len(list[0]), list...))
	}
	for range rows {
		r.truth = append(r.truth, rng.IntN(digits.Classes))
	}
	return r, scores
}

// By hand: gates and experts that know nothing give a label the chance 1/10 each, so the
// likelihood is 1/10, and with the load shared evenly the balance is E·Σ 1/E·1/E = 1.
func TestLossByHand(t *testing.T) {
	n := routerExperts * (1 + digits.Classes)
	grad := make([]float64, n)
	got := (&mixture{}).loss([]int{3})(0, make([]float64, n), grad)
	if want := math.Log(digits.Classes) + routerBalance; math.Abs(got-want) > 1e-12 {
		t.Errorf("loss %v, want %v", got, want)
	}
	for e := range routerExperts {
		if math.Abs(grad[e]) > 1e-12 {
			t.Errorf("a router that knows nothing has the gradient %v", grad[:routerExperts])
		}
		// A quarter of p − y: 1/40 for every class but the right one.
		for c, v := range grad[routerExperts+e*digits.Classes:][:digits.Classes] {
			want := 0.1 / routerExperts
			if c == 3 {
				want -= 1.0 / routerExperts
			}
			if math.Abs(v-want) > 1e-12 {
				t.Errorf("expert %d, class %d: gradient %v, want %v", e, c, v, want)
			}
		}
	}
}

// Softmax does not feel a number added to all its logits, so gradients of the router and of
// each expert sum to nothing; the expert that is right answers for the row.
func TestLossShares(t *testing.T) {
	rng := data.Rand(2, 6)
	for range 20 {
		output, grad := make([]float64, routerExperts*(1+digits.Classes)), make([]float64, routerExperts*(1+digits.Classes))
		for j := range output {
			output[j] = 2 * rng.NormFloat64()
		}
		right := rng.IntN(routerExperts)
		output[routerExperts+right*digits.Classes+5] = 40
		for e := range routerExperts {
			if e != right {
				output[routerExperts+e*digits.Classes+5] = -40
			}
		}
		(&mixture{}).loss([]int{5})(0, output, grad)
		for at, n := 0, routerExperts; at < len(grad); at, n = at+n, digits.Classes {
			sum := 0.0
			for _, v := range grad[at : at+n] {
				sum += v
			}
			if math.Abs(sum) > 1e-9 {
				t.Errorf("gradients %v sum to %v", grad[at:at+n], sum)
			}
		}
		if grad[right] >= 0 {
			t.Errorf("the router is not drawn to expert %d, which is right: %v", right, grad[:routerExperts])
		}
	}
}

// A row runs on the router and on one expert, in that order, and on nothing else.
func TestOneExpertRuns(t *testing.T) {
	r, scores := drawn(1, 12)
	scorers := make([]selection.Scorer, len(scores))
	for k := range scorers {
		for i := range r.truth {
			scorers[k].Rows = append(scorers[k].Rows, []byte{byte(i)})
		}
	}
	var asked []string
	ask := selection.FromFunction(scores, scorers, func(scorer int, input []byte) []byte {
		asked = append(asked, fmt.Sprint(scorer, input[0]))
		return scores[scorer].Row(int(input[0]))
	})
	o, err := r.Decide(ask)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i, e := range o.Items {
		want = append(want, fmt.Sprint(0, byte(i)), fmt.Sprint(1+e, byte(i)))
	}
	if !slices.Equal(asked, want) {
		t.Errorf("inferences %v, want %v", asked, want)
	}
}

// Experts in another order serve the same rows with the same classes.
func TestOrderOfExperts(t *testing.T) {
	r, scores := drawn(3, 20)
	golden := scoretest.Decide(t, r, scores...)
	order := []int{2, 0, 3, 1} // expert that comes to each place
	moved := []selection.Table{{Scale: scores[0].Scale, Width: routerExperts}}
	for i := range r.truth {
		for _, e := range order {
			moved[0].Data = append(moved[0].Data, scores[0].Row(i)[e])
		}
	}
	for _, e := range order {
		moved = append(moved, scores[1+e])
	}
	o := scoretest.Decide(t, r, moved...)
	if !slices.Equal(o.Values, golden.Values) {
		t.Errorf("classes %v, want %v", o.Values, golden.Values)
	}
	for i, k := range o.Items {
		if order[k] != golden.Items[i] {
			t.Errorf("row %d goes to expert %d, want %d", i, order[k], golden.Items[i])
		}
	}
}

// TestFlipsByDecisions counts what single flips do by deciding anew.
func TestFlipsByDecisions(t *testing.T) {
	r, scores := drawn(4, 3)
	golden := scoretest.Decide(t, r, scores...)
	var want flips
	for i := range r.truth {
		for _, k := range []int{0, 1 + golden.Items[i]} {
			width := scores[k].Width
			for b := range 8 * width {
				out := slices.Clone(scores[k].Row(i))
				out[b/8] ^= 1 << (b % 8)
				faulty := slices.Clone(scores)
				var err error
				if faulty[k], err = scores[k].WithRow(i, out); err != nil {
					t.Fatal(err)
				}
				o := scoretest.Decide(t, r, faulty...)
				one := 1 / float64(8*len(r.truth)*width)
				switch {
				case k > 0 && o.Values[i] != golden.Values[i]:
					want.expert += one
				case k == 0 && o.Items[i] != golden.Items[i]:
					want.route += one
					if o.Values[i] != golden.Values[i] {
						want.class += one
					}
				}
			}
		}
	}
	got := r.flips(scores, golden)
	for _, v := range [][2]float64{{got.route, want.route}, {got.class, want.class}, {got.expert, want.expert}} {
		if math.Abs(v[0]-v[1]) > 1e-12 || v[1] == 0 {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
}

// The work of a row, by hand: 64 pixels to eight units to four logits, and 64 to sixteen to
// ten, are no more than 64 to twenty-four to ten. Every bound of the check can fail.
func TestCheckBounds(t *testing.T) {
	w, err := build(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		scorer *selection.Scorer
		want   int
	}{{&w.Scorers[0], 8 * (64 + 4)}, {&w.Scorers[1], 16 * (64 + 10)}, {&w.Baselines[0], 24 * (64 + 10)}} {
		if got, err := c.scorer.MACs(); err != nil || got != c.want {
			t.Errorf("%s: %d multiply-accumulates, want %d, error %v", c.scorer.Name, got, c.want, err)
		}
	}
	r := w.Rule.(*router)
	run := func(wrong, plainWrong, even int) selection.Run { // rows that are wrong, and rows that are shared evenly
		var gate, mixed, plain [][]int
		for i, truth := range r.truth {
			expert := 0
			if i < even {
				expert = i % routerExperts
			}
			row := make([]int, routerExperts)
			row[expert] = 9
			class := func(wrong int) []int {
				if i < wrong {
					return scoretest.Class((truth+1)%digits.Classes, 9)
				}
				return scoretest.Class(truth, 9)
			}
			gate, mixed, plain = append(gate, row), append(mixed, class(wrong)), append(plain, class(plainWrong))
		}
		scores := []selection.Table{scoretest.Scores(gate...)}
		for range routerExperts {
			scores = append(scores, scoretest.Scores(mixed...))
		}
		return selection.Run{Workload: w, Scores: scores, Baselines: []selection.Table{scoretest.Scores(plain...)}, Outcome: scoretest.Decide(t, r, scores...)}
	}
	n := len(r.truth)
	for _, c := range []struct {
		wrong, plain, even int
		want               bool
	}{{20, 20, n, true}, {20 + n/50, 20, n, false}, {20, 20 + n/50, n, true}, {20, 20, n / 2, false}, {20, 20, 4 * n / 5, true}} {
		got, err := check([]selection.Run{run(c.wrong, c.plain, c.even)})
		if err != nil || got.Pass != c.want {
			t.Errorf("%+v: %+v, error %v", c, got, err)
		}
	}
}
