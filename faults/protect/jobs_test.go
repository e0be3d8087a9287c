package protect

import (
	"os"
	"path/filepath"
	"testing"

	"upset/faults"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/models/network"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// sequenceEngine runs a shipped network as a sequence of frames, one job each.
func sequenceEngine(t *testing.T, name string, frames int) *engine.Engine {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "models", name+".tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.Guarded(frames, network.Measures{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(p, [][]byte{make([]byte, p.InputBytes())}, faults.Options{ECC: npu.ECCSECDED}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The counter of a watchdog in the NPU is loaded for each job: an upset of it does the
// same where the run begins at the upset and where it begins at the first job.
func TestWatchdogCountsJobs(t *testing.T) {
	e := sequenceEngine(t, "fashion-nano", 3)
	begins := e.Begins()
	if len(begins) != 3 {
		t.Fatalf("jobs begin at %d", begins)
	}
	d := equipped(t, e, 3, []mechanism.Choice{{Block: "cc", Kind: mechanism.Watchdog}})
	standing, err := Standing(e, d)
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.Worker()
	if err != nil {
		t.Fatal(err)
	}
	early := 0
	for id := e.Table().Bits(); id < d.Bits(); id++ {
		s := faults.Site{ID: netlist.SiteID(id), Cycle: begins[2] + 40}
		fast, err := w.Inject(0, s, Guard(d))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := w.PlainGuarded(0, s, standing)
		if err != nil {
			t.Fatal(err)
		}
		if !fast.Same(plain) || fast.Before != plain.Before {
			t.Errorf("bit %d of the counter: fast %+v, plain %+v", id-e.Table().Bits(), fast, plain)
		}
		if fast.Outcome == faults.Detected {
			early++
		}
	}
	// The limit is at least 10,000 clocks, so that at least one bit of it is set and
	// stands for more clocks than the rest of the job leaves.
	if early == 0 {
		t.Error("no upset of the counter raises the alarm before the job ends")
	}
}
