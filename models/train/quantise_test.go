package train

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestActivationQuant(t *testing.T) {
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
		q := activationQuant(c.low, c.high)
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

func TestQuantiseWeights(t *testing.T) {
	q := Quantised{
		Folded: Folded{
			Operation: OpDepthwise, Out: Shape{2, 1, 1},
			Weights: []float64{1, -10, 0.5, 20, -0.25, 2.54},
			Bias:    []float64{0.5, -0.5},
		},
		Input: Quant{Scale: 0.5},
	}
	if err := q.quantiseWeights(); err != nil {
		t.Fatal(err)
	}
	// Channels alternate; their largest weights are 1 and 20.
	if math.Abs(float64(q.CodeScales[0])-1.0/127) > 1e-9 || math.Abs(float64(q.CodeScales[1])-20.0/127) > 1e-8 {
		t.Errorf("scales %v", q.CodeScales)
	}
	for i, want := range []int8{127, -64, 64, 127, -32, 16} {
		if q.Codes[i] != want {
			t.Errorf("code %d: %d, want %d", i, q.Codes[i], want)
		}
	}
	// 0.5 / (0.5 · 1/127) = 127 and −0.5 / (0.5 · 20/127) = −6.35.
	if q.Biases[0] != 127 || q.Biases[1] != -6 {
		t.Errorf("biases %v", q.Biases)
	}
}

func TestQuantiseDenseHasOneScale(t *testing.T) {
	q := Quantised{
		Folded: Folded{Operation: OpDense, Out: Shape{2, 1, 1}, Weights: []float64{1, -2, 0.5, 4}, Bias: []float64{0, 1}},
		Input:  Quant{Scale: 1},
	}
	if err := q.quantiseWeights(); err != nil {
		t.Fatal(err)
	}
	if len(q.CodeScales) != 1 || q.Codes[3] != 127 || q.Codes[0] != 32 || q.Biases[1] != 32 {
		t.Errorf("scales %v, codes %v, biases %v", q.CodeScales, q.Codes, q.Biases)
	}
}

func TestQuantiseOddChannels(t *testing.T) {
	q := Quantised{
		Folded: Folded{
			Operation: OpConv, Out: Shape{3, 1, 1},
			Weights: []float64{0, 0, 1e-12, 0, 1, 1}, Bias: []float64{0, 7, 0},
		},
		Input: Quant{Scale: 1.0 / 255},
	}
	if err := q.quantiseWeights(); err != nil {
		t.Fatal(err)
	}
	if q.CodeScales[0] != 1 {
		t.Errorf("dead channel: scale %g, want 1", q.CodeScales[0])
	}
	// The scale of the second channel grew so that its bias fits 32 bits.
	got := float64(q.Biases[1]) * float64(q.biasScale(1))
	if math.Abs(got-7) > 1e-6 || q.Codes[2] != 0 {
		t.Errorf("tiny channel: bias %d stands for %g, code %d", q.Biases[1], got, q.Codes[2])
	}
	q.Weights[0] = math.NaN()
	if q.quantiseWeights() == nil {
		t.Error("NaN weight: no error")
	}
}

// forward runs folded layers by their definition on one picture, values in
// rows of channels as TensorFlow Lite lays them out.
func forward(layers []Folded, x []float64) []float64 {
	for i := range layers {
		f := &layers[i]
		y := make([]float64, f.Out.H*f.Out.W*f.Out.C)
		for at := range y {
			c, ox, oy := at%f.Out.C, at/f.Out.C%f.Out.W, at/f.Out.C/f.Out.W
			switch f.Operation {
			case OpGlobalPool:
				for p := c; p < len(x); p += f.In.C {
					y[at] += x[p] / float64(f.In.H*f.In.W)
				}
			case OpDense:
				y[at] = f.Bias[c]
				for p, v := range x {
					y[at] += f.Weights[c*len(x)+p] * v
				}
			default:
				y[at] = f.Bias[c] + f.windowSum(x, c, oy, ox)
			}
			if f.Relu {
				y[at] = max(0, y[at])
			}
		}
		x = y
	}
	return x
}

func (f *Folded) windowSum(x []float64, c, oy, ox int) float64 {
	var sum float64
	k := f.Window.K
	for ky := 0; ky < k; ky++ {
		for kx := 0; kx < k; kx++ {
			iy, ix := oy*f.Window.Stride+ky-f.Window.padBefore(f.In.H), ox*f.Window.Stride+kx-f.Window.padBefore(f.In.W)
			if iy < 0 || iy >= f.In.H || ix < 0 || ix >= f.In.W {
				continue
			}
			row := x[(iy*f.In.W+ix)*f.In.C:]
			if f.Operation == OpDepthwise {
				sum += f.Weights[(ky*k+kx)*f.In.C+c] * row[c]
				continue
			}
			for ic := 0; ic < f.In.C; ic++ {
				sum += f.Weights[((c*k+ky)*k+kx)*f.In.C+ic] * row[ic]
			}
		}
	}
	return sum
}

func TestFoldKeepsTheFunction(t *testing.T) {
	r, set := smallRecipe(), smallSet(64)
	net, err := r.Fit(set, nil)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := net.Fold(set)
	if err != nil {
		t.Fatal(err)
	}
	eachBatch(set, set.Len(), func(x *Tensor, _ []uint8) {
		logits := net.Forward(x, false)
		for i := 0; i < x.N; i++ {
			picture := make([]float64, len(set.Picture(i)))
			for p, v := range set.Picture(i) {
				picture[p] = float64(v) / 255
			}
			for c, got := range forward(layers, picture) {
				want := float64(logits.Lane(c, 0, 0)[i])
				if math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
					t.Fatalf("picture %d class %d: folded %g, network %g", i, c, got, want)
				}
				last := layers[len(layers)-1]
				if got < last.Low-1e-3 || got > last.High+1e-3 {
					t.Fatalf("picture %d class %d: %g outside the calibrated %g…%g", i, c, got, last.Low, last.High)
				}
			}
		}
	})
}

// smallRecipe has every kind of layer and trains in milliseconds.
func smallRecipe() *Recipe {
	return &Recipe{
		Name: "small", Seed: 11, Shrink: 1, Classes: [10]uint8{0, 1, 2},
		Stages: []Stage{
			{Out: 4, Window: Window{3, 1, true}},
			{Depthwise: true, Window: Window{3, 2, true}},
			{Out: 6, Window: Window{1, 1, true}},
		},
		GlobalPool: true, Softmax: true,
		Samples: 1000, Epochs: 3, Batch: 16, Rate: 0.02, Decay: 0.01, Smoothing: 0.05,
		Augment: Augment{Shift: 1, Flip: true}, Calibration: 40,
	}
}

// smallSet draws 8 × 8 pictures of three kinds: bright above, bright below,
// checked, all with noise.
func smallSet(n int) *Images {
	rng := rand.New(rand.NewPCG(12, 13))
	set := &Images{Height: 8, Width: 8}
	for i := 0; i < n; i++ {
		kind := rng.IntN(3)
		for p := 0; p < 64; p++ {
			y, x := p/8, p%8
			bright := [3]bool{y < 4, y >= 4, (x+y)%2 == 0}[kind]
			v := rng.IntN(100)
			if bright {
				v += 120
			}
			set.Pixels = append(set.Pixels, byte(v))
		}
		set.Labels = append(set.Labels, uint8(kind))
	}
	return set
}
