package swaps

import (
	"embed"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "transport-swaps", Stored: stored, Make: recipe}

// swapPool is the number of candidates (our choice).
const swapPool = 200

// recipe trains a classifier and joins a pool with a validation set.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	g, tap, logits := digits.Tapped(known, rng)
	factors := make([]float64, digits.Hidden)
	for k := range factors {
		factors[k] = 1
	}
	pool := digits.Part(rest, 0, swapPool)
	var room [swapGroups]int
	for i := swapPool; i < len(rest.X); i++ {
		if g := rest.Labels[i] % swapGroups; room[g] < swapTargets/swapGroups {
			room[g]++
			pool.X, pool.Labels = append(pool.X, rest.X[i]), append(pool.Labels, rest.Labels[i])
		}
	}
	return digits.Joined(g, tap, logits, known, pool, factors)
}
