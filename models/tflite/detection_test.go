package tflite

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// flexNumbers writes a FlexBuffers map of numbers with entries of four bytes; names
// in order, whole numbers as integers.
func flexNumbers(names []string, values ...float64) []byte {
	var b []byte
	word := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	at := make([]int, len(names))
	for i, s := range names {
		at[i] = len(b)
		b = append(append(b, s...), 0)
	}
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	word(uint32(len(names)))
	keys := len(b)
	for _, a := range at {
		word(uint32(len(b) - a))
	}
	word(uint32(len(b) - keys))
	word(4)
	word(uint32(len(names)))
	start := len(b)
	var types []byte
	for _, x := range values {
		if x == math.Trunc(x) {
			word(uint32(int32(x)))
			types = append(types, 1<<2|2)
		} else {
			word(math.Float32bits(float32(x)))
			types = append(types, 3<<2|2)
		}
	}
	b = append(b, types...)
	return append(b, byte(len(b)-start), 9<<2|2, 1)
}

func TestCustomNumbers(t *testing.T) {
	op := Operator{Code: OpCustom, Custom: "x", CustomOptions: flexNumbers([]string{"a", "bc", "d"}, 3, -7, 0.25)}
	got, err := op.CustomNumbers()
	if want := map[string]float64{"a": 3, "bc": -7, "d": 0.25}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (%v), want %v", got, err, want)
	}
	for n := range op.CustomOptions {
		cut := Operator{Code: OpCustom, Custom: "x", CustomOptions: op.CustomOptions[:n]}
		if _, err := cut.CustomNumbers(); err == nil {
			t.Errorf("options cut to %d bytes are accepted", n)
		} else if !strings.HasPrefix(err.Error(), "x: ") {
			t.Errorf("error %v", err)
		}
	}
}

// TestDetectionShapes checks the shapes that converters leave to the runtime.
func TestDetectionShapes(t *testing.T) {
	f := Tensor{Type: Float32}
	m := &Model{Subgraphs: []Subgraph{{
		Tensors: []Tensor{{Type: Float32, Shape: []int{1, 5, 4}}, {Type: Float32, Shape: []int{1, 5, 3}}, {Type: Float32, Shape: []int{5, 4}}, f, f, f, f},
		Operators: []Operator{{
			Code: OpCustom, Custom: DetectionPostProcess, Inputs: []int{0, 1, 2}, Outputs: []int{3, 4, 5, 6},
			CustomOptions: flexNumbers([]string{"max_classes_per_detection", "max_detections"}, 1, 10),
		}},
		Inputs: []int{0, 1}, Outputs: []int{3, 4, 5, 6},
	}}}
	n, err := m.Normalise()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]int{{1, 10, 4}, {1, 10}, {1, 10}, {1}} {
		if got := n.Subgraphs[0].Tensors[3+i].Shape; !slices.Equal(got, want) {
			t.Errorf("output %d: %v, want %v", i, got, want)
		}
	}
	if m.Subgraphs[0].Tensors[3].Shape != nil {
		t.Error("the given model was changed")
	}
	if again, err := n.Normalise(); err != nil || again != n {
		t.Errorf("a normalised model is normalised again (%v)", err)
	}
	m.Subgraphs[0].Operators[0].CustomOptions = flexNumbers([]string{"max_classes_per_detection", "max_detections"}, 1, 1<<20)
	if _, err := m.Normalise(); err == nil || !strings.Contains(err.Error(), "up to") {
		t.Errorf("error %v", err)
	}
}

func FuzzCustomNumbers(f *testing.F) {
	f.Add(flexNumbers([]string{"a", "bc"}, 3, 0.5))
	f.Fuzz(func(t *testing.T, data []byte) {
		op := Operator{Code: OpCustom, CustomOptions: data}
		if got, err := op.CustomNumbers(); err == nil && len(got) > len(data) {
			t.Errorf("%d numbers from %d bytes", len(got), len(data))
		}
	})
}
