// Package integer turns trained numbers into the integers of a TensorFlow Lite file:
// scales, codes of weights and biases, and the file itself, by the TensorFlow Lite 8-bit
// and 16×8 quantisation specifications. Packages nets and cells write all their networks
// with it.
package integer

import (
	"encoding/binary"
	"fmt"
	"math"

	"upset/models/tflite"
)

// Quant maps stored integers to real numbers: Scale × (stored − ZeroPoint).
type Quant struct {
	Scale     float32
	ZeroPoint int
}

// Fixed quantisations of the int8 kernels (TensorFlow Lite 8-bit quantisation
// specification).
var (
	Tanh    = Quant{Scale: 1.0 / 128, ZeroPoint: 0}
	Sigmoid = Quant{Scale: 1.0 / 256, ZeroPoint: math.MinInt8}
	Softmax = Sigmoid
)

const (
	// maxCode is the largest weight code; −128 is not used (same specification).
	maxCode = 127
	// maxBias keeps biases clear of the 32-bit limits (our choice).
	maxBias = 1 << 30
)

// Spread spreads 256 codes over a range that holds zero, zero exactly on one of them. A
// range without width has scale 1.
func Spread(low, high float64) Quant {
	if !(high > low) {
		return Quant{Scale: 1, ZeroPoint: math.MinInt8}
	}
	scale := float32((high - low) / 255)
	zero := math.Round(math.MinInt8 - low/float64(scale))
	return Quant{Scale: scale, ZeroPoint: int(max(math.MinInt8, min(math.MaxInt8, zero)))}
}

// Row writes real values as int8. Values beyond the range of the quantisation saturate.
func Row(values []float64, q Quant) []byte {
	row := make([]byte, len(values))
	for i, v := range values {
		row[i] = byte(int8(max(math.MinInt8, min(math.MaxInt8, math.Round(v/float64(q.Scale))+float64(q.ZeroPoint)))))
	}
	return row
}

// Layer is what is to be turned into integers: weights, one bias for each output
// channel, and how they belong together.
type Layer struct {
	Weights, Biases []float64
	Channel         func(weight int) int // output channel of a weight; may be nil where there is one scale
	OneScale        bool                 // for all channels, and not one for each
	Input           float32              // scale of what the layer reads
}

// Codes are the integers of a layer. Weights have zero point 0; biases count in units of
// input scale × weight scale, in the single precision in which the file stores it.
type Codes struct {
	Weights    []byte
	Biases     []int32
	Scales     []float32 // of the weights: one, or one per output channel
	BiasScales []float32
}

// Quantise finds the integers of a layer: convolutions are to have a scale per output
// channel, dense layers one. It refuses weights that are not finite.
func (l *Layer) Quantise() (*Codes, error) {
	groups := len(l.Biases)
	if l.OneScale {
		groups = 1
	}
	group := func(weight int) int {
		if groups == 1 {
			return 0
		}
		return l.Channel(weight)
	}
	largest := make([]float64, groups)
	for i, w := range l.Weights {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("weight %d is %v; train with a lower rate", i, w)
		}
		k := group(i)
		largest[k] = max(largest[k], math.Abs(w))
	}
	for c, b := range l.Biases {
		// A channel with tiny weights gets a scale that its bias fits.
		largest[c%groups] = max(largest[c%groups], math.Abs(b)*maxCode/(float64(l.Input)*maxBias))
	}
	q := &Codes{Scales: make([]float32, groups), BiasScales: make([]float32, groups)}
	for k, v := range largest {
		q.Scales[k] = 1
		if s := float32(v / maxCode); s > 0 {
			q.Scales[k] = s
		}
		q.BiasScales[k] = l.Input * q.Scales[k]
	}
	for i, w := range l.Weights {
		v := math.Round(w / float64(q.Scales[group(i)]))
		q.Weights = append(q.Weights, byte(int8(max(-maxCode, min(maxCode, v)))))
	}
	for c, b := range l.Biases {
		v := math.Round(b / float64(q.BiasScales[c%groups]))
		q.Biases = append(q.Biases, int32(max(-2*maxBias+1, min(2*maxBias-1, v))))
	}
	return q, nil
}

// words writes biases as the numbers of a type, int32 or int64.
func words(biases []int32, t tflite.Type) []byte {
	var out []byte
	for _, b := range biases {
		if t == tflite.Int64 {
			out = binary.LittleEndian.AppendUint64(out, uint64(int64(b)))
		} else {
			out = binary.LittleEndian.AppendUint32(out, uint32(b))
		}
	}
	return out
}
