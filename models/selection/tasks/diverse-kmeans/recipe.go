package kmeans

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
var Files = artefacts.Store{Task: "diverse-kmeans", Stored: stored, Make: recipe}

// Sizes of the task (our choice).
const (
	diverseTraining = 1000
	diversePool     = 300
	diverseTest     = 400
	diverseCode     = 32
	diverseClusters = 20
	diverseEpochs   = 40
	diverseSteps    = 300 // of k-means at most, as in the paper
	diverseNoise    = 5   // one in so many samples is spoiled
	diverseStream   = 3
)

// spoil scrambles the pixels of every fifth sample in one fixed way and gives it a
// random class. It marks these samples.
func spoil(s *data.Samples, order []int, rng *rand.Rand) (spoiled []int) {
	spoiled = make([]int, len(s.X))
	for i := 0; i < len(s.X); i += diverseNoise {
		x := make([]float64, len(order))
		for k, from := range order {
			x[k] = s.X[i][from]
		}
		s.X[i], s.Labels[i], spoiled[i] = x, rng.IntN(digits.Classes), 1
	}
	return spoiled
}

// recipe trains an encoder without labels and finds clusters of its codes.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, diverseStream)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	training, pool := digits.Part(all, 0, diverseTraining), digits.Part(all, diverseTraining, diversePool)
	order := rng.Perm(len(all.X[0]))
	spoil(training, order, rng)
	spoiled := spoil(pool, order, rng)

	shape := nets.Shape{H: 1, W: 1, C: len(order)}
	auto := nets.New(shape)
	code := auto.Dense(0, diverseCode, nets.Relu, rng)
	auto.Dense(code, len(order), nets.Linear, rng)
	auto.Fit(training.X, nets.SquaredError(training.X), nets.Schedule{Epochs: diverseEpochs, Batch: 20, Rate: 3e-3}, rng)
	var codes [][]float64
	for _, x := range training.X {
		auto.Forward(x)
		codes = append(codes, append([]float64(nil), auto.Value(code)...))
	}
	centres, _ := kit.KMeans(codes, diverseClusters, diverseSteps, rng)

	g := assigner(auto, code, centres, rng)
	model, err := g.Export(training.X[:300], nets.Options{Description: "clusters of digits", Input: &digits.Fine})
	if err != nil {
		return nil, err
	}
	out := digits.Files("clusters", model, pool, digits.Part(all, diverseTraining+diversePool, diverseTest))
	out["spoiled.bin"] = data.Labels(spoiled)
	return out, nil
}

// assigner is the encoder of an autoencoder with a last layer that holds the
// centres of clusters of its codes x: output j is x·c − ‖c‖²/2, which is largest
// for the nearest centre.
func assigner(auto *nets.Graph, code nets.Node, centres [][]float64, rng *rand.Rand) *nets.Graph {
	g := nets.New(auto.Shape(0))
	width := auto.Shape(code).C
	hidden := g.Dense(0, width, nets.Relu, rng)
	last := g.Dense(hidden, len(centres), nets.Linear, rng)
	copy(g.Weight(hidden).Value, auto.Weight(code).Value)
	copy(g.Bias(hidden).Value, auto.Bias(code).Value)
	zero := make([]float64, width)
	for j, c := range centres {
		copy(g.Weight(last).Value[j*width:], c)
		g.Bias(last).Value[j] = -kit.SquaredDistance(c, zero) / 2
	}
	return g
}
