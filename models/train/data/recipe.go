package data

import (
	"math/rand/v2"

	"upset/models/train"
)

// Source gives the recipes their data.
type Source struct {
	FashionDir string // folder of the four Fashion-MNIST files
	training   *train.Images
	test       *train.Images
}

// Fashion returns Fashion-MNIST, which is read once.
func (s *Source) Fashion() (training, test *train.Images, err error) {
	if s.training == nil {
		if s.training, s.test, err = train.LoadFashion(s.FashionDir); err != nil {
			return nil, nil, err
		}
	}
	return s.training, s.test, nil
}

// Rand returns the generator of a seed. Streams separate uses of one seed.
func Rand(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// Join concatenates rows to the contents of a file.
func Join(rows [][]byte) []byte {
	var all []byte
	for _, r := range rows {
		all = append(all, r...)
	}
	return all
}

// Labels turns small numbers into the contents of a file, a byte each.
func Labels(values []int) []byte {
	out := make([]byte, len(values))
	for i, v := range values {
		out[i] = byte(v)
	}
	return out
}
