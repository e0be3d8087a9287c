package reference

import (
	"math"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/models/tflite/flextest"
)

// detector is three boxes of two classes and a background: the first two nearly
// coincide, the third stands apart. regular selects suppression per class.
func detector(regular float64) *tflite.Model {
	names := []string{
		"detections_per_class", "h_scale", "max_classes_per_detection", "max_detections", "nms_iou_threshold",
		"nms_score_threshold", "num_classes", "use_regular_nms", "w_scale", "x_scale", "y_scale",
	}
	op := tflite.Operator{
		Code: tflite.OpCustom, Custom: tflite.DetectionPostProcess, Inputs: []int{0, 1, 2}, Outputs: []int{3, 4, 5, 6},
		CustomOptions: flextest.Numbers(names, 2, 5, 1, 3, 0.5, 0.25, 2, regular, 5, 10, 10),
	}
	anchors := floatTensor(3, 4)
	anchors.Data = pourFloats(0.5, 0.5, 1, 1, 0.5, 0.5, 1, 1, 10, 10, 2, 2)
	return single(op, floatTensor(1, 3, 4), floatTensor(1, 3, 3), anchors, floatTensor(), floatTensor(), floatTensor(), floatTensor())
}

// TestDetection checks both ways of suppression: by the best class of a box, and
// class by class.
func TestDetection(t *testing.T) {
	boxes := pourFloats(0, 0, 0, 0, 1, 0, 0, 0, 10, -10, float32(5*math.Ln2), 0)
	scores := pourFloats(0, 0.9, 0.3, 0, 0.8, 0.7, 0, 0.1, 0.6)
	third := []float64{12 - 2, 8 - 1, 12 + 2, 8 + 1}
	first := []float64{0, 0, 1, 1}
	second := []float64{0.1, 0, 1.1, 1}
	cases := []struct {
		regular                float64
		boxes, classes, scores []float64
		n                      float64
	}{
		{0, append(append(append([]float64{}, first...), third...), 0, 0, 0, 0), []float64{0, 1, 0}, []float64{0.9, 0.6, 0}, 2},
		{1, append(append(append([]float64{}, first...), second...), third...), []float64{0, 1, 1}, []float64{0.9, 0.7, 0.6}, 3},
	}
	for _, c := range cases {
		got, err := Run(detector(c.regular), [][]byte{boxes, scores})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "boxes", got[0], c.boxes...)
		near(t, "classes", got[1], c.classes...)
		near(t, "scores", got[2], c.scores...)
		near(t, "number", got[3], c.n)
	}
}

func TestDetectionRefuses(t *testing.T) {
	m := detector(0)
	m.Subgraphs[0].Tensors[2].Shape, m.Subgraphs[0].Tensors[2].Data = []int{2, 4}, make([]byte, 32)
	if _, err := New(m); err == nil || !strings.Contains(err.Error(), "2 anchors for 3 boxes") {
		t.Errorf("error %v", err)
	}
	m = detector(0)
	m.Subgraphs[0].Operators[0].CustomOptions = []byte{1, 2, 3}
	if _, err := New(m); err == nil || !strings.Contains(err.Error(), "not a map") {
		t.Errorf("error %v", err)
	}
}
