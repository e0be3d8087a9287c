// Package mixture is the task mixture-projection; see README.md.
package mixture

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// Task is the choice of a mixture of sources of Kang et al., "Performance Scaling via
// Optimal Transport: Enabling Data Selection from Partially Revealed Sources" (2023).
func Task() selection.Task {
	return selection.Task{
		Name: "mixture-projection", Title: "Performance Scaling via Optimal Transport: Enabling Data Selection from Partially Revealed Sources",
		Family: "cover", Kind: selection.OnNPU, Utility: "similarity", Mechanism: "sampling",
		Metric: selection.Weights, Epsilon: 0.01, Build: build, Check: check,
		Negative: "that errors of mixtures that were not tried are foretold within three points: they are off by about four, but in the right order",
	}
}

// projection chooses how many samples of each source to take: it foretells the error of a
// mixture from small pilots and from the transport of the mixture to the target.
type projection struct {
	mixtures [][]float64
	errors   [len(sizes)][]float64 // by size and mixture; those of the last size judge
	truth    []int                 // of the revealed samples and the target's
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s, err := f.Scorer("encoder", "rows.bin")
	if err != nil {
		return nil, err
	}
	r := &projection{mixtures: grid()}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	codes, err := f.Labels("errors.bin")
	if err != nil {
		return nil, err
	}
	if len(codes) != len(sizes)*len(r.mixtures) || len(r.truth) != len(s.Rows) || len(s.Rows) != sources*revealed+wanted {
		return nil, fmt.Errorf("mixture projection: %d errors of %d mixtures, %d classes of %d rows", len(codes), len(r.mixtures), len(r.truth), len(s.Rows))
	}
	for i, v := range codes {
		r.errors[i%len(sizes)] = append(r.errors[i%len(sizes)], float64(v)/errorForm)
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// Bounds of the transport: the blur is relative to the mean cost (our choice).
const (
	blur   = 0.1
	rounds = 10
	least  = 1e-9 // blur where all costs are zero
)

// distances are the costs of the transport of every mixture to the target, relative to the
// mean cost of a pair.
func (r *projection) distances(features [][]float64) ([]float64, error) {
	const n = sources * revealed
	cost, mean := make([][]float64, n), 0.0
	for i := range cost {
		for _, v := range features[n:] {
			d := kit.SquaredDistance(features[i], v)
			cost[i], mean = append(cost[i], d), mean+d/float64(n*wanted)
		}
	}
	to := make([]float64, wanted)
	for j := range to {
		to[j] = 1.0 / wanted
	}
	list := make([]float64, len(r.mixtures))
	for k, p := range r.mixtures {
		var rows [][]float64
		var from []float64
		for s, v := range p {
			for i := range revealed {
				rows, from = append(rows, cost[s*revealed+i]), append(from, v/revealed)
			}
		}
		t, err := kit.Sinkhorn(rows, from, to, blur*mean+least, rounds)
		if err != nil {
			return nil, err
		}
		list[k] = t.Cost / (mean + least)
	}
	return list, nil
}

// terms of the model of an error: the transport, and a constant for each source by its
// share. Kang et al. let the weight of the transport depend on the mixture too, which takes
// more pilots.
func terms(p []float64, distance float64) []float64 { return append([]float64{distance}, p...) }

// ridge keeps the fit of few pilots in bounds (our choice).
const ridge = 1e-3

// fit foretells the error of every mixture at the size of some pilots.
func (r *projection) fit(distance, errors []float64) []float64 {
	const n = 1 + sources
	gram, moment := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i := range n {
		gram.SetSym(i, i, ridge)
	}
	for k, p := range r.mixtures {
		if isPilot(k) {
			x := mat.NewVecDense(n, terms(p, distance[k]))
			gram.SymRankOne(gram, 1, x)
			moment.AddScaledVec(moment, errors[k], x)
		}
	}
	var c mat.Cholesky
	w := mat.NewVecDense(n, nil)
	if c.Factorize(gram) {
		_ = c.SolveVecTo(w, moment) // the ridge keeps the condition in bounds
	}
	list := make([]float64, len(r.mixtures))
	for k, p := range r.mixtures {
		list[k] = mat.Dot(w, mat.NewVecDense(n, terms(p, distance[k])))
	}
	return list
}

// foretold are the errors of all mixtures at the last size: linear in the logarithm of the
// size through those at the sizes of the pilots.
func (r *projection) foretold(distance []float64) []float64 {
	small, large := r.fit(distance, r.errors[0]), r.fit(distance, r.errors[1])
	log := func(a, b int) float64 { return math.Log(float64(sizes[a]) / float64(sizes[b])) }
	list := make([]float64, len(small))
	for k := range list {
		list[k] = (log(2, 0)*large[k] - log(2, 1)*small[k]) / log(1, 0)
	}
	return list
}

// Decide gives the shares of the sources in the mixture with the least error foretold.
func (r *projection) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Weights}
	if !ask.Fits(1, len(r.truth)) {
		return o, fmt.Errorf("mixture projection: it needs one network for %d rows", len(r.truth))
	}
	t, err := ask.Table(0)
	if err != nil {
		return o, err
	}
	if t.Width < 1 {
		return o, fmt.Errorf("mixture projection: the network gives no features")
	}
	distance, err := r.distances(t.Reals())
	if err != nil {
		return o, err
	}
	o.Values = r.mixtures[r.best(r.foretold(distance))]
	return o, nil
}

