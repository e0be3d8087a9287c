package scoring

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// drawn are rows of five labels with random predictions and noise.
func drawn(seed uint64, rows int) (*influence, selection.Table) {
	rng := data.Rand(seed, 3)
	r := &influence{noise: kit.Gumbel(rows, rng)}
	var codes [][]int
	for i := range rows {
		r.given, r.truth = append(r.given, rng.IntN(5)), append(r.truth, i%5)
		codes = append(codes, []int{rng.IntN(200) - 100})
	}
	return r, scoretest.Table(0.02, 1, codes...)
}

// By definition: of each label the rows of the largest prediction/τ + Gumbel, a fifth of
// them.
func TestDrawByDefinition(t *testing.T) {
	for seed := range uint64(10) {
		r, table := drawn(seed, 80)
		var want []int
		for label := range 5 {
			var rows []int
			for i, l := range r.given {
				if l == label {
					rows = append(rows, i)
				}
			}
			key := func(i int) float64 { return 0.02*float64(table.Int(i, 0))/0.5 + r.noise[i] }
			slices.SortFunc(rows, func(i, j int) int {
				if key(i) > key(j) {
					return -1
				}
				return 1
			})
			want = append(want, rows[:int(math.Round(0.2*float64(len(rows))))]...)
		}
		slices.Sort(want)
		if o := scoretest.Decide(t, r, table); !slices.Equal(o.Items, want) {
			t.Fatalf("seed %d: %v, want %v", seed, o.Items, want)
		}
	}
}

// With Gumbel noise, a row is drawn as one of five with the probability softmax(prediction/τ)
// (Kool et al., 2019).
func TestDrawsFollowSoftmax(t *testing.T) {
	const draws = 3000
	codes := []int{0, 1, 2, 3, 5}
	r := &influence{given: make([]int, len(codes)), noise: make([]float64, len(codes))}
	table := scoretest.Table(0.2, 1, [][]int{{0}, {1}, {2}, {3}, {5}}...)
	count, sum := make([]float64, len(codes)), 0.0
	rng := rand.New(rand.NewPCG(4, 4))
	for range draws {
		r.noise = kit.Gumbel(len(codes), rng)
		o := scoretest.Decide(t, r, table)
		if len(o.Items) != 1 {
			t.Fatalf("drawn %v", o.Items)
		}
		count[o.Items[0]]++
	}
	for _, c := range codes {
		sum += math.Exp(0.2 * float64(c) / influenceTau)
	}
	for i, c := range codes {
		p := math.Exp(0.2*float64(c)/influenceTau) / sum
		if d := count[i]/draws - p; math.Abs(d) > 4*math.Sqrt(p*(1-p)/draws) {
			t.Errorf("row %d is drawn in %v of the cases, want %v", i, count[i]/draws, p)
		}
	}
}

// A fault in a row of one label leaves the others alone. It changes the draw exactly where
// it takes the row across the last key that is drawn.
func TestFaultsStayInTheirLabel(t *testing.T) {
	r, table := drawn(20, 60)
	golden := scoretest.Decide(t, r, table)
	keys := r.keys(&table)
	in, out := 0, 0
	for row := range table.Rows() {
		last, next := math.Inf(1), math.Inf(-1) // of the same label
		for i, k := range keys {
			switch {
			case i == row || r.given[i] != r.given[row]:
			case slices.Contains(golden.Items, i):
				last = min(last, k)
			default:
				next = max(next, k)
			}
		}
		for bit := range 8 {
			code := byte(table.Int(row, 0)) ^ 1<<bit
			faulty, err := table.WithRow(row, []byte{code})
			if err != nil {
				t.Fatal(err)
			}
			key := 0.02*float64(int8(code))/influenceTau + r.noise[row]
			was := slices.Contains(golden.Items, row)
			is := was && key > next || !was && key > last
			o := scoretest.Decide(t, r, faulty)
			if slices.Contains(o.Items, row) != is || o.Equal(golden) != (is == was) {
				t.Fatalf("row %d with key %v between %v and %v: drawn %v, before %v", row, key, next, last, o.Items, golden.Items)
			}
			for _, i := range o.Items {
				if r.given[i] != r.given[row] && !slices.Contains(golden.Items, i) {
					t.Fatalf("a fault in label %d draws row %d of label %d", r.given[row], i, r.given[i])
				}
			}
			if is && !was {
				in++
			} else if was && !is {
				out++
			}
		}
	}
	if in == 0 || out == 0 {
		t.Errorf("%d faults bring a row in, %d take one out", in, out)
	}
}

// The harm is what the sum of keys loses of its lead over all rows, by hand.
func TestConsequenceByHand(t *testing.T) {
	r := &influence{given: make([]int, 4), noise: []float64{0, 0, 0, 0}}
	scores := []selection.Table{scoretest.Table(0.5, 1, []int{4}, []int{2}, []int{0}, []int{-2})} // keys 4, 2, 0, −2
	golden := selection.Outcome{Metric: selection.Set, Items: []int{0}}
	for i, want := range []float64{0, 2.0 / 3, 4.0 / 3, 2} { // the mean is 1, so the lead 3
		if got := r.Consequence(scores, golden, selection.Outcome{Metric: selection.Set, Items: []int{i}}); math.Abs(got-want) > 1e-12 {
			t.Errorf("row %d: consequence %v, want %v", i, got, want)
		}
	}
}

