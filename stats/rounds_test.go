package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRoundsRules(t *testing.T) {
	s := Rounds{Weights: []float64{1, 1, 0, 2}, Sizes: []int{0, 30, 9, 0}}
	got, err := s.Next(nil, nil, 180)
	if err != nil || !slices.Equal(got, []int{50, 30, 0, 100}) {
		t.Errorf("first round = %v, %v; want a split by weight, a small stratum whole and none without weight", got, err)
	}
	n, k := []int{40, 20, 0, 40}, []int{20, 10, 0, 2}
	got, err = s.Next(n, k, 1000)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := s.Next(n, k, 1000)
	if !slices.Equal(got, again) {
		t.Errorf("%v, then %v: must depend on the counts alone", got, again)
	}
	if sum := got[0] + got[1] + got[2] + got[3]; sum != 900 {
		t.Errorf("%v sums to %d, want 900", got, sum)
	}
	if got[1] != 10 || got[2] != 0 {
		t.Errorf("%v: want 10 where 10 sites are left and none without weight", got)
	}
	// Everything exhausted: less is planned than asked for, never more.
	s = Rounds{Weights: []float64{1, 1}, Sizes: []int{50, 60}}
	if got, err = s.Next([]int{40, 40}, []int{1, 1}, 10000); err != nil || !slices.Equal(got, []int{10, 20}) {
		t.Errorf("exhausted: %v, %v; want [10 20]", got, err)
	}
	for name, f := range map[string]func() ([]int, error){
		"lengths":   func() ([]int, error) { return s.Next([]int{1}, []int{1}, 9) },
		"counts":    func() ([]int, error) { return s.Next([]int{1, 1}, []int{2, 0}, 9) },
		"oversized": func() ([]int, error) { return s.Next([]int{51, 1}, []int{0, 0}, 99) },
		"backwards": func() ([]int, error) { return s.Next([]int{5, 5}, []int{0, 0}, 9) },
		"no weight": func() ([]int, error) { return Rounds{Weights: []float64{0}}.Next([]int{1}, []int{0}, 9) },
		"cost":      func() ([]int, error) { return Rounds{Weights: []float64{1}, Cost: []float64{0}}.Next(nil, nil, 99) },
		"floor": func() ([]int, error) {
			return Rounds{Weights: []float64{1, 1}, Floor: 9}.Next([]int{5, 5}, []int{0, 0}, 20)
		},
		"not finite": func() ([]int, error) { return Rounds{Weights: []float64{math.NaN()}}.Next(nil, nil, 99) },
	} {
		if got, err := f(); err == nil {
			t.Errorf("%s: %v, want an error", name, got)
		}
	}
}

func TestRoundsApproachesNeyman(t *testing.T) {
	// With the truth known from large counts, a round is the hedged Neyman
	// split: w·√(p(1−p))/√cost is 1·0.5, 2·0.3/2, 1·0.3, and a twentieth by weight.
	s := Rounds{Weights: []float64{1, 2, 1}, Cost: []float64{1, 4, 1}}
	n, k := []int{1000, 1000, 1000}, []int{500, 100, 100}
	got, err := s.Next(n, k, 110000)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.95*0.5/1.1 + 0.05*0.25, 0.95*0.3/1.1 + 0.05*0.5, 0.95*0.3/1.1 + 0.05*0.25} {
		near(t, "share", float64(got[i])/107000, want, 5e-4)
	}
}

func TestRoundTotals(t *testing.T) {
	for _, c := range []struct {
		first, total int
		want         []int
	}{
		{100, 1000, []int{100, 150, 225, 337, 505, 757, 1000}},
		{100, 100, []int{100}}, {100, 50, []int{50}}, {100, 110, []int{100, 110}},
		{100, 160, []int{100, 160}}, {1, 4, []int{1, 2, 3, 4}}, {0, 5, nil},
	} {
		if got := RoundTotals(c.first, c.total); !slices.Equal(got, c.want) {
			t.Errorf("RoundTotals(%d, %d) = %v, want %v", c.first, c.total, got, c.want)
		}
	}
}