// best is the first mixture of least error.
func (r *projection) best(errors []float64) int {
	at := 0
	for k, v := range errors {
		if v < errors[at] {
			at = k
		}
	}
	return at
}

// is the measured error of a mixture at the last size.
func (r *projection) is(p []float64) float64 {
	for k, q := range r.mixtures {
		if selection.ShareOfRows(codes(p), codes(q)) == 0 {
			return r.errors[2][k]
		}
	}
	return 1
}

func codes(p []float64) (list []int) {
	for _, v := range p {
		list = append(list, int(math.Round(v*steps)))
	}
	return list
}

// Consequence is what a mixture loses of what the golden one gains over mixtures at random.
func (r *projection) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	return kit.Regret(-r.is(golden.Values), -r.is(faulty.Values), -kit.Mean(r.errors[2]))
}

// Bounds of the check, of what was measured: the chosen mixture is nearly the best one and
// far better than what the pilots alone would choose, foretold errors follow the measured
// ones, and features of one class are near each other.
const (
	worseMost = 0.03
	gainLeast = 0.05
	follows   = 0.7
	nearLeast = 0.5
)

func check(runs []selection.Run) (selection.Check, error) {
	var worse, without, follow, blind, miss, near float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*projection)
		if !ok {
			return selection.Check{}, fmt.Errorf("mixture projection: a run of another task")
		}
		near += r.near(run.Scores[0].Reals()) / float64(len(runs))
	}
	c := selection.Check{
		Metric: "error of the chosen mixture beyond that of the best one", Threshold: worseMost, Measured: 1,
		Baseline: 1, Against: "the choice by pilots without the transport",
		Note: fmt.Sprintf("%.3f of the target's samples have a nearest feature of their class", near),
	}
	if near < nearLeast {
		return c, nil // features that tell nothing need no transport
	}
	for _, run := range runs {
		r, n := run.Workload.Rule.(*projection), float64(len(runs))
		distance, err := r.distances(run.Scores[0].Reals())
		if err != nil {
			return selection.Check{}, err
		}
		said, alone := r.foretold(distance), r.foretold(make([]float64, len(distance)))
		measured := r.errors[len(sizes)-1]
		best := measured[r.best(measured)]
		worse += (r.is(run.Outcome.Values) - best) / n
		without += (measured[r.best(alone)] - best) / n
		off := 0.0
		var x, y, z []float64 // of mixtures that were not tried
		for k := range said {
			if !isPilot(k) {
				x, y, z = append(x, said[k]), append(y, measured[k]), append(z, alone[k])
				off += math.Abs(said[k] - measured[k])
			}
		}
		miss += off / (n * float64(len(x)))
		follow += stat.Correlation(x, y, nil) / n
		blind += stat.Correlation(z, y, nil) / n
	}
	c.Measured, c.Baseline = worse, without
	c.Pass = worse <= worseMost && worse <= without-gainLeast && follow >= follows
	c.Note += fmt.Sprintf("; errors of mixtures that were not tried: correlation %.3f with those foretold, %.3f without the transport; they are off by %.4f", follow, blind, miss)
	return c, nil
}

// near is the share of the target's samples whose nearest revealed feature is of their
// class.
func (r *projection) near(features [][]float64) float64 {
	const n = sources * revealed
	return kit.Share(kit.Every(wanted), func(j int) bool {
		return r.truth[kit.Nearest(features[n+j], features[:n])] == r.truth[n+j]
	})
}
