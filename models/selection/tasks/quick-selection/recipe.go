package quick

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
	"upset/stats/descent"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "quick-selection", Stored: stored, Make: recipe}

// Settings of the selection of features (our choice). Every pixel has a probe, the
// same values in another order of the samples, which tells nothing about the class
// (as in the NIPS 2003 feature selection challenge, Guyon et al.).
const (
	quickTraining = 1000
	quickTest     = 200
	quickHidden   = 128
	quickEpochs   = 20
	quickBatch    = 20
	quickRandom   = 5
	quickPenalty  = 0.02
	quickLimit    = 20000
)

// probed appends to every sample the shuffled pixels of the others.
func probed(s *data.Samples, rng *rand.Rand) *data.Samples {
	out := &data.Samples{Labels: s.Labels}
	for _, x := range s.X {
		out.X = append(out.X, append(append([]float64{}, x...), x...))
	}
	for j := range data.DigitsSize {
		for i, from := range rng.Perm(len(s.X)) {
			out.X[i][data.DigitsSize+j] = s.X[from][j]
		}
	}
	return out
}

// recipe trains a sparse autoencoder, whose weights of every feature are the rows
// of a network that adds up their sizes, and classifiers on the features that
// this and other ways select.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 2)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	training, test := probed(digits.Part(all, 0, quickTraining), rng), probed(digits.Part(all, quickTraining, quickTest), rng)
	weights := sparseAutoencoder(training.X, quickHidden, quickEpochs, quickBatch, rng)
	g, q := strengthNetwork(weights, rng)
	files := map[string][]byte{"rows.bin": digits.Rows(weights, q), "test.bin": digits.Rows(test.X, digits.Fine), "test-truth.bin": data.Labels(test.Labels)}
	if files["strength.tflite"], err = g.Export(weights, nets.Options{Description: "strength of neurons", Input: &q}); err != nil {
		return nil, err
	}
	strength, err := digits.Scores(files["strength.tflite"], weights, q)
	if err != nil {
		return nil, err
	}
	lasso, err := lassoStrength(training)
	if err != nil {
		return nil, err
	}
	sets := map[string][]int{
		"quick": kit.TopK(column(strength, 0), quickSize), "variance": kit.TopK(variances(training.X), quickSize), "lasso": kit.TopK(lasso, quickSize),
	}
	order := []string{"quick", "variance", "lasso"}
	for k := range quickRandom {
		name := fmt.Sprintf("random%d", k)
		sets[name], order = rng.Perm(2 * data.DigitsSize)[:quickSize], append(order, name)
	}
	for k, name := range order {
		x := columns(training.X, sets[name])
		own := data.Rand(seed, 20+uint64(k))
		c := nets.Layers(own, quickSize, 16, digits.Classes)
		c.Fit(x, nets.CrossEntropy(training.Labels), nets.Schedule{Epochs: 15, Batch: 20, Rate: 5e-3}, own)
		if files[name+".tflite"], err = c.Export(x, nets.Options{Description: "digits, features by " + name, Input: &digits.Fine}); err != nil {
			return nil, err
		}
	}
	files["sets.json"], err = json.Marshal(sets)
	return files, err
}

// strengthNetwork adds up the sizes of the weights of a feature: both signs pass a
// rectifier, and a layer of ones sums them.
func strengthNetwork(weights [][]float64, rng *rand.Rand) (*nets.Graph, nets.Quant) {
	largest := 0.0
	for _, row := range weights {
		for _, w := range row {
			largest = max(largest, math.Abs(w))
		}
	}
	g := nets.New(nets.Shape{H: quickHidden, W: 1, C: 1})
	sides := g.Conv(0, 1, 1, 2, false, nets.Relu, rng)
	copy(g.Weight(sides).Value, []float64{1, -1})
	sum := g.Weight(g.Dense(sides, 1, nets.Linear, rng)).Value
	for i := range sum {
		sum[i] = 1
	}
	return g, nets.Quant{Scale: float32(largest / 127), ZeroPoint: 0}
}

// column returns number j of every row.
func column(rows [][]float64, j int) []float64 {
	var list []float64
	for _, r := range rows {
		list = append(list, r[j])
	}
	return list
}

// columns returns the listed numbers of every row.
func columns(rows [][]float64, list []int) [][]float64 {
	var out [][]float64
	for _, r := range rows {
		var x []float64
		for _, j := range list {
			x = append(x, r[j])
		}
		out = append(out, x)
	}
	return out
}

// variances of every number of the rows.
func variances(rows [][]float64) []float64 {
	list := make([]float64, len(rows[0]))
	for j := range list {
		mean := 0.0
		for _, r := range rows {
			mean += r[j] / float64(len(rows))
		}
		for _, r := range rows {
			list[j] += float64((r[j]-mean)*(r[j]-mean)) / float64(len(rows))
		}
	}
	return list
}

// lassoStrength adds up the sizes of the coefficients of a feature over one linear
// regression per class with an L1 penalty (Tibshirani, J. R. Stat. Soc. B 1996).
// A feature that never changes has none.
func lassoStrength(s *data.Samples) ([]float64, error) {
	var used []int
	for j, v := range variances(s.X) {
		if v > 0 {
			used = append(used, j)
		}
	}
	x := columns(s.X, used)
	for k := range used {
		mean := 0.0
		for _, row := range x {
			mean += row[k] / float64(len(x))
		}
		for _, row := range x {
			row[k] -= mean
		}
	}
	strength := make([]float64, len(s.X[0]))
	for class := range digits.Classes {
		target := make([]float64, len(x))
		for i, label := range s.Labels {
			if label == class {
				target[i] = 1
			}
		}
		p, err := descent.LeastSquares(x, target, quickPenalty)
		if err != nil {
			return nil, err
		}
		r, err := p.Minimise(1e-9, quickLimit)
		if err != nil {
			return nil, err
		}
		for k, v := range r.X {
			strength[used[k]] += math.Abs(v)
		}
	}
	return strength, nil
}