// An influence is what one step down the gradient of a sample takes off the mean loss on the
// reference; the step is small enough that this goes with the product of both gradients.
func TestInfluenceByDefinition(t *testing.T) {
	rng := data.Rand(5, 3)
	parts, err := digits.Deal(rng, 60, 20)
	if err != nil {
		t.Fatal(err)
	}
	reference, probes := parts[0], parts[1]
	probes.Spoil(rng)
	g := digits.Untrained(rng)
	g.Fit(reference.X, nets.CrossEntropy(reference.Labels), nets.Schedule{Epochs: 2, Batch: 10, Rate: 2e-3}, rng)
	gradient := func(x [][]float64, labels []int) (flat []float64) {
		for _, p := range g.Params() {
			clear(p.Grad)
		}
		out, entropy := make([]float64, digits.Classes), nets.CrossEntropy(labels)
		for i := range x {
			entropy(i, g.Forward(x[i]), out)
			g.Backward(out)
		}
		for _, p := range g.Params() {
			for _, d := range p.Grad {
				flat = append(flat, d/float64(len(x)))
			}
		}
		return flat
	}
	move := func(gradient []float64, by float64) {
		for _, p := range g.Params() {
			for k := range p.Value {
				p.Value[k] += by * gradient[k]
			}
			gradient = gradient[len(p.Value):]
		}
	}
	loss := func() (sum float64) {
		for i, x := range reference.X {
			sum -= math.Log(kit.Softmax(g.Forward(x))[reference.Labels[i]]) / float64(len(reference.X))
		}
		return sum
	}
	whole, before := gradient(reference.X, reference.Labels), loss()
	measured := influences(g, probes, reference)
	var product []float64
	for i, got := range measured {
		own, sum := gradient(probes.X[i:i+1], probes.Labels[i:i+1]), 0.0
		for k, d := range own {
			sum += d * whole[k]
		}
		product = append(product, sum)
		move(own, -influenceStep)
		if want := before - loss(); math.Abs(got-want) > 1e-9 {
			t.Errorf("sample %d: influence %v, want %v", i, got, want)
		}
		move(own, influenceStep)
	}
	if rank := kit.Spearman(measured, product); rank < 0.75 {
		t.Errorf("rank correlation %v with the product of gradients", rank)
	}
}

// Predictions of an influence model have a deviation of one on its probes, whatever the
// size of the influences, and follow them.
func TestInfluenceModel(t *testing.T) {
	rng := data.Rand(6, 3)
	parts, err := digits.Deal(rng, 40, 60)
	if err != nil {
		t.Fatal(err)
	}
	parts[1].Spoil(rng)
	g := digits.Untrained(rng)
	g.Fit(parts[0].X, nets.CrossEntropy(parts[0].Labels), nets.Schedule{Epochs: 5, Batch: 10, Rate: 2e-3}, rng)
	m, x := influenceModel(g, parts[1], parts[0], rng)
	var predicted []float64
	for _, row := range x {
		predicted = append(predicted, m.Forward(row)[0])
	}
	if band := kit.NewBand(predicted); math.Abs(band.Deviation-1) > 1e-9 {
		t.Errorf("predictions have a deviation of %v", band.Deviation)
	}
	if rank := kit.Spearman(predicted, influences(g, parts[1], parts[0])); rank < 0.6 {
		t.Errorf("rank correlation %v on the probes", rank)
	}
}

// Every bound of the check can fail by itself.
func TestCheckBounds(t *testing.T) {
	const n = 200
	r := &influence{noise: make([]float64, n)}
	var good, bad, steady [][]int
	for i := range n {
		wrong := i % 2
		r.given, r.truth = append(r.given, i/2%5), append(r.truth, (i/2+wrong)%5)
		r.measured = append(r.measured, float64(60-100*wrong+i%7))
		good, bad, steady = append(good, []int{60 - 100*wrong + i%7}), append(bad, []int{-int(r.measured[i])}), append(steady, []int{i % 7})
	}
	// Blind predictions rank rows within right and within wrong labels alone.
	for name, c := range map[string]struct {
		fresh, stale [][]int
		scale        float64
		want         bool
	}{
		"as published": {good, steady, 0.05, true}, "stale ones are as good": {good, good, 0.05, false}, "the wrong way round": {bad, steady, 0.05, false},
		"blind": {steady, bad, 0.05, false}, "right, but too flat to draw by": {good, steady, 1e-5, false},
	} {
		run := selection.Run{Workload: scoretest.Workload(r, n), Scores: []selection.Table{scoretest.Table(c.scale, 1, c.fresh...)}, Baselines: []selection.Table{scoretest.Table(0.05, 1, c.stale...)}}
		got, err := check([]selection.Run{run})
		if err != nil || got.Pass != c.want {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
	table := scoretest.Table(0.05, 1, good...)
	if got := r.drawn(&table); got < 0.99 {
		t.Errorf("predictions that know the labels draw %v right ones", got)
	}
	table = scoretest.Table(0.05, 1, slices.Repeat([][]int{{0}}, n)...)
	if got := r.drawn(&table); math.Abs(got-0.5) > 0.1 {
		t.Errorf("predictions that know nothing draw %v right ones of one half", got)
	}
}
