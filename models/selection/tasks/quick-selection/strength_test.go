package quick

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// strengths is a table of random strengths with few ties.
func strengths(n int, seed uint64) selection.Table {
	rng := rand.New(rand.NewPCG(seed, 0))
	var rows [][]int
	for range n {
		rows = append(rows, []int{rng.IntN(250) - 125})
	}
	return scoretest.Table(0.2, 1, rows...)
}

// Every feature that is selected is as strong as every one that is not; neither the unit of
// the strengths nor the order of the features matters.
func TestStrongestAreSelected(t *testing.T) {
	const n = 2 * quickSize
	r, table := &quick{features: n}, strengths(n, 1)
	o := scoretest.Decide(t, r, table)
	least, most := math.Inf(1), math.Inf(-1)
	for i := range n {
		if slices.Contains(o.Items, i) {
			least = min(least, table.At(i, 0))
		} else {
			most = max(most, table.At(i, 0))
		}
	}
	if len(o.Items) != quickSize || most > least {
		t.Errorf("%d features; one of strength %v is left out, one of %v selected", len(o.Items), most, least)
	}
	larger := table
	larger.Scale *= 7
	if !scoretest.Decide(t, r, larger).Equal(o) {
		t.Error("the unit matters")
	}
	order := rand.New(rand.NewPCG(2, 0)).Perm(n)
	sum := 0.0
	for _, at := range scoretest.Decide(t, r, scoretest.Permuted(table, order)).Items {
		sum += table.At(order[at], 0)
	}
	for _, i := range o.Items {
		sum -= table.At(i, 0)
	}
	if math.Abs(sum) > 1e-9 {
		t.Errorf("in another order the strengths sum to %v more", sum)
	}
}

// A flip of the sign bit takes the strongest feature out or brings the weakest one in; a
// flip that keeps a feature on its side of the border changes nothing.
func TestFaultyStrength(t *testing.T) {
	const n = 2 * quickSize
	r := &quick{features: n}
	var rows [][]int
	for i := range n {
		rows = append(rows, []int{100 - 2*i})
	}
	table := scoretest.Table(1, 1, rows...)
	w := scoretest.Workload(r, n)
	run := &selection.Run{Workload: w, Scores: []selection.Table{table}, Outcome: scoretest.Decide(t, r, table)}
	task := Task()
	for _, c := range []struct {
		name    string
		row     int
		flip    byte
		in, out int // −1 for none
	}{
		{"the sign of the strongest", 0, 0x80, quickSize, 0},
		{"the sign of a weak one", n - 1, 0x40, n - 1, quickSize - 1}, // 6 becomes 70
		{"a low bit of the strongest", 0, 1, -1, -1},
		{"a low bit of the weakest", n - 1, 1, -1, -1},
	} {
		faulty, err := w.Transient(run.Scores, 0, c.row, []byte{table.Data[c.row] ^ c.flip})
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(run.Outcome.Items)
		if c.in >= 0 {
			want[slices.Index(want, c.out)] = c.in
		}
		slices.Sort(want)
		if !slices.Equal(faulty.Items, want) {
			t.Errorf("%s: %v, want %v", c.name, faulty.Items, want)
		}
		// By the golden strengths, on the scale on which a mean feature has none.
		loss := 0.0
		if c.in >= 0 {
			loss = float64(2*(c.in-c.out)) / quickSize / float64(n/2) // means differ by half the pool
		}
		if e := task.Effect(run, faulty); math.Abs(e.Consequence-loss) > 1e-9 {
			t.Errorf("%s: consequence %v, want %v", c.name, e.Consequence, loss)
		}
	}
}

// Connections and weights are drawn as the law of Erdős and Rényi and of Glorot say.
func TestNewSparse(t *testing.T) {
	if l := newSparse(5, 4, data.Rand(1, 0)); len(l.list) != 20 {
		t.Errorf("a small layer has %d of 20 connections", len(l.list))
	}
	l := newSparse(100, 60, data.Rand(2, 0))
	bound, sum := math.Sqrt(6.0/160), 0.0
	for _, c := range l.list {
		if math.Abs(c.weight) > bound || c.from >= 100 || c.to >= 60 {
			t.Fatalf("%+v", c)
		}
		sum += c.weight / float64(len(l.list))
	}
	// A uniform number has the deviation bound/√3.
	if math.Abs(sum) > 4*bound/math.Sqrt(3*float64(len(l.list))) {
		t.Errorf("mean weight %v", sum)
	}
}

// TestRewire: the fifth of smallest size goes, all others stay with their motion, and the
// new ones take places that are free.
func TestRewire(t *testing.T) {
	l := newSparse(80, 60, data.Rand(3, 0))
	rng := data.Rand(4, 0)
	var sizes []float64
	before := map[[2]int]connection{}
	for k := range l.list {
		l.list[k].weight, l.list[k].velocity = rng.NormFloat64(), rng.NormFloat64()
		sizes = append(sizes, math.Abs(l.list[k].weight))
		before[[2]int{l.list[k].from, l.list[k].to}] = l.list[k]
	}
	slices.Sort(sizes)
	dropped := len(sizes) / 5
	edge := sizes[dropped]
	l.rewire(rng)
	kept := 0
	for _, c := range l.list {
		if was, ok := before[[2]int{c.from, c.to}]; ok && was == c {
			if kept++; math.Abs(c.weight) < edge {
				t.Errorf("a connection of %v stays though a fifth is above %v", c.weight, edge)
			}
		} else if c.velocity != 0 || math.Abs(c.weight) > math.Sqrt(6.0/140) {
			t.Errorf("a new connection starts with %+v", c)
		}
	}
	if kept != len(sizes)-dropped {
		t.Errorf("%d of %d connections stay, want %d", kept, len(sizes), len(sizes)-dropped)
	}
	if !slices.IsSortedFunc(l.list, func(a, b connection) int { return (a.from-b.from)*60 + a.to - b.to }) {
		t.Error("the connections are out of order")
	}
}

// Features that tell about each other grow strong, those of pure noise do not.
func TestStrengthFindsStructure(t *testing.T) {
	rng := data.Rand(6, 0)
	var x [][]float64
	for range 150 {
		z := rng.NormFloat64()
		var row []float64
		for k := range 40 {
			if k < 20 {
				row = append(row, 2*z+0.1*rng.NormFloat64())
			} else {
				row = append(row, 0.1*rng.NormFloat64())
			}
		}
		x = append(x, row)
	}
	var strength []float64
	for _, row := range sparseAutoencoder(x, 30, 40, 10, data.Rand(7, 0)) {
		sum := 0.0
		for _, w := range row {
			sum += math.Abs(w)
		}
		strength = append(strength, sum)
	}
	if a, b := kit.Mean(strength[:20]), kit.Mean(strength[20:]); a < 1.1*b {
		t.Errorf("mean strength %v of features that tell, %v of noise", a, b)
	}
}

// With one feature, half the mean square error with a penalty has its least where the
// covariance is shrunk by the penalty over the variance.
func TestLassoStrengthByHand(t *testing.T) {
	s := &data.Samples{}
	for i := range 40 {
		s.X, s.Labels = append(s.X, []float64{float64(i%2)*2 - 1}), append(s.Labels, i%2)
	}
	v, err := lassoStrength(s)
	// For two classes the covariance with the target is ±1/2, the variance 1.
	if want := 2 * (0.5 - quickPenalty); err != nil || math.Abs(v[0]-want) > 1e-6 {
		t.Errorf("strength %v, want %v, error %v", v, want, err)
	}
}
