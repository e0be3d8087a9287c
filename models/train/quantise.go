package train

import (
	"fmt"
	"math"

	"upset/models/train/nets"
)

// Quant is the quantisation of a tensor.
type Quant = nets.Quant

// Quantised is one layer in integers.
type Quantised struct {
	Folded
	Codes      []int8    // weights, zero point 0
	CodeScales []float32 // one, or one per output channel
	Biases     []int32
	Input      Quant
	Output     Quant
}

// InputQuant is the quantisation of the pictures: one code per grey level, code
// −128 for black.
func InputQuant() Quant { return Quant{Scale: float32(pixelScale), ZeroPoint: -128} }

// Range of weight codes: symmetric, as the TensorFlow Lite 8-bit quantisation
// specification asks (−128 is not used).
const maxCode = 127

// maxBias keeps biases clear of the 32-bit limits (our choice).
const maxBias = 1 << 30

// Quantise turns folded layers into integers by the TensorFlow Lite 8-bit
// quantisation specification: convolution weights per output channel, dense
// weights per tensor, biases in units of input scale × weight scale.
func Quantise(layers []Folded) ([]Quantised, error) {
	input := InputQuant()
	out := make([]Quantised, len(layers))
	for i, f := range layers {
		q := Quantised{Folded: f, Input: input, Output: input}
		if f.Operation != OpGlobalPool { // averaging keeps the quantisation of its input
			q.Output = activationQuant(f.Low, f.High)
			if err := q.quantiseWeights(); err != nil {
				return nil, fmt.Errorf("quantise: layer %d: %w", i, err)
			}
		}
		out[i], input = q, q.Output
	}
	return out, nil
}

// activationQuant covers a range that holds zero with 256 codes, zero exactly
// on one of them.
func activationQuant(low, high float64) Quant {
	if high <= low {
		return Quant{Scale: 1, ZeroPoint: -128}
	}
	scale := float32((high - low) / 255)
	zero := math.Round(-128 - low/float64(scale))
	return Quant{Scale: scale, ZeroPoint: int(max(-128, min(127, zero)))}
}

func (q *Quantised) quantiseWeights() error {
	channels := q.Out.C
	scales := 1
	if q.Operation != OpDense {
		scales = channels
	}
	group := func(channel int) int { return channel % scales } // all channels share the only scale of a dense layer
	largest := make([]float64, scales)
	for i, w := range q.Weights {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return fmt.Errorf("weight %d is %v; train with a lower rate", i, w)
		}
		g := group(q.channel(i))
		largest[g] = max(largest[g], math.Abs(w))
	}
	for c, b := range q.Bias {
		// A channel with tiny weights gets a scale that its bias fits.
		g := group(c)
		largest[g] = max(largest[g], math.Abs(b)*maxCode/(float64(q.Input.Scale)*maxBias))
	}
	q.CodeScales = make([]float32, scales)
	for g, v := range largest {
		q.CodeScales[g] = 1
		if scale := float32(v / maxCode); scale > 0 {
			q.CodeScales[g] = scale
		}
	}
	q.Codes = make([]int8, len(q.Weights))
	for i, w := range q.Weights {
		code := math.Round(w / float64(q.CodeScales[group(q.channel(i))]))
		q.Codes[i] = int8(max(-maxCode, min(maxCode, code)))
	}
	q.Biases = make([]int32, channels)
	for c, b := range q.Bias {
		code := math.Round(b / float64(q.biasScale(group(c))))
		q.Biases[c] = int32(max(-2*maxBias+1, min(2*maxBias-1, code)))
	}
	return nil
}

// biasScale is the scale of the biases of weight group g, in the single
// precision in which the file stores it.
func (q *Quantised) biasScale(g int) float32 { return q.Input.Scale * q.CodeScales[g] }

// MACs returns the multiply-accumulate operations of one inference.
func MACs(layers []Quantised) int {
	n := 0
	for i := range layers {
		n += layers[i].MACs()
	}
	return n
}
