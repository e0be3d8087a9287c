package kernel

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// eight is a picture of unit length with ink at the eight places from one on, so that two of
// them that share k places are √(2 − 2k/8) apart.
func eight(from int) []float64 {
	x := make([]float64, data.DigitsSize)
	for i := from; i < from+8; i++ {
		x[i] = 1 / math.Sqrt(8)
	}
	return x
}

// One near prototype of class 4 at a distance of ½ against three of class 7 at a distance of
// one: votes are 2^α against 3, so that the many win with α = 1 and the near one with 2 and 4.
func TestVotesByHand(t *testing.T) {
	m := &memory{x: [][]float64{eight(1), eight(4), eight(4), eight(4)}, labels: []int{4, 7, 7, 7}}
	query := [][]float64{eight(0)}
	m.calibrate(query)
	if math.Abs(m.squares-1) > 1e-12 || math.Abs(m.inverse-2) > 1e-12 {
		t.Fatalf("squared distances up to %v, inverse ones up to %v", m.squares, m.inverse)
	}
	for alpha, class := range map[int]int{2: 4, 4: 4} {
		votes := voted(t, m, alpha, query)[0]
		if kit.Argmax(votes) != class {
			t.Errorf("exponent %d: votes %v", alpha, votes)
		}
		for c, v := range votes {
			want := map[int]float64{4: math.Pow(2, float64(alpha)), 7: 3}[c]
			if math.Abs(v-want) > 0.15*max(want, 2) {
				t.Errorf("exponent %d, class %d: %v votes, want %v", alpha, c, v, want)
			}
		}
	}
	// Nearly a majority vote: its votes saturate only where a class has more than a tenth of
	// all prototypes at the least distance, so ten others stand far away.
	for range 36 {
		m.x, m.labels = append(m.x, eight(40)), append(m.labels, len(m.labels)%4)
	}
	m.calibrate(query)
	if votes := voted(t, m, 1, query)[0]; votes[7] <= votes[4] {
		t.Errorf("exponent 1: %v votes of the many, %v of the near one", votes[7], votes[4])
	}
}

// voted are the votes of the integer network.
func voted(t *testing.T, m *memory, alpha int, x [][]float64) [][]float64 {
	t.Helper()
	model, err := m.votes(alpha)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := digits.Scores(model, x, unit)
	if err != nil {
		t.Fatal(err)
	}
	return scores
}

// The order of the prototypes does not matter, and classes that change names change their
// votes.
func TestVotesAreInvariant(t *testing.T) {
	m, rest := memoryOf(t)
	x := rest.X[:8]
	before := voted(t, m, 4, x)
	other := &memory{squares: m.squares, inverse: m.inverse}
	for j := range m.x {
		k := len(m.x) - 1 - j
		other.x, other.labels = append(other.x, m.x[k]), append(other.labels, (m.labels[k]+1)%digits.Classes)
	}
	for i, votes := range voted(t, other, 4, x) {
		for c, v := range before[i] {
			if got := votes[(c+1)%digits.Classes]; got != v {
				t.Errorf("row %d: class %d has %v votes, %v by its new name", i, c, v, got)
			}
		}
	}
}

// The ranges are those of the samples: the largest squared distance, and the inverse
// distance of the nearest prototype that one sample in ten exceeds.
func TestCalibrate(t *testing.T) {
	m := &memory{x: [][]float64{{0}, {100}}}
	var samples [][]float64
	for i := 1; i <= 10; i++ {
		samples = append(samples, []float64{float64(i)})
	}
	m.calibrate(samples)
	// Nearest at 1, 2, …, 10; of the inverses 1/2 is exceeded by one. Farthest: 99.
	if m.squares != 99*99 || math.Abs(m.inverse-0.5) > 1e-12 {
		t.Errorf("squares up to %v, inverses up to %v", m.squares, m.inverse)
	}
	m.calibrate([][]float64{{0}}) // a prototype itself
	if math.IsInf(m.inverse, 0) || m.squares != 100*100 {
		t.Errorf("a sample that is a prototype: squares up to %v, inverses up to %v", m.squares, m.inverse)
	}
}

// A fault in the votes of a row changes that row alone, and harms where it was right.
func TestFaultyVotes(t *testing.T) {
	r := &vote{truth: []int{3, 4, 5}}
	w := scoretest.Workload(r, 3)
	scores := []selection.Table{scoretest.Labels(3, 4, 6)}
	run := &selection.Run{Workload: w, Scores: scores, Outcome: scoretest.Decide(t, r, scores[0])}
	task := Task()
	for row, consequence := range []float64{1, 1, 0} {
		votes := slices.Clone(scores[0].Row(row))
		votes[9] = 41
		faulty, err := w.Transient(scores, 0, row, votes)
		e := task.Effect(run, faulty)
		if err != nil || faulty.Items[row] != 9 || math.Abs(e.Distance-1.0/3) > 1e-12 || e.Consequence != consequence {
			t.Errorf("row %d: %v, %+v, %v", row, faulty.Items, e, err)
		}
		votes[9] = 40 // as many votes as the class itself has: the first one wins
		if faulty, err = w.Transient(scores, 0, row, votes); err != nil || task.Effect(run, faulty).Changed {
			t.Errorf("row %d, a tie: %v, %v", row, faulty.Items, err)
		}
	}
	for name, list := range map[string][]selection.Table{"two networks": append(scores, scores...), "one row": {scoretest.Labels(3)}, "two classes": {{Scale: 1, Width: 2, Data: make([]byte, 6)}}} {
		if _, err := r.Decide(selection.FromTables(list...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The check wants the kernel to be right, and more often than the nearest prototype and the
// majority.
func TestCheck(t *testing.T) {
	r := &vote{truth: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 0}, labels: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}
	near := func(shift int) selection.Table { // the prototype of the class after shift is nearest
		var rows [][]int
		for i := range r.truth {
			row := slices.Repeat([]int{50}, 10)
			row[(r.truth[i]+shift)%10] = -20
			rows = append(rows, row)
		}
		return scoretest.Scores(rows...)
	}
	run := func(own, majority []int, nearest selection.Table) selection.Run {
		return selection.Run{Workload: &selection.Workload{Rule: r}, Outcome: selection.Outcome{Metric: selection.Label, Items: own}, Baselines: []selection.Table{scoretest.Labels(majority...), nearest}}
	}
	zeros := make([]int, 10)
	for name, c := range map[string]struct {
		run  selection.Run
		pass bool
	}{
		"right":                      {run(r.truth, zeros, near(1)), true},
		"the nearest is as right":    {run(r.truth, zeros, near(0)), false},
		"the majority is as right":   {run(r.truth, r.truth, near(1)), false},
		"the kernel is always wrong": {run(zeros, zeros, near(1)), false},
	} {
		if got, err := check([]selection.Run{c.run}); err != nil || got.Pass != c.pass {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A picture's length does not matter, and an empty one stays empty.
func TestNormalForgetsTheLength(t *testing.T) {
	a, b := normal([]float64{0.1, 0.7, 0.3}), normal([]float64{0.2, 1.4, 0.6})
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-12 {
			t.Errorf("%v and %v", a, b)
		}
	}
	if got := normal(make([]float64, 3)); !slices.Equal(got, make([]float64, 3)) {
		t.Errorf("an empty picture becomes %v", got)
	}
}
