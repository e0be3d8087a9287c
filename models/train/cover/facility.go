package cover

import (
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the task (our choice).
const (
	facilityTraining = 1000
	facilityPool     = 300
	facilityTest     = 400
	facilityHidden   = 32
	facilityCode     = 16
	facilityEpochs   = 80
)

// facility trains an encoder of digits without labels.
func facility(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	all, err := shuffled(rng)
	if err != nil {
		return nil, err
	}
	training := part(all, 0, facilityTraining)
	g := encoder(training.X, facilityHidden, facilityCode, facilityEpochs, rng)
	model, err := g.Export(training.X[:300], nets.Options{Description: "encoder of digits", Input: &input})
	if err != nil {
		return nil, err
	}
	pool := part(all, facilityTraining, facilityPool)
	return files("encoder", model, pool, part(all, facilityTraining+facilityPool, facilityTest)), nil
}
