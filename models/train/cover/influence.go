package cover

import (
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the task (our choice).
const (
	influenceTraining = 1000
	influencePool     = 300
	influenceTest     = 400
	influenceHidden   = 32
	influenceCode     = 16
	influenceEpochs   = 80
	influenceStream   = 1 // other digits than those of facility location
)

// influence trains an encoder of digits without labels.
func influence(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, influenceStream)
	all, err := shuffled(rng)
	if err != nil {
		return nil, err
	}
	training := part(all, 0, influenceTraining)
	g := encoder(training.X, influenceHidden, influenceCode, influenceEpochs, rng)
	model, err := g.Export(training.X[:300], nets.Options{Description: "encoder of digits", Input: &input})
	if err != nil {
		return nil, err
	}
	pool := part(all, influenceTraining, influencePool)
	return files("encoder", model, pool, part(all, influenceTraining+influencePool, influenceTest)), nil
}
