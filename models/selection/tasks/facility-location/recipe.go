package facility

import (
	"embed"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "facility-location", Stored: stored, Make: recipe}

// recipe trains an encoder of digits without labels.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	return digits.Encoded(data.Rand(seed, 0))
}
