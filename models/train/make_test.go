package train

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"

	"upset/models/tflite"
	"upset/models/train/nets"
)

func TestMakeIsDeterministic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []byte
	for _, procs := range []int{1, 4, 1} {
		runtime.GOMAXPROCS(procs)
		result, err := smallRecipe().Make(smallSet(160), nil)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = result.Model
		}
		if !bytes.Equal(first, result.Model) {
			t.Fatalf("GOMAXPROCS %d: other bytes", procs)
		}
	}
	other := smallRecipe()
	other.Seed++
	result, err := other.Make(smallSet(160), nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, result.Model) {
		t.Error("another seed gave the same bytes")
	}
}

func TestTrainingLearns(t *testing.T) {
	r := smallRecipe()
	r.Augment, r.Epochs = Augment{}, 12
	var losses []float64
	result, err := r.Make(smallSet(320), func(_ int, loss float64) { losses = append(losses, loss) })
	if err != nil {
		t.Fatal(err)
	}
	if len(losses) != 12 || losses[11] > losses[0]/2 {
		t.Errorf("losses %v", losses)
	}
	if got := result.Accuracy(smallSet(400)); got < 0.95 {
		t.Errorf("accuracy %g on a separable task", got)
	}
}

func TestExport(t *testing.T) {
	result, err := smallRecipe().Make(smallSet(160), nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(result.Model)
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	want := []tflite.BuiltinCode{
		tflite.OpConv2D, tflite.OpDepthwiseConv2D, tflite.OpConv2D, tflite.OpAveragePool2D,
		tflite.OpReshape, tflite.OpFullyConnected, tflite.OpSoftmax,
	}
	if len(g.Operators) != len(want) {
		t.Fatalf("%d operators, want %d", len(g.Operators), len(want))
	}
	for i, op := range g.Operators {
		if op.Code != want[i] {
			t.Errorf("operator %d is %v, want %v", i, op.Code, want[i])
		}
		if i > 0 && op.Inputs[0] != g.Operators[i-1].Outputs[0] {
			t.Errorf("operator %d does not read the output of the one before", i)
		}
	}
	checkTensors(t, g)
	input, output := g.Tensors[g.Inputs[0]], g.Tensors[g.Outputs[0]]
	if input.Quant.Scale[0] != float32(1.0/255) || input.Quant.ZeroPoint[0] != -128 || input.Bytes() != 64 {
		t.Errorf("input %+v", input)
	}
	if output.Quant.Scale[0] != 1.0/256 || output.Quant.ZeroPoint[0] != -128 || output.Bytes() != 3 {
		t.Errorf("output %+v", output)
	}
	// 8·8·4·9 + 4·4·4·9 + 4·4·6·4 + 6·3
	if got := result.Float.MACs(); got != 2304+576+384+18 {
		t.Errorf("%d MACs", got)
	}
}

// checkTensors checks what the TensorFlow Lite 8-bit specification asks of
// weights, biases and pooling.
func checkTensors(t *testing.T, g *tflite.Subgraph) {
	t.Helper()
	for i, op := range g.Operators {
		in, out := g.Tensors[op.Inputs[0]], g.Tensors[op.Outputs[0]]
		switch op.Code {
		case tflite.OpConv2D, tflite.OpDepthwiseConv2D, tflite.OpFullyConnected:
			weights, bias := g.Tensors[op.Inputs[1]], g.Tensors[op.Inputs[2]]
			axis, scales := 0, out.Shape[len(out.Shape)-1]
			if op.Code == tflite.OpDepthwiseConv2D {
				axis = 3
			}
			if op.Code == tflite.OpFullyConnected {
				scales = 1
			}
			if weights.Quant.Axis != axis || len(weights.Quant.Scale) != scales || len(bias.Quant.Scale) != scales {
				t.Errorf("operator %d: axis %d, %d weight and %d bias scales", i, weights.Quant.Axis, len(weights.Quant.Scale), len(bias.Quant.Scale))
			}
			for k, s := range bias.Quant.Scale {
				if s != in.Quant.Scale[0]*weights.Quant.Scale[k] || weights.Quant.ZeroPoint[k] != 0 {
					t.Errorf("operator %d: bias scale %g", i, s)
				}
			}
			for _, code := range weights.Data {
				if int8(code) == -128 {
					t.Errorf("operator %d: weight code −128", i)
				}
			}
			if op.Options.Activation == tflite.Relu && out.Quant.ZeroPoint[0] != -128 {
				t.Errorf("operator %d: rectified, zero point %d", i, out.Quant.ZeroPoint[0])
			}
		case tflite.OpAveragePool2D, tflite.OpReshape:
			if in.Quant.Scale[0] != out.Quant.Scale[0] || in.Quant.ZeroPoint[0] != out.Quant.ZeroPoint[0] {
				t.Errorf("operator %d changes the quantisation", i)
			}
		}
	}
}

func TestPrepare(t *testing.T) {
	r := &Recipe{Name: "p", Shrink: 2, Classes: [10]uint8{3, 5}}
	set := &Images{Height: 2, Width: 4, Pixels: []byte{1, 2, 255, 255, 3, 4, 255, 254}, Labels: []uint8{1}}
	got, err := r.Prepare(set)
	if err != nil {
		t.Fatal(err)
	}
	// (1+2+3+4)/4 = 2.5 rounds up, (3·255+254)/4 = 254.75 too.
	if !bytes.Equal(got.Pixels, []byte{3, 255}) || got.Labels[0] != 5 || got.Height != 1 || got.Width != 2 {
		t.Errorf("got %+v", got)
	}
	set.Labels[0] = 10
	if _, err := r.Prepare(set); err == nil {
		t.Error("label 10: no error")
	}
	if _, err := (&Recipe{Shrink: 3}).Prepare(set); err == nil {
		t.Error("odd square: no error")
	}
	if in := InputTensor([]byte{0, 128, 255}); !bytes.Equal(in, []byte{0x80, 0, 0x7f}) {
		t.Errorf("input tensor % x", in)
	}
}

func TestDraw(t *testing.T) {
	set := &Images{Height: 2, Width: 3, Pixels: []byte{10, 20, 30, 40, 50, 60}, Labels: []uint8{0}}
	x := make([]float32, 6)
	for _, c := range []struct {
		dy, dx int
		mirror bool
		want   []byte
	}{
		{0, 0, false, []byte{10, 20, 30, 40, 50, 60}},
		{1, 0, false, []byte{0, 0, 0, 10, 20, 30}},
		{0, -1, false, []byte{20, 30, 0, 50, 60, 0}},
		{0, 0, true, []byte{30, 20, 10, 60, 50, 40}},
	} {
		set.draw(x, 0, c.dy, c.dx, c.mirror)
		for i, v := range c.want {
			if x[i] != float32(v)*float32(pixelScale) {
				t.Errorf("shift %d,%d mirror %v: pixel %d is %g, want %d/255", c.dy, c.dx, c.mirror, i, x[i], v)
			}
		}
	}
}

func TestRecipeErrors(t *testing.T) {
	if _, err := RecipeByName("nothing"); err == nil {
		t.Error("unknown name: no error")
	}
	r := smallRecipe()
	if _, err := r.Fit(smallSet(8), nil); err == nil {
		t.Error("less than a batch: no error")
	}
	r.Stages = []Stage{{Out: 1, Window: nets.Window{K: 9, Stride: 1}}}
	if _, err := r.Make(smallSet(32), nil); err == nil {
		t.Error("window larger than the picture: no error")
	}
	r.Stages = nil
	if _, err := r.Make(smallSet(32), nil); err == nil {
		t.Error("no stages: no error")
	}
}

// smallRecipe has every kind of layer and trains in milliseconds.
func smallRecipe() *Recipe {
	return &Recipe{
		Name: "small", Seed: 11, Shrink: 1, Classes: [10]uint8{0, 1, 2},
		Stages: []Stage{
			{Out: 4, Window: nets.Window{K: 3, Stride: 1, Same: true}},
			{Depthwise: true, Window: nets.Window{K: 3, Stride: 2, Same: true}},
			{Out: 6, Window: nets.Window{K: 1, Stride: 1, Same: true}},
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
