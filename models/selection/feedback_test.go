package selection_test

import (
	"fmt"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/train/nets"
	"upset/npu/isa"
)

// search looks for the input in the plane that the network scores highest: from the
// best point so far it asks for four neighbours, with half the step where none is
// better. It makes the inputs of later inferences from earlier answers.
type search struct{ rounds int }

func (s search) Decide(ask *selection.Ask) (selection.Outcome, error) {
	at, step, best := [2]int{0, 0}, 64, -129
	for range s.rounds {
		next := at
		for _, d := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
			p := [2]int{clamp(at[0] + d[0]*step), clamp(at[1] + d[1]*step)}
			a, err := ask.Infer(0, []byte{byte(p[0]), byte(p[1])})
			if err != nil {
				return selection.Outcome{}, err
			}
			if v := a.First().Int(0, 0); v > best {
				next, best = p, v
			}
		}
		if next == at {
			step = max(1, step/2)
		}
		at = next
	}
	return selection.Outcome{Metric: selection.Value, Values: []float64{float64(at[0]), float64(at[1])}}, nil
}

func clamp(v int) int { return min(127, max(-128, v)) }

// Consequence is the distance from the fault-free point, relative to the plane.
func (s search) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	return (abs(golden.Values[0]-faulty.Values[0]) + abs(golden.Values[1]-faulty.Values[1])) / 512
}

func abs(v float64) float64 { return max(v, -v) }

// A rule with feedback: a wrong answer in the first round leads the search elsewhere,
// over inferences that the fault-free decision never took.
func Example_feedback() {
	g := nets.New(nets.Shape{H: 1, W: 1, C: 2})
	rng := rand.New(rand.NewPCG(1, 0))
	g.Dense(g.Dense(0, 16, nets.Relu, rng), 1, nets.Linear, rng)
	var x, y [][]float64
	for range 500 {
		p := []float64{2*rng.Float64() - 1, 2*rng.Float64() - 1}
		x, y = append(x, p), append(y, []float64{-(p[0]-0.5)*(p[0]-0.5) - (p[1]+0.25)*(p[1]+0.25)}) // best at 0.5, −0.25
	}
	g.Fit(x, nets.SquaredError(y), nets.Schedule{Epochs: 60, Batch: 20, Rate: 1e-2}, rng)
	model, err := g.Export(x, nets.Options{Input: &nets.Quant{Scale: 1.0 / 128}})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := &selection.Workload{Scorers: []selection.Scorer{{Name: "height", Model: model}}, Rule: search{rounds: 12}}
	run, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		fmt.Println(err)
		return
	}
	near := func(v, want float64) bool { return abs(v/128-want) < 0.2 }
	fmt.Println(len(run.Calls), "inferences; near the best point:", near(run.Outcome.Values[0], 0.5) && near(run.Outcome.Values[1], -0.25))
	faulty, err := run.Struck(1, []byte{127}) // the second answer is the largest number there is
	fmt.Println(faulty.Values[0] < 0, err)
	// Output:
	// 48 inferences; near the best point: true
	// true <nil>
}
