package golden

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"upset/faults"
	"upset/npu/isa"
)

// The memory of the fault-free runs does not grow with the inputs beyond what the options
// allow, records do not depend on it, and traces that were dropped are made again.
func TestMemoryIsBounded(t *testing.T) {
	const inputs = 6
	small := runs(t, "fashion-tiny", isa.U55x64, inputs, faults.Options{})
	small.options.Memory = 1 // the least is taken
	if small.memory() != faults.MinMemory || small.pointRoom() != faults.MinMemory/8*5/inputs {
		t.Fatalf("memory %d, %d for the points of an input", small.memory(), small.pointRoom())
	}
	e := runs(t, "fashion-tiny", isa.U55x64, inputs, faults.Options{})
	m, err := e.Machine(e.Golds[0].Input)
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for i, g := range e.Golds {
		n := 0
		for k := range g.Points {
			var prev *Point
			if k > 0 {
				prev = &g.Points[k-1]
			}
			n += g.Points[k].bytes(prev)
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
	list, step, err := record(t.Context(), m, nil, closest, e.Cycles()+1, room, 0, straight)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := int(after.HeapAlloc) - int(before.HeapAlloc); n > 3*room/2 {
		t.Errorf("points in a room of %d bytes take %d", room, n)
	}
	if len(list) < 3 || step <= closest || list[1].Cycle != step || list[len(list)-1].Cycle != e.Cycles() {
		t.Fatalf("%d points with a step of %d", len(list), step)
	}
	for i, p := range list[:len(list)-1] {
		if p.Cycle != uint64(i)*step {
			t.Fatalf("point %d lies at cycle %d, the step is %d", i, p.Cycle, step)
		}
	}
	runtime.KeepAlive(list)
}

// A trace that had to go is made again, and equals the first.
func TestTracesComeBack(t *testing.T) {
	const inputs = 3
	e := runs(t, "fashion-tiny", isa.U55x64, inputs, faults.Options{})
	first := e.TraceOf(e.Golds[0])
	if first == nil || e.TraceOf(e.Golds[0]) != first {
		t.Fatal("the trace of an input is not kept")
	}
	room := first.Bytes() // for one
	for _, g := range e.Golds[1:] {
		e.Traces.Keep(g, e.TraceOf(g), first.Bytes(), room)
	}
	if len(e.Traces.kept) != 1 {
		t.Fatalf("%d traces are kept in the room for one", len(e.Traces.kept))
	}
	again := e.TraceOf(e.Golds[0])
	if again == nil || again == first || again.Bytes() != first.Bytes() {
		t.Fatalf("the trace was not made again")
	}
}

// Later inferences that had to go are made again, and are the same.
func TestChainsComeBack(t *testing.T) {
	e := runs(t, "fashion-tiny", isa.U55x64, 3, faults.Options{})
	e.Inherits.Mem = make([]bool, 1) // as if data reached from one inference to another
	e.options.Memory = faults.MinMemory
	var first []Point
	for round := range 2 {
		for i := range e.Golds {
			l, err := e.Later(i, 3)
			if err != nil {
				t.Fatal(err)
			}
			if round == 0 {
				first = append(first, l.Points[0])
			} else if p := l.Points[0]; p.Flops != first[i].Flops || !slices.EqualFunc(p.Mem, first[i].Mem, bytes.Equal) || !slices.EqualFunc(p.RAM, first[i].RAM, bytes.Equal) {
				t.Errorf("input %d: another inference than before", i)
			}
			e.chains.sized(e.chainRoom()) // room for one
		}
	}
	if n := len(e.chains.kept); n != 1 {
		t.Errorf("%d chains are kept in the room for one", n)
	}
}
