package selection_test

import (
	"math"
	"testing"
	"upset/models/selection"
	"upset/models/train/nets"
	"upset/npu/isa"
)

// TestLookUp compares the NPU's tables with the functions for every input code:
// within two of the last place.
func TestLookUp(t *testing.T) {
	cfg, err := isa.ParseConfig("u55-128")
	if err != nil {
		t.Fatal(err)
	}
	input := nets.Quant{Scale: 1.0 / 24, ZeroPoint: 5}
	var values []float64
	for code := -128; code < 128; code++ {
		values = append(values, float64(input.Scale)*float64(code-5))
	}
	for _, c := range []struct {
		name string
		add  func(*nets.Graph) nets.Node
		f    func(float64) float64
	}{
		{"tanh", func(g *nets.Graph) nets.Node { return g.Tanh(0) }, math.Tanh},
		{"sigmoid", func(g *nets.Graph) nets.Node { return g.Sigmoid(0) }, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
	} {
		g := nets.New(nets.Shape{H: 1, W: 1, C: len(values)})
		c.add(g)
		model, err := g.Export([][]float64{values}, nets.Options{Input: &input})
		if err != nil {
			t.Fatal(err)
		}
		w := selection.Workload{Scorers: []selection.Scorer{{Name: c.name, Model: model, Rows: [][]byte{nets.Row(values, input)}}}}
		tables, err := w.Functional(cfg)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for j, x := range values {
			worst = max(worst, math.Abs(tables[0].At(0, j)-c.f(x))/tables[0].Scale)
		}
		if worst > 2 {
			t.Errorf("%s: off by %.2f of the last place", c.name, worst)
		}
	}
}
