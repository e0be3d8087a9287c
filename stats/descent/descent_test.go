package descent

import (
	"math"
	"math/rand/v2"
	"testing"
)

// draw makes a regression with columns of very different scales, 10^U(0, spread).
func draw(t *testing.T, seed uint64, rows, columns int, spread, penalty float64) *Problem {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	scale, truth := make([]float64, columns), make([]float64, columns)
	for j := range scale {
		scale[j] = math.Pow(10, spread*rng.Float64())
		if j%5 == 0 {
			truth[j] = rng.NormFloat64() / scale[j]
		}
	}
	var x [][]float64
	var y []float64
	for range rows {
		row, sum := make([]float64, columns), 0.1*rng.NormFloat64()
		for j := range row {
			row[j] = scale[j] * rng.NormFloat64()
			sum += row[j] * truth[j]
		}
		x, y = append(x, row), append(y, sum)
	}
	p, err := LeastSquares(x, y, penalty)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// value of the function at x.
func (p *Problem) value(x []float64) float64 {
	sum := 0.0
	for i, v := range x {
		sum += p.Penalty*math.Abs(v) - p.B[i]*v
		for j, u := range x {
			sum += v * u * p.H[i][j] / 2
		}
	}
	return sum
}

// TestGreedyRule counts the steps until the value lies within 1e-8 of the smallest one,
// relative to the start, beside those of other orders.
func TestGreedyRule(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		p := draw(t, seed, 300, 100, 1.5, 0)
		best, err := p.Minimise(1e-10, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		goal := p.value(best.X) * (1 - 1e-8)
		steps := func(choose func(s *state, step int) int) int {
			s, err := p.start()
			if err != nil {
				t.Fatal(err)
			}
			n, value := 0, 0.0
			for ; value > goal && n < 20_000; n++ {
				i := choose(s, n)
				value -= s.decrease(i)
				s.move(i, s.target(i))
			}
			return n
		}
		rng := rand.New(rand.NewPCG(seed, 2))
		cyclic := steps(func(s *state, step int) int { return step % len(s.x) })
		random := steps(func(s *state, _ int) int { return rng.IntN(len(s.x)) })
		steepest := steps(func(s *state, _ int) int {
			worst := 0
			for i := range s.x {
				if math.Abs(s.slope(i)) > math.Abs(s.slope(worst)) {
					worst = i
				}
			}
			return worst
		})
		greedy := steps(func(s *state, _ int) int { return s.choose() })
		t.Logf("seed %d: cyclic %d, random %d, Gauss-Southwell %d, greedy %d", seed, cyclic, random, steepest, greedy)
		if float64(greedy) > 0.7*float64(cyclic) || float64(greedy) > 0.5*float64(steepest) || greedy >= random {
			t.Errorf("seed %d: the greedy rule takes too many steps", seed)
		}
	}
}

// TestSupport checks the conditions of the minimum with a penalty and the number
// of Newton steps.
func TestSupport(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		p := draw(t, seed, 200, 60, 0.5, 0.05)
		r, err := p.Minimise(1e-12, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		zero := 0
		for i, v := range r.X {
			g := -p.B[i]
			for j, u := range r.X {
				g += p.H[i][j] * u
			}
			if v == 0 {
				zero++
			}
			if v == 0 && math.Abs(g) > p.Penalty+1e-9 || v != 0 && math.Abs(g+math.Copysign(p.Penalty, v)) > 1e-9 {
				t.Errorf("seed %d: coordinate %d is %v with gradient %v", seed, i, v, g)
			}
		}
		s, err := p.start()
		if err != nil {
			t.Fatal(err)
		}
		plain := 0
		for ; s.residual() > 1e-12 && plain < 100_000; plain++ {
			i := s.choose()
			s.move(i, s.target(i))
		}
		if zero == 0 || zero == len(r.X) || r.Newton < 1 || r.Newton > 5 || r.Steps >= plain {
			t.Errorf("seed %d: %d of %d zero after %d steps (without Newton %d) and %d Newton steps", seed, zero, len(r.X), r.Steps, plain, r.Newton)
		}
	}
}

func TestSmall(t *testing.T) {
	// x = (2, 1) minimises without a penalty; with one of 1 every coordinate loses 1/H.
	for penalty, want := range map[float64][]float64{0: {2, 1}, 1: {1.5, 0.75}, 100: {0, 0}} {
		p := &Problem{H: [][]float64{{2, 0}, {0, 4}}, B: []float64{4, 4}, Penalty: penalty}
		r, err := p.Minimise(1e-12, 100)
		if err != nil || math.Abs(r.X[0]-want[0]) > 1e-12 || math.Abs(r.X[1]-want[1]) > 1e-12 {
			t.Errorf("penalty %v: %v, %v", penalty, r.X, err)
		}
	}
}

// TestChoice: the gradient is (4, 5), the curvature (1, 25).
func TestChoice(t *testing.T) {
	p := &Problem{H: [][]float64{{1, 0}, {0, 25}}, B: []float64{4, 5}}
	s, err := p.start()
	if err != nil {
		t.Fatal(err)
	}
	if i := s.choose(); i != 0 {
		t.Errorf("coordinate %d, though the other gains more", i)
	}
}

func TestRefuses(t *testing.T) {
	for name, p := range map[string]*Problem{
		"empty": {}, "not square": {H: [][]float64{{1}}, B: []float64{1, 2}}, "no curvature": {H: [][]float64{{0}}, B: []float64{1}},
		"negative penalty": {H: [][]float64{{1}}, B: []float64{1}, Penalty: -1}, "ragged": {H: [][]float64{{1, 0}, {0}}, B: []float64{1, 1}},
	} {
		if _, err := p.Minimise(1, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := LeastSquares([][]float64{{1, 2}, {1}}, []float64{1, 1}, 0); err == nil {
		t.Error("ragged rows: no error")
	}
}
