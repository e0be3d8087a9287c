package lasso

import (
	"embed"
	"slices"

	"upset/models/selection/artefacts"
	"upset/models/train/cells"
	"upset/models/train/data"
)

//go:embed data
var stored embed.FS

// Files are the trained networks. The samples are drawn from the seed when they are
// needed.
var Files = artefacts.Store{Task: "source-lasso", Stored: stored, Make: recipe}

// Sizes of the sampling (our choice).
const (
	explored = 30                         // samples of each source that come first
	budget   = sources * (explored + 120) // of all samples
	batches  = 100                        // in which the rest is drawn
	batch    = (budget - sources*explored) / batches
	labelled = 200 // samples of the target
)

// Forms on the NPU (our choice): samples are below sampleMost in size and what heads say
// below labelMost.
const (
	sampleMost = 6
	labelMost  = 8
)

var sampleForm, labelForm = cells.Wide(sampleMost), cells.Wide(labelMost)

// recipe explores all sources alike and makes a network of what it finds: the shared
// representation and a head for each source.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	m := newWorld(seed).sample(slices.Repeat([]int{explored}, sources), data.Rand(seed, ofExplored))
	basis, heads := m.fit()
	n := cells.New()
	z := n.Dense(n.Input(sampleForm, seen), basis.RawMatrix().Data, nil, labelForm)
	model, err := n.Model("heads of all sources on a shared representation", n.Dense(z, heads.RawMatrix().Data, nil, labelForm))
	return map[string][]byte{"heads.tflite": model}, err
}
