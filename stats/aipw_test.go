package stats

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// latentPopulation has one feature whose correlation with a latent strength is
// given; a site fails where the strength is beyond the point that leaves the
// share. A second feature is noise.
func latentPopulation(random *rand.Rand, size int, correlation, cut float64) (features [][]float64, failing []bool, share float64) {
	rest := math.Sqrt(1 - correlation*correlation)
	for range size {
		strength := random.NormFloat64()
		features = append(features, []float64{correlation*strength + rest*random.NormFloat64(), random.NormFloat64()})
		failing = append(failing, strength > cut)
		if strength > cut {
			share++
		}
	}
	return features, failing, share / float64(size)
}

// proxies are the learners of the tests, a useless one among them.
func proxies() []Learner { return []Learner{Binned(0, 12), Sparse(), Binned(1, 4)} }

// TestAIPW is the published check: unbiased, covering, and better than simple
// sampling with a good proxy, hardly worse with a bad one.
func TestAIPW(t *testing.T) {
	const repeats, sample = 300, 600
	for _, c := range []struct{ correlation, most float64 }{{0.9, 0.80}, {0.3, 1.05}} {
		random := rand.New(rand.NewPCG(71, 72))
		features, failing, share := latentPopulation(random, 4000, c.correlation, 0.5)
		var bias, squares, variance float64
		held, used := 0, 0
		injected, failed := make([]int, sample), make([]bool, sample)
		for range repeats {
			for i := range injected {
				injected[i] = random.IntN(len(features))
				failed[i] = failing[injected[i]]
			}
			got, err := AIPW(features, injected, failed, proxies(), 0.95)
			if err != nil {
				t.Fatal(err)
			}
			gap := got.Estimate - share
			bias += gap / repeats
			squares += gap * gap / repeats
			variance += got.Variance / repeats
			if got.Low <= share && share <= got.High {
				held++
			}
			if got.Used {
				used++
			}
		}
		simple := share * (1 - share) / sample
		coverage := float64(held) / repeats
		t.Logf("correlation %v: variance ÷ simple %.3f (estimated %.3f), bias %.3f SE, coverage %.3f, used %d of %d",
			c.correlation, squares/simple, variance/simple, bias/math.Sqrt(squares), coverage, used, repeats)
		if math.Abs(bias) >= 0.2*math.Sqrt(squares) {
			t.Errorf("correlation %v: bias %.3f standard errors", c.correlation, bias/math.Sqrt(squares))
		}
		if coverage < 0.92 || coverage > 0.97 {
			t.Errorf("correlation %v: coverage %.3f, want 0.92 to 0.97", c.correlation, coverage)
		}
		// The squared error of 300 repeats is itself uncertain by 8 %, so the
		// estimated variance is held to the bound, and to the squared error.
		if variance/simple > c.most {
			t.Errorf("correlation %v: variance %.3f of simple sampling, want at most %v", c.correlation, variance/simple, c.most)
		}
		near(t, "estimated ÷ true variance", variance/squares, 1, 0.25)
	}
}

