package coreset

import (
	"embed"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "weighted-coreset", Stored: stored, Make: recipe}

// Sizes of the samples and of the networks (our choice).
const (
	pool         = 400
	test         = 300
	studied      = 150 // samples that the student knows
	judged       = 800 // samples that the judge knows, all labelled rightly
	wrong        = 0.2 // share of labels of the pool that are drawn anew among the others
	studentUnits = 24
	judgeUnits   = 48
)

// recipe trains a student on few samples, some with wrong labels as in the pool, and a
// judge on many with right ones.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	parts, err := digits.Deal(rng, pool, studied, judged, test)
	if err != nil {
		return nil, err
	}
	for _, s := range parts[:2] {
		digits.Mislabel(s.Labels, wrong, rng)
	}
	rows, held := parts[0], parts[3]
	files := map[string][]byte{
		"rows.bin": digits.Rows(rows.X, digits.Fine), "given.bin": data.Labels(rows.Labels), "truth.bin": data.Labels(rows.Truth),
		"test.bin": digits.Rows(held.X, digits.Fine), "test-truth.bin": data.Labels(held.Truth),
	}
	for _, c := range []struct {
		name          string
		samples       *digits.Noisy
		units, epochs int
	}{{"student", parts[1], studentUnits, 12}, {"judge", parts[2], judgeUnits, 25}} {
		g := nets.Layers(rng, data.DigitsSize, c.units, digits.Classes)
		g.Fit(c.samples.X, nets.CrossEntropy(c.samples.Labels), nets.Schedule{Epochs: c.epochs, Batch: 10, Rate: 4e-3}, rng)
		if files[c.name+".tflite"], err = g.Export(c.samples.X[:studied], nets.Options{Description: "classifier of digits, " + c.name, Input: &digits.Fine}); err != nil {
			return nil, err
		}
	}
	return files, nil
}
