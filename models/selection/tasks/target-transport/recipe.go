package target

import (
	"embed"
	"math"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "target-transport", Stored: stored, Make: recipe}

// Sizes of the pool (our choice).
const (
	targetPool   = 300
	targetFew    = 3 // targets of the rare and the frequent mode
	targetMany   = targetRows - targetFew
	targetCommon = 8 // class of the frequent mode
)

// recipe trains a classifier whose hidden units have scales that differ widely,
// and joins a pool with targets of two classes.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	g, tap, logits := digits.Tapped(known, rng)
	factors := make([]float64, digits.Hidden)
	for k := range factors {
		factors[k] = math.Exp(rng.NormFloat64())
	}
	few, many := digits.OfClass(rest, targetRare, targetPool, targetFew), digits.OfClass(rest, targetCommon, targetPool, targetMany)
	pool := &data.Samples{X: rest.X[:targetPool:targetPool], Labels: rest.Labels[:targetPool:targetPool]}
	for _, s := range []*data.Samples{few, many} {
		pool.X, pool.Labels = append(pool.X, s.X...), append(pool.Labels, s.Labels...)
	}
	return digits.Joined(g, tap, logits, known, pool, factors)
}