// TestAIPWSwitchesOff gives it proxies that know nothing: about half of all
// estimated efficiencies are then below 1, and none may cost much.
func TestAIPWSwitchesOff(t *testing.T) {
	const repeats, sample = 200, 200
	random := rand.New(rand.NewPCG(73, 74))
	features, failing, share := latentPopulation(random, 1000, 0, 0)
	off := 0
	var squares, plain float64
	for range repeats {
		var injected []int
		var failed []bool
		k := 0
		for range sample {
			site := random.IntN(1000)
			injected, failed = append(injected, site), append(failed, failing[site])
			if failing[site] {
				k++
			}
		}
		got, err := AIPW(features, injected, failed, proxies(), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		mean := float64(k) / sample
		squares += (got.Estimate - share) * (got.Estimate - share)
		plain += (mean - share) * (mean - share)
		if got.Used != (got.Efficiency >= 1) {
			t.Errorf("efficiency %v, used %v", got.Efficiency, got.Used)
		}
		if !got.Used {
			off++
			low, high, _, _ := Interval(k, sample, 0.95)
			if got.Estimate != mean || got.Low != low || got.High != high || !strings.Contains(got.Reason, "efficiency") {
				t.Errorf("off, but %+v", got)
			}
		}
	}
	t.Logf("off in %d of %d, squared error ÷ plain %.3f", off, repeats, squares/plain)
	if off < repeats/4 {
		t.Errorf("useless proxies are switched off in %d of %d only", off, repeats)
	}
	if squares > 1.05*plain {
		t.Errorf("useless proxies cost %.3f of simple sampling", squares/plain)
	}
}

func TestAIPWRefusesAndFallsBack(t *testing.T) {
	features := make([][]float64, 300)
	injected, failed := make([]int, 300), make([]bool, 300)
	for i := range features {
		features[i], injected[i] = []float64{float64(i)}, i
	}
	got, err := AIPW(features, injected, failed, proxies(), 0.95)
	if err != nil || got.Used || got.High <= 0 || got.Estimate != 0 {
		t.Errorf("no failure: %+v, %v; want the exact limit", got, err)
	}
	for i := range failed {
		failed[i] = i >= 150
	}
	if got, err = AIPW(features[:50], injected[:50], failed[100:150], proxies(), 0.95); err != nil || got.Used || !strings.Contains(got.Reason, "at least 60") {
		t.Errorf("50 injections: %+v, %v", got, err)
	}
	// A proxy that knows everything leaves no spread to build an interval from.
	oracle := func([][]float64, []float64) func([]float64) float64 {
		return func(x []float64) float64 { return math.Floor(x[0] / 150) }
	}
	if got, err = AIPW(features, injected, failed, []Learner{oracle}, 0.95); err != nil || got.Used || got.Low >= got.High {
		t.Errorf("oracle: %+v, %v; want a width", got, err)
	}
	for name, f := range map[string]func() (DoublyRobust, error){
		"no learner": func() (DoublyRobust, error) { return AIPW(features, injected, failed, nil, 0.95) },
		"lengths":    func() (DoublyRobust, error) { return AIPW(features, injected[:9], failed, proxies(), 0.95) },
		"nothing":    func() (DoublyRobust, error) { return AIPW(features, nil, nil, proxies(), 0.95) },
		"no site":    func() (DoublyRobust, error) { return AIPW(features[:9], injected, failed, proxies(), 0.95) },
		"confidence": func() (DoublyRobust, error) { return AIPW(features, injected, failed, proxies(), 0) },
	} {
		if got, err := f(); err == nil {
			t.Errorf("%s: %+v, want an error", name, got)
		}
	}
}

func TestMinimaxTakesTheMiddle(t *testing.T) {
	// Estimates 1, 2 and 10 in every fold: exchanging the middle one changes
	// least at worst, 8 half the folds' weight.
	fit := func(x float64) crossFit {
		var c crossFit
		for f := range folds {
			c.mean[f], c.squares[f], c.n[f] = x, 1, 10
		}
		return c
	}
	if a, b := minimax([]crossFit{fit(1), fit(2), fit(10)}); a != 1 || b != 1 {
		t.Errorf("chose %d and %d, want 1 and 1", a, b)
	}
	if a, b := minimax([]crossFit{fit(3)}); a != 0 || b != 0 {
		t.Errorf("chose %d and %d of one", a, b)
	}
}

func TestLearners(t *testing.T) {
	x := [][]float64{{0, 5}, {1, 5}, {2, 5}, {3, 5}}
	y := []float64{0, 0, 1, 1}
	// Two bins of two, shrunk to ½ by one injection: (0+½)/3 and (2+½)/3.
	binned := Binned(0, 2)(x, y)
	near(t, "lower bin", binned([]float64{0.5, 0}), 0.5/3, 1e-12)
	near(t, "upper bin", binned([]float64{9, 0}), 2.5/3, 1e-12)
	near(t, "no such feature", Binned(7, 3)(x, y)([]float64{1}), 0.5, 1e-12)
	// A line of slope 0.4, which the penalty makes flatter, beside a constant feature and
	// one that tells nothing.
	random := rand.New(rand.NewPCG(5, 6))
	x, y = nil, nil
	for range 20_000 {
		v := random.Float64()
		x = append(x, []float64{v, 5, random.Float64()})
		y = append(y, 0)
		if random.Float64() < 0.3+0.4*v {
			y[len(y)-1] = 1
		}
	}
	line := Sparse()(x, y)
	near(t, "line", line([]float64{1, 5, 0.5}), 0.7, 0.02)
	near(t, "useless feature", line([]float64{0.5, 5, 0})-line([]float64{0.5, 5, 1}), 0, 0.01)
	near(t, "cut off", line([]float64{40, 5, 0}), 1, 0)
	if got := Sparse()(nil, nil)(nil); got != 0 {
		t.Errorf("nothing learnt predicts %v", got)
	}
}
