package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestConfidenceSequenceByHand(t *testing.T) {
	// No failure in n: B(½, n+½)/B(½, ½) = (1−p)^n/(1−confidence), so
	// p = 1 − (B(½, n+½)/(π·20))^(1/n)… with B(½,½) = π and n = 1:
	// B(½, 1½) = π/2, hence (1−p) = ½·0.05.
	low, high, err := ConfidenceSequence(0, 1, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "low of 0/1", low, 0, 0)
	near(t, "high of 0/1", high, 1-0.025, 1e-12)
	// The limits of 30/100 solve the equation; the mixture is integrated here
	// by the midpoint rule in θ, p = sin²θ, under which the prior is uniform.
	low, high, err = ConfidenceSequence(30, 100, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	const steps = 200000
	var mixture float64
	for i := range steps {
		p := math.Pow(math.Sin((float64(i)+0.5)/steps*math.Pi/2), 2)
		mixture += math.Exp(logLikelihood(30, 100, p)-logLikelihood(30, 100, 0.3)) / steps
	}
	for _, p := range []float64{low, high} {
		near(t, "martingale at the limit", mixture*math.Exp(logLikelihood(30, 100, 0.3)-logLikelihood(30, 100, p)), 20, 1e-4)
	}
	w, v, _ := Wilson(30, 100, 0.95)
	if low >= w || high <= v || high-low > 2*(v-w) {
		t.Errorf("sequence [%v, %v] against Wilson [%v, %v]: want wider, at most twice", low, high, w, v)
	}
	for _, bad := range []struct {
		k, n int
		c    float64
	}{{-1, 4, 0.9}, {5, 4, 0.9}, {1, 4, 1}} {
		if _, _, err := ConfidenceSequence(bad.k, bad.n, bad.c); err == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
	if low, high, err := ConfidenceSequence(0, 0, 0.9); low != 0 || high != 1 || err != nil {
		t.Errorf("no trial: %v, %v, %v", low, high, err)
	}
	if low, high, _ := ConfidenceSequence(9, 9, 0.9); high != 1 || low < 0.5 {
		t.Errorf("9/9: [%v, %v]", low, high)
	}
}

// TestCoverageUnderPeeking looks after every trial. The sequence must hold the
// truth at all looks in at least 95 % of repeats; Wilson's interval, looked at
// as often, must not, or the test would show nothing.
func TestCoverageUnderPeeking(t *testing.T) {
	const repeats, trials = 2000, 600
	for _, p := range []float64{0.02, 0.3, 0.5} {
		random := rand.New(rand.NewPCG(1, 2))
		always, wilsonAlways := 0, 0
		for range repeats {
			k, kept, wilsonKept := 0, true, true
			for n := 1; n <= trials; n++ {
				if random.Float64() < p {
					k++
				}
				// The limits keep p exactly if the martingale is below 20.
				m := logBeta(float64(k)+0.5, float64(n-k)+0.5) - logBeta(0.5, 0.5) - logLikelihood(float64(k), float64(n), p)
				kept = kept && m < math.Log(20)
				if n >= 30 && n%10 == 0 {
					low, high, _ := ConfidenceSequence(k, n, 0.95)
					if (low <= p && p <= high) != (m < math.Log(20)) {
						t.Fatalf("%d/%d: [%v, %v] and martingale %v disagree on %v", k, n, low, high, m, p)
					}
					low, high, _ = Wilson(k, n, 0.95)
					wilsonKept = wilsonKept && low <= p && p <= high
				}
			}
			if kept {
				always++
			}
			if wilsonKept {
				wilsonAlways++
			}
		}
		t.Logf("p = %v: sequence %.4f, Wilson %.4f", p, float64(always)/repeats, float64(wilsonAlways)/repeats)
		if always < 0.95*repeats {
			t.Errorf("p = %v: the sequence holds throughout in %d of %d", p, always, repeats)
		}
		if wilsonAlways > 0.90*repeats {
			t.Errorf("p = %v: Wilson's interval holds throughout in %d of %d: the peeking is too tame", p, wilsonAlways, repeats)
		}
	}
}

// planted is a population of strata of known proportions.
type planted struct{ weights, p, cost []float64 }

// total is the truth.
func (s planted) total() float64 {
	var sum float64
	for i, w := range s.weights {
		sum += w * s.p[i]
	}
	return sum
}

// draw injects a round.
func (s planted) draw(n []int, src rand.Source) []int {
	out := make([]int, len(n))
	for i := range n {
		out[i] = binomialDraw(n[i], s.p[i], src)
	}
	return out
}

// TestTotalSequenceCoverage allocates every round by what the earlier ones
// gave, looks after each, and counts the repeats in which the truth was ever
// rejected.
func TestTotalSequenceCoverage(t *testing.T) {
	const repeats = 2000
	for name, s := range map[string]planted{
		"even":   {weights: []float64{1, 1, 1}, p: []float64{0.1, 0.2, 0.4}},
		"skewed": {weights: []float64{5, 1, 0.2, 0.2}, p: []float64{0.002, 0.3, 0.5, 0}},
		"rare":   {weights: []float64{10, 1}, p: []float64{0.001, 0.004}},
	} {
		t.Run(name, func(t *testing.T) {
			src := rand.NewPCG(5, 6)
			plan := Sequential{Weights: s.weights, Floor: 2}
			kept := 0
			for range repeats {
				seq, err := NewTotalSequence(s.weights, 0.95)
				if err != nil {
					t.Fatal(err)
				}
				var n, k []int
				good := true
				for _, total := range RoundTotals(20*len(s.weights), 1500) {
					next, err := plan.Next(n, k, total)
					if err != nil {
						t.Fatal(err)
					}
					hits := s.draw(next, src)
					if err := seq.Add(next, hits); err != nil {
						t.Fatal(err)
					}
					if n == nil {
						n, k = make([]int, len(next)), make([]int, len(next))
					}
					for i := range next {
						n[i] += next[i]
						k[i] += hits[i]
					}
					good = good && !seq.Rejects(s.total())
				}
				if good {
					kept++
				}
			}
			t.Logf("holds throughout: %.4f", float64(kept)/repeats)
			if kept < 0.95*repeats {
				t.Errorf("the truth is held throughout in %d of %d repeats", kept, repeats)
			}
		})
	}
}

func TestTotalSequenceNarrowsAndAgrees(t *testing.T) {
	s := planted{weights: []float64{3, 1}, p: []float64{0.02, 0.3}}
	src := rand.NewPCG(7, 8)
	seq, err := NewTotalSequence(s.weights, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if low, high := seq.Interval(); low != 0 || high != 4 {
		t.Errorf("before a round: [%v, %v], want all", low, high)
	}
	var n, k [2]int
	for round := range 6 {
		size := []int{300 << round, 300 << round}
		hits := s.draw(size, src)
		if err := seq.Add(size, hits); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			n[i], k[i] = n[i]+size[i], k[i]+hits[i]
		}
	}
	low, high := seq.Interval()
	for _, c := range []struct {
		m    float64
		want bool
	}{{low * 0.999, true}, {low * 1.001, false}, {high * 1.001, true}, {high * 0.999, false}, {seq.Estimate(), false}} {
		if seq.Rejects(c.m) != c.want {
			t.Errorf("[%v, %v]: Rejects(%v) = %v", low, high, c.m, !c.want)
		}
	}
	total, err := CombineTwoSided([]Stratum{{3, n[0], k[0], false}, {1, n[1], k[1], false}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "estimate", seq.Estimate(), total.Estimate, 1e-9)
	ratio := (high - low) / (total.Upper - total.Lower)
	t.Logf("width against one look: %.2f", ratio)
	if ratio < 1 || ratio > 2.5 {
		t.Errorf("width is %.2f of that at one look, want 1 to 2.5", ratio)
	}
}

func TestTotalSequenceWithoutFailures(t *testing.T) {
	seq, err := NewTotalSequence([]float64{1, 1}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if err := seq.Add([]int{500, 500}, []int{0, 0}); err != nil {
		t.Fatal(err)
	}
	low, high := seq.Interval()
	// Stakes of 0.495, 0.2475 … with ½, ⅙ … of the capital: at the limit they
	// have together made 2/0.05 = 40 of it.
	var capital float64
	for j := range 24 {
		capital += math.Pow(1+0.495/math.Pow(2, float64(j))*high, 1000) / float64((j+1)*(j+2))
	}
	near(t, "capital at the limit", capital, 40, 1e-6)
	near(t, "low", low, 0, 0)
	for name, bad := range map[string][2][]int{
		"starved": {{1, 0}, {0, 0}}, "too many": {{1, 1}, {2, 0}}, "short": {{1}, {0}},
	} {
		if err := seq.Add(bad[0], bad[1]); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, w := range [][]float64{nil, {0}, {-1}, {math.NaN()}, {math.Inf(1)}, {1e308, 1e308}} {
		if _, err := NewTotalSequence(w, 0.95); err == nil {
			t.Errorf("weights %v accepted", w)
		}
	}
}

func TestStopper(t *testing.T) {
	for name, c := range map[string]struct {
		precision Precision
		looks     [][2]float64
		want      []bool
	}{
		"absolute":       {Precision{Absolute: 0.1}, [][2]float64{{0, 1}, {0.2, 0.5}, {0.3, 0.4}}, []bool{false, false, true}},
		"relative":       {Precision{Relative: 0.5}, [][2]float64{{0, 0.001}, {0.0004, 0.0013}}, []bool{false, true}},
		"either":         {Precision{Absolute: 0.1, Relative: 1e-9}, [][2]float64{{0.7, 0.85}}, []bool{true}},
		"intersection":   {Precision{Absolute: 0.1}, [][2]float64{{0, 0.5}, {0.35, 1}}, []bool{false, true}},
		"contradiction":  {Precision{Absolute: 0.1}, [][2]float64{{0, 0.3}, {0.4, 0.7}}, []bool{false, false}},
		"relative never": {Precision{Relative: 0.5}, [][2]float64{{0, 1e-9}}, []bool{false}},
	} {
		s, err := NewStopper(c.precision)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range c.looks {
			if got := s.Look(l[0], l[1]); got != c.want[i] {
				t.Errorf("%s: look %d says %v", name, i, got)
			}
		}
	}
	for _, bad := range []Precision{{}, {Absolute: -1}, {Relative: math.NaN()}} {
		if _, err := NewStopper(bad); err == nil {
			t.Errorf("%+v accepted", bad)
		}
	}
}

// TestStoppingKeepsCoverage stops at a relative half-width and asks whether the
// interval at the stop holds the truth.
func TestStoppingKeepsCoverage(t *testing.T) {
	const repeats, p = 1000, 0.1
	src := rand.NewPCG(9, 10)
	held, trials := 0, 0
	for range repeats {
		s, err := NewStopper(Precision{Relative: 0.3})
		if err != nil {
			t.Fatal(err)
		}
		n, k := 0, 0
		for {
			n, k = n+50, k+binomialDraw(50, p, src)
			low, high, err := ConfidenceSequence(k, n, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if s.Look(low, high) {
				break
			}
			if n > 100000 {
				t.Fatal("never stops")
			}
		}
		trials += n
		if low, high := s.Interval(); low <= p && p <= high {
			held++
		}
	}
	t.Logf("coverage at the stop %.4f, mean trials %d", float64(held)/repeats, trials/repeats)
	if held < 0.95*repeats {
		t.Errorf("the interval at the stop holds in %d of %d", held, repeats)
	}
}
