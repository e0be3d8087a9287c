package kan

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"upset/models/selection"
	"upset/models/selection/artefacts"
)

// kanModes are the kinds of function on the edges, and kanFunctions is the number
// of functions that every network fits.
var kanModes = []string{"tanh", "bump", "spline", "silu", "chebyshev"}

const kanFunctions = 7

// kanEpsilon is the growth of an error above which another mode is a hazard: the
// tolerance of the check.
const kanEpsilon = 0.1

// Task follows Yang et al., "Activation Space Selectable Kolmogorov-Arnold
// Networks" (2024), in which the functions on the edges are of one of several
// kinds. The paper learns the choice as a gate during training. Here one network
// of each kind is trained, and the choice is made from the errors of the int8
// networks on the NPU, so that it is a decision at run time; a gate learnt over
// the trained networks shows how often training would decide alike. The modes
// tanh, bump, silu and chebyshev use the NPU's look-up table.
func Task() selection.Task {
	return selection.Task{
		Name: "kan-selection", Title: "Activation Space Selectable Kolmogorov-Arnold Networks",
		Family: "route", Kind: selection.OnNPU, Utility: "loss", Mechanism: "top-k",
		Metric: selection.Route, Epsilon: kanEpsilon, Build: build, Check: check,
	}
}

// kan gives every function the mode with the smallest error on the even rows, the
// only ones that run. The scorers are the modes; a plain network is the baseline.
type kan struct {
	targets [][]float64 // by row and function
	floats  [][]float64 // errors of the networks in float64 on the odd rows, by network and function
	gates   []int       // modes that a gate learnt in training, by function
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	scorers, err := f.Scorers("rows.bin", append(slices.Clone(kanModes), "mlp")...)
	if err != nil {
		return nil, err
	}
	r := &kan{}
	if r.targets, err = matrix(f, "targets.bin", len(scorers[0].Rows)); err != nil {
		return nil, err
	}
	if r.floats, err = matrix(f, "float64.bin", len(scorers)); err != nil {
		return nil, err
	}
	if r.gates, err = f.Labels("gates.bin"); err != nil {
		return nil, err
	}
	if len(r.gates) != kanFunctions {
		return nil, fmt.Errorf("kan selection: %d gates for %d functions; build the data anew", len(r.gates), kanFunctions)
	}
	return &selection.Workload{Scorers: scorers[:len(kanModes)], Baselines: scorers[len(kanModes):], Rule: r}, nil
}

// matrix reads rows of one number for every function.
func matrix(f artefacts.Folder, name string, rows int) ([][]float64, error) {
	b, err := f.Bytes(name)
	if err != nil {
		return nil, err
	}
	if len(b) != 4*kanFunctions*rows {
		return nil, fmt.Errorf("kan selection: %s has %d bytes for %d rows; build the data anew", name, len(b), rows)
	}
	out := make([][]float64, rows)
	for i := range out {
		for range kanFunctions {
			out[i] = append(out[i], float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
			b = b[4:]
		}
	}
	return out, nil
}

// rootError is the root mean square error of a function on every second row.
func (r *kan) rootError(t *selection.Table, function, from int) float64 {
	sum, n := 0.0, 0
	for i := from; i < len(r.targets); i += 2 {
		d := t.At(i, function) - r.targets[i][function]
		sum += float64(d * d)
		n++
	}
	return math.Sqrt(sum / float64(max(1, n)))
}

// Decide gives the mode of every function.
func (r *kan) Decide(ask *selection.Ask) (selection.Outcome, error) {
	if !ask.Fits(len(kanModes), len(r.targets)) {
		return selection.Outcome{}, fmt.Errorf("kan selection: it needs %d networks for %d rows", len(kanModes), len(r.targets))
	}
	o := selection.Outcome{Metric: selection.Route, Items: make([]int, kanFunctions)}
	least := slices.Repeat([]float64{math.Inf(1)}, kanFunctions)
	for m := range kanModes {
		sum := make([]float64, kanFunctions)
		for i := 0; i < len(r.targets); i += 2 {
			t, err := ask.Scores(m, i, kanFunctions)
			if err != nil {
				return o, err
			}
			for f, want := range r.targets[i] {
				d := t.At(0, f) - want
				sum[f] += float64(d * d)
			}
		}
		for f, e := range sum {
			if e < least[f] {
				o.Items[f], least[f] = m, e
			}
		}
	}
	return o, nil
}

// Consequence is the largest growth of a function's error on the odd rows, which
// the choice does not see, relative to the golden choice's.
func (r *kan) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	worst := 0.0
	for f, m := range golden.Items {
		was, is := r.rootError(&scores[m], f, 1), r.rootError(&scores[faulty.Items[f]], f, 1)
		if is > was {
			worst = max(worst, (is-was)/max(was, math.SmallestNonzeroFloat64))
		}
	}
	return min(1, worst)
}

