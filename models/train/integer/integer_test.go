package integer

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"upset/models/tflite"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		name      string
		low, high float64
		scale     float64
		zero      int
	}{
		{"rectified", 0, 5.1, 0.02, -128},
		{"symmetric", -2.55, 2.55, 0.02, 0}, // −128 + 127.5 lies between two codes
		{"mostly negative", -3, 2.1, 0.02, 22},
		{"all negative", -5.1, 0, 0.02, 127},
		{"dead", 0, 0, 1, -128},
	} {
		q := Spread(c.low, c.high)
		if math.Abs(float64(q.Scale)-c.scale) > 1e-6 {
			t.Errorf("%s: scale %g, want %g", c.name, q.Scale, c.scale)
		}
		if d := q.ZeroPoint - c.zero; d < -1 || d > 1 || (c.name != "symmetric" && d != 0) {
			t.Errorf("%s: zero point %d, want %d", c.name, q.ZeroPoint, c.zero)
		}
		// Both ends lie within half a step of a code.
		for _, v := range []float64{c.low, c.high} {
			code := math.Round(v/float64(q.Scale)) + float64(q.ZeroPoint)
			if code < -129 || code > 128 {
				t.Errorf("%s: %g needs code %g", c.name, v, code)
			}
		}
	}
}

func TestRowSaturates(t *testing.T) {
	got := Row([]float64{-1e9, 0, 1.26, 1e9}, Quant{Scale: 0.5, ZeroPoint: 1})
	if want := []byte{0x80, 1, 4, 127}; !bytes.Equal(got, want) {
		t.Errorf("row %v, want %v", got, want)
	}
}

func quantise(t *testing.T, l Layer) *Codes {
	t.Helper()
	q, err := l.Quantise()
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func codes(values ...int8) []byte {
	var out []byte
	for _, v := range values {
		out = append(out, byte(v))
	}
	return out
}

func TestQuantiseByChannel(t *testing.T) {
	q := quantise(t, Layer{
		Weights: []float64{1, -10, 0.5, 20, -0.25, 2.54}, Biases: []float64{0.5, -0.5},
		Channel: func(i int) int { return i % 2 }, Input: 0.5,
	})
	// Channels alternate; their largest weights are 1 and 20.
	if math.Abs(float64(q.Scales[0])-1.0/127) > 1e-9 || math.Abs(float64(q.Scales[1])-20.0/127) > 1e-8 {
		t.Errorf("scales %v", q.Scales)
	}
	if !bytes.Equal(q.Weights, codes(127, -64, 64, 127, -32, 16)) {
		t.Errorf("codes % x", q.Weights)
	}
	// 0.5 / (0.5 · 1/127) = 127 and −0.5 / (0.5 · 20/127) = −6.35.
	if !slices.Equal(q.Biases, []int32{127, -6}) {
		t.Errorf("biases %v", q.Biases)
	}
}

func TestQuantiseWithOneScale(t *testing.T) {
	q := quantise(t, Layer{Weights: []float64{1, -2, 0.5, 4}, Biases: []float64{0, 1}, OneScale: true, Input: 1})
	if len(q.Scales) != 1 || !bytes.Equal(q.Weights, codes(32, -64, 16, 127)) || q.Biases[1] != 32 {
		t.Errorf("scales %v, codes % x, biases %v", q.Scales, q.Weights, q.Biases)
	}
}

func TestQuantiseOddChannels(t *testing.T) {
	l := Layer{
		Weights: []float64{0, 0, 1e-12, 0, 1, 1}, Biases: []float64{0, 7, 0},
		Channel: func(i int) int { return i / 2 }, Input: 1.0 / 255,
	}
	q := quantise(t, l)
	if q.Scales[0] != 1 {
		t.Errorf("dead channel: scale %g, want 1", q.Scales[0])
	}
	// The scale of the second channel grew so that its bias fits 32 bits.
	got := float64(q.Biases[1]) * float64(q.BiasScales[1])
	if math.Abs(got-7) > 1e-6 || q.Weights[2] != 0 {
		t.Errorf("tiny channel: bias %d stands for %g, code %d", q.Biases[1], got, q.Weights[2])
	}
	for _, v := range []float64{math.NaN(), math.Inf(-1)} {
		l.Weights[0] = v
		if _, err := l.Quantise(); err == nil {
			t.Errorf("weight %v: no error", v)
		}
	}
}

// Tensors that were added in any order come out in the order in which operators name
// them, and the file is the same network.
func TestByUse(t *testing.T) {
	f := NewFile()
	q := Quant{Scale: 0.5}
	y := f.Activation("y", tflite.Int8, []int{1, 2}, q)
	x := f.Activation("x", tflite.Int8, []int{1, 3}, q)
	c := quantise(t, Layer{Weights: []float64{1, 2, 3, 4, 5, 6}, Biases: []float64{1, 2}, OneScale: true, Input: 0.5})
	w, b := f.Layer("dense", []int{2, 3}, 0, c, tflite.Int64)
	f.Operator(tflite.OpFullyConnected, tflite.Options{}, y, x, w, b)
	place := f.ByUse()
	raw, err := f.Marshal("", []int{place[x]}, []int{place[y]})
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	var names []string
	for _, tensor := range g.Tensors {
		names = append(names, tensor.Name)
	}
	if want := []string{"x", "dense/weights", "dense/bias", "y"}; !slices.Equal(names, want) {
		t.Errorf("tensors %v, want %v", names, want)
	}
	if op := g.Operators[0]; !slices.Equal(op.Inputs, []int{0, 1, 2}) || op.Outputs[0] != 3 || g.Inputs[0] != 0 || g.Outputs[0] != 3 {
		t.Errorf("operator %+v, inputs %v, outputs %v", op, g.Inputs, g.Outputs)
	}
	// An int64 bias: 2 / (0.5 · 6/127) = 84.67.
	if data := g.Tensors[2].Data; len(data) != 16 || data[8] != 85 || data[9] != 0 {
		t.Errorf("biases % x", data)
	}
}
