// Package features is the task feature-set; see README.md.
package features

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/stat"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// Sizes of the click model (our choice): every impression has one of clickValues values
// in each field, of which only the first few fields matter.
const (
	clickFields   = 10
	clickValues   = 20
	clickRelevant = 3
	clickRow      = 5 // numbers of a feature
	clickShown    = 40
)

// A feature's row in the first network holds its gate and its numbers; the same comes
// out, the gate as a logistic value times gateWhole (our choice: half the range).
const (
	gateRow   = 1 + clickRow
	gateWhole = 8.0
)

// Task is the feature selection of Lyu et al., "Optimizing Feature Set for Click-Through
// Rate Prediction" (WWW 2023). The NPU opens and closes the features of every field by
// their gates; the host keeps those that are more than half open and makes of them the
// inputs of a factorisation machine, which scores the impressions on the NPU.
func Task() selection.Task {
	return selection.Task{
		Name: "feature-set", Title: "Optimizing Feature Set for Click-Through Rate Prediction",
		Family: "edit", Kind: selection.OnNPU, Utility: "weights", Mechanism: "threshold",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// clickModel holds the impressions: their features, clicks, and chances of a click.
type clickModel struct {
	features [][]int
	truth    []int
	chance   []float64
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	r, w := &clickModel{}, &selection.Workload{}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	chance, err := f.Labels("chance.bin")
	if err != nil {
		return nil, err
	}
	for _, v := range chance {
		r.chance = append(r.chance, float64(v)/255)
	}
	list, err := f.Labels("features.bin")
	if err != nil {
		return nil, err
	}
	if len(list) != clickFields*len(r.truth) || len(chance) != len(r.truth) || len(r.truth) < clickShown || slices.Max(list) >= clickFields*clickValues {
		return nil, fmt.Errorf("feature set: %d features for %d impressions; build the data anew", len(list), len(r.truth))
	}
	for at := 0; at < len(list); at += clickFields {
		r.features = append(r.features, list[at:at+clickFields])
	}
	if w.Scorers, err = f.Scorers("gates.bin", "gates"); err != nil {
		return nil, err
	}
	machine, err := f.Bytes("machine.tflite")
	if err != nil {
		return nil, err
	}
	w.Scorers = append(w.Scorers, selection.Scorer{Name: "machine", Model: machine})
	full, err := f.Bytes("full.tflite")
	if err != nil {
		return nil, err
	}
	table, err := f.Bytes("full.bin")
	if err != nil {
		return nil, err
	}
	if len(table) != clickFields*clickValues*clickRow || len(w.Scorers[0].Rows) != clickFields {
		return nil, fmt.Errorf("feature set: %d numbers of features and %d fields; build the data anew", len(table), len(w.Scorers[0].Rows))
	}
	baseline := selection.Scorer{Name: "full", Model: full}
	for i := range r.features {
		baseline.Rows = append(baseline.Rows, r.input(i, func(v int) []byte { return table[v*clickRow : (v+1)*clickRow] }))
	}
	w.Baselines, w.Rule = []selection.Scorer{baseline}, r
	return w, nil
}

// input joins the numbers of the features of an impression.
func (r *clickModel) input(impression int, numbers func(feature int) []byte) []byte {
	var row []byte
	for _, v := range r.features[impression] {
		row = append(row, numbers(v)...)
	}
	return row
}

// kept runs all fields and returns the numbers of the features that stay open, by
// feature; those of the others are nil.
func (r *clickModel) kept(ask *selection.Ask) ([][]byte, error) {
	var list [][]byte
	for field := range clickFields {
		t, err := ask.Scores(0, field, clickValues*gateRow)
		if err != nil {
			return nil, fmt.Errorf("feature set: %w", err)
		}
		for v := range clickValues {
			if t.At(0, v*gateRow) < gateWhole/2 {
				list = append(list, nil)
				continue
			}
			list = append(list, t.Data[v*gateRow+1:(v+1)*gateRow])
		}
	}
	return list, nil
}

// scores runs all impressions with the features that are kept.
func (r *clickModel) scores(ask *selection.Ask, kept [][]byte) ([]float64, error) {
	var list []float64
	closed := make([]byte, clickRow)
	for i := range r.features {
		a, err := ask.Infer(1, r.input(i, func(v int) []byte {
			if kept[v] == nil {
				return closed
			}
			return kept[v]
		}))
		if err != nil {
			return nil, err
		}
		list = append(list, a.First().At(0, 0))
	}
	return list, nil
}

// Decide gives the features that are kept and then the impressions with the highest
// scores, counted on from the features.
func (r *clickModel) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Set}
	if ask.Scorers() != 2 || ask.Rows(0) != clickFields {
		return o, fmt.Errorf("feature set: it needs the gates of %d fields and a machine", clickFields)
	}
	kept, err := r.kept(ask)
	if err != nil {
		return o, err
	}
	scores, err := r.scores(ask, kept)
	if err != nil {
		return o, err
	}
	for v, numbers := range kept {
		if numbers != nil {
			o.Items = append(o.Items, v)
		}
	}
	for _, i := range kit.TopK(scores, clickShown) {
		o.Items = append(o.Items, clickFields*clickValues+i)
	}
	return o, nil
}