// Bounds of the check, on the odd rows: the selected modes have half the mean
// error of plain networks with as many trained numbers, in most functions half
// the error of that function's, and in most they are nearly the best mode.
const (
	kanHalf   = 0.5
	kanHalfIn = 4
	kanNear   = 1.1
	kanNearIn = 5
)

// kanErrors are errors on the odd rows of one run or, as means, of several.
type kanErrors struct {
	selected, before, plain float64 // means of all functions; before is the one of float64
	mode                    []float64
	half, near              int // functions that keep the bounds
	alike                   int // functions for which the gate has the same mode
}

// errors of one run.
func (r *kan) errors(scores []selection.Table, baseline *selection.Table, chosen []int) kanErrors {
	e := kanErrors{mode: make([]float64, len(kanModes))}
	for f, m := range chosen {
		plain, best := r.rootError(baseline, f, 1), math.Inf(1)
		for k := range kanModes {
			v := r.rootError(&scores[k], f, 1)
			best = min(best, v)
			e.mode[k] += v / kanFunctions
		}
		own := r.rootError(&scores[m], f, 1)
		if own <= kanHalf*plain {
			e.half++
		}
		if own <= kanNear*best {
			e.near++
		}
		if m == r.gates[f] {
			e.alike++
		}
		e.selected, e.before, e.plain = e.selected+own/kanFunctions, e.before+r.floats[m][f]/kanFunctions, e.plain+plain/kanFunctions
	}
	return e
}

func check(runs []selection.Run) (selection.Check, error) {
	all := kanErrors{mode: make([]float64, len(kanModes)), half: kanFunctions, near: kanFunctions}
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*kan)
		if !ok {
			return selection.Check{}, fmt.Errorf("kan selection: a run of another task")
		}
		n, e := float64(len(runs)), r.errors(run.Scores, &run.Baselines[0], run.Outcome.Items)
		for k, v := range e.mode {
			all.mode[k] += v / n
		}
		all.selected, all.before, all.plain = all.selected+e.selected/n, all.before+e.before/n, all.plain+e.plain/n
		all.half, all.near, all.alike = min(all.half, e.half), min(all.near, e.near), all.alike+e.alike
	}
	ratio := all.selected / all.plain
	return selection.Check{
		Metric: "mean error of the selected modes relative to a plain network of equal size", Threshold: kanHalf, Measured: ratio,
		Baseline: 1, Against: "the plain network", Pass: ratio <= kanHalf && all.half >= kanHalfIn && all.near >= kanNearIn,
		Note: fmt.Sprintf("mean error: selected modes %.4f (%.4f before quantisation), best single mode %.4f, plain network %.4f; of seven functions at least %d have half the plain network's error and %d are within a tenth of the best mode; a gate learnt in training has the same mode in %d of %d cases",
			all.selected, all.before, slices.Min(all.mode), all.plain, all.half, all.near, all.alike, kanFunctions*len(runs)),
	}, nil
}
