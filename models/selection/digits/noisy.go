package digits

import (
	"math/rand/v2"
	"slices"

	"upset/models/train/data"
	"upset/models/train/nets"
)

// Noise is the share of the labels that Spoil draws anew (our choice).
const Noise = 0.5

// Noisy are samples with labels of which some are wrong.
type Noisy struct {
	data.Samples       // with the labels as given
	Truth        []int // true labels
}

// Deal shuffles the digits and deals them into parts of the given sizes, with true
// labels.
func Deal(rng *rand.Rand, sizes ...int) ([]*Noisy, error) {
	all, err := Shuffled(rng)
	if err != nil {
		return nil, err
	}
	var parts []*Noisy
	at := 0
	for _, n := range sizes {
		s := Part(all, at, n)
		parts, at = append(parts, &Noisy{Samples: *s, Truth: slices.Clone(s.Labels)}), at+n
	}
	return parts, nil
}

// Spoil draws labels anew; one in ten of those is right by chance.
func (s *Noisy) Spoil(rng *rand.Rand) {
	for i := range s.Labels {
		if rng.Float64() < Noise {
			s.Labels[i] = rng.IntN(Classes)
		}
	}
}

// Mislabel gives a share of the labels, drawn at random, another class.
func Mislabel(labels []int, share float64, rng *rand.Rand) {
	for i, l := range labels {
		if rng.Float64() < share {
			labels[i] = (l + 1 + rng.IntN(Classes-1)) % Classes
		}
	}
}

// Some returns the samples at the given places.
func (s *Noisy) Some(places []int) *Noisy {
	t := &Noisy{}
	for _, i := range places {
		t.X, t.Labels, t.Truth = append(t.X, s.X[i]), append(t.Labels, s.Labels[i]), append(t.Truth, s.Truth[i])
	}
	return t
}

// Clean is the share of rows whose label is right.
func Clean(rows, given, truth []int) float64 {
	n := 0
	for _, i := range rows {
		if given[i] == truth[i] {
			n++
		}
	}
	return float64(n) / float64(max(1, len(rows)))
}

// units of the hidden layer of an untrained classifier (our choice).
const units = 32

// Untrained returns a classifier of digits with one hidden layer.
func Untrained(rng *rand.Rand) *nets.Graph {
	return nets.Layers(rng, data.DigitsSize, units, Classes)
}
