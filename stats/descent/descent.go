// Package descent minimises quadratic functions with an L1 penalty by changing one
// coordinate at a time, the one that gains most, and all of the support at once when the
// signs rest (Nutini, Laradji and Schmidt, "Let's Make Block Coordinate Descent Converge
// Faster", JMLR 2022).
package descent

import (
	"fmt"
	"math"
)

// Problem is ½·xᵀHx − bᵀx + penalty·Σ|x|. H is symmetric and positive definite.
type Problem struct {
	H       [][]float64
	B       []float64
	Penalty float64
}

// LeastSquares is half the mean squared error of a linear model of targets.
func LeastSquares(rows [][]float64, targets []float64, penalty float64) (*Problem, error) {
	if len(rows) == 0 || len(rows) != len(targets) {
		return nil, fmt.Errorf("least squares: %d rows for %d targets", len(rows), len(targets))
	}
	n := len(rows[0])
	p := &Problem{B: make([]float64, n), Penalty: penalty}
	for range n {
		p.H = append(p.H, make([]float64, n))
	}
	scale := 1 / float64(len(rows))
	for k, row := range rows {
		if len(row) != n {
			return nil, fmt.Errorf("least squares: row %d has %d values and row 0 has %d", k, len(row), n)
		}
		for i, v := range row {
			p.B[i] += float64(scale * v * targets[k])
			for j, u := range row[:i+1] {
				p.H[i][j] += float64(scale * v * u)
			}
		}
	}
	for i := range p.H {
		for j := range i {
			p.H[j][i] = p.H[i][j]
		}
	}
	return p, nil
}

// Result is where a descent ended.
type Result struct {
	X        []float64
	Steps    int // changes of one coordinate
	Newton   int // of them all at once
	Residual float64
}

// state is a point with its gradient without the penalty.
type state struct {
	p       *Problem
	x, grad []float64
}

func (p *Problem) start() (*state, error) {
	if len(p.H) != len(p.B) || len(p.B) == 0 || !(p.Penalty >= 0) {
		return nil, fmt.Errorf("descent: %d rows and %d values with a penalty of %v; give a square problem", len(p.H), len(p.B), p.Penalty)
	}
	s := &state{p: p, x: make([]float64, len(p.B)), grad: make([]float64, len(p.B))}
	for i, b := range p.B {
		if len(p.H[i]) != len(p.B) || !(p.H[i][i] > 0) {
			return nil, fmt.Errorf("descent: row %d has %d values and a curvature that must be positive", i, len(p.H[i]))
		}
		s.grad[i] = -b
	}
	return s, nil
}

// slope is the smallest subgradient of a coordinate.
func (s *state) slope(i int) float64 {
	switch g, l := s.grad[i], s.p.Penalty; {
	case s.x[i] > 0:
		return g + l
	case s.x[i] < 0:
		return g - l
	default:
		return shrink(g, l)
	}
}

// shrink moves a number towards zero.
func shrink(v, by float64) float64 {
	return math.Copysign(max(0, math.Abs(v)-by), v)
}

// residual is the largest slope.
func (s *state) residual() float64 {
	worst := 0.0
	for i := range s.x {
		worst = max(worst, math.Abs(s.slope(i)))
	}
	return worst
}

// target is where a coordinate is best while the others stay.
func (s *state) target(i int) float64 {
	h := s.p.H[i][i]
	return shrink(s.x[i]-s.grad[i]/h, s.p.Penalty/h)
}

// decrease is what moving a coordinate to its target gains.
func (s *state) decrease(i int) float64 {
	to := s.target(i)
	d := to - s.x[i]
	return -(float64(d*s.grad[i]) + float64(d*d*s.p.H[i][i])/2 + s.p.Penalty*(math.Abs(to)-math.Abs(s.x[i])))
}

// move sets a coordinate and updates the gradient.
func (s *state) move(i int, to float64) {
	d := to - s.x[i]
	s.x[i] = to
	if d == 0 {
		return
	}
	for j, h := range s.p.H[i] {
		s.grad[j] += float64(d * h)
	}
}

// choose returns the coordinate that gains most, which without a penalty is the
// Gauss-Southwell-Lipschitz rule; ties go to the lowest one.
func (s *state) choose() int {
	best, most := 0, -1.0
	for i := range s.x {
		if v := s.decrease(i); v > most {
			best, most = i, v
		}
	}
	return best
}
