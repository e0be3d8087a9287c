package kmeans

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// drawn are rows of random codes of four clusters, with classes.
func drawn(seed uint64, rows int) (*diverse, selection.Table) {
	rng := data.Rand(seed, 7)
	at, truth := make([]float64, rows), make([]int, rows)
	var codes [][]int
	for i := range rows {
		at[i], truth[i] = 10*rng.NormFloat64(), rng.IntN(3)
		codes = append(codes, []int{rng.IntN(200) - 100, rng.IntN(200) - 100, rng.IntN(200) - 100, rng.IntN(200) - 100})
	}
	return &diverse{Pool: scoretest.Pool(at, truth...), budget: 6, rounds: 3, spoiled: make([]int, rows)}, scoretest.Scores(codes...)
}

// A budget is spent as far as there is room, and no cluster with room gets a pick less or
// more than its share tells.
func TestApportionShares(t *testing.T) {
	rng := data.Rand(1, 7)
	for range 200 {
		weights, room, sum, places := make([]float64, 5), make([]int, 5), 0.0, 0
		for j := range weights {
			weights[j], room[j] = rng.Float64(), rng.IntN(9)
			sum, places = sum+weights[j], places+room[j]
		}
		for j := range weights {
			weights[j] /= sum
		}
		budget := rng.IntN(25)
		given, all, short := apportion(weights, room, budget), 0, false
		for j, n := range given {
			all += n
			if n > room[j] {
				t.Fatalf("%d picks of %d rows", n, room[j])
			}
			short = short || n == room[j]
		}
		if all != min(budget, places) {
			t.Fatalf("%d picks of a budget of %d with room for %d", all, budget, places)
		}
		for j, n := range given {
			if d := float64(n) - weights[j]*float64(budget); !short && math.Abs(d) >= 1 {
				t.Fatalf("weights %v, budget %d: %v", weights, budget, given)
			}
		}
	}
	if got := apportion([]float64{0.25, 0.25, 0.25, 0.25}, []int{9, 9, 9, 9}, 2); !slices.Equal(got, []int{1, 1, 0, 0}) {
		t.Errorf("equal weights: %v", got)
	}
}

// refined is the refinement written down from the paper: w_j ← w_j·s_j over their sum, and
// from each cluster the rows of the largest lead that are left.
func refined(r *diverse, cluster []int, lead []float64, k int) (picks []int, weights []float64) {
	weights = slices.Repeat([]float64{1 / float64(k)}, k)
	taken := map[int]bool{}
	for range r.rounds {
		room := make([]int, k)
		for i, j := range cluster {
			if !taken[i] {
				room[j]++
			}
		}
		for j, n := range apportion(weights, room, r.budget) {
			for range n {
				best := -1
				for i := range cluster {
					if cluster[i] == j && !taken[i] && (best < 0 || lead[i] > lead[best]) {
						best = i
					}
				}
				taken[best], picks = true, append(picks, best)
			}
		}
		sum := 0.0
		for j, q := range r.quality(picks, cluster, k) {
			weights[j] *= q
			sum += weights[j]
		}
		for j := range weights {
			weights[j] /= sum
		}
	}
	return picks, weights
}

func TestRefine(t *testing.T) {
	for seed := range uint64(20) {
		r, table := drawn(seed, 40)
		cluster, lead := clusters(&table)
		picks, weights := r.refine(cluster, lead, 4, true)
		want, others := refined(r, cluster, lead, 4)
		if !slices.Equal(picks, want) {
			t.Fatalf("seed %d: %v, want %v", seed, picks, want)
		}
		for j := range weights {
			if math.Abs(weights[j]-others[j]) > 1e-12 {
				t.Errorf("seed %d: weights %v, want %v", seed, weights, others)
			}
		}
		if o := scoretest.Decide(t, r, table); !slices.Equal(o.Items, picks) {
			t.Errorf("seed %d: the decision is %v", seed, o.Items)
		}
		// Without reweighting all clusters keep their share.
		if _, plain := r.refine(cluster, lead, 4, false); slices.Max(plain) != 0.25 || slices.Min(plain) != 0.25 {
			t.Errorf("seed %d: uniform weights %v", seed, plain)
		}
	}
}

