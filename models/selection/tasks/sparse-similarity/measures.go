package sparse

import (
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// explained is the share of the variance of hidden units that the largest units
// explain, both as the NPU gives them.
func (r *sparse) explained(units, hidden *selection.Table) float64 {
	average := make([]float64, digits.Hidden)
	for j := range average {
		average[j] = kit.Mean(hidden.Column(j))
	}
	var left, all float64
	for i := range hidden.Rows() {
		h, z, guess := hidden.Real(i), units.Real(i), make([]float64, digits.Hidden)
		copy(guess, r.offset)
		for _, u := range kit.TopK(z[:sparseUnits], sparseActive) {
			for j, d := range r.direction[u] {
				guess[j] += float64(z[u] * d)
			}
		}
		left, all = left+kit.SquaredDistance(h, guess), all+kit.SquaredDistance(h, average)
	}
	return 1 - left/all
}

// fragility is the share of single bits of the scores that change the selection
// when turned, each in one row. By this measure the sparse units are no more
// robust than the cosine; faults inside the network are another matter.
func fragility(t *selection.Table, similarity func(row []float64) float64, rng *rand.Rand) (float64, error) {
	values := make([]float64, t.Rows())
	for i := range values {
		values[i] = similarity(t.Real(i))
	}
	golden := selection.Outcome{Metric: selection.Set, Items: kit.TopK(values, sparseBudget)}
	changed := 0
	for range sparseFlips {
		i := rng.IntN(t.Rows())
		row := append([]byte(nil), t.Row(i)...)
		row[rng.IntN(len(row))] ^= 1 << rng.IntN(8)
		faulty, err := t.WithRow(i, row)
		if err != nil {
			return 0, err
		}
		before := values[i]
		values[i] = similarity(faulty.Real(i))
		if !golden.Equal(selection.Outcome{Metric: selection.Set, Items: kit.TopK(values, sparseBudget)}) {
			changed++
		}
		values[i] = before
	}
	return float64(changed) / sparseFlips, nil
}

// byClass repeats the choice for every class over the same scores: the first
// rows of a class are its exemplars, and the others compete. It returns the mean
// share of rows of the right class among the selected ones by the sparse units
// and by the cosine of the hidden units. A single class has too few rows to tell
// the two apart.
func (r *sparse) byClass(units, hidden *selection.Table, budget int) (bySparse, byCosine float64) {
	features, codes := make([][]float64, len(r.truth)), make([][]float64, len(r.truth))
	for i := range r.truth {
		features[i], codes[i] = hidden.Real(i), make([]float64, sparseUnits)
		z := units.Real(i)[:sparseUnits]
		for _, u := range kit.TopK(z, sparseActive) {
			codes[i][u] = z[u]
		}
	}
	for class := range digits.Classes {
		var exemplars, pool []int
		for i, c := range r.truth {
			if c == class && len(exemplars) < sparseExemplars {
				exemplars = append(exemplars, i)
			} else {
				pool = append(pool, i)
			}
		}
		prototype, centre := centroid(codes, exemplars), centroid(features, exemplars)
		var overlap, cosine []float64
		for _, i := range pool {
			overlap = append(overlap, kit.Overlap(codes[i], prototype))
			cosine = append(cosine, kit.Cosine(features[i], centre))
		}
		pick := func(values []float64) float64 {
			var rows []int
			for _, k := range kit.TopK(values, budget) {
				rows = append(rows, pool[k])
			}
			return kit.Share(rows, func(i int) bool { return r.truth[i] == class }) / digits.Classes
		}
		bySparse, byCosine = bySparse+pick(overlap), byCosine+pick(cosine)
	}
	return bySparse, byCosine
}

// centroid is the mean of some vectors.
func centroid(vectors [][]float64, rows []int) []float64 {
	out := make([]float64, len(vectors[0]))
	for _, i := range rows {
		for j, v := range vectors[i] {
			out[j] += v / float64(max(1, len(rows)))
		}
	}
	return out
}

// fragilities compares the rule with the cosine of the hidden units.
func (r *sparse) fragilities(units, hidden *selection.Table, seed uint64) (bySparse, byCosine float64, err error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	if bySparse, err = fragility(units, r.similarity, rng); err != nil {
		return 0, 0, err
	}
	byCosine, err = fragility(hidden, func(row []float64) float64 { return kit.Cosine(row, r.centre) }, rng)
	return bySparse, byCosine, err
}
