package factors

import (
	"embed"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"upset/models/selection/artefacts"
	"upset/models/train/cells"
	"upset/models/train/data"
)

//go:embed data
var stored embed.FS

// Files are the encoders. The samples are drawn from the seed when they are needed.
var Files = artefacts.Store{Task: "factor-features", Stored: stored, Make: recipe}

// Sizes of the factor model (our choice).
const (
	seen      = 50   // numbers of a sample
	hidden    = 3    // factors behind them
	unlabeled = 3000 // samples that the encoder is made of
	labelled  = 2000 // samples with labels, of which few are used
	test      = 200
	labelBlur = 0.5 // noise of a label; that of a sample is one
)

// Streams of the generators of a seed.
const (
	ofWorld = iota
	ofUnlabeled
	ofPool
)

// world is x = U·z + ε and y = β·z + noise.
type world struct {
	mix  []float64 // U by rows
	beta []float64
}

func newWorld(seed uint64) *world {
	rng := data.Rand(seed, ofWorld)
	w := &world{}
	for range seen * hidden {
		w.mix = append(w.mix, rng.NormFloat64())
	}
	for range hidden {
		w.beta = append(w.beta, rng.NormFloat64())
	}
	size := 0.0
	for _, v := range w.beta {
		size += float64(v * v)
	}
	for i := range w.beta {
		w.beta[i] *= math.Sqrt(hidden / size) // a variance of three, in all seeds
	}
	return w
}

// draw makes samples with what their labels are without noise.
func (w *world) draw(n int, rng *rand.Rand) (x [][]float64, y []float64) {
	for range n {
		z, label := make([]float64, hidden), 0.0
		for k := range z {
			z[k] = rng.NormFloat64()
			label += float64(w.beta[k] * z[k])
		}
		row := make([]float64, seen)
		for i := range row {
			row[i] = rng.NormFloat64()
			for k, v := range z {
				row[i] += float64(w.mix[i*hidden+k] * v)
			}
		}
		x, y = append(x, row), append(y, label)
	}
	return x, y
}

// components are the leading principal components of samples, by rows.
func components(x [][]float64) ([]float64, error) {
	rows := mat.NewDense(len(x), seen, nil)
	for i, v := range x {
		rows.SetRow(i, v)
	}
	covariance := mat.NewSymDense(seen, nil)
	stat.CovarianceMatrix(covariance, rows, nil)
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return nil, fmt.Errorf("factor features: the covariance has no eigenvectors")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	var list []float64
	for k := range hidden {
		list = append(list, mat.Col(nil, seen-1-k, &vectors)...) // values rise
	}
	return list, nil
}

// Forms on the NPU (our choice): samples are below sampleMost in size, and scores of
// components below scoreMost.
const (
	sampleMost = 16
	scoreMost  = 64
)

var sampleForm, scoreForm = cells.Wide(sampleMost), cells.Wide(scoreMost)

// transposed are the components by columns, which give back what they explain.
func transposed(c []float64) []float64 {
	list := make([]float64, len(c))
	for k := range hidden {
		for i := range seen {
			list[i*hidden+k] = c[k*seen+i]
		}
	}
	return list
}

// recipe makes the encoder of samples without labels: their principal components, and
// what these explain of a sample.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	x, _ := newWorld(seed).draw(unlabeled, data.Rand(seed, ofUnlabeled))
	c, err := components(x)
	if err != nil {
		return nil, err
	}
	n := cells.New()
	scores := n.Dense(n.Input(sampleForm, seen), c, nil, scoreForm)
	model, err := n.Model("principal components", scores, n.Dense(scores, transposed(c), nil, sampleForm))
	return map[string][]byte{"encoder.tflite": model}, err
}