// plant is a population of blocks of skewed weights, proportions and costs;
// skew is the deviation of the logarithm of the proportions.
func plant(random *rand.Rand, skew float64) strata {
	blocks := 10 + random.IntN(21)
	var s strata
	var sum float64
	for range blocks {
		s.weights = append(s.weights, math.Exp(1.5*random.NormFloat64()))
		s.p = append(s.p, math.Min(0.6, 0.02*math.Exp(skew*random.NormFloat64())))
		s.cost = append(s.cost, math.Exp(0.5*random.NormFloat64()))
		sum += s.weights[len(s.weights)-1]
	}
	for i := range s.weights {
		s.weights[i] /= sum
	}
	return s
}

// spend is variance times cost of an allocation under the truth: what a given
// precision costs.
func (s strata) spend(n []int) float64 {
	var variance, cost float64
	for i, w := range s.weights {
		if n[i] == 0 {
			return math.Inf(1)
		}
		variance += w * w * s.p[i] * (1 - s.p[i]) / float64(n[i])
		cost += float64(n[i]) * s.cost[i]
	}
	return variance * cost
}

// campaign runs all rounds and shows the counts of each.
func (s strata) campaign(t *testing.T, plan Rounds, total int, src rand.Source, see func(n, k []int)) {
	t.Helper()
	n, k := make([]int, len(s.weights)), make([]int, len(s.weights))
	for _, upTo := range AdaptiveTotals(total) {
		next, err := plan.Next(n, k, upTo)
		if err != nil {
			t.Fatal(err)
		}
		hits := s.draw(next, src)
		for i := range next {
			n[i], k[i] = n[i]+next[i], k[i]+hits[i]
		}
		see(next, hits)
	}
}

// spendRounds is spend of the mean of the rounds, weighted by their sizes.
func (s strata) spendRounds(rounds [][]int) float64 {
	var variance, cost, whole float64
	for _, n := range rounds {
		var size, v float64
		for i, w := range s.weights {
			size += float64(n[i])
			v += w * w * s.p[i] * (1 - s.p[i]) / float64(n[i])
			cost += float64(n[i]) * s.cost[i]
		}
		whole += size
		variance += size * size * v
	}
	return variance / (whole * whole) * cost
}

// TestRoundsCost compares the cost of a precision with that of the best
// allocation for the truth and of the proportional one, pilot counted.
func TestRoundsCost(t *testing.T) {
	random, src := rand.New(rand.NewPCG(11, 12)), rand.NewPCG(13, 14)
	var toOracle, toPlain []float64
	for range 300 {
		s := plant(random, 1.5)
		var rounds [][]int
		s.campaign(t, Rounds{Weights: s.weights, Cost: s.cost, Floor: 1}, 8000, src, func(n, _ []int) { rounds = append(rounds, n) })
		var root float64
		for i, w := range s.weights {
			root += w * math.Sqrt(s.p[i]*(1-s.p[i])*s.cost[i])
		}
		plain, err := Proportional(s.weights, 8000, 1)
		if err != nil {
			t.Fatal(err)
		}
		cost := s.spendRounds(rounds)
		toOracle = append(toOracle, cost/(root*root))
		toPlain = append(toPlain, cost/s.spend(plain))
	}
	slices.Sort(toOracle)
	slices.Sort(toPlain)
	t.Logf("cost ÷ oracle: median %.3f, 90 %% %.3f, worst %.3f; cost ÷ proportional: median %.3f, worst %.3f",
		toOracle[150], toOracle[270], toOracle[299], toPlain[150], toPlain[299])
	if toOracle[0] < 1 {
		t.Errorf("an allocation costs %.4f of the least possible", toOracle[0])
	}
	if toOracle[150] > 1.15 {
		t.Errorf("median cost is %.3f of the oracle's, want at most 1.15", toOracle[150])
	}
	if toPlain[299] > 1.05 {
		t.Errorf("worst cost is %.3f of the proportional one, want at most 1.05", toPlain[299])
	}
}

