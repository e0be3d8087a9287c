package story

import (
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/nettest"
	"upset/models/network"
	"upset/npu/isa"
)

// The story of a flip in a configuration register that is in use names the block
// and reaches memory.
func TestTell(t *testing.T) {
	e := open(t, 1, faults.Options{})
	w := worker(t, e)
	id, err := e.Table().Parse("mac.acc[3].12")
	if err != nil {
		t.Fatal(err)
	}
	for c := uint64(100); c < e.Cycles(); c++ {
		r, err := w.Inject(0, faults.Site{ID: id, Cycle: c}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != faults.SDCTolerable && r.Outcome != faults.SDCCritical {
			continue
		}
		st, err := Tell(w, 0, faults.Site{ID: id, Cycle: c})
		if err != nil {
			t.Fatal(err)
		}
		if st.Block != "mac" || st.Bytes == 0 || len(st.Outputs) == 0 || len(st.Events) < 3 {
			t.Errorf("story of cycle %d:\n%s", c, st)
		}
		t.Logf("\n%s", st)
		return
	}
	t.Error("no flip of the accumulator bit reaches the output")
}

// Stories are told of upsets.
func TestTellRefuses(t *testing.T) {
	e := open(t, 2, faults.Options{Model: faults.Model{Kind: faults.StuckAt1}})
	if _, err := Tell(worker(t, e), 0, faults.Site{Cycle: 5}); err == nil {
		t.Error("a story of a stuck flop")
	}
}

func open(t *testing.T, inputs int, o faults.Options) *engine.Engine {
	t.Helper()
	e, err := engine.New(nettest.Shipped(t, "fashion-tiny", isa.U55x128), nettest.Inputs(t, "fashion-tiny", inputs), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func worker(t *testing.T, e *engine.Engine) *engine.Worker {
	t.Helper()
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// jobsEngine opens a network of the data folder as sequences of frames.
func jobsEngine(t *testing.T, file string, frames int, c isa.Config, m network.Measures) *engine.Engine {
	t.Helper()
	n := nettest.Shared(t, file, c)
	p, err := n.Guarded(frames, m, make([]byte, n.InputBytes()))
	if err != nil {
		t.Fatal(err)
	}
	inputs := make([][]byte, 2)
	for i := range inputs {
		inputs[i] = make([]byte, p.InputBytes())
		for k := range inputs[i] {
			inputs[i][k] = byte(k*(31+i)+k/7) & 0x3f // small, also as float32
		}
	}
	e, err := engine.New(p, inputs, faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
