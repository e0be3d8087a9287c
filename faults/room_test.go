package faults

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"upset/npu/isa"
)

// The memory of the fault-free runs does not grow with the inputs beyond what the options
// allow, records do not depend on it, and traces that were dropped are made again.
func TestMemoryIsBounded(t *testing.T) {
	const inputs = 6
	small := engine(t, "fashion-tiny", isa.U55x64, inputs, Options{})
	small.options.Memory = 1 // the least is taken
	if small.memory() != MinMemory || small.pointRoom() != MinMemory/8*5/inputs {
		t.Fatalf("memory %d, %d for the points of an input", small.memory(), small.pointRoom())
	}
	e := engine(t, "fashion-tiny", isa.U55x64, inputs, Options{})
	m, err := e.machine(e.golds[0].Input)
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for i, g := range e.golds {
		n := 0
		for k := range g.points {
			var prev *point
			if k > 0 {
				prev = &g.points[k-1]
			}
			n += g.points[k].bytes(prev)
		}
		if n > e.pointRoom() {
			t.Errorf("input %d: points of %d bytes, room for %d", i, n, e.pointRoom())
		}
		all += n
	}
	room := all / inputs / 5
	e.program.Start(m)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	list, step, err := record(t.Context(), m, nil, closest, e.Cycles()+1, room, nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := int(after.HeapAlloc) - int(before.HeapAlloc); n > 3*room/2 {
		t.Errorf("points in a room of %d bytes take %d", room, n)
	}
	if len(list) < 3 || step <= closest || list[1].cycle != step || list[len(list)-1].cycle != e.Cycles() {
		t.Fatalf("%d points with a step of %d", len(list), step)
	}
	for i, p := range list[:len(list)-1] {
		if p.cycle != uint64(i)*step {
			t.Fatalf("point %d lies at cycle %d, the step is %d", i, p.cycle, step)
		}
	}
	runtime.KeepAlive(list)
}

// A trace that had to go is made again, and equals the first.
func TestTracesComeBack(t *testing.T) {
	const inputs = 3
	e := engine(t, "fashion-tiny", isa.U55x64, inputs, Options{})
	first := e.traceOf(e.golds[0])
	if first == nil || e.traceOf(e.golds[0]) != first {
		t.Fatal("the trace of an input is not kept")
	}
	room := first.Bytes() // for one
	for _, g := range e.golds[1:] {
		e.traces.keep(g, e.traceOf(g), first.Bytes(), room)
	}
	if len(e.traces.kept) != 1 {
		t.Fatalf("%d traces are kept in the room for one", len(e.traces.kept))
	}
	again := e.traceOf(e.golds[0])
	if again == nil || again == first || again.Bytes() != first.Bytes() {
		t.Fatalf("the trace was not made again")
	}
}

// Records are the same with hardly any checkpoints and with one trace.
func TestRecordsDoNotDependOnMemory(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x64, 3, Options{})
	for i, g := range e.golds {
		g.points, _ = thin(g.points, nil)
		if i > 0 {
			trace := e.traceOf(g)
			e.traces.keep(g, trace, trace.Bytes(), 1)
		}
		g.end = len(g.points) - 1
		if g.points[g.end].cycle != g.Cycles {
			g.points = append(g.points, e.last(t, g))
			g.end++
		}
	}
	compareOptions(t, e, 150)
}

// last is the point at the end of an inference.
func (e *Engine) last(t *testing.T, g *Golden) point {
	t.Helper()
	m, err := e.machine(g.Input)
	if err != nil {
		t.Fatal(err)
	}
	e.program.Start(m)
	m.Run(runawayLimit)
	return snapshot(m, &g.points[len(g.points)-1])
}

// Later inferences that had to go are made again, and are the same.
func TestChainsComeBack(t *testing.T) {
	e := engine(t, "fashion-tiny", isa.U55x64, 3, Options{})
	e.inherits.mem = make([]bool, 1) // as if data reached from one inference to another
	e.options.Memory = MinMemory
	var first []point
	for round := range 2 {
		for i := range e.golds {
			l, err := e.later(i, 3)
			if err != nil {
				t.Fatal(err)
			}
			if round == 0 {
				first = append(first, l.points[0])
			} else if p := l.points[0]; p.flops != first[i].flops || !slices.EqualFunc(p.mem, first[i].mem, bytes.Equal) || !slices.EqualFunc(p.ram, first[i].ram, bytes.Equal) {
				t.Errorf("input %d: another inference than before", i)
			}
			e.chains.sized(e.chainRoom()) // room for one
		}
	}
	if n := len(e.chains.kept); n != 1 {
		t.Errorf("%d chains are kept in the room for one", n)
	}
}
