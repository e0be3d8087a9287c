package loss

import (
	"fmt"

	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the filter (our choice).
const (
	filterPrior  = 700 // noisy samples from which the prior model learns
	filterTarget = 300 // clean samples on which it is tuned
	filterPool   = 300
	filterTest   = 240
)

// filter trains a prior model on noisy samples, tunes it on few clean ones and
// exports both.
func filter(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	parts, err := deal(rng, filterPrior, filterTarget, filterPool, filterTest)
	if err != nil {
		return nil, err
	}
	prior, target, pool, test := parts[0], parts[1], parts[2], parts[3]
	prior.spoil(rng)
	pool.spoil(rng)
	files := map[string][]byte{
		"rows.bin": rows(pool.X, pixel), "given.bin": data.Labels(pool.Labels), "truth.bin": data.Labels(pool.truth),
		"test.bin": rows(test.X, pixel), "testtruth.bin": data.Labels(test.truth),
	}
	g := classifier(rng)
	for _, stage := range []struct {
		name   string
		known  *noisy
		epochs int
		rate   float64
	}{{"prior", prior, 12, 2e-3}, {"conditional", target, 15, 1e-3}} {
		g.Fit(stage.known.X, nets.CrossEntropy(stage.known.Labels), nets.Schedule{Epochs: stage.epochs, Batch: 20, Rate: stage.rate}, rng)
		if files[stage.name+".tflite"], err = g.Export(prior.X[:400], nets.Options{Description: "loss filter, " + stage.name, Input: &pixel}); err != nil {
			return nil, fmt.Errorf("loss-filter: %s: %w", stage.name, err)
		}
	}
	return files, nil
}
