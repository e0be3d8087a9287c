package kcentre

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
)

// drawn is a rule for a pool of random scores.
func drawn(rows, picks int, seed uint64, before ...int) (*coreset, selection.Table) {
	rng := rand.New(rand.NewPCG(seed, seed))
	var list [][]int
	for range rows {
		row := make([]int, 2*digits.Classes)
		for k := range row {
			row[k] = rng.IntN(100) - 50
		}
		list = append(list, row)
	}
	r := &coreset{Pool: scoretest.Pool(make([]float64, rows), make([]int, rows)...), picks: picks, before: before}
	return r, scoretest.Table(0.1, 2*digits.Classes, list...)
}

// probability of a row by the definition: half the softmax of each head.
func probability(t *selection.Table, i int) []float64 {
	p := make([]float64, digits.Classes)
	for _, from := range []int{0, digits.Classes} {
		sum := 0.0
		for c := range p {
			sum += math.Exp(t.At(i, from+c))
		}
		for c := range p {
			p[c] += math.Exp(t.At(i, from+c)) / sum / 2
		}
	}
	return p
}

// apart is the distance of two rows' probabilities.
func apart(t *selection.Table, i, j int) float64 {
	p, q, sum := probability(t, i), probability(t, j), 0.0
	for c := range p {
		sum += (p[c] - q[c]) * (p[c] - q[c])
	}
	return math.Sqrt(sum)
}

// Every pick is the row that is farthest from all labelled and picked before it.
func TestPicksAreFarthest(t *testing.T) {
	r, table := drawn(40, 8, 1, 3, 17)
	o := scoretest.Decide(t, r, table)
	have := slices.Clone(r.before)
	for k, pick := range o.Items {
		far := func(i int) float64 {
			least := math.Inf(1)
			for _, j := range have {
				least = min(least, apart(&table, i, j))
			}
			return least
		}
		for i := range 40 {
			if !slices.Contains(have, i) && far(i) > far(pick)+1e-12 {
				t.Fatalf("pick %d is row %d at %v, row %d is at %v", k, pick, far(pick), i, far(i))
			}
		}
		if slices.Contains(have, pick) {
			t.Fatalf("row %d is picked twice", pick)
		}
		have = append(have, pick)
	}
}

// The radius is at most twice that of the best of all sets with the same labelled rows
// (Gonzalez, 1985).
func TestRadiusBound(t *testing.T) {
	for seed := range uint64(10) {
		r, table := drawn(10, 3, 100+seed, 0)
		radius := func(set []int) float64 {
			most := 0.0
			for i := range 10 {
				least := apart(&table, i, 0)
				for _, j := range set {
					least = min(least, apart(&table, i, j))
				}
				most = max(most, least)
			}
			return most
		}
		best := math.Inf(1)
		for _, set := range scoretest.Subsets(10, 3) {
			best = min(best, radius(set))
		}
		if got := radius(scoretest.Decide(t, r, table).Items); got > 2*best+1e-12 || got < best-1e-12 {
			t.Errorf("seed %d: radius %v, the best %v", seed, got, best)
		}
	}
}

// A constant added to one head of a row says nothing, rows may come in any order, and a
// pool that is too small is picked whole.
func TestPicksAreInvariant(t *testing.T) {
	r, table := drawn(30, 6, 2, 4)
	golden := scoretest.Decide(t, r, table)
	moved := table
	moved.Data = slices.Clone(table.Data)
	for i := range 30 {
		for c := range digits.Classes {
			moved.Data[i*2*digits.Classes+c] += byte(i)
		}
	}
	if o := scoretest.Decide(t, r, moved); !slices.Equal(o.Items, golden.Items) {
		t.Errorf("constants change the picks from %v to %v", golden.Items, o.Items)
	}
	order := rand.New(rand.NewPCG(3, 3)).Perm(30)
	r.before = []int{slices.Index(order, 4)}
	for k, at := range scoretest.Decide(t, r, scoretest.Permuted(table, order)).Items {
		if order[at] != golden.Items[k] {
			t.Errorf("pick %d in another order is row %d, not %d", k, order[at], golden.Items[k])
		}
	}
	r.before, r.picks = []int{4}, 99
	if o := scoretest.Decide(t, r, table); len(o.Items) != 29 || slices.Contains(o.Items, 4) {
		t.Errorf("%d of 29 rows picked", len(o.Items))
	}
}

