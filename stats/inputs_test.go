package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// split deals the counts of a stratum to clusters.
func whole(c []Cluster) (s Stratum) {
	for _, x := range c {
		s.N += x.N
		s.Failures += x.Failures
	}
	return s
}

// With one stratum: Cochran's ratio estimator with a t interval. The upper limit may be
// longer, for skewness.
func TestOverInputsOfOneStratum(t *testing.T) {
	c := []Cluster{{100, 30}, {120, 10}, {90, 45}, {100, 2}, {110, 20}, {80, 41}, {100, 0}}
	s := whole(c)
	s.Weight = 1
	got, effect, err := OverInputs([]Stratum{s}, [][]Cluster{c}, 0.975)
	if err != nil {
		t.Fatal(err)
	}
	p, m, squares := float64(s.Failures)/float64(s.N), float64(len(c)), 0.0
	for _, x := range c {
		e := float64(x.Failures) - p*float64(x.N)
		squares += e * e
	}
	variance := m / (m - 1) * squares / float64(s.N*s.N)
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 1}.Quantile(0.975) * math.Sqrt(variance)
	low, high := math.Max(0, p-half), p+half
	if math.Abs(got.Estimate-p) > 1e-12 || math.Abs(got.Lower-low) > 1e-9 || got.Upper < high-1e-9 || got.Upper > high+0.1 ||
		math.Abs(effect-variance/(p*(1-p)/float64(s.N))) > 1e-9 {
		t.Errorf("%+v effect %v, by hand %v from %v to %v", got, effect, p, low, high)
	}
}

// Two strata by hand: the residuals of the inputs, weighted.
func TestOverInputsByHand(t *testing.T) {
	a := []Cluster{{10, 1}, {10, 0}, {10, 3}, {10, 0}, {10, 0}, {10, 2}}
	b := []Cluster{{20, 2}, {20, 2}, {20, 4}, {20, 0}, {20, 1}, {20, 3}}
	sa, sb := whole(a), whole(b)
	sa.Weight, sb.Weight = 0.25, 0.75
	got, _, err := OverInputs([]Stratum{sa, sb}, [][]Cluster{a, b}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	total := 0.25*6/60 + 0.75*12/120
	squares := 0.0
	for i := range a {
		y := 0.25/60*float64(a[i].Failures) + 0.75/120*float64(b[i].Failures)
		e := y - total/6 // every input has a sixth of the weight
		squares += e * e
	}
	const t95 = 2.015048 // Student's t, 5 degrees of freedom, one-sided 95 %
	upper := total + t95*math.Sqrt(6.0/5*squares)
	joint, err := Combine([]Stratum{sa, sb}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	// The skewness of these inputs moves the limit by little.
	if want := max(upper, joint.Upper); got.Upper < want-1e-6 || got.Upper > 1.1*want || math.Abs(got.Estimate-total) > 1e-12 {
		t.Errorf("%+v, want %v up to %v", got, total, want)
	}
}

func TestOverInputsEdges(t *testing.T) {
	none := make([]Cluster, 8)
	all := make([]Cluster, 8)
	for i := range none {
		none[i], all[i] = Cluster{50, 0}, Cluster{50, 50}
	}
	s := whole(none)
	s.Weight = 2
	got, _, err := OverInputs([]Stratum{s}, [][]Cluster{none}, 0.95)
	if want := 2 * (1 - math.Pow(0.05, 1.0/8)); err != nil || math.Abs(got.Upper-want) > 1e-9 || got.Estimate != 0 {
		t.Errorf("nothing fails: %+v, %v, want an upper limit of %v", got, err, want)
	}
	s = whole(all)
	s.Weight = 2
	got, _, err = OverInputs([]Stratum{s}, [][]Cluster{all}, 0.95)
	if want := 2 * math.Pow(0.05, 1.0/8); err != nil || math.Abs(got.Lower-want) > 1e-9 {
		t.Errorf("everything fails: %+v, %v, want a lower limit of %v", got, err, want)
	}
	few := make([]Cluster, 8)
	few[2], few[5] = Cluster{10, 1}, Cluster{10, 0}
	s = whole(few)
	s.Weight = 3
	if got, _, err = OverInputs([]Stratum{s}, [][]Cluster{few}, 0.95); err != nil || got.Lower != 0 || got.Upper != 3 {
		t.Errorf("two of eight inputs: %+v, %v, want all of the weight", got, err)
	}
	for name, c := range map[string][]Cluster{"few": none[:5], "empty": {}, "wrong": {{1, 2}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}}} {
		s := Stratum{Weight: 1, N: 250}
		if _, _, err := OverInputs([]Stratum{s}, [][]Cluster{c}, 0.95); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Inputs that differ: the interval for the population covers, that for these inputs
// does not.
func TestOverInputsCoverage(t *testing.T) {
	const repeats, per = 2000, 200
	r := rand.NewPCG(3, 4)
	for _, inputs := range []int{8, 20} {
		beta := distuv.Beta{Alpha: 2, Beta: 18, Src: r} // mean 0.1
		covered, fixed := 0, 0
		for range repeats {
			a, b := make([]Cluster, inputs), make([]Cluster, inputs)
			for i := range a {
				p := beta.Rand()
				a[i] = Cluster{per / 2, int(distuv.Binomial{N: per / 2, P: p, Src: r}.Rand())}
				b[i] = Cluster{per / 2, int(distuv.Binomial{N: per / 2, P: p / 2, Src: r}.Rand())}
			}
			sa, sb := whole(a), whole(b)
			sa.Weight, sb.Weight = 0.4, 0.6
			strata := []Stratum{sa, sb}
			truth := 0.4*0.1 + 0.6*0.05
			got, _, err := OverInputs(strata, [][]Cluster{a, b}, 0.975)
			if err != nil {
				t.Fatal(err)
			}
			joint, err := CombineTwoSided(strata, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if got.Lower <= truth && truth <= got.Upper {
				covered++
			}
			if joint.Lower <= truth && truth <= joint.Upper {
				fixed++
			}
		}
		t.Logf("%d inputs: %.3f covered, %.3f by the interval for these inputs", inputs, float64(covered)/repeats, float64(fixed)/repeats)
		if covered < 0.92*repeats || fixed > 0.85*repeats {
			t.Errorf("%d inputs: %d of %d covered, %d by the interval for these inputs", inputs, covered, repeats, fixed)
		}
	}
}
