package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMixProposal(t *testing.T) {
	got, err := MixProposal([]float64{1, 1, 2}, []float64{0, 0, 5}, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.05, 0.05, 0.9} {
		near(t, "share", got[i], want, 1e-12)
	}
	for name, c := range map[string]struct {
		p, q  []float64
		share float64
	}{
		"too little target": {[]float64{1}, []float64{1}, 0.09}, "above 1": {[]float64{1}, []float64{1}, 1.1},
		"lengths": {[]float64{1}, []float64{1, 1}, 0.5}, "negative": {[]float64{1, -1}, []float64{1, 1}, 0.5},
		"nothing": {[]float64{0}, []float64{1}, 0.5}, "no share": {[]float64{1}, []float64{1}, math.NaN()},
	} {
		if got, err := MixProposal(c.p, c.q, c.share); err == nil {
			t.Errorf("%s: %v, want an error", name, got)
		}
	}
}

func TestImportanceByHand(t *testing.T) {
	draws := []Draw{{0.2, 0.4, true}, {0.2, 0.1, true}, {0.6, 0.5, false}, {0.6, 0.5, false}}
	// Weights 0.5, 2, 1.2, 1.2.
	got, err := HorvitzThompson(draws, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "estimate", got.Estimate, 2.5/4, 1e-12)
	// Values 0.5, 2, 0, 0: sum of squares 4.25, less 4·0.625² = 1.5625.
	near(t, "variance", got.Variance, (4.25-1.5625)/12, 1e-12)
	near(t, "effective", got.Effective, 4.9*4.9/(0.25+4+1.44+1.44), 1e-12)
	if got.Failures != 2 || !(got.Low < got.Estimate && got.Estimate <= got.High) {
		t.Errorf("%+v", got)
	}
	self, err := SelfNormalised(draws, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	p := 2.5 / 4.9
	near(t, "self-normalised", self.Estimate, p, 1e-12)
	near(t, "its variance", self.Variance, ((0.25+4)*(1-p)*(1-p)+2*1.44*p*p)/(4.9*4.9), 1e-12)
	// No failure: a bound of ln 40 events of the greatest weight, 10.
	none := make([]Draw, 1000)
	for i := range none {
		none[i] = Draw{0.001, 0.001, false}
	}
	if got, err = HorvitzThompson(none, 0.95); err != nil || got.Estimate != 0 || got.Low != 0 {
		t.Errorf("no failure: %+v, %v", got, err)
	}
	near(t, "bound", got.High, 10*math.Log(40)/1000, 1e-9)
	for name, bad := range map[string][]Draw{
		"none": {}, "weight": {{0.5, 0.04, false}}, "outside the proposal": {{0.5, 0, false}},
		"not a number": {{math.NaN(), 0.5, true}}, "above 1": {{0.5, 2, true}},
	} {
		if _, err := HorvitzThompson(bad, 0.95); err == nil {
			t.Errorf("%s accepted", name)
		}
		if _, err := SelfNormalised(bad, 0.95); err == nil {
			t.Errorf("%s accepted by the self-normalised estimate", name)
		}
	}
}

// TestImportanceCoverage draws from a good proposal: both estimates must be
// right on average, cover, and vary less than uniform draws.
func TestImportanceCoverage(t *testing.T) {
	const sites, draws, repeats = 400, 600, 1500
	random := rand.New(rand.NewPCG(21, 22))
	target, guess, fails := make([]float64, sites), make([]float64, sites), make([]float64, sites)
	var truth float64
	for i := range sites {
		fails[i] = 0.002
		if i%20 == 0 {
			fails[i] = 0.5
		}
		target[i] = 1
		guess[i] = math.Sqrt(fails[i])
		truth += fails[i] / sites
	}
	p, _ := normalised("target", target)
	q, err := MixProposal(target, guess, 0.15)
	if err != nil {
		t.Fatal(err)
	}
	cumulative := make([]float64, sites)
	sum := 0.0
	for i, x := range q {
		sum += x
		cumulative[i] = sum
	}
	var plainSum, selfSum, squares, variance float64
	plainHeld, selfHeld := 0, 0
	list := make([]Draw, draws)
	for range repeats {
		for i := range list {
			u, site := random.Float64()*sum, 0
			for cumulative[site] < u {
				site++
			}
			list[i] = Draw{p[site], q[site], random.Float64() < fails[site]}
		}
		plain, err := HorvitzThompson(list, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		self, err := SelfNormalised(list, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		plainSum += plain.Estimate
		selfSum += self.Estimate
		squares += (plain.Estimate - truth) * (plain.Estimate - truth)
		variance += plain.Variance
		if plain.Low <= truth && truth <= plain.High {
			plainHeld++
		}
		if self.Low <= truth && truth <= self.High {
			selfHeld++
		}
	}
	t.Logf("coverage %.4f and %.4f, gain %.2f", float64(plainHeld)/repeats, float64(selfHeld)/repeats, truth*(1-truth)/draws/(squares/repeats))
	near(t, "mean of Horvitz and Thompson", plainSum/repeats/truth, 1, 0.02)
	near(t, "mean of the self-normalised", selfSum/repeats/truth, 1, 0.02)
	near(t, "mean variance ÷ true", variance/squares, 1, 0.12)
	if squares/repeats > 0.7*truth*(1-truth)/draws {
		t.Errorf("squared error %.3g, uniform draws have %.3g", squares/repeats, truth*(1-truth)/draws)
	}
	if plainHeld < 0.95*repeats || selfHeld < 0.92*repeats || selfHeld > 0.97*repeats {
		t.Errorf("coverage %d and %d of %d", plainHeld, selfHeld, repeats)
	}
}
