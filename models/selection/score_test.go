package selection_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"upset/models/selection"
	"upset/models/train/nets"
	"upset/npu"
	"upset/npu/isa"
)

// workload is a graph with every kind of node of the training kit.
func workload(t *testing.T, rows int) *selection.Workload {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	g := nets.New(nets.Shape{H: 6, W: 4, C: 3})
	c := g.Conv(0, 3, 1, 4, true, nets.Relu, rng)
	p := g.Mul(g.Sigmoid(g.Depthwise(c, 3, 2, true, nets.Linear, rng)), g.MaxPool(c, 2, 2))
	a := g.AvgPool(c, 2, 2)
	joined := g.Concat(g.Add(p, g.AvgPool(a, 3, 2)), a)
	g.Dense(g.Tanh(g.Dense(joined, 5, nets.Linear, rng)), 3, nets.Linear, rng)
	input := nets.Quant{Scale: 1.0 / 40, ZeroPoint: 5}
	s := selection.Scorer{Name: "everything"}
	var samples [][]float64
	for range rows {
		x := make([]float64, 6*4*3)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		samples, s.Rows = append(samples, x), append(s.Rows, nets.Row(x, input))
	}
	var err error
	if s.Model, err = g.Export(samples, nets.Options{Input: &input}); err != nil {
		t.Fatal(err)
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: surest{2}}
}

// TestScore runs the graph on all levels and configurations; the bytes are the
// same everywhere.
func TestScore(t *testing.T) {
	w := workload(t, 12)
	want, err := w.Reference()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(want[0].Data); n != 36 || bytes.Equal(want[0].Data[:3], want[0].Data[3:6]) {
		t.Fatalf("%d bytes of scores: %v", n, want[0].Data)
	}
	for _, name := range []string{"u55-32", "u55-64", "u55-128", "u55-256"} {
		cfg, err := isa.ParseConfig(name)
		if err != nil {
			t.Fatal(err)
		}
		calls := make(chan bool, 12)
		run, err := selection.NewRun(w, 1, cfg)
		if err != nil {
			t.Fatal(err)
		}
		s, err := run.Execute(context.Background(), selection.Machine{
			Config: cfg, System: npu.DefaultSystem(), Workers: 2, Progress: func() { calls <- true },
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := run.Scores[0]; !bytes.Equal(got.Data, want[0].Data) || got.Scale != want[0].Scale || got.ZeroPoint != want[0].ZeroPoint {
			t.Errorf("%s: the scores differ from the reference kernels", name)
		}
		if s.Inferences != 12 || len(calls) != 12 || s.Each[0] == 0 || s.Cycles != 12*s.Each[0] {
			t.Errorf("%s: %d inferences, %d calls, %d cycles, %v each", name, s.Inferences, len(calls), s.Cycles, s.Each)
		}
	}
}

func TestScoreStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cfg, err := isa.ParseConfig("u55-128")
	if err != nil {
		t.Fatal(err)
	}
	run, err := selection.NewRun(workload(t, 2), 1, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Execute(ctx, selection.Machine{Config: cfg, System: npu.DefaultSystem(), Workers: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestScoreRefuses(t *testing.T) {
	cfg, err := isa.ParseConfig("u55-128")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(s *selection.Scorer){
		"no model":  func(s *selection.Scorer) { s.Model = nil },
		"short row": func(s *selection.Scorer) { s.Rows[1] = s.Rows[1][:5] },
	} {
		w := workload(t, 2)
		change(&w.Scorers[0])
		if _, err := selection.NewRun(w, 1, cfg); err == nil {
			t.Errorf("%s: NewRun gives no error", name)
		}
		if _, err := w.Functional(cfg); err == nil {
			t.Errorf("%s: Functional gives no error", name)
		}
		if _, err := w.Reference(); err == nil {
			t.Errorf("%s: Reference gives no error", name)
		}
	}
	w := workload(t, 2)
	if _, err := w.Decide(nil); err == nil {
		t.Error("no tables: no error")
	}
	if _, err := w.Decide([]selection.Table{{Width: 1, Data: []byte{1}}}); err == nil {
		t.Error("too few rows: no error")
	}
}
