package selection_test

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// surest selects the k rows with the largest score.
type surest struct{ k int }

func (r surest) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	return selection.Outcome{Metric: selection.Set, Items: kit.TopK(scores[0].Column(0), r.k)}, nil
}

// Consequence is the share of the selected score that is lost.
func (r surest) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	value, sums := scores[0].Column(0), [2]float64{}
	for k, o := range []selection.Outcome{golden, faulty} {
		for _, i := range o.Items {
			sums[k] += value[i]
		}
	}
	return 1 - sums[1]/sums[0]
}

func Example() {
	w := &selection.Workload{Scorers: []selection.Scorer{{Name: "score", Rows: make([][]byte, 4)}}, Rule: surest{2}}
	task := selection.Task{Name: "surest", Title: "An example", Family: "cover", Metric: selection.Set, Epsilon: 0.1}
	run := &selection.Run{Workload: w, Scores: []selection.Table{{Scale: 0.1, Width: 1, Data: []byte{10, 40, 30, 20}}}}
	run.Outcome, _ = w.Decide(run.Scores)
	faulty, _ := w.Transient(run.Scores, 0, 3, []byte{35})
	e := task.Effect(run, faulty)
	fmt.Printf("%v %v %v %.2f %.2f %v\n", run.Outcome.Items, faulty.Items, e.Changed, e.Distance, e.Consequence, e.Consequential)
	// Output: [1 2] [1 3] true 0.67 0.14 true
}
