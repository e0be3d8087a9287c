package tflite

import (
	"fmt"
	"slices"
)

// DetectionPostProcess is the custom code of the operator that turns the raw
// outputs of a detector into boxes.
const DetectionPostProcess = "TFLite_Detection_PostProcess"

func isDetection(op *Operator) bool { return op.Code == OpCustom && op.Custom == DetectionPostProcess }

// lacksShapes tells whether an output of a DetectionPostProcess has no shape, which
// converters leave to the runtime.
func (g *Subgraph) lacksShapes() bool {
	return slices.ContainsFunc(g.Operators, func(op Operator) bool {
		return isDetection(&op) && slices.ContainsFunc(op.Outputs, func(id int) bool {
			return id >= 0 && len(g.Tensors[id].Shape) == 0
		})
	})
}

// detectionShapes gives the outputs of a DetectionPostProcess their shapes, which
// TFLite derives from the options: boxes [1, n, 4], classes and scores [1, n] and
// the number of detections [1]. The tensors must be a copy.
func (g *Subgraph) detectionShapes() error {
	for i := range g.Operators {
		op := &g.Operators[i]
		if !isDetection(op) {
			continue
		}
		options, err := op.CustomNumbers()
		if err != nil {
			return fmt.Errorf("operator %d: %w", i, err)
		}
		n := options["max_detections"] * options["max_classes_per_detection"]
		const most = 1 << 16 // our choice
		if len(op.Outputs) != 4 || !(n >= 0 && n <= most) {
			return fmt.Errorf("operator %d (%s): %v detections and %d outputs; up to %d and 4 are known", i, op.Name(), n, len(op.Outputs), most)
		}
		for k, shape := range [][]int{{1, int(n), 4}, {1, int(n)}, {1, int(n)}, {1}} {
			if id := op.Outputs[k]; id >= 0 {
				g.Tensors[id].Shape = shape
			}
		}
	}
	return nil
}
