package data

import (
	"encoding/binary"
	"math"
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

// Singles turns numbers into the contents of a file: single precision, little-endian.
func Singles(values ...float64) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
	}
	return out
}

// ReadSingles reads what Singles wrote; bytes beyond the last whole number are left out.
func ReadSingles(b []byte) []float64 {
	list := make([]float64, len(b)/4)
	for i := range list {
		list[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	}
	return list
}
