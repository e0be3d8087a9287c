package filter

import (
	"embed"
	"fmt"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "loss-filter", Stored: stored, Make: recipe}

// Sizes of the filter (our choice).
const (
	filterPrior  = 700 // noisy samples from which the prior model learns
	filterTarget = 300 // clean samples on which it is tuned
	filterPool   = 300
	filterTest   = 240
)

// recipe trains a prior model on noisy samples, tunes it on few clean ones and
// exports both.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	parts, err := digits.Deal(rng, filterPrior, filterTarget, filterPool, filterTest)
	if err != nil {
		return nil, err
	}
	prior, target, pool, test := parts[0], parts[1], parts[2], parts[3]
	prior.Spoil(rng)
	pool.Spoil(rng)
	files := map[string][]byte{
		"rows.bin": digits.Rows(pool.X, digits.Pixel), "given.bin": data.Labels(pool.Labels), "truth.bin": data.Labels(pool.Truth),
		"test.bin": digits.Rows(test.X, digits.Pixel), "testtruth.bin": data.Labels(test.Truth),
	}
	g := digits.Untrained(rng)
	for _, stage := range []struct {
		name   string
		known  *digits.Noisy
		epochs int
		rate   float64
	}{{"prior", prior, 12, 2e-3}, {"conditional", target, 15, 1e-3}} {
		g.Fit(stage.known.X, nets.CrossEntropy(stage.known.Labels), nets.Schedule{Epochs: stage.epochs, Batch: 20, Rate: stage.rate}, rng)
		if files[stage.name+".tflite"], err = g.Export(prior.X[:400], nets.Options{Description: "loss filter, " + stage.name, Input: &digits.Pixel}); err != nil {
			return nil, fmt.Errorf("loss-filter: %s: %w", stage.name, err)
		}
	}
	return files, nil
}
