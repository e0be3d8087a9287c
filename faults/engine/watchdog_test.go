package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/models/network"
	"upset/netlist"
	"upset/npu/isa"
)

// Each job of a sequence has a watchdog of its own: a hang ends at the limit of the job
// that hangs, counted from its start, in the fast engine and in the plain machine.
func TestWatchdogPerJob(t *testing.T) {
	e := jobsEngine(t, "models/hello_world_int8.tflite", 3, isa.U55x32, network.Measures{})
	w := worker(t, e)
	var control []netlist.SiteID
	for _, r := range e.Table().Select(netlist.Filter{NoSRAM: true}) {
		if r.Block == "cc" || r.Block == "trav" {
			for b := range r.Bits() {
				control = append(control, r.First+netlist.SiteID(b))
			}
		}
	}
	rng := rand.New(rand.NewPCG(3, 15))
	hangs := make([]int, len(e.Stream.Begins))
	for range 4000 {
		s := faults.Site{ID: control[rng.IntN(len(control))], Cycle: rng.Uint64N(e.Cycles())}
		r, err := w.Inject(0, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != faults.DUEHang {
			continue
		}
		for k := range e.Stream.Begins {
			if r.End == e.Stream.Begins[k]+2*(e.Found(k+1)-e.Stream.Begins[k])+10_000 && e.Stream.Begins[k] <= s.Cycle {
				hangs[k]++
			}
		}
		if hangs[0]+hangs[1]+hangs[2] > 30 {
			continue // enough of the slow way
		}
		plain, err := w.Plain(0, s)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Same(plain) {
			t.Errorf("%s@%d: fast %+v, plain %+v", e.Table().Name(s.ID), s.Cycle, r, plain)
		}
	}
	for k, n := range hangs {
		if n < 3 {
			t.Errorf("%d hangs end at the limit of job %d; of all jobs %v", n, k, hangs)
		}
	}
}

// A run that is settled with a delay has hung where the job under way, and not the whole
// sequence, takes longer than its limit.
func TestDelayWithinItsJob(t *testing.T) {
	e := &Engine{Runs: &golden.Runs{Stream: &stream.Stream{Begins: []uint64{0, 1_000, 50_000}, Cycles: 51_000}}}
	w := &Worker{e: e}
	for _, c := range []struct {
		job   int
		armed uint64
		shift int64
		end   uint64 // 0 where it ends by itself
	}{
		{0, 0, 11_000, 0},
		{0, 0, 11_001, 12_000},
		{1, 1_000, 59_000, 0},
		{1, 1_000, 59_001, 109_000},
		{1, 9_000, 67_001, 117_000}, // the job before had been late
		{2, 50_000, 11_001, 62_000},
	} {
		r := faults.Record{Outcome: faults.Masked, End: e.Cycles()}
		w.arm(c.job, c.armed)
		w.delay(&r, c.shift)
		if hang := r.Outcome == faults.DUEHang; hang != (c.end > 0) || hang && r.End != c.end || !hang && r.End != uint64(51_000+c.shift) {
			t.Errorf("%+v: %+v", c, r)
		}
	}
}
