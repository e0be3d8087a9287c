package dampening

import (
	"embed"
	"slices"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "synaptic-dampening", Stored: stored, Make: recipe}

// Settings of the training (our choice). It is short: after 20 epochs nearly all
// training digits are certain, and the gradients of a few hard ones make up the
// information.
const (
	dampEpochs = 6
	dampEach   = 100 // training digits of a class
	dampKnown  = 60  // of these, rows from which the information is estimated
	dampGone   = 60  // rows of the pool with the forgotten class
	dampRetain = 240 // and without
)

// recipe trains a classifier that gives its hidden units too. The class to be forgotten
// has the number of the seed.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng, forgotten := data.Rand(seed, 0), int(seed%digits.Classes)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	var training, known, pool []int
	var count [digits.Classes]int
	room := [2]int{dampRetain, dampGone}
	for i, label := range all.Labels {
		kind := 0
		if label == forgotten {
			kind = 1
		}
		switch {
		case count[label] < dampEach:
			if count[label]++; count[label] <= dampKnown {
				known = append(known, i)
			}
			training = append(training, i)
		case room[kind] > 0:
			room[kind]--
			pool = append(pool, i)
		}
	}
	samples := digits.Take(all, training)
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	first := g.Dense(0, 64, nets.Relu, rng)
	second := g.Dense(first, 32, nets.Relu, rng)
	logits := g.Dense(second, digits.Classes, nets.Linear, rng)
	g.Fit(samples.X, nets.CrossEntropy(samples.Labels), nets.Schedule{Epochs: dampEpochs, Batch: 20, Rate: 3e-3}, rng)
	o := nets.Options{Description: "digits, with the hidden layers", Input: &digits.Fine, Outputs: []nets.Node{logits, first, second}}
	original, err := g.Export(samples.X, o)
	if err != nil {
		return nil, err
	}
	seen, rows := digits.Take(all, known), digits.Take(all, pool)
	return map[string][]byte{
		"original.tflite": original, "rows.bin": slices.Concat(digits.Rows(seen.X, digits.Fine), digits.Rows(rows.X, digits.Fine)),
		"known.bin": data.Labels(seen.Labels), "truth.bin": data.Labels(rows.Labels), "forgotten.bin": {byte(forgotten)},
	}, nil
}
