package facility

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
var Files = artefacts.Store{Task: "facility-location", Stored: stored, Make: recipe}

// Sizes of the task (our choice).
const (
	facilityTraining = 1000
	facilityPool     = 300
	facilityTest     = 400
	facilityHidden   = 32
	facilityCode     = 16
	facilityEpochs   = 80
)

// recipe trains an encoder of digits without labels.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	training := digits.Part(all, 0, facilityTraining)
	g := digits.Encoder(training.X, facilityHidden, facilityCode, facilityEpochs, rng)
	model, err := g.Export(training.X[:300], nets.Options{Description: "encoder of digits", Input: &digits.Fine})
	if err != nil {
		return nil, err
	}
	pool := digits.Part(all, facilityTraining, facilityPool)
	return digits.Files("encoder", model, pool, digits.Part(all, facilityTraining+facilityPool, facilityTest)), nil
}
