package descent

import (
	"math"
)

// settled is the number of steps without a change of the signs after which the
// support counts as found, in multiples of the number of coordinates (our choice).
const settled = 1

// Minimise takes at most limit steps, until no slope exceeds the tolerance. It descends
// by the greedy rule until the signs of x rest, and
// then solves for all coordinates that are not zero at once. A Newton step stops
// where the first of them would change its sign, and sets that one to zero.
func (p *Problem) Minimise(tolerance float64, limit int) (Result, error) {
	s, err := p.start()
	if err != nil {
		return Result{}, err
	}
	r, rest := Result{}, 0
	for r.Steps+r.Newton < limit && s.residual() > tolerance {
		if rest >= settled*len(s.x) {
			r.Newton++
			if s.newton() {
				rest = 0
			}
			if s.residual() <= tolerance {
				break
			}
		}
		i := s.choose()
		before := sign(s.x[i])
		s.move(i, s.target(i))
		r.Steps++
		if rest++; sign(s.x[i]) != before {
			rest = 0
		}
	}
	r.X, r.Residual = s.x, s.residual()
	return r, nil
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// newton moves the support towards its minimum and reports whether a coordinate
// became zero on the way.
func (s *state) newton() (stopped bool) {
	var support []int
	for i, v := range s.x {
		if v != 0 {
			support = append(support, i)
		}
	}
	slope := make([]float64, len(support))
	for k, i := range support {
		slope[k] = -s.slope(i)
	}
	step, ok := s.p.solve(support, slope)
	if !ok {
		return false
	}
	share, first := 1.0, -1
	for k, i := range support {
		if s.p.Penalty > 0 && (s.x[i]+step[k])*s.x[i] < 0 {
			if at := -s.x[i] / step[k]; at < share {
				share, first = at, k
			}
		}
	}
	for k, i := range support {
		to := s.x[i] + float64(share*step[k])
		if k == first {
			to = 0
		}
		s.move(i, to)
	}
	return first >= 0
}

// solve finds d of H·d = r on a support by a Cholesky factorisation, and reports
// whether the block is positive definite.
func (p *Problem) solve(support []int, r []float64) ([]float64, bool) {
	n := len(support)
	l := make([][]float64, n)
	y := make([]float64, n)
	for i := range n {
		l[i] = make([]float64, i+1)
		for j := range i + 1 {
			sum := p.H[support[i]][support[j]]
			for k := range j {
				sum -= float64(l[i][k] * l[j][k])
			}
			if j < i {
				l[i][j] = sum / l[j][j]
				continue
			}
			if !(sum > 0) {
				return nil, false
			}
			l[i][i] = math.Sqrt(sum)
		}
		y[i] = r[i]
		for k := range i {
			y[i] -= float64(l[i][k] * y[k])
		}
		y[i] /= l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			y[i] -= float64(l[k][i] * y[k])
		}
		y[i] /= l[i][i]
	}
	return y, true
}