// One wrong score comes first, since it is farther from all others than they are from each
// other, and takes another row's place; where one head alone is wrong it is half as far and
// is not picked at all.
func TestFaultComesFirst(t *testing.T) {
	var rows [][]int
	for i := range 20 {
		rows = append(rows, twoHeads(i%3, 30))
	}
	table := scoretest.Scores(rows...)
	r := &coreset{Pool: scoretest.Pool(make([]float64, 20), make([]int, 20)...), picks: 2, before: []int{0}}
	w := scoretest.Workload(r, 20)
	o, err := w.Decide([]selection.Table{table})
	if slices.Sort(o.Items); err != nil || !slices.Equal(o.Items, []int{1, 2}) {
		t.Fatalf("picks %v, %v", o.Items, err)
	}
	faulty := make([]byte, 2*digits.Classes)
	faulty[9], faulty[digits.Classes+9] = 100, 100
	if o, err = w.Transient([]selection.Table{table}, 0, 15, faulty); err != nil || o.Items[0] != 15 || len(o.Items) != 2 {
		t.Errorf("picks %v, %v", o.Items, err)
	}
	faulty[digits.Classes+9], faulty[digits.Classes] = 0, 100 // one head stays with class 0
	o, err = w.Transient([]selection.Table{table}, 0, 15, faulty)
	if slices.Sort(o.Items); err != nil || !slices.Equal(o.Items, []int{1, 2}) {
		t.Errorf("half as far: picks %v, %v", o.Items, err)
	}
}

// A student's first head learns the labels that are known alone, its second one the
// teacher's probabilities of all rows.
func TestStudent(t *testing.T) {
	rng := data.Rand(1, 0)
	a := &active{pool: &data.Samples{}, rng: rng}
	for i := range 60 {
		x, soft := make([]float64, data.DigitsSize), make([]float64, digits.Classes)
		x[i%3] = 1
		soft[i%3], soft[9] = 0.7, 0.3
		a.pool.X, a.pool.Labels, a.soft = append(a.pool.X, x), append(a.pool.Labels, 3+i%3), append(a.soft, soft)
	}
	model, err := a.student([]int{0, 1, 3, 4}) // of two classes
	if err != nil {
		t.Fatal(err)
	}
	scores, err := digits.Scores(model, a.pool.X[:3], digits.Fine)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range scores {
		if c := kit.Argmax(row[:digits.Classes]); i < 2 && c != 3+i || c != 3 && c != 4 {
			t.Errorf("row %d: the labelled head says %d", i, c)
		}
		p := kit.Softmax(row[digits.Classes:])
		if math.Abs(p[i]-0.7) > 0.15 || math.Abs(p[9]-0.3) > 0.1 {
			t.Errorf("row %d: the distilled head says %v", i, p)
		}
	}
	mixed, err := a.probabilities(model)
	if err != nil || len(mixed) != 60 || math.Abs(kit.Mean(mixed[0])-0.1) > 1e-9 {
		t.Errorf("%d probabilities, %v", len(mixed), err)
	}
}

func TestRight(t *testing.T) {
	r := &coreset{Pool: &digits.Pool{Want: []int{1, 2, 3, 3}}}
	table := scoretest.Scores(twoHeads(1, 9), twoHeads(2, 9), twoHeads(4, 9), twoHeads(3, 9))
	if got := r.right(&table); got != 0.75 {
		t.Errorf("right %v", got)
	}
}
