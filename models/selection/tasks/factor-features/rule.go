package factors

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// Task is unsupervised pretraining for a factor model as Ge et al. analyse it, "On the
// Provable Advantage of Unsupervised Pretraining" (ICLR 2024).
func Task() selection.Task {
	return selection.Task{
		Name: "factor-features", Title: "On the Provable Advantage of Unsupervised Pretraining",
		Family: "audit", Kind: selection.OnNPU, Utility: "learned", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
		StandIn: "the factor model of the analysis, with principal components for the maximum-likelihood encoder",
	}
}

// regression fits labels to few features in place of all that is seen.
type regression struct {
	x      [][]float64 // samples with labels, then those of the test
	labels []float64   // with noise, of the first ones
	truth  []float64   // of the test
}

// Sizes of the decision (our choice): samples with labels, those of them that are left
// out since the components do not explain them, and samples of the test that are picked.
const (
	few     = 60
	dropped = 3
	picked  = 40
)

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s := selection.Scorer{Name: "encoder"}
	if s.Model, err = f.Bytes("encoder.tflite"); err != nil {
		return nil, err
	}
	rng := data.Rand(seed, ofPool)
	r := &regression{}
	x, y := newWorld(seed).draw(labelled+test, rng)
	for _, v := range y[:labelled] {
		r.labels = append(r.labels, v+labelBlur*rng.NormFloat64())
	}
	r.x, r.truth = x, y[labelled:]
	for _, v := range x {
		s.Rows = append(s.Rows, sampleForm.Bytes(v...))
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// ridge keeps normal equations solvable, relative to their mean diagonal.
const ridge = 1e-9

// fit returns the least-squares weights of features for labels.
func fit(features [][]float64, labels []float64) []float64 {
	n := len(features[0])
	gram, moment := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i, v := range features {
		row := mat.NewVecDense(n, v)
		gram.SymRankOne(gram, 1, row)
		moment.AddScaledVec(moment, labels[i], row)
	}
	trace := mat.Trace(gram)
	for k := range n {
		gram.SetSym(k, k, gram.At(k, k)+ridge*(trace/float64(n)+1))
	}
	var c mat.Cholesky
	weights := mat.NewVecDense(n, nil)
	if !c.Factorize(gram) || c.SolveVecTo(weights, moment) != nil {
		return make([]float64, n) // features that say nothing
	}
	return weights.RawVector().Data
}

// predictions of rows by weights.
func predictions(features [][]float64, weights []float64) []float64 {
	list := make([]float64, len(features))
	for i, v := range features {
		for k, w := range weights {
			list[i] += float64(w * v[k])
		}
	}
	return list
}

// encode runs a sample: its components, and the squared length of what they leave.
func (r *regression) encode(ask *selection.Ask, row int) (score []float64, left float64, err error) {
	a, err := ask.Row(0, row)
	if err != nil {
		return nil, 0, err
	}
	if len(a.Outputs) != 2 || a.Outputs[0].Width != hidden || a.Outputs[1].Width != seen {
		return nil, 0, fmt.Errorf("factor features: the encoder gives no %d components of %d numbers", hidden, seen)
	}
	return a.Outputs[0].Real(0), kit.SquaredDistance(r.x[row], a.Outputs[1].Real(0)), nil
}

// Decide picks the samples of the test with the largest predictions: the NPU encodes few
// samples with labels and those of the test, and the host fits three weights to the
// labels of all but the samples that the components explain worst.
func (r *regression) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Set}
	if !ask.Fits(1, len(r.x)) {
		return o, fmt.Errorf("factor features: it needs one encoder for %d samples", len(r.x))
	}
	var known, rest [][]float64
	var close []float64
	for i := range few {
		score, left, err := r.encode(ask, i)
		if err != nil {
			return o, err
		}
		known, close = append(known, score), append(close, -left)
	}
	for i := range test {
		score, _, err := r.encode(ask, labelled+i)
		if err != nil {
			return o, err
		}
		rest = append(rest, score)
	}
	var x [][]float64
	var y []float64
	for _, i := range kit.TopK(close, few-dropped) {
		x, y = append(x, known[i]), append(y, r.labels[i])
	}
	o.Items = kit.TopK(predictions(rest, fit(x, y)), picked)
	return o, nil
}

// risk is the mean squared error of predictions for the test, against labels without
// noise.
func (r *regression) risk(p []float64) float64 {
	sum := 0.0
	for i, v := range r.truth {
		sum += float64((p[i]-v)*(p[i]-v)) / float64(len(r.truth))
	}
	return sum
}

// Consequence is what the labels of the picked samples lose of what they gain over drawn
// ones.
func (r *regression) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	return kit.RegretAt(r.truth, golden.Items, faulty.Items)
}

// risks are those of n samples with labels: with features, and with all that is seen.
func (r *regression) risks(t *selection.Table, n int) (encoded, raw float64) {
	f := t.Reals()
	encoded = r.risk(predictions(f[labelled:], fit(f[:n], r.labels[:n])))
	raw = r.risk(predictions(r.x[labelled:], fit(r.x[:n], r.labels[:n])))
	return encoded, raw
}

// Bounds of the check: the risk without pretraining is several times as high where labels
// are few, and hardly higher where they are many. With 5,000 labels it is to be 1.15 times
// as high at most; what it has too much falls with one over their number, so with 2,000 it
// may be 1.375. Over seeds 1 to 22 it is 1.13 with a deviation of 0.08, of which the mean of
// three seeds keeps 1.25 in 99 of 100 cases: the closer bound is asserted.
const (
	ratioFew    = 5.0
	ratioTwice  = 2.0
	ratioMany   = 1.25
	riskMost    = 0.15
	gainLeast   = 0.85 // of what the best choice gains over drawn samples
	twice, many = 2 * few, labelled
)

func check(runs []selection.Run) (selection.Check, error) {
	var risk, raw [3]float64
	gained := 0.0
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*regression)
		if !ok {
			return selection.Check{}, fmt.Errorf("factor features: a run of another task")
		}
		for k, n := range []int{few, twice, many} {
			e, o := r.risks(&run.Scores[0], n)
			risk[k], raw[k] = risk[k]+e/float64(len(runs)), raw[k]+o/float64(len(runs))
		}
		best := selection.Outcome{Items: kit.TopK(r.truth, picked)}
		gained += (1 - r.Consequence(nil, best, run.Outcome)) / float64(len(runs))
	}
	ratio := func(k int) float64 { return raw[k] / risk[k] }
	return selection.Check{
		Metric: "risk without pretraining relative to that with it, sixty labels", Threshold: ratioFew, Measured: ratio(0),
		Baseline: 1, Against: "no advantage",
		Pass: ratio(0) >= ratioFew && ratio(1) >= ratioTwice && ratio(2) <= ratioMany && risk[0] <= riskMost && gained >= gainLeast,
		Note: fmt.Sprintf("risk with pretraining %.4f of a variance of %d; ratio with %d labels %.2f, with %d %.3f; the picked samples have %.3f of the best gain", risk[0], hidden, twice, ratio(1), many, ratio(2), gained),
	}, nil
}
