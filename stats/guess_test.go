package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestGuessLearnsFromItsGroup(t *testing.T) {
	// Stratum 2 has seen three injections; its group says what to expect of it.
	n := []int{1000, 1000, 3, 1000, 1000, 3}
	f := []int{100, 120, 0, 1, 0, 0}
	got := Guess(n, f, []int{7, 7, 7, -1, -1, -1})
	if got[2] < 0.05 || got[2] > 0.13 {
		t.Errorf("%v: a stratum among failing ones is expected to fail in 5 to 13 %%", got)
	}
	if got[5] > 0.005 {
		t.Errorf("%v: a stratum among sound ones is expected to fail in less than 0.5 %%", got)
	}
	for i, p := range got {
		if !(p > 0 && p < 1) {
			t.Errorf("guess %d is %v", i, p)
		}
	}
	if math.Abs(got[0]-0.1) > 0.005 || math.Abs(got[1]-0.12) > 0.005 {
		t.Errorf("%v: many injections speak for themselves", got)
	}
	// Nothing known: nothing is starved, and equal counts give equal guesses.
	got = Guess([]int{0, 0, 0}, []int{0, 0, 0}, []int{0, 0, 1})
	if got[0] != got[1] || got[0] != got[2] || got[0] < 0.02 {
		t.Errorf("%v without counts", got)
	}
	if got := Guess(nil, nil, nil); len(got) != 0 {
		t.Errorf("%v of no strata", got)
	}
}

// TestGuessIsNearer: on strata that come in two kinds the guess is nearer to the truth
// than [Smoothed], in the mean of squared distances.
func TestGuessIsNearer(t *testing.T) {
	src := rand.NewPCG(5, 6)
	kinds := []distuv.Beta{{Alpha: 1, Beta: 20, Src: src}, {Alpha: 0.5, Beta: 200, Src: src}}
	var own, shared float64
	for range 300 {
		var n, f, groups []int
		var truth []float64
		for i := range 16 {
			p := kinds[i%2].Rand()
			size := 10 + 20*(i/4)
			truth, groups = append(truth, p), append(groups, i%2)
			n = append(n, size)
			f = append(f, int(distuv.Binomial{N: float64(size), P: p, Src: src}.Rand()))
		}
		for i, p := range Guess(n, f, groups) {
			shared += (p - truth[i]) * (p - truth[i])
			q := Smoothed(f[i], n[i])
			own += (q - truth[i]) * (q - truth[i])
		}
	}
	if shared > 0.9*own {
		t.Errorf("squared distance %v with groups, %v without: want at most nine tenths", shared, own)
	}
}
