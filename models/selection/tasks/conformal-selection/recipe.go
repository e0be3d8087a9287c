package conformal

import (
	"embed"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "conformal-selection", Stored: stored, Make: recipe}

// Sizes of the conformal task (our choice): a rare property that is hard to
// learn, and many weak models to choose from.
const (
	conformalFeatures = 16
	conformalModels   = 12
	conformalUnits    = 8
	conformalTraining = 60
	conformalPool     = 400
)

// recipe trains weak models of a rare property on few samples each and merges
// them to one network with an output for every model.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	weights := make([]float64, conformalFeatures)
	for i := range weights {
		weights[i] = rng.NormFloat64()
	}
	input := nets.Quant{Scale: 1.0 / 32, ZeroPoint: 0}
	merged := nets.New(nets.Shape{H: 1, W: 1, C: conformalFeatures})
	hidden := merged.Dense(0, conformalModels*conformalUnits, nets.Relu, rng)
	last := merged.Dense(hidden, conformalModels, nets.Linear, rng)
	clear(merged.Weight(last).Value)
	for k := range conformalModels {
		samples := property(weights, conformalTraining, rng)
		var targets [][]float64
		for _, y := range samples.Labels {
			targets = append(targets, []float64{float64(y)})
		}
		g := nets.New(merged.Shape(0))
		h := g.Dense(0, conformalUnits, nets.Relu, rng)
		o := g.Dense(h, 1, nets.Linear, rng)
		g.Fit(samples.X, nets.SquaredError(targets), nets.Schedule{Epochs: 60, Batch: 10, Rate: 1e-2}, rng)
		copy(merged.Weight(hidden).Value[k*conformalUnits*conformalFeatures:], g.Weight(h).Value)
		copy(merged.Bias(hidden).Value[k*conformalUnits:], g.Bias(h).Value)
		copy(merged.Weight(last).Value[k*conformalModels*conformalUnits+k*conformalUnits:], g.Weight(o).Value)
		merged.Bias(last).Value[k] = g.Bias(o).Value[0]
	}
	pool := property(weights, conformalPool, rng)
	model, err := merged.Export(property(weights, 300, rng).X, nets.Options{Description: "twelve models of a rare property", Input: &input})
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"models.tflite": model, "rows.bin": digits.Rows(pool.X, input), "truth.bin": data.Labels(pool.Labels)}, nil
}

// property draws samples of which about three in ten are interesting. The two
// sides overlap (the slope and the offset are our choice).
func property(weights []float64, n int, rng *rand.Rand) *data.Samples {
	s := &data.Samples{}
	for range n {
		x := make([]float64, len(weights))
		z := 0.0
		for i := range x {
			x[i] = rng.NormFloat64()
			z += float64(weights[i] * x[i])
		}
		z = float64(0.5*z) + float64(0.7*x[0]*x[1]) - 1.3
		y := 0
		if rng.Float64() < kit.Logistic(z) {
			y = 1
		}
		s.X, s.Labels = append(s.X, x), append(s.Labels, y)
	}
	return s
}
