package boosting

import (
	"math"
	"testing"

	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// some are a few digits of all classes.
func some(t *testing.T, n int) *data.Samples {
	t.Helper()
	all, err := digits.Shuffled(data.Rand(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return digits.Part(all, 0, n)
}

// TestBoost: every learner lowers the loss of the sum, and all of them together learn the
// samples.
func TestBoost(t *testing.T) {
	s := some(t, 100)
	units := boost(s, data.Rand(2, 0))
	if len(units) != boostSteps {
		t.Fatalf("%d learners", len(units))
	}
	sums := make([][]float64, len(s.X))
	for i := range sums {
		sums[i] = make([]float64, boostClasses)
	}
	entropy, unused := nets.CrossEntropy(s.Labels), make([]float64, boostClasses)
	loss := func() (sum float64) {
		for i := range s.X {
			sum += entropy(i, sums[i], unused) / float64(len(s.X))
		}
		return sum
	}
	before := loss()
	if math.Abs(before-math.Log(boostClasses)) > 1e-9 {
		t.Errorf("loss %v without learners", before)
	}
	rises := 0
	for k := range units {
		for i, x := range s.X {
			units[k].add(x, sums[i])
		}
		now := loss()
		if now > before {
			rises++
		}
		before = now
	}
	right := kit.Share(kit.Every(len(s.X)), func(i int) bool { return kit.Argmax(sums[i]) == s.Labels[i] })
	if rises > boostSteps/4 || before > 1 || right < 0.9 {
		t.Errorf("loss %v after all learners, which rose %d times; %v right", before, rises, right)
	}
}

// Groups hold every learner once, in order.
func TestGroups(t *testing.T) {
	units := make([]unit, 2*boostGroups)
	for i := range units {
		units[i].offset = make([]float64, boostClasses)
		units[i].offset[0] = float64(i)
		units[i].bias, units[i].weight, units[i].out = make([]float64, boostUnits), make([]float64, boostUnits), make([]float64, boostClasses*boostUnits)
	}
	s := sumsOf(units, [][]float64{{0.5}})
	next := 0
	for k := range boostGroups {
		if got, want := s.before[k][0][0], float64(next*(next-1)/2); got != want {
			t.Errorf("group %d adds to %v, want %v", k, got, want)
		}
		for _, u := range s.group(k) {
			if int(u.offset[0]) != next {
				t.Errorf("learner %v of group %d, want %d", u.offset[0], k, next)
			}
			next++
		}
	}
	if next != len(units) || s.most != float64(next*(next-1)/2) {
		t.Errorf("%d learners, largest sum %v", next, s.most)
	}
}

// A network that is cut keeps the units that come first.
func TestTruncate(t *testing.T) {
	s := some(t, 60)
	part := truncate(s, data.Rand(3, 0))
	kept := boostSteps * boostUnits / boostGroups
	if n := len(part.Params()[0].Value); n != kept*data.DigitsSize {
		t.Fatalf("%d weights", n)
	}
	if got := len(part.Forward(s.X[0])); got != boostClasses {
		t.Errorf("%d logits", got)
	}
}

// Every group has a name of its own, from one up.
func TestExitNames(t *testing.T) {
	seen := map[string]bool{}
	for k := range boostGroups {
		seen[exit(k)] = true
	}
	if len(seen) != boostGroups || !seen["exit1"] {
		t.Errorf("names %v", seen)
	}
}
