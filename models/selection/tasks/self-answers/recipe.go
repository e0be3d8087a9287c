package answers

import (
	"embed"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "self-answers", Stored: stored, Make: recipe}

// Sizes of the samples and of the network (our choice).
const (
	base  = 700
	pool  = 300 // samples of the new domain to tune on
	held  = 250 // samples of each domain to test on
	units = 32
	blur  = 0.15 // noise of a pixel in the new domain
)

// moved shows a picture one pixel to the right, with noise.
func moved(x []float64, rng *rand.Rand) []float64 {
	y := make([]float64, len(x))
	for i := range y {
		if i%digits.Side > 0 {
			y[i] = x[i-1]
		}
		y[i] = min(1, max(0, y[i]+blur*rng.NormFloat64()))
	}
	return y
}

// untrained is a classifier of digits.
func untrained() *nets.Graph {
	rng := data.Rand(0, 0)
	return nets.Layers(rng, data.DigitsSize, units, digits.Classes)
}

// pack writes the parameters of a network, and unpack reads them.
func pack(g *nets.Graph) []byte {
	var b []byte
	for _, p := range g.Params() {
		b = append(b, data.Singles(p.Value...)...)
	}
	return b
}

func unpack(b []byte) *nets.Graph {
	g, values := untrained(), data.ReadSingles(b)
	for _, p := range g.Params() {
		values = values[copy(p.Value, values):]
	}
	return g
}

// recipe trains the classifier that is tuned later, on pictures as they are.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	parts, err := digits.Deal(rng, base, pool, held, held)
	if err != nil {
		return nil, err
	}
	g := nets.Layers(rng, data.DigitsSize, units, digits.Classes)
	g.Fit(parts[0].X, nets.CrossEntropy(parts[0].Labels), nets.Schedule{Epochs: 20, Batch: 20, Rate: 4e-3}, rng)
	model, err := g.Export(parts[0].X[:digits.Calibration], nets.Options{Description: "classifier of digits", Input: &digits.Fine})
	if err != nil {
		return nil, err
	}
	for _, s := range []*digits.Noisy{parts[1], parts[3]} {
		for i, x := range s.X {
			s.X[i] = moved(x, rng)
		}
	}
	files := map[string][]byte{"answers.tflite": model, "answers.bin": pack(g)}
	for i, name := range []string{"rows", "old", "new"} {
		files[name+".bin"], files[name+"-truth.bin"] = digits.Rows(parts[i+1].X, digits.Fine), data.Labels(parts[i+1].Labels)
	}
	return files, nil
}
