package edit

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/kit"
)

// Sizes of the click model, as in the recipe.
const (
	clickFields   = 10
	clickValues   = 20
	clickRelevant = 3 // fields that matter, the first ones
	clickRow      = 5 // numbers of a feature
	clickPool     = 200
	clickShown    = 40
)

// featureTask is the feature selection of Lyu et al., "Optimizing Feature Set for
// Click-Through Rate Prediction" (WWW 2023). A factorisation machine runs on the
// NPU with embeddings from which the gates that closed in training removed the
// useless features; the host shows the impressions with the highest scores.
func featureTask() selection.Task {
	return selection.Task{
		Name: "feature-set", Title: "Optimizing Feature Set for Click-Through Rate Prediction",
		Family: "edit", Kind: selection.OnNPU, Utility: "weights", Mechanism: "threshold",
		Metric: selection.Set, Epsilon: 0.01, Build: buildFeatures, Check: checkFeatures,
	}
}

// clickModel holds the clicks, the features that the embeddings kept, and both
// networks with all test impressions.
type clickModel struct {
	truth []int
	kept  []bool
	audit *selection.Workload // selected, full
}

func buildFeatures(seed uint64) (*selection.Workload, error) {
	f, err := artefacts.Open("feature-set", seed)
	if err != nil {
		return nil, err
	}
	r := &clickModel{kept: make([]bool, clickFields*clickValues), audit: &selection.Workload{}}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	features, err := f.Labels("features.bin")
	if err != nil {
		return nil, err
	}
	if len(features) != clickFields*len(r.truth) || len(r.truth) < clickPool {
		return nil, fmt.Errorf("feature set: %d features for %d impressions; build the artefacts anew", len(features), len(r.truth))
	}
	for k, name := range []string{"selected", "full"} {
		s := selection.Scorer{Name: name}
		if s.Model, err = f.Bytes(name + ".tflite"); err != nil {
			return nil, err
		}
		table, err := f.Bytes(name + ".bin")
		if err != nil {
			return nil, err
		}
		if len(table) != len(r.kept)*clickRow {
			return nil, fmt.Errorf("feature set: embeddings of %d bytes; build the artefacts anew", len(table))
		}
		for i := range r.truth {
			var row []byte
			for _, v := range features[i*clickFields : (i+1)*clickFields] {
				if v >= len(r.kept) {
					return nil, fmt.Errorf("feature set: feature %d of %d; build the artefacts anew", v, len(r.kept))
				}
				row = append(row, table[v*clickRow:(v+1)*clickRow]...)
			}
			s.Rows = append(s.Rows, row)
		}
		r.audit.Scorers = append(r.audit.Scorers, s)
		for i, v := range table {
			r.kept[i/clickRow] = r.kept[i/clickRow] || k == 0 && v != 0
		}
	}
	pool := r.audit.Scorers[0]
	pool.Rows = pool.Rows[:clickPool]
	return &selection.Workload{Scorers: []selection.Scorer{pool}, Rule: r}, nil
}

// Decide gives the impressions with the highest scores.
func (r *clickModel) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width != 1 || scores[0].Rows() != clickPool {
		return selection.Outcome{}, fmt.Errorf("feature set: it needs the scores of %d impressions", clickPool)
	}
	return selection.Outcome{Metric: selection.Set, Items: kit.TopK(scores[0].Column(0), clickShown)}, nil
}

// Consequence is how much of the advantage over a mean impression in expected
// clicks, by the golden scores, a faulty choice loses.
func (r *clickModel) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	chance := scores[0].Column(0)
	all := make([]int, len(chance))
	for i, v := range chance {
		chance[i], all[i] = 1/(1+math.Exp(-v)), i
	}
	best, got, typical := mean(chance, golden.Items), mean(chance, faulty.Items), mean(chance, all)
	if best <= typical {
		return 0
	}
	return (best - got) / (best - typical)
}

// rankingArea is the area under the receiver operating characteristic: the chance
// that a click scores above a row without one, where a tie counts a half.
func rankingArea(score []float64, clicked []int) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	var below, clicks, area float64
	for at := 0; at < len(order); {
		end, with := at, 0.0
		for ; end < len(order) && score[order[end]] == score[order[at]]; end++ {
			with += float64(clicked[order[end]])
		}
		without := float64(end-at) - with
		area += with * (below + without/2)
		below, clicks, at = below+without, clicks+with, end
	}
	if below == 0 || clicks == 0 {
		return 0.5
	}
	return area / (below * clicks)
}

// Bounds of the check: noise that must go, relevant features that may go, and the
// area under the curve that may be lost.
const (
	featureNoise    = 0.75
	featureRelevant = 0.05
	featureArea     = 0.005
)

func checkFeatures(runs []selection.Run) (selection.Check, error) {
	var noise, lost, own, full float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*clickModel)
		if !ok {
			return selection.Check{}, fmt.Errorf("feature set: a run of another task")
		}
		tables, err := r.audit.Reference()
		if err != nil {
			return selection.Check{}, err
		}
		n := float64(len(runs))
		own += rankingArea(tables[0].Column(0), r.truth) / n
		full += rankingArea(tables[1].Column(0), r.truth) / n
		for f, kept := range r.kept {
			switch {
			case kept:
			case f < clickRelevant*clickValues:
				lost += 1 / n / (clickRelevant * clickValues)
			default:
				noise += 1 / n / ((clickFields - clickRelevant) * clickValues)
			}
		}
	}
	return selection.Check{
		Metric: "share of the useless features removed", Threshold: featureNoise, Measured: noise,
		Baseline: lost, Against: "share of the relevant features removed",
		Pass: noise >= featureNoise && lost <= featureRelevant && own >= full-featureArea,
		Note: fmt.Sprintf("mean over seeds; area under the curve %.4f with the features selected, %.4f with all", own, full),
	}, nil
}
