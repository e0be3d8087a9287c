package cells

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
)

// invoke runs a network with the reference kernels.
func invoke(t *testing.T, model []byte, inputs ...[]byte) [][]byte {
	t.Helper()
	m, err := tflite.Parse(model)
	if err != nil {
		t.Fatal(err)
	}
	in, err := reference.New(m)
	if err != nil {
		t.Fatal(err)
	}
	out, err := in.Invoke(inputs)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestForms(t *testing.T) {
	for _, f := range []Form{Wide(4), {Type: tflite.Int8, Scale: 0.25, Zero: -3}, Gate(tflite.Int8)} {
		values := []float64{0, 0.25, 0.75}
		got := f.Reals(f.Bytes(values...))
		for i, v := range values {
			if len(got) != len(values) || math.Abs(got[i]-v) > float64(f.Scale)/2 {
				t.Errorf("%+v: %v comes back as %v", f, values, got)
			}
		}
	}
	if got := Wide(1).Bytes(5, -5); !bytes.Equal(got, []byte{0xff, 0x7f, 0, 0x80}) {
		t.Errorf("values beyond the range give % x", got)
	}
}

// A step of a gated sum, in int16: two inputs, of which one is carried by an output.
func TestStep(t *testing.T) {
	f := Wide(4)
	n := New()
	x, h := n.Input(f, 2), n.Input(f, 2)
	gate := n.Sigmoid(n.Dense(x, []float64{1, 0, 0, -1}, []float64{0.5, 0}, f))
	next := n.Add(n.Mul(gate, h, f), x, f)
	model, err := n.Model("a step", n.Sum(next, Wide(8)), next)
	if err != nil {
		t.Fatal(err)
	}
	out := invoke(t, model, f.Bytes(0.5, -1), f.Bytes(2, -1))
	want := []float64{2/(1+math.Exp(-1)) + 0.5, -1/(1+math.Exp(-1)) - 1}
	for i, v := range f.Reals(out[1]) {
		if math.Abs(v-want[i]) > 2e-3 {
			t.Errorf("state %v, want %v", f.Reals(out[1]), want)
		}
	}
	if y := Wide(8).Reals(out[0]); math.Abs(y[0]-want[0]-want[1]) > 4e-3 {
		t.Errorf("sum %v, want %v", y, want[0]+want[1])
	}
}

// A power law of int8 numbers.
func TestInverseRoot(t *testing.T) {
	in, out := Form{Type: tflite.Int8, Scale: 2.0 / 255, Zero: -128}, Form{Type: tflite.Int8, Scale: 4.0 / 255, Zero: -128}
	n := New()
	x := n.Input(in, 4)
	model, err := n.Model("inverse roots", n.InverseRoot(x, out))
	if err != nil {
		t.Fatal(err)
	}
	got := out.Reals(invoke(t, model, in.Bytes(0, 0.25, 1, 2))[0])
	for i, want := range []float64{4, 2, 1, math.Sqrt(0.5)} {
		if math.Abs(got[i]-want) > 0.03 {
			t.Errorf("%v, want %v at %d", got, want, i)
		}
	}
}

func TestRefuses(t *testing.T) {
	for name, build := range map[string]func(n *Net, x Value) Value{
		"weights of another size": func(n *Net, x Value) Value { return n.Dense(x, make([]float64, 5), nil, Wide(1)) },
		"weights of zero":         func(n *Net, x Value) Value { return n.Dense(x, make([]float64, 4), nil, Wide(1)) },
		"biases of another size":  func(n *Net, x Value) Value { return n.Dense(x, []float64{1, 2}, []float64{1, 2}, Wide(1)) },
		"operands that differ":    func(n *Net, x Value) Value { return n.Add(x, n.Input(Wide(1), 3), Wide(1)) },
	} {
		n := New()
		if _, err := n.Model(name, build(n, n.Input(Wide(1), 2))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Weights use all codes but −128.
func TestWeights(t *testing.T) {
	n := New()
	x := n.Input(Form{Type: tflite.Int8, Scale: 1}, 3)
	model, err := n.Model("layer", n.Dense(x, []float64{2, -1, -2}, nil, Wide(1)))
	if err == nil {
		m, err := tflite.Parse(model)
		if err != nil {
			t.Fatal(err)
		}
		for _, tensor := range m.Subgraphs[0].Tensors {
			if tensor.Type == tflite.Int8 && tensor.Data != nil && !slices.Equal(tensor.Data, []byte{127, 0xc0, 0x81}) {
				t.Errorf("weights % x", tensor.Data)
			}
		}
	}
}
