package graph

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
var Files = artefacts.Store{Task: "influence-graph", Stored: stored, Make: recipe}

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

// recipe trains an encoder of digits without labels.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, influenceStream)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	training := digits.Part(all, 0, influenceTraining)
	g := digits.Encoder(training.X, influenceHidden, influenceCode, influenceEpochs, rng)
	model, err := g.Export(training.X[:300], nets.Options{Description: "encoder of digits", Input: &digits.Fine})
	if err != nil {
		return nil, err
	}
	pool := digits.Part(all, influenceTraining, influencePool)
	return digits.Files("encoder", model, pool, digits.Part(all, influenceTraining+influencePool, influenceTest)), nil
}
