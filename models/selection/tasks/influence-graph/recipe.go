package graph

import (
	"embed"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "influence-graph", Stored: stored, Make: recipe}

// influenceStream deals other digits than those of facility location (our choice).
const influenceStream = 1

// recipe trains an encoder of digits without labels.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	return digits.Encoded(data.Rand(seed, influenceStream))
}
