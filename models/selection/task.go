package selection

import (
	"fmt"
	"slices"
)

// Rule turns answers of the NPU into a decision. It is pure: the same answers give
// the same questions and the same outcome, and ties go to the lowest index.
//
// A rule that needs whole pools starts with ask.Tables(). One that does not asks for
// rows as it goes, or for inputs of its own; see [Ask].
type Rule interface {
	Decide(ask *Ask) (Outcome, error)
	// Consequence rates the harm of a faulty outcome, 0 (none) to 1, under the
	// rule's own objective, judged with the golden scores or ground truth.
	Consequence(scores []Table, golden, faulty Outcome) float64
}

// Workload is a task with its networks, pools and rule for one seed.
type Workload struct {
	Scorers   []Scorer
	Baselines []Scorer // what the check compares with; no fault strikes them
	Rule      Rule
}

// Kind tells where a task's algorithm lives.
type Kind string

// The kinds of task.
const (
	OnNPU   Kind = "npu"     // a workload of the simulated NPU
	Product Kind = "product" // a part of this program; see Task.Where
)

// Exposure tells how many inferences of a pool a fault touches.
type Exposure string

// The exposures.
const (
	Transient  Exposure = "transient"  // one inference
	Persistent Exposure = "persistent" // all inferences until the memory is loaded again
	State      Exposure = "state"      // the state in the arena until it is written again
)

// Task is one published algorithm.
type Task struct {
	Name      string // on the command line
	Title     string // of the publication, exactly
	Family    string
	Kind      Kind
	Utility   string // what the selection is scored by (Albalak et al., "A Survey on Data Selection for Language Models", 2024)
	Mechanism string // how scores become a selection (same survey)
	Where     string // package of a Product
	Metric    Metric
	Epsilon   float64 // a changed outcome is consequential above this

	// Negative says which published effect does not show here, empty where it does. The
	// check then asserts what was measured, as a test of regression.
	Negative string
	// StandIn says what the task stands for where the publication's own algorithm does
	// not fit this hardware, empty where it runs as published but for its size.
	StandIn string

	Build func(seed uint64) (*Workload, error)
	Check func(runs []Run) (Check, error)
}

// Seeds are those of every task's check, whose networks and pools are stored (our
// choice).
func Seeds() []uint64 { return SeedsFrom(1) }

// SeedsFrom are as many seeds from another one on. What is not stored is trained.
func SeedsFrom(first uint64) []uint64 { return []uint64{first, first + 1, first + 2} }

// Check is the result of a task's acceptance check over all seeds.
type Check struct {
	Metric    string // what was measured
	Threshold float64
	Measured  float64
	Tolerance float64 // of Measured around Threshold, where a value and not a bound is asserted
	Baseline  float64
	Against   string // name of the baseline
	Pass      bool
	Note      string
}

// Decide runs the rule on tables of all pools.
func (w *Workload) Decide(scores []Table) (Outcome, error) {
	if len(scores) != len(w.Scorers) {
		return Outcome{}, fmt.Errorf("%d tables of scores for %d scorers", len(scores), len(w.Scorers))
	}
	for i := range scores {
		if n := len(w.Scorers[i].Rows); scores[i].Rows() != n {
			return Outcome{}, fmt.Errorf("scorer %s: scores of %d rows for a pool of %d", w.Scorers[i].Name, scores[i].Rows(), n)
		}
	}
	return w.Rule.Decide(FromTables(scores...))
}

// Transient returns the outcome when a row of a table holds another output.
func (w *Workload) Transient(golden []Table, scorer, row int, output []byte) (Outcome, error) {
	if scorer < 0 || scorer >= len(golden) {
		return Outcome{}, fmt.Errorf("scorer %d of %d", scorer, len(golden))
	}
	patched, err := golden[scorer].WithRow(row, output)
	if err != nil {
		return Outcome{}, fmt.Errorf("scorer %d: %w", scorer, err)
	}
	tables := slices.Clone(golden)
	tables[scorer] = patched
	return w.Decide(tables)
}

// Effect rates a faulty outcome.
type Effect struct {
	Changed       bool
	Distance      float64
	Consequence   float64
	Consequential bool
}

// Effect compares a faulty outcome with the golden one. An outcome that did not
// change has no consequence.
func (t *Task) Effect(r *Run, faulty Outcome) Effect {
	if faulty.Equal(r.Outcome) {
		return Effect{}
	}
	e := Effect{Changed: true, Distance: faulty.Distance(r.Outcome)}
	e.Consequence = min(1, max(0, r.Workload.Rule.Consequence(r.Scores, r.Outcome, faulty)))
	e.Consequential = e.Consequence > t.Epsilon
	return e
}
