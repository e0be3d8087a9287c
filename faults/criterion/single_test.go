package criterion

import (
	"testing"

	"upset/models/nettest"
	"upset/models/network"
	"upset/models/tflite"
	"upset/npu/isa"
)

// openShared opens a network of the data folder as a program of frames.
func openShared(t *testing.T, file string, frames int) *network.Program {
	t.Helper()
	p, err := nettest.Shared(t, file, isa.U55x128).Whole(frames)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The rule for one output is that of what it is: a probability has a threshold, and of
// any other number every change counts. Other networks keep their rules.
func TestOneOutputHasItsRule(t *testing.T) {
	for _, c := range []struct {
		file   string
		frames int
		want   string
	}{
		{"models/hello_world_int8.tflite", 1, "one output: every change counts"},
		{"models/hello_world_int8.tflite", 3, "one output: every change counts"},
		{"zoo/user/esphome-vad.tflite", 2, "one output, a probability: crossing one half counts"},
		{"zoo/user/TaterTotterson-abe.tflite", 1, "one output, a probability: crossing one half counts"},
		{"models/kws_ref_model.tflite", 1, "top1"},
		{"models/ad01_int8.tflite", 1, "reconstruction"},
	} {
		p := openShared(t, c.file, c.frames)
		if got := (Criterion{}).Resolve(p).String(); got != c.want {
			t.Errorf("%s: %q, not %q", c.file, got, c.want)
		}
	}
}

// A probability is critical where it comes to the other side of one half, in any frame;
// what is above one half is the one class, one half and below the other.
func TestProbabilityCrossesHalf(t *testing.T) {
	of := func(ty tflite.Type, zero int64, frames int) *network.Program {
		b := network.Binding{Type: ty, Shape: []int{1, 1}, Size: 1, Quant: tflite.Quantization{Scale: []float32{1.0 / 256}, ZeroPoint: []int64{zero}}}
		p := &network.Program{Frames: frames}
		for range frames {
			p.Outputs = append(p.Outputs, b)
		}
		return p
	}
	i8 := func(v ...int8) (out []byte) {
		for _, x := range v {
			out = append(out, byte(x))
		}
		return out
	}
	for _, c := range []struct {
		p         *network.Program
		want, got []byte
		critical  bool
	}{
		{of(tflite.Int8, -128, 1), i8(100), i8(1), false},
		{of(tflite.Int8, -128, 1), i8(100), i8(0), true},
		{of(tflite.Int8, -128, 1), i8(-1), i8(0), false},
		{of(tflite.Int8, -128, 1), i8(-128), i8(127), true},
		{of(tflite.Uint8, 0, 1), []byte{129}, []byte{255}, false},
		{of(tflite.Uint8, 0, 1), []byte{129}, []byte{128}, true},
		{of(tflite.Int8, -128, 2), i8(100, -90), i8(90, -100), false},
		{of(tflite.Int8, -128, 2), i8(100, -90), i8(100, 5), true},
		{of(tflite.Int8, -127, 1), i8(100), i8(101), true}, // another quantisation: a number
	} {
		r := Criterion{}.Resolve(c.p)
		if got, err := r.Critical(c.p, nil, c.want, c.got); err != nil || got != c.critical {
			t.Errorf("%v: %v to %v: critical %v, %v", r, c.want, c.got, got, err)
		}
	}
}
