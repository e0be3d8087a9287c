package audit

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"upset/models/selection/kit"
)

// Space is a space of hypotheses that know training rows: functions of a Gaussian process
// with a [Kernel]. Targets have mean 0 and variance 1 in every column, and so do the
// functions before they know a row.
type Space struct {
	centre [][]float64 // of the functions minus the targets, by column, in the axes of spread
	spread []float64   // standard deviations along the axes
}

// Kernel is exp(−d²/2·Length²) of two rows at a distance d, and Noise the variance of a
// training target that no function has to explain.
type Kernel struct{ Length, Noise float64 }

// Kernels that are tried: multiples of the median distance of the rows, and noises (our
// choice).
var (
	lengths = []float64{0.25, 0.5, 1, 2, 4}
	noises  = []float64{1e-3, 1e-2, 0.1, 0.5}
)

// ChooseKernel takes the kernel under which the training targets are likeliest, so that
// the space is not surer of itself than the rows allow.
func ChooseKernel(train, targets [][]float64) (Kernel, error) {
	median := medianDistance(train)
	columns := standardised(targets)
	if median == 0 || len(columns) == 0 {
		return Kernel{}, errors.New("the training rows or their targets are all equal")
	}
	var best Kernel
	most := math.Inf(-1)
	for _, l := range lengths {
		for _, noise := range noises {
			k := Kernel{l * median, noise}
			factor, ok := k.factor(train)
			if !ok {
				continue
			}
			likely := -float64(len(columns)) * factor.LogDet() / 2
			for _, c := range columns {
				y, x := mat.NewVecDense(len(c), c), mat.NewVecDense(len(c), nil)
				if err := factor.SolveVecTo(x, y); err != nil {
					return best, err
				}
				likely -= mat.Dot(y, x) / 2
			}
			if likely > most {
				best, most = k, likely
			}
		}
	}
	if math.IsInf(most, -1) {
		return best, errors.New("the training rows have no Cholesky factor")
	}
	return best, nil
}

// between is the matrix of the kernel.
func (k Kernel) between(a, b [][]float64) *mat.Dense {
	m := mat.NewDense(len(a), len(b), nil)
	for i := range a {
		for j := range b {
			m.Set(i, j, math.Exp(-kit.SquaredDistance(a[i], b[j])/(2*k.Length*k.Length)))
		}
	}
	return m
}

// factor is of the matrix of training rows with the noise.
func (k Kernel) factor(train [][]float64) (*mat.Cholesky, bool) {
	m := mat.NewSymDense(len(train), k.between(train, train).RawMatrix().Data)
	for i := range train {
		m.SetSym(i, i, m.At(i, i)+k.Noise)
	}
	f := new(mat.Cholesky)
	return f, f.Factorize(m)
}

// NewSpace conditions the space on training rows and asks it about test rows. With no
// training rows it knows nothing. Targets are by row; they are brought to mean 0 and
// variance 1 over the rows of both, and columns that do not vary are left out.
func NewSpace(k Kernel, train, test [][]float64, trainTargets, testTargets [][]float64) (*Space, error) {
	if len(test) < 2 || len(train) != len(trainTargets) || len(test) != len(testTargets) {
		return nil, errors.New("too few rows, or not as many targets as rows")
	}
	if !(k.Length > 0) || !(k.Noise > 0) {
		return nil, errors.New("a kernel needs a length and a noise above 0")
	}
	columns := standardised(slices.Concat(trainTargets, testTargets))
	if len(columns) == 0 {
		return nil, errors.New("all targets are equal")
	}
	n, m := len(train), len(test)
	cov := k.between(test, test)
	means := make([][]float64, len(columns))
	for c := range columns {
		means[c] = make([]float64, m)
	}
	if n > 0 {
		factor, ok := k.factor(train)
		if !ok {
			return nil, errors.New("the training rows have no Cholesky factor")
		}
		across := k.between(train, test)
		var gain mat.Dense // the inverse of the training rows' matrix, times across
		if err := factor.SolveTo(&gain, across); err != nil {
			return nil, err
		}
		var known mat.Dense
		known.Mul(across.T(), &gain)
		cov.Sub(cov, &known)
		for c, column := range columns {
			out := mat.NewVecDense(m, means[c])
			out.MulVec(gain.T(), mat.NewVecDense(n, column[:n]))
		}
	}
	sym := mat.NewSymDense(m, nil)
	for i := range m {
		for j := i; j < m; j++ {
			sym.SetSym(i, j, (cov.At(i, j)+cov.At(j, i))/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(sym, true) {
		return nil, errors.New("the functions have no axes")
	}
	s := &Space{spread: eigen.Values(nil)}
	for i, v := range s.spread {
		s.spread[i] = math.Sqrt(math.Max(0, v))
	}
	var axes mat.Dense
	eigen.VectorsTo(&axes)
	for c, column := range columns {
		apart := mat.NewVecDense(m, nil)
		for i := range m {
			apart.SetVec(i, means[c][i]-column[n+i])
		}
		out := mat.NewVecDense(m, nil)
		out.MulVec(axes.T(), apart)
		s.centre = append(s.centre, out.RawVector().Data)
	}
	return s, nil
}

// Errors draws hypotheses and returns the error of each: the mean square of what it is
// off, over rows and columns, where 1 is the error of the mean.
func (s *Space) Errors(n int, rng *rand.Rand) []float64 {
	list := make([]float64, n)
	for i := range list {
		var sum float64
		for _, centre := range s.centre {
			for k, c := range centre {
				x := c + s.spread[k]*rng.NormFloat64()
				sum += x * x
			}
		}
		list[i] = sum / float64(len(s.centre)*len(s.spread))
	}
	return list
}

// standardised brings targets to columns of mean 0 and variance 1.
func standardised(rows [][]float64) (columns [][]float64) {
	for c := range rows[0] {
		column := make([]float64, len(rows))
		var mean, square float64
		for i := range rows {
			column[i] = rows[i][c]
			mean += column[i] / float64(len(rows))
		}
		for i := range column {
			column[i] -= mean
			square += column[i] * column[i] / float64(len(rows))
		}
		if !(square > 1e-20) {
			continue
		}
		for i := range column {
			column[i] /= math.Sqrt(square)
		}
		columns = append(columns, column)
	}
	return columns
}

// medianDistance is the median of the distances between rows that differ.
func medianDistance(rows [][]float64) float64 {
	var list []float64
	for i := range rows {
		for j := range i {
			if d := kit.SquaredDistance(rows[i], rows[j]); d > 0 {
				list = append(list, d)
			}
		}
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return math.Sqrt(list[len(list)/2])
}
