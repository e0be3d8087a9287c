package lasso

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"upset/models/selection/kit"
	"upset/models/train/data"
)

// Sizes of the world (our choice, after the experiments with synthetic tasks).
const (
	seen    = 40 // numbers of a sample
	hidden  = 4  // of the shared representation
	sources = 30
	parts   = 3   // sources that the target is a combination of
	blur    = 0.5 // noise of a label; what is told has a variance of one
)

// Streams of the generators of a seed.
const (
	ofWorld = iota
	ofExplored
	ofTarget
	ofDrawn // and those after it
)

// world is y = w·B·x + noise for every source and for the target, with one B for all.
type world struct {
	basis  *mat.Dense // B, rows of length one at right angles
	heads  *mat.Dense // w of the sources by rows, each of length one
	target *mat.VecDense
}

func newWorld(seed uint64) *world {
	rng := data.Rand(seed, ofWorld)
	w := &world{basis: kit.Orthonormal(gaussian(hidden, seen, rng)), heads: gaussian(sources, hidden, rng), target: mat.NewVecDense(hidden, nil)}
	for t := range sources {
		row := w.heads.RowView(t).(*mat.VecDense)
		row.ScaleVec(1/mat.Norm(row, 2), row)
	}
	for _, t := range rng.Perm(sources)[:parts] {
		w.target.AddScaledVec(w.target, 0.5+rng.Float64(), w.heads.RowView(t))
	}
	w.target.ScaleVec(1/mat.Norm(w.target, 2), w.target)
	return w
}

func gaussian(rows, columns int, rng *rand.Rand) *mat.Dense {
	m := mat.NewDense(rows, columns, nil)
	for i := range rows {
		for j := range columns {
			m.Set(i, j, rng.NormFloat64())
		}
	}
	return m
}

// draw makes a sample with its label by a head.
func (w *world) draw(head mat.Vector, rng *rand.Rand) (x []float64, y float64) {
	x = make([]float64, seen)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	var z mat.VecDense
	z.MulVec(w.basis, mat.NewVecDense(seen, x))
	return x, mat.Dot(head, &z) + blur*rng.NormFloat64()
}

// moments are what least squares need of the samples of every source.
type moments struct {
	gram  []*mat.SymDense // Σ x·xᵀ
	cross []*mat.VecDense // Σ y·x
	n     []int
}

// sample draws n[t] samples of each source t.
func (w *world) sample(n []int, rng *rand.Rand) *moments {
	m := &moments{n: n}
	for t, k := range n {
		gram, cross := mat.NewSymDense(seen, nil), mat.NewVecDense(seen, nil)
		rows := mat.NewDense(max(1, k), seen, nil)
		for i := range k {
			x, y := w.draw(w.heads.RowView(t), rng)
			rows.SetRow(i, x)
			cross.AddScaledVec(cross, y, rows.RowView(i))
		}
		gram.SymOuterK(1, rows.T())
		m.gram, m.cross = append(m.gram, gram), append(m.cross, cross)
	}
	return m
}

// tiny keeps normal equations solvable, relative to the number of samples.
const tiny = 1e-6

// rounds of alternation between heads and basis (our choice).
const rounds = 8

// fit finds a basis and heads by alternating least squares, from the leading directions
// of the sources' correlations with their labels.
func (m *moments) fit() (basis, heads *mat.Dense) {
	start, total := mat.NewSymDense(seen, nil), 0
	for t, n := range m.n {
		if n > 0 {
			start.SymRankOne(start, 1/float64(n), m.cross[t])
		}
		total += n
	}
	var eigen mat.EigenSym
	eigen.Factorize(start, true)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	basis = mat.DenseCopyOf(vectors.Slice(0, seen, seen-hidden, seen).T()) // values rise
	for range rounds {
		heads = m.heads(basis)
		basis = kit.Orthonormal(m.basis(heads, tiny*float64(total)))
	}
	return basis, m.heads(basis)
}

// heads are the best ones for a basis; zeros where a source has no samples.
func (m *moments) heads(basis *mat.Dense) *mat.Dense {
	heads := mat.NewDense(sources, hidden, nil)
	for t, n := range m.n {
		if n == 0 {
			continue
		}
		var half, gram mat.Dense
		half.Mul(basis, m.gram[t])
		gram.Mul(&half, basis.T())
		var cross mat.VecDense
		cross.MulVec(basis, m.cross[t])
		heads.SetRow(t, solve(symmetric(&gram, tiny*float64(n)), &cross))
	}
	return heads
}

// basis is the best one for heads: least squares in all its numbers at once.
func (m *moments) basis(heads *mat.Dense, ridge float64) *mat.Dense {
	whole, right := mat.NewDense(hidden*seen, hidden*seen, nil), mat.NewVecDense(hidden*seen, nil)
	for t, n := range m.n {
		if n == 0 {
			continue
		}
		for k := range hidden {
			part := right.SliceVec(k*seen, (k+1)*seen).(*mat.VecDense)
			part.AddScaledVec(part, heads.At(t, k), m.cross[t])
			for l := range hidden {
				block := whole.Slice(k*seen, (k+1)*seen, l*seen, (l+1)*seen).(*mat.Dense)
				var scaled mat.Dense
				scaled.Scale(heads.At(t, k)*heads.At(t, l), m.gram[t])
				block.Add(block, &scaled)
			}
		}
	}
	return mat.NewDense(hidden, seen, solve(symmetric(whole, ridge), right))
}

// symmetric is the upper half of a matrix with something added to its diagonal.
func symmetric(m *mat.Dense, ridge float64) *mat.SymDense {
	n, _ := m.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, m.At(i, j))
		}
		s.SetSym(i, i, s.At(i, i)+ridge)
	}
	return s
}

// solve returns zeros where the matrix has no inverse.
func solve(a *mat.SymDense, b mat.Vector) []float64 {
	var c mat.Cholesky
	var x mat.VecDense
	if !c.Factorize(a) || c.SolveVecTo(&x, b) != nil {
		return make([]float64, b.Len())
	}
	return x.RawVector().Data
}

// missed is the error that a basis leaves of the target with the head that is best for
// it: the part of the target's direction outside the span, of a variance of one.
func (w *world) missed(basis *mat.Dense) float64 {
	var theta, inside mat.VecDense
	theta.MulVec(w.basis.T(), w.target)
	inside.MulVec(basis, &theta)
	return max(0, mat.Dot(&theta, &theta)-mat.Dot(&inside, &inside))
}

// bound is what samples of the sources leave open of the target's head, in labels of one
// sample: w*ᵀ(Σ n_t w_t·w_tᵀ)⁻¹w*, infinite where they do not span it.
func (w *world) bound(n []float64) float64 {
	information := mat.NewSymDense(hidden, nil)
	for t, v := range n {
		information.SymRankOne(information, v, w.heads.RowView(t))
	}
	var c mat.Cholesky
	var x mat.VecDense
	if !c.Factorize(information) || c.SolveVecTo(&x, w.target) != nil {
		return math.Inf(1)
	}
	return mat.Dot(w.target, &x)
}
