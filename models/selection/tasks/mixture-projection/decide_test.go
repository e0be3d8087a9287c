package mixture

import (
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// apart is a table in which the first two sources lie to the left and right, where the
// target's samples are in turn, and the third one far away; and a rule whose errors follow
// the transport.
func apart(t *testing.T) (*projection, selection.Table) {
	t.Helper()
	r := &projection{mixtures: grid()}
	var rows [][]int
	for i := range sources*revealed + wanted {
		at, class := []int{-40, 40, 100}[min(2, i/revealed)], i/revealed
		if i >= sources*revealed {
			at, class = []int{-40, 40}[i%2], i%2
		}
		rows, r.truth = append(rows, []int{at, 3}), append(r.truth, class)
	}
	table := scoretest.Table(0.1, 2, rows...)
	distance, err := r.distances(table.Reals())
	if err != nil {
		t.Fatal(err)
	}
	for k := range r.errors {
		for _, d := range distance {
			r.errors[k] = append(r.errors[k], 0.2*d+0.1*float64(len(sizes)-k))
		}
	}
	return r, table
}

// The rule chooses equal parts of the sources where the target is, and as little as there
// may be of the third.
func TestDecide(t *testing.T) {
	r, table := apart(t)
	o := scoretest.Decide(t, r, table)
	if got := codes(o.Values); got[2] > 2 || got[0]-got[1] > 1 || got[1]-got[0] > 1 {
		t.Errorf("mixture %v of twelfths", got)
	}
	task := Task()
	run := &selection.Run{Workload: scoretest.Workload(r, len(r.truth)), Scores: []selection.Table{table}, Outcome: o}
	// All of the target's samples come to lie with the third source.
	faulty := table
	faulty.Data = slices.Clone(table.Data)
	for i := sources * revealed; i < len(r.truth); i++ {
		faulty.Data[2*i] = 100
	}
	bad, err := run.Workload.Decide([]selection.Table{faulty})
	if err != nil {
		t.Fatal(err)
	}
	if e := task.Effect(run, bad); !e.Changed || !e.Consequential {
		t.Errorf("another target: %v instead of %v, %+v", codes(bad.Values), codes(o.Values), e)
	}
	// The lowest bit of one feature of one sample of sixty moves nothing.
	same, err := run.Workload.Transient(run.Scores, 0, 5, []byte{table.Row(5)[0] ^ 1, table.Row(5)[1]})
	if err != nil || !same.Equal(o) {
		t.Errorf("a low bit: %v instead of %v, %v", codes(same.Values), codes(o.Values), err)
	}
}

func TestDecideRefuses(t *testing.T) {
	r, table := apart(t)
	for name, scores := range map[string][]selection.Table{
		"two networks": {table, table},
		"too few rows": {{Scale: 1, Width: 2, Data: table.Data[:20]}},
		"no features":  {{Scale: 1}},
	} {
		if _, err := r.Decide(selection.FromTables(scores...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Of mixtures with the same error the first one is the best.
func TestBest(t *testing.T) {
	r := &projection{}
	if got := r.best([]float64{3, 1, 2, 1}); got != 1 {
		t.Errorf("best %d", got)
	}
	if got := r.best(make([]float64, 5)); got != 0 {
		t.Errorf("all alike: best %d", got)
	}
}

// The check passes where features tell the classes and foretell errors, and fails where
// they are another sample's.
func TestCheck(t *testing.T) {
	r, table := apart(t)
	run := selection.Run{Workload: scoretest.Workload(r, len(r.truth)), Scores: []selection.Table{table}, Outcome: scoretest.Decide(t, r, table)}
	c, err := check([]selection.Run{run})
	if err != nil || !c.Pass || c.Measured > worseMost || c.Baseline < c.Measured+gainLeast {
		t.Errorf("%+v, %v", c, err)
	}
	if got := r.near(table.Reals()); got != 1 {
		t.Errorf("%v of the target's samples are near their class", got)
	}
	run.Outcome.Values = r.mixtures[0]
	if c, err = check([]selection.Run{run}); err != nil || c.Pass {
		t.Errorf("the first mixture: %+v, %v", c, err)
	}
	for i := sources * revealed; i < len(r.truth); i++ {
		r.truth[i] = 1 - r.truth[i]
	}
	if c, err = check([]selection.Run{run}); err != nil || c.Pass || c.Measured != 1 {
		t.Errorf("features of the other class: %+v, %v", c, err)
	}
}
