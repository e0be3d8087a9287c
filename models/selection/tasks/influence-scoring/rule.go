package scoring

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Temperature and share of the choice (Yu et al., "MATES", 2024).
const (
	influenceTau   = 0.5
	influenceShare = 0.2
)

// Task is Yu et al., "MATES: Model-Aware Data Selection for Efficient
// Pretraining with Data Influence Models" (2024): a small network predicts by how
// much a row would lower the loss of a model in training, and rows are drawn
// accordingly. We draw from every label by itself, since the best rows of all
// labels come from few of them.
func Task() selection.Task {
	return selection.Task{
		Name: "influence-scoring", Title: "MATES: Model-Aware Data Selection for Efficient Pretraining with Data Influence Models",
		Family: "loss", Kind: selection.OnNPU, Utility: "influence", Mechanism: "sampling",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// influence draws rows by the predictions of the last stage's network. The first
// stage's network, the baseline, shows how a prediction ages.
type influence struct {
	given, truth []int
	noise        []float64 // Gumbel numbers, the same for every decision
	measured     []float64 // influences in the last stage
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	w, r := &selection.Workload{}, &influence{}
	last, err := f.Scorer("stage3", "stage3.bin")
	if err != nil {
		return nil, err
	}
	first, err := f.Scorer("stage1", "stage1.bin")
	if err != nil {
		return nil, err
	}
	w.Scorers, w.Baselines = []selection.Scorer{last}, []selection.Scorer{first}
	if r.given, err = f.Labels("given.bin"); err != nil {
		return nil, err
	}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	measured, err := f.Bytes("influence.bin")
	if err != nil {
		return nil, err
	}
	n := len(w.Scorers[0].Rows)
	if len(r.given) != n || len(r.truth) != n || len(measured) != 4*n {
		return nil, fmt.Errorf("influence scoring: %d labels and %d bytes of influences for %d rows; build the data anew", len(r.given), len(measured), n)
	}
	for ; len(measured) > 0; measured = measured[4:] {
		r.measured = append(r.measured, float64(math.Float32frombits(binary.LittleEndian.Uint32(measured))))
	}
	r.noise = kit.Gumbel(n, rand.New(rand.NewPCG(seed, 1)))
	w.Rule = r
	return w, nil
}

// keys are the predictions, in standard deviations, with their noise.
func (r *influence) keys(t *selection.Table) []float64 {
	k := t.Column(0)
	for i := range k {
		k[i] = k[i]/influenceTau + r.noise[i]
	}
	return k
}

// Decide gives the rows drawn.
func (r *influence) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width != 1 || scores[0].Rows() != len(r.given) {
		return selection.Outcome{}, fmt.Errorf("influence scoring: it needs the predictions of a network for %d rows", len(r.given))
	}
	return selection.Outcome{Metric: selection.Set, Items: kit.TopOfGroups(r.keys(&scores[0]), r.given, influenceShare)}, nil
}

// Consequence is the loss of the sum that the rule maximises within every label:
// predictions with their noise.
func (r *influence) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	return kit.RegretAt(r.keys(&scores[0]), golden.Items, faulty.Items)
}

// Bounds of the check: rank correlation of predicted and measured influences of
// rows that were never probed, and the lead in right labels of the rows drawn
// over all rows. The prediction of the first stage must be worse in the last one.
const (
	influenceRank  = 0.5
	influenceClean = 0.1
)

// drawn is the mean share of right labels over several draws.
func (r *influence) drawn(t *selection.Table) float64 {
	const draws = 20 // our choice
	sum := 0.0
	for k := range uint64(draws) {
		other := influence{given: r.given, noise: kit.Gumbel(len(r.given), rand.New(rand.NewPCG(k, 2)))}
		sum += digits.Clean(kit.TopOfGroups(other.keys(t), r.given, influenceShare), r.given, r.truth) / draws
	}
	return sum
}

func check(runs []selection.Run) (selection.Check, error) {
	var fresh, stale, drawn, all float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*influence)
		if !ok {
			return selection.Check{}, fmt.Errorf("influence scoring: a run of another task")
		}
		n := float64(len(runs))
		fresh += kit.Spearman(run.Scores[0].Column(0), r.measured) / n
		stale += kit.Spearman(run.Baselines[0].Column(0), r.measured) / n
		drawn += r.drawn(&run.Scores[0]) / n
		all += digits.Clean(kit.Every(len(r.given)), r.given, r.truth) / n
	}
	return selection.Check{
		Metric: "rank correlation of predicted and measured influences", Threshold: influenceRank, Measured: fresh,
		Baseline: stale, Against: "the first stage's prediction", Pass: fresh >= influenceRank && fresh > stale && drawn >= all+influenceClean,
		Note: fmt.Sprintf("right labels among the rows drawn %.3f, among all rows %.3f; no claim is made on the accuracy of a model trained with them", drawn, all),
	}, nil
}
