package tflite

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"upset/models/tflite/flextest"
)

func TestCustomNumbers(t *testing.T) {
	op := Operator{Code: OpCustom, Custom: "x", CustomOptions: flextest.Numbers([]string{"a", "bc", "d"}, 3, -7, 0.25)}
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
			CustomOptions: flextest.Numbers([]string{"max_classes_per_detection", "max_detections"}, 1, 10),
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
	m.Subgraphs[0].Operators[0].CustomOptions = flextest.Numbers([]string{"max_classes_per_detection", "max_detections"}, 1, 1<<20)
	if _, err := m.Normalise(); err == nil || !strings.Contains(err.Error(), "up to") {
		t.Errorf("error %v", err)
	}
}

func FuzzCustomNumbers(f *testing.F) {
	f.Add(flextest.Numbers([]string{"a", "bc"}, 3, 0.5))
	f.Fuzz(func(t *testing.T, data []byte) {
		op := Operator{Code: OpCustom, CustomOptions: data}
		if got, err := op.CustomNumbers(); err == nil && len(got) > len(data) {
			t.Errorf("%d numbers from %d bytes", len(got), len(data))
		}
	})
}
