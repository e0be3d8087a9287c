package kan

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"testing/fstest"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// drawn are the codes of all modes and of a plain network for random targets.
func drawn(seed uint64, rows int) (*kan, []selection.Table) {
	rng := data.Rand(seed, 2)
	r := &kan{gates: make([]int, kanFunctions)}
	for range rows {
		y := make([]float64, kanFunctions)
		for f := range y {
			y[f] = 2*rng.Float64() - 1
		}
		r.targets = append(r.targets, y)
	}
	var scores []selection.Table
	for range len(kanModes) + 1 {
		var list [][]int
		for i := range rows {
			row := make([]int, kanFunctions)
			for f := range row {
				row[f] = int(100*r.targets[i][f]) + rng.IntN(21) - 10
			}
			list = append(list, row)
		}
		scores = append(scores, scoretest.Table(0.01, kanFunctions, list...))
		r.floats = append(r.floats, make([]float64, kanFunctions))
	}
	return r, scores
}

// squares are the sums of squared errors on every second row, written down by themselves.
func squares(r *kan, t *selection.Table, function, from int) (sum float64) {
	for i, y := range r.targets {
		if i%2 == from {
			sum += math.Pow(t.Scale*float64(t.Int(i, function))-y[function], 2)
		}
	}
	return sum
}

// TestChoiceByErrors: every function has the mode of the least squared error on the even
// rows, and the odd ones do not run.
func TestChoiceByErrors(t *testing.T) {
	const rows = 10
	for seed := range uint64(10) {
		r, scores := drawn(seed, rows)
		modes := scores[:len(kanModes)]
		o := scoretest.Decide(t, r, modes...)
		for f, got := range o.Items {
			for m := range modes {
				if squares(r, &modes[m], f, 0) < squares(r, &modes[got], f, 0)-1e-12 {
					t.Errorf("seed %d, function %d: mode %d, though %d has a smaller error", seed, f, got, m)
				}
			}
		}
		scorers := make([]selection.Scorer, len(modes))
		for m := range scorers {
			for i := range rows {
				scorers[m].Rows = append(scorers[m].Rows, []byte{byte(i)})
			}
		}
		runs := 0
		again, err := r.Decide(selection.FromFunction(modes, scorers, func(m int, input []byte) []byte {
			if runs++; input[0]%2 != 0 {
				t.Errorf("row %d runs", input[0])
			}
			return modes[m].Row(int(input[0]))
		}))
		if err != nil || !again.Equal(o) || runs != len(kanModes)*rows/2 {
			t.Errorf("seed %d: %v after %v, %d inferences, error %v", seed, again.Items, o.Items, runs, err)
		}
		slices.Reverse(modes)
		for f, m := range scoretest.Decide(t, r, modes...).Items {
			if len(kanModes)-1-m != o.Items[f] {
				t.Errorf("seed %d, function %d: modes in another order give another one", seed, f)
			}
		}
	}
}

// A wrong number of one row changes the sum of that function's errors for that mode by the
// difference of two squares: the choice turns exactly where that takes it past another
// mode, and for this function alone.
func TestFaultsOfOneNumber(t *testing.T) {
	r, scores := drawn(30, 8)
	modes := scores[:len(kanModes)]
	golden := scoretest.Decide(t, r, modes...)
	turned, stayed := 0, 0
	for m := range modes {
		for f := range kanFunctions {
			for bit := range 8 {
				const row = 4
				out := slices.Clone(modes[m].Row(row))
				out[f] ^= 1 << bit
				faulty := slices.Clone(modes)
				var err error
				if faulty[m], err = modes[m].WithRow(row, out); err != nil {
					t.Fatal(err)
				}
				var sums []float64
				for k := range modes {
					sums = append(sums, squares(r, &modes[k], f, 0))
				}
				y := r.targets[row][f]
				sums[m] += math.Pow(0.01*float64(int8(out[f]))-y, 2) - math.Pow(modes[m].At(row, f)-y, 2)
				want := slices.Clone(golden.Items)
				want[f] = slices.Index(sums, slices.Min(sums))
				got := scoretest.Decide(t, r, faulty...).Items
				if !slices.Equal(got, want) {
					t.Fatalf("mode %d, function %d, bit %d: %v, want %v", m, f, bit, got, want)
				}
				if slices.Equal(got, golden.Items) {
					stayed++
				} else {
					turned++
				}
			}
		}
	}
	if turned == 0 || stayed == 0 {
		t.Errorf("%d faults turn a choice, %d do not", turned, stayed)
	}
}

