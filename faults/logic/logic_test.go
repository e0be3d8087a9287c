package logic

import (
	"context"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/models/zoo"
	"upset/netlist/cosim"
	"upset/netlist/gate"
	"upset/npu"
	"upset/npu/isa"
)

// engine makes an engine of a network of the project.
func open(t testing.TB, name string, c isa.Config, inputs int) *engine.Engine {
	t.Helper()
	net, err := zoo.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "testdata", "models")
	data, err := net.ReadModel(dir)
	if err != nil {
		t.Fatal(err)
	}
	in, err := net.ReadInputs(dir)
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(n.Program(), in[:inputs], faults.Options{ECC: npu.ECCNone}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func block(t testing.TB, name string, c isa.Config) *cosim.Block {
	t.Helper()
	b, err := cosim.Open(name, c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFaultsThatDoNotShowDoNothing: a run of a whole inference with a fault from cycle 0 on
// ends as the run from its departure on does, and one that never departs is masked.
func TestFaultsThatDoNotShowDoNothing(t *testing.T) {
	e := open(t, "fashion-tiny", isa.U55x32, 1)
	for name, least := range map[string]int{"traversal": 3, "weight_decoder": 4} {
		b := block(t, name, isa.U55x32)
		sample := NewList(b.Gates).Sample(150, 1)
		from, err := Departs(b, e, 0, sample)
		if err != nil {
			t.Fatal(err)
		}
		var late, early []Job
		for i, f := range sample {
			late = append(late, Job{f, 0, from[i]})
			early = append(early, Job{f, 0, 0})
		}
		x, y := run(t, b, e, late), run(t, b, e, early)
		count := map[faults.Outcome]int{}
		for i := range x {
			count[x[i].Outcome]++
			if x[i].Outcome != y[i].Outcome {
				t.Errorf("%s stuck at %v: %s from cycle %d on, %s from 0", b.Gates.NetName(sample[i].Net), sample[i].High, x[i].Outcome, from[i], y[i].Outcome)
			}
		}
		if len(count) < least {
			t.Errorf("%s: only outcomes %v", name, count)
		}
	}
}

func run(t *testing.T, b *cosim.Block, e *engine.Engine, jobs []Job) []Effect {
	t.Helper()
	x, err := Run(context.Background(), b, e, jobs, nil, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestAStuckDIsAStuckFlop: a gate that drives the D of one flop and nothing else, stuck, is that flop
// stuck from the first clock on. That is injected by another engine, into the machine without gates.
func TestAStuckDIsAStuckFlop(t *testing.T) {
	e := open(t, "fashion-tiny", isa.U55x32, 1)
	strides := map[string]int{"traversal": 3, "weight_decoder": 19} // so that it takes seconds
	for name := range strides {
		b := block(t, name, isa.U55x32)
		n := b.Gates
		readers := make([]int, n.Nets())
		for i := range n.Gates {
			g := &n.Gates[i]
			for _, o := range []gate.NetID{g.A, g.B, g.S}[:g.Kind.Operands()] {
				readers[o]++
			}
		}
		for i := range n.Outputs {
			for _, net := range n.Outputs[i].Nets {
				readers[net]++
			}
		}
		for i := range n.Flops {
			readers[n.Flops[i].D]++
		}
		var jobs []Job
		var flaws []faults.Flaw
		for i := range n.Flops {
			if _, ok := n.GateOf(n.Flops[i].D); !ok || readers[n.Flops[i].D] != 1 || i%strides[name] != 0 {
				continue
			}
			id, err := b.Site(gate.FlopID(i))
			if err != nil {
				t.Fatal(err)
			}
			for _, high := range []bool{false, true} {
				jobs = append(jobs, Job{cosim.Stuck{Net: n.Flops[i].D, High: high}, 0, 0})
				flaws = append(flaws, faults.Flaw{ID: id, High: high})
			}
		}
		w, err := e.Worker()
		if err != nil {
			t.Fatal(err)
		}
		count := map[faults.Outcome]int{}
		for i, x := range run(t, b, e, jobs) {
			want, _, err := w.Stuck(context.Background(), 0, flaws[i], 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			count[want]++
			if x.Outcome != want {
				t.Errorf("%s of %s stuck at %v: %s, the flop stuck %s", e.Table().Name(flaws[i].ID), name, flaws[i].High, x.Outcome, want)
			}
		}
		if t.Log(name, len(jobs), count); len(jobs) < 100 || len(count) < 3 {
			t.Errorf("%s: %d faults, outcomes %v", name, len(jobs), count)
		}
	}
}
