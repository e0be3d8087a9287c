package quick

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// quickSize is the number of features selected, as in the recipe.
const quickSize = 24

// Task is the feature selection of Atashgahi et al., "Quick and Robust Feature
// Selection" (Machine Learning 2022). A row holds the weights that join one input
// feature of a sparse autoencoder with its hidden units; the NPU adds up their
// sizes, and the strongest features are selected. Half of the features are probes
// that carry no information.
func Task() selection.Task {
	return selection.Task{
		Name: "quick-selection", Title: "Quick and Robust Feature Selection: the Strength of Energy-efficient Sparse Training for Autoencoders",
		Family: "edit", Kind: selection.OnNPU, Utility: "weights", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// quick holds the classifiers that were trained on the features selected in
// several ways, and their test rows.
type quick struct {
	features int
	truth    []int
	names    []string
	sets     map[string][]int
	audit    *selection.Workload
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s, err := f.Scorer("strength", "rows.bin")
	if err != nil {
		return nil, err
	}
	r := &quick{features: len(s.Rows), sets: map[string][]int{}, audit: &selection.Workload{}}
	if r.truth, err = f.Labels("test-truth.bin"); err != nil {
		return nil, err
	}
	if err := f.JSON("sets.json", &r.sets); err != nil {
		return nil, err
	}
	test, err := f.Bytes("test.bin")
	if err != nil {
		return nil, err
	}
	if len(test) != len(r.truth)*r.features {
		return nil, fmt.Errorf("quick selection: %d bytes for %d rows of %d features; build the data anew", len(test), len(r.truth), r.features)
	}
	r.names = []string{"quick", "variance", "lasso"}
	for k := 0; r.sets[fmt.Sprintf("random%d", k)] != nil; k++ {
		r.names = append(r.names, fmt.Sprintf("random%d", k))
	}
	for _, name := range r.names {
		model, err := f.Bytes(name + ".tflite")
		if err != nil {
			return nil, err
		}
		a := selection.Scorer{Name: name, Model: model}
		for i := range r.truth {
			var row []byte
			for _, j := range r.sets[name] {
				if j < 0 || j >= r.features {
					return nil, fmt.Errorf("quick selection: feature %d of %d; build the data anew", j, r.features)
				}
				row = append(row, test[i*r.features+j])
			}
			a.Rows = append(a.Rows, row)
		}
		r.audit.Scorers = append(r.audit.Scorers, a)
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// Decide gives the strongest features.
func (r *quick) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width != 1 || scores[0].Rows() != r.features {
		return selection.Outcome{}, fmt.Errorf("quick selection: it needs the strength of %d features", r.features)
	}
	return selection.Outcome{Metric: selection.Set, Items: kit.TopK(scores[0].Column(0), quickSize)}, nil
}

// Consequence is how much of the advantage in strength over a mean feature a
// faulty set loses.
func (r *quick) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	return kit.RegretAt(scores[0].Column(0), golden.Items, faulty.Items)
}

// Bounds of the check: test accuracy gained over random features and over those
// of the largest variance.
const (
	quickOverRandom   = 0.07
	quickOverVariance = 0.03
)

func check(runs []selection.Run) (selection.Check, error) {
	accuracy := map[string]float64{}
	probes, same := 0, true
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*quick)
		if !ok {
			return selection.Check{}, fmt.Errorf("quick selection: a run of another task")
		}
		same = same && run.Outcome.Equal(selection.Outcome{Metric: selection.Set, Items: r.sets["quick"]})
		tables, err := r.audit.Reference()
		if err != nil {
			return selection.Check{}, err
		}
		for k, name := range r.names {
			share := 1 / float64(len(runs)) / float64(len(r.truth))
			if k >= 3 {
				name, share = "random", share/float64(len(r.names)-3)
			}
			for i, truth := range r.truth {
				if tables[k].Top(i) == truth {
					accuracy[name] += share
				}
			}
		}
		for _, j := range run.Outcome.Items {
			if j >= r.features/2 {
				probes++
			}
		}
	}
	own, variance, random := accuracy["quick"], accuracy["variance"], accuracy["random"]
	return selection.Check{
		Metric: "test accuracy with the features selected", Threshold: max(random+quickOverRandom, variance+quickOverVariance), Measured: own,
		Baseline: variance, Against: "features of the largest variance",
		Pass: same && own >= random+quickOverRandom && own >= variance+quickOverVariance,
		Note: fmt.Sprintf("mean over seeds; random features %.3f, L1 regression %.3f, which knows the labels; %d probes among %d features selected", random, accuracy["lasso"], probes, quickSize*len(runs)),
	}, nil
}
