package sparse

import (
	"fmt"
	"slices"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// Sizes of the task (our choice).
const (
	sparseUnits  = 96
	sparseActive = 8
	sparseBudget = 16   // about 55 % of the rows of a class
	sparseFlips  = 1500 // single bits turned per network in the comparison
)

// Task is MoNA: the similarity of sparse-autoencoder units with the mean
// of a class's exemplars, by the generalised Jaccard index. The network gives
// every unit z and its excess max(0, z − t) over the prototype t, from which
// min(z, t) = z − excess and max(z, t) = t + excess; which units are among the
// largest and the sums are found on the host.
func Task() selection.Task {
	return selection.Task{
		Name:   "sparse-similarity",
		Title:  "Task-Specific Data Selection for Instruction Tuning via Monosemantic Neuronal Activations",
		Family: "cover", Kind: selection.OnNPU, Utility: "similarity", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

type sparse struct {
	truth     []int
	class     int
	prototype []float64
	total     float64            // sum of the prototype
	centre    []float64          // mean hidden units of the exemplars
	offset    []float64          // of the decoder
	direction [][]float64        // of each unit
	plain     selection.Workload // the hidden units by themselves
}

func build(seed uint64) (*selection.Workload, error) {
	f, s, truth, err := digits.OpenClassed(&Files, "sparse", seed)
	if err != nil {
		return nil, err
	}
	r := &sparse{truth: truth}
	var target struct {
		Class             int
		Prototype, Centre []float64
	}
	if err := f.JSON("target.json", &target); err != nil {
		return nil, err
	}
	if len(target.Prototype) != sparseUnits || len(target.Centre) != digits.Hidden {
		return nil, fmt.Errorf("sparse similarity: a prototype of %d units and %d features; build the artefacts anew", len(target.Prototype), len(target.Centre))
	}
	r.class, r.prototype, r.centre = target.Class, target.Prototype, target.Centre
	for _, v := range r.prototype {
		r.total += v
	}
	if err := r.decoder(f); err != nil {
		return nil, err
	}
	hidden, err := f.Scorer("hidden", "rows.bin")
	if err != nil {
		return nil, err
	}
	r.plain.Scorers = []selection.Scorer{hidden}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// decoder reads the offset and the directions, little-endian floats of 32 bits.
func (r *sparse) decoder(f artefacts.Folder) error {
	b, err := f.Bytes("decoder.bin")
	if err != nil {
		return err
	}
	if len(b) != 4*digits.Hidden*(sparseUnits+1) {
		return fmt.Errorf("sparse similarity: a decoder of %d bytes; build the artefacts anew", len(b))
	}
	values := slices.Collect(slices.Chunk(data.ReadSingles(b), digits.Hidden))
	r.offset, r.direction = values[0], values[1:]
	return nil
}

// similarity of a row of units and excesses with the prototype.
func (r *sparse) similarity(row []float64) float64 {
	units := row[:sparseUnits]
	low, high := 0.0, r.total
	for _, u := range kit.TopK(units, sparseActive) {
		low += units[u] - row[sparseUnits+u]
		high += row[sparseUnits+u]
	}
	if high == 0 {
		return 1
	}
	return low / high
}

func (r *sparse) similarities(t *selection.Table) []float64 {
	out := make([]float64, t.Rows())
	for i := range out {
		out[i] = r.similarity(t.Real(i))
	}
	return out
}

// Decide selects the most similar rows.
func (r *sparse) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width != 2*sparseUnits || scores[0].Rows() != len(r.truth) {
		return selection.Outcome{}, fmt.Errorf("sparse similarity: it needs the units and excesses of %d rows", len(r.truth))
	}
	return selection.Outcome{Metric: selection.Set, Items: kit.TopK(r.similarities(&scores[0]), sparseBudget)}, nil
}

// Consequence is the loss of similarity with the prototype.
func (r *sparse) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	similarity := r.similarities(&scores[0])
	value := func(o selection.Outcome) float64 {
		sum := 0.0
		for _, i := range o.Items {
			sum += similarity[i]
		}
		return sum / sparseBudget
	}
	return kit.Regret(value(golden), value(faulty), kit.Mean(similarity))
}

// Bounds of the check: the least share of variance explained, and how far the
// precision may lie below that of the cosine of hidden units. The budgets are
// 55 % and all of the rows of a class that are left besides its exemplars.
const (
	sparseVariance  = 0.9
	sparseSlack     = 0.02
	sparseExemplars = 10
	sparseSome      = 11
	sparseAll       = 20
)

func check(runs []selection.Run) (selection.Check, error) {
	var precision, plain, all, allPlain, own, turned, turnedPlain float64
	variance, n := 1.0, float64(len(runs))
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*sparse)
		if !ok {
			return selection.Check{}, fmt.Errorf("sparse similarity: a run of another task")
		}
		tables, err := r.plain.Reference()
		if err != nil {
			return selection.Check{}, err
		}
		units, hidden := &run.Scores[0], &tables[0]
		bySparse, byCosine := r.byClass(units, hidden, sparseSome)
		precision, plain = precision+bySparse/n, plain+byCosine/n
		bySparse, byCosine = r.byClass(units, hidden, sparseAll)
		all, allPlain = all+bySparse/n, allPlain+byCosine/n
		own += kit.Share(run.Outcome.Items, func(i int) bool { return r.truth[i] == r.class }) / n
		variance = min(variance, r.explained(units, hidden))
		a, b, err := r.fragilities(units, hidden, run.Seed)
		if err != nil {
			return selection.Check{}, err
		}
		turned, turnedPlain = turned+a/n, turnedPlain+b/n
	}
	return selection.Check{
		Metric: "share of selected rows of the exemplars' class, mean of all classes", Threshold: plain - sparseSlack, Measured: precision,
		Baseline: plain, Against: "the cosine of the hidden units", Pass: variance >= sparseVariance && precision >= plain-sparseSlack,
		Note: fmt.Sprintf("%d rows selected; with %d, as many as there are, %.3f and %.3f; the task's own choice %.3f; variance explained at least %.3f; one turned bit of the scores changes the selection with probability %.4f, of the hidden units with the cosine %.4f", sparseSome, sparseAll, all, allPlain, own, variance, turned, turnedPlain),
	}, nil
}