// shown are the impressions of an outcome.
func shown(o selection.Outcome) []int {
	var list []int
	for _, i := range o.Items {
		if i >= clickFields*clickValues {
			list = append(list, i-clickFields*clickValues)
		}
	}
	return list
}

// Consequence is how much of the advantage over a mean impression in expected clicks,
// by their true chances, a faulty choice loses.
func (r *clickModel) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	return kit.RegretAt(r.chance, shown(golden), shown(faulty))
}

// rankingArea is the area under the receiver operating characteristic: the chance
// that a click scores above a row without one, where a tie counts a half.
func rankingArea(score []float64, clicked []int) float64 {
	order := kit.Order(score)
	slices.Reverse(order)
	var y []float64
	var classes []bool
	for _, i := range order {
		y, classes = append(y, score[i]), append(classes, clicked[i] == 1)
	}
	if !slices.Contains(classes, true) || !slices.Contains(classes, false) {
		return 0.5
	}
	hits, alarms, _ := stat.ROC(nil, y, classes, nil)
	return integrate.Trapezoidal(alarms, hits)
}

// Bounds of the check: noise that must go, relevant features that may go, the area
// under the curve that may be lost, and the least area.
const (
	featureNoise    = 0.75
	featureRelevant = 0.05
	featureArea     = 0.005
	featureLeast    = 0.8
)

func check(runs []selection.Run) (selection.Check, error) {
	var noise, lost, own, full float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*clickModel)
		if !ok {
			return selection.Check{}, fmt.Errorf("feature set: a run of another task")
		}
		ask := selection.NewAsk(run.Workload, run.Source)
		kept, err := r.kept(ask)
		if err != nil {
			return selection.Check{}, err
		}
		scores, err := r.scores(ask, kept)
		if err != nil {
			return selection.Check{}, err
		}
		n := float64(len(runs))
		own += rankingArea(scores, r.truth) / n
		full += rankingArea(run.Baselines[0].Column(0), r.truth) / n
		for v, numbers := range kept {
			switch {
			case numbers != nil:
			case v < clickRelevant*clickValues:
				lost += 1 / n / (clickRelevant * clickValues)
			default:
				noise += 1 / n / ((clickFields - clickRelevant) * clickValues)
			}
		}
	}
	return selection.Check{
		Metric: "share of the useless features removed", Threshold: featureNoise, Measured: noise,
		Baseline: lost, Against: "share of the relevant features removed",
		Pass: noise >= featureNoise && lost <= featureRelevant && own >= full-featureArea && own >= featureLeast,
		Note: fmt.Sprintf("mean over seeds; area under the curve %.4f with the features selected, %.4f with all", own, full),
	}, nil
}
