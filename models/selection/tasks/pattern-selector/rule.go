// Package pattern is the task pattern-selector; see README.md.
package pattern

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/stat"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Task is the pattern selector of "Adaptive Pattern Extraction Multi-Task Learning for
// Multi-Step Conversion Estimations" (2023).
func Task() selection.Task {
	return selection.Task{
		Name: "pattern-selector", Title: "Adaptive Pattern Extraction Multi-Task Learning for Multi-Step Conversion Estimations",
		Family: "route", Kind: selection.OnNPU, Utility: "learned", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
		Negative: "that a selector ranks purchases two points better than a shared bottom of equal cost: on three seeds each it is between half a point and three",
		StandIn:  "squeeze and excitation of the fields and a gate for each step; attention within groups of fields is left out, since the NPU multiplies two activations element by element alone",
	}
}

// offers go to the users whose purchase is most likely.
type offers struct{ users []user }

// offered is the number of users who get an offer (our choice).
const offered = 60

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	r := &offers{users: newWorld(data.Rand(seed, ofWorld)).draw(pool, data.Rand(seed, ofPool))}
	var rows [][]byte
	for i := range r.users {
		rows = append(rows, nets.Row(r.users[i].x, input))
	}
	w := &selection.Workload{Rule: r}
	for name, list := range map[string]*[]selection.Scorer{"selector": &w.Scorers, "shared": &w.Baselines} {
		s := selection.Scorer{Name: name, Rows: rows}
		if s.Model, err = f.Bytes(name + ".tflite"); err != nil {
			return nil, err
		}
		*list = append(*list, s)
	}
	return w, nil
}

// Decide gives those who get an offer: the largest products of the chances of a click and
// of a purchase after it.
func (r *offers) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Set}
	if !ask.Fits(1, len(r.users)) {
		return o, fmt.Errorf("pattern selector: it needs one network for %d users", len(r.users))
	}
	t, err := ask.Table(0)
	if err != nil {
		return o, err
	}
	if t.Width != tasks {
		return o, fmt.Errorf("pattern selector: the network gives %d numbers, not %d", t.Width, tasks)
	}
	chance := make([]float64, len(r.users))
	for i := range chance {
		chance[i] = kit.Logistic(t.At(i, 0)) * kit.Logistic(t.At(i, 1))
	}
	o.Items = kit.TopK(chance, offered)
	return o, nil
}

// conversions are the true chances that users click and buy.
func (r *offers) conversions() []float64 {
	list := make([]float64, len(r.users))
	for i, u := range r.users {
		list[i] = u.chance[0] * u.chance[1]
	}
	return list
}

// Consequence is what the offers lose of the conversions that they gain over offers to
// users drawn by lot.
func (r *offers) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	return kit.RegretAt(r.conversions(), golden.Items, faulty.Items)
}

// area is the one under the receiver operating characteristic of a step: the chance that
// a user who takes it scores above one who does not, where a tie counts a half.
func (r *offers) area(t *selection.Table, task int) float64 {
	score := t.Column(task)
	order := kit.Order(score)
	var y []float64
	var taken []bool
	for k := range order {
		i := order[len(order)-1-k]
		y, taken = append(y, score[i]), append(taken, r.users[i].taken[task])
	}
	hits, alarms, _ := stat.ROC(nil, y, taken, nil)
	return integrate.Trapezoidal(alarms, hits)
}

// Bounds of the check, of what was measured and not of what is published: the selector
// ranks purchases and clicks no worse than the network without it, both well, and offers
// reach those who convert.
const (
	areaLoss  = 0.005
	areaLeast = 0.75
	gainLeast = 0.4 // of what the best offers gain over drawn ones
)

func check(runs []selection.Run) (selection.Check, error) {
	var own, shared [tasks]float64
	var gained, shift float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*offers)
		if !ok || len(run.Baselines) != 1 {
			return selection.Check{}, fmt.Errorf("pattern selector: a run of another task")
		}
		n := float64(len(runs))
		for task := range tasks {
			own[task] += r.area(&run.Scores[0], task) / n
			shared[task] += r.area(&run.Baselines[0], task) / n
		}
		best := selection.Outcome{Items: kit.TopK(r.conversions(), offered)}
		gained += (1 - r.Consequence(nil, best, run.Outcome)) / n
		said := 0.0
		for i := range r.users {
			said += kit.Logistic(run.Scores[0].At(i, 0)) * kit.Logistic(run.Scores[0].At(i, 1)) / float64(len(r.users))
		}
		shift += math.Abs(said-kit.Mean(r.conversions())) / n
	}
	return selection.Check{
		Metric: "area under the curve of purchases with a selector for each step", Threshold: areaLeast, Measured: own[1],
		Baseline: shared[1], Against: "a shared bottom without gates",
		Pass: own[1] >= areaLeast && own[1] >= shared[1]-areaLoss && own[0] >= areaLeast && own[0] >= shared[0]-areaLoss && gained >= gainLeast,
		Note: fmt.Sprintf("area of clicks %.4f, without gates %.4f; offers have %.3f of the best gain; the mean chance of a conversion is off by %.4f", own[0], shared[0], gained, shift),
	}, nil
}
