package logic

import (
	"context"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/models/driver"
	"upset/models/zoo"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
)

// engine makes an engine of a network of the project.
func engine(t testing.TB, name string, c isa.Config, inputs int) *faults.Engine {
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
	n, err := driver.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	e, err := faults.New(n.Program(), in[:inputs], faults.Options{ECC: npu.ECCNone}, nil)
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
	e, b := engine(t, "fashion-tiny", isa.U55x32, 1), block(t, "traversal", isa.U55x32)
	sample := NewList(b.Gates).Sample(300, 1)
	from, err := Departs(b, e, 0, sample)
	if err != nil {
		t.Fatal(err)
	}
	var late, early []Job
	for i, f := range sample {
		late = append(late, Job{f, 0, from[i]})
		early = append(early, Job{f, 0, 0})
	}
	x, err := Run(context.Background(), b, e, late, nil, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := Run(context.Background(), b, e, early, nil, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	count := map[faults.Outcome]int{}
	for i := range x {
		count[x[i].Outcome]++
		if x[i].Outcome != y[i].Outcome {
			t.Errorf("%s stuck at %v: %s from cycle %d on, %s from 0", b.Gates.NetName(sample[i].Net), sample[i].High, x[i].Outcome, from[i], y[i].Outcome)
		}
	}
	t.Log(count)
	if len(count) < 3 {
		t.Errorf("only outcomes %v", count)
	}
}
