package engine

import (
	"testing"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu/isa"
)

// Records are the same with hardly any checkpoints and with one trace.
func TestRecordsDoNotDependOnMemory(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x64, 3, faults.Options{})
	for i, g := range e.Runs.Golds {
		g.Points, _ = golden.Thin(g.Points, nil)
		if i > 0 {
			trace := e.TraceOf(g)
			e.Traces.Keep(g, trace, trace.Bytes(), 1)
		}
		g.End = len(g.Points) - 1
		if g.Points[g.End].Cycle != g.Cycles {
			g.Points = append(g.Points, last(t, e, g))
			g.End++
		}
	}
	compareOptions(t, e, 150)
}

// last is the point at the end of an inference.
func last(t *testing.T, e *Engine, g *golden.Run) golden.Point {
	t.Helper()
	m, err := e.Machine(g.Input)
	if err != nil {
		t.Fatal(err)
	}
	e.Program().Start(m)
	m.Run(golden.RunawayLimit)
	var p golden.Point
	p.Take(m, &g.Points[len(g.Points)-1], nil)
	return p
}