// The nearest of the other picks are found here by sorting; a pick does not tell itself.
func TestQualityByDefinition(t *testing.T) {
	r, table := drawn(3, 30)
	cluster, _ := clusters(&table)
	picks := []int{4, 9, 2, 17, 25, 11, 8, 29}
	right, n := make([]float64, 4), make([]float64, 4)
	for _, i := range picks {
		others := slices.DeleteFunc(slices.Clone(picks), func(j int) bool { return j == i })
		slices.SortStableFunc(others, func(a, b int) int {
			if kit.SquaredDistance(r.Rows[a], r.Rows[i]) < kit.SquaredDistance(r.Rows[b], r.Rows[i]) {
				return -1
			}
			return 1
		})
		for _, j := range others[:diverseNearest] {
			if r.Truth[j] == r.Truth[i] {
				right[cluster[i]]++
			}
		}
		n[cluster[i]]++
	}
	for j, got := range r.quality(picks, cluster, 4) {
		if want := (right[j]/diverseNearest + 0.5) / (n[j] + 1); math.Abs(got-want) > 1e-12 {
			t.Errorf("cluster %d: %v, want %v", j, got, want)
		}
	}
}

// A fault that leaves a row far from the picks changes nothing; one that makes it lead its
// cluster brings it in first.
func TestFaultEffects(t *testing.T) {
	r, table := drawn(5, 40)
	r.rounds = 1 // in later rounds a pick acts on the weights of all clusters
	golden := scoretest.Decide(t, r, table)
	cluster, lead := clusters(&table)
	quiet, loud := 0, 0
	for row := range table.Rows() {
		if slices.Contains(golden.Items, row) {
			continue
		}
		j := cluster[row]
		worst := math.Inf(1)
		for _, i := range golden.Items {
			if cluster[i] == j {
				worst = min(worst, lead[i])
			}
		}
		out := slices.Clone(table.Row(row))
		out[j]++ // one code more, unless that reaches the last pick
		faulty, err := table.WithRow(row, out)
		if err != nil {
			t.Fatal(err)
		}
		if lead[row]+1 < worst {
			quiet++
			if o := scoretest.Decide(t, r, faulty); !slices.Equal(o.Items, golden.Items) {
				t.Errorf("row %d: picks %v, want %v", row, o.Items, golden.Items)
			}
		}
		for k := range out {
			out[k] = 0x80
		}
		out[j] = 0x7f
		if faulty, err = table.WithRow(row, out); err != nil {
			t.Fatal(err)
		}
		if o := scoretest.Decide(t, r, faulty); !slices.Contains(o.Items, row) || len(o.Items) != len(golden.Items) {
			t.Errorf("row %d leads its cluster: picks %v", row, o.Items)
		}
		loud++
	}
	if quiet == 0 || loud == 0 {
		t.Errorf("%d and %d faults tried", quiet, loud)
	}
}

// The harm is the share of the accuracy that is lost, by hand: two classes on a line, of
// which each pick tells its own side.
func TestConsequence(t *testing.T) {
	p := scoretest.Pool([]float64{0, 1, 10, 11}, 0, 0, 1, 1)
	p.Test, p.Want = [][]float64{{0}, {1}, {9}, {10}}, []int{0, 0, 1, 1}
	r := &diverse{Pool: p}
	set := func(items ...int) selection.Outcome { return selection.Outcome{Metric: selection.Set, Items: items} }
	for _, c := range []struct {
		golden, faulty selection.Outcome
		want           float64
	}{
		{set(0, 2), set(1, 3), 0}, {set(0, 2), set(0, 1), 0.5}, {set(0, 1), set(0, 2), -1}, {set(), set(0, 2), 1},
	} {
		if got := r.Consequence(nil, c.golden, c.faulty); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v for %v: consequence %v, want %v", c.faulty.Items, c.golden.Items, got, c.want)
		}
	}
}