// TestRoundsPrecision runs campaigns on many populations: squared error
// against proportional allocation, bias, and coverage of the ordinary interval.
func TestRoundsPrecision(t *testing.T) {
	// Where the best allocation itself saves a quarter only, less of that is reached.
	for _, c := range []struct{ skew, most float64 }{{1.5, 0.85}, {2, 0.80}} {
		roundsPrecision(t, c.skew, c.most)
	}
}

// roundsPrecision asks for at most the given median squared error.
func roundsPrecision(t *testing.T, skew, most float64) {
	t.Helper()
	const populations, repeats, total = 40, 100, 6000
	random, src := rand.New(rand.NewPCG(15, 16)), rand.NewPCG(17, 18)
	var ratios, ideal, biases []float64
	covered := 0
	for range populations {
		s := plant(random, skew)
		s.cost = nil
		plain, err := Proportional(s.weights, total, 30)
		if err != nil {
			t.Fatal(err)
		}
		var adaptive, bias, variance, best, simple float64
		for i, w := range s.weights {
			best += w * math.Sqrt(s.p[i]*(1-s.p[i])/total)
			simple += w * w * s.p[i] * (1 - s.p[i]) / float64(plain[i])
		}
		for range repeats {
			var strata []Stratum
			s.campaign(t, Rounds{Weights: s.weights, Floor: 1}, total, src, func(n, k []int) {
				size := 0
				for _, x := range n {
					size += x
				}
				for i, w := range s.weights {
					strata = append(strata, Stratum{Weight: w * float64(size) / total, N: n[i], Failures: k[i]})
				}
			})
			got, err := CombineTwoSided(strata, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			gap := got.Estimate - s.total()
			adaptive += gap * gap / repeats
			bias += gap / repeats
			variance += got.Variance / repeats
			if got.Lower <= s.total() && s.total() <= got.Upper {
				covered++
			}
		}
		ratios = append(ratios, adaptive/simple)
		ideal = append(ideal, best*best/simple)
		biases = append(biases, bias/math.Sqrt(variance))
	}
	var meanBias float64
	for _, b := range biases {
		meanBias += b / populations
	}
	slices.Sort(ratios)
	slices.Sort(ideal)
	slices.Sort(biases)
	middle := populations / 2
	coverage := float64(covered) / (populations * repeats)
	t.Logf("skew %v: squared error ÷ proportional: median %.2f, at best %.2f; bias mean %.2f, from %.2f to %.2f standard errors; coverage %.4f",
		skew, ratios[middle], ideal[middle], meanBias, biases[0], biases[populations-1], coverage)
	if ratios[middle] > most {
		t.Errorf("median squared error is %.2f of the proportional one, want at most %.2f", ratios[middle], most)
	}
	if math.Abs(meanBias) > 0.05 {
		t.Errorf("mean bias %.2f standard errors, want at most 0.05", meanBias)
	}
	if coverage < 0.93 {
		t.Errorf("coverage %.4f, want at least 0.93", coverage)
	}
}

// TestHedge: while little was seen, a round stays near the proportional split.
func TestHedge(t *testing.T) {
	for _, c := range []struct {
		failures []int
		want     float64
	}{{nil, 0.5}, {[]int{0, 0}, 0.5}, {[]int{5, 16}, 0.2}, {[]int{400, 0}, 0.05}} {
		if got := hedge(c.failures); got != c.want {
			t.Errorf("hedge(%v) = %v, want %v", c.failures, got, c.want)
		}
	}
}

// strata is a population of strata of known proportions.
type strata struct{ weights, p, cost []float64 }

// total is the truth.
func (s strata) total() float64 {
	var sum float64
	for i, w := range s.weights {
		sum += w * s.p[i]
	}
	return sum
}

// draw injects a round.
func (s strata) draw(n []int, src rand.Source) []int {
	out := make([]int, len(n))
	for i := range n {
		out[i] = binomialDraw(n[i], s.p[i], src)
	}
	return out
}