// The functions of the edges by their formulas, at six points t from −1 to 1.
func TestEdgesByFormula(t *testing.T) {
	logistic := func(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
	formulas := map[string]func(u float64) float64{
		"tanh":   func(u float64) float64 { return math.Tanh(3 * u) },
		"bump":   func(u float64) float64 { return logistic(5*u) * (1 - logistic(5*u)) },
		"spline": func(u float64) float64 { return max(0, u) },
		"silu":   func(u float64) float64 { return 5 * u * logistic(5*u) },
	}
	for mode, f := range formulas {
		k := newEdged()
		n := k.edges(mode, 0)
		x := []float64{0.37, -0.81}
		k.g.Forward(x)
		for i, v := range x {
			for b := range kanBasis {
				knot := -1 + 2*float64(b)/(kanBasis-1)
				if got, want := k.g.Value(n)[place(mode, i, b, 2)], f(v-knot); math.Abs(got-want) > 1e-12 {
					t.Errorf("%s of %v about %v: %v, want %v", mode, v, knot, got, want)
				}
			}
		}
	}
	for _, mode := range kanModes {
		seen := map[int]bool{}
		for i := range 7 {
			for b := range kanBasis {
				seen[place(mode, i, b, 7)] = true
			}
		}
		if len(seen) != 7*kanBasis || seen[7*kanBasis] {
			t.Errorf("%s: functions share places", mode)
		}
	}
}

// The fitted functions at points where their values are known, and within −1 and 1.
func TestFitted(t *testing.T) {
	for f, c := range []struct{ x, y, want float64 }{
		{0.5, -0.5, -0.25}, {0.5, 1, 1}, {0.5, 1, 1}, {0.2, -0.4, 0}, {-0.75, 0.25, 0.5}, {0, 0, 1}, {0.25, 0, 1},
	} {
		if got := fitted[f](c.x, c.y); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("function %d of %v and %v: %v, want %v", f, c.x, c.y, got, c.want)
		}
	}
	for _, p := range square(500, nets.Quant{Scale: 1.0 / 128}, data.Rand(1, 2)) {
		for _, v := range p {
			if v < -1 || v >= 1 || 128*v != math.Trunc(128*v) {
				t.Fatalf("int8 does not hold %v", v)
			}
		}
		for f, function := range fitted {
			if v := function(p[0], p[1]); math.Abs(v) > 1+1e-12 {
				t.Errorf("function %d is %v at %v", f, v, p)
			}
		}
	}
	if len(fitted) != kanFunctions {
		t.Errorf("%d functions", len(fitted))
	}
}

// A network that gives nothing has the root mean square of the functions on the odd rows.
func TestRootErrorsOfNothing(t *testing.T) {
	g := nets.New(nets.Shape{H: 1, W: 1, C: 2})
	n := g.Dense(0, kanFunctions, nets.Linear, data.Rand(1, 3))
	clear(g.Weight(n).Value)
	pool := [][]float64{{9, 9}, {0.5, 0.5}, {9, 9}, {-1, 0.75}}
	for f, got := range rootErrors(g, pool) {
		a, b := fitted[f](0.5, 0.5), fitted[f](-1, 0.75)
		if want := math.Sqrt((a*a + b*b) / 2); math.Abs(got-want) > 1e-12 {
			t.Errorf("function %d: %v, want %v", f, got, want)
		}
	}
}

// Numbers are read as they were written; a file of another size is refused.
func TestMatrix(t *testing.T) {
	var b []byte
	for i := range 2 * kanFunctions {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)/4))
	}
	s := artefacts.Store{Task: "numbers", Stored: fstest.MapFS{"data/1/m.bin": {Data: b}}}
	f, err := s.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := matrix(f, "m.bin", 2)
	if err != nil || m[0][3] != 0.75 || m[1][0] != kanFunctions/4.0 {
		t.Errorf("%v, error %v", m, err)
	}
	for name, rows := range map[string]int{"m.bin": 3, "none.bin": 2} {
		if _, err := matrix(f, name, rows); err == nil {
			t.Errorf("%s of %d rows: no error", name, rows)
		}
	}
}

// Every bound of the check can fail by itself. Errors of the modes and of the plain network
// are a constant number of codes in the odd rows.
func TestCheckBounds(t *testing.T) {
	const rows = 4
	r := &kan{gates: make([]int, kanFunctions)}
	for range rows {
		r.targets = append(r.targets, make([]float64, kanFunctions))
	}
	for range kanModes {
		r.floats = append(r.floats, make([]float64, kanFunctions))
	}
	off := func(codes ...int) selection.Table { // by function; the last one for the rest
		var list [][]int
		for range rows {
			row := make([]int, kanFunctions)
			for f := range row {
				row[f] = codes[min(f, len(codes)-1)]
			}
			list = append(list, row)
		}
		return scoretest.Scores(list...)
	}
	for _, c := range []struct {
		name         string
		chosen, best []int // errors of mode 0, which is chosen, and of mode 1
		plain        []int
		want         bool
	}{
		{"as published", []int{10}, []int{20}, []int{40}, true},
		{"no better than a plain network", []int{10}, []int{20}, []int{12}, false},
		{"better in the mean, by few functions", []int{10}, []int{20}, []int{127, 127, 127, 12}, false},
		{"far from the best modes", []int{22}, []int{10}, []int{100}, false},
	} {
		scores := []selection.Table{off(c.chosen...), off(c.best...), off(60), off(60), off(60)}
		o := selection.Outcome{Metric: selection.Route, Items: make([]int, kanFunctions)}
		run := selection.Run{Workload: scoretest.Workload(r, rows), Scores: scores, Baselines: []selection.Table{off(c.plain...)}, Outcome: o}
		got, err := check([]selection.Run{run})
		if err != nil || got.Pass != c.want {
			t.Errorf("%s: %+v, error %v", c.name, got, err)
		}
	}
}
