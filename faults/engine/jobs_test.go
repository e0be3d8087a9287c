package engine

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/models/network"
	"upset/netlist"
	"upset/npu/isa"
)

// Networks that run in several jobs: with the host around the NPU, between its parts,
// and as sequences with state in the arena and on the host.
var severalJobs = []struct {
	file   string
	frames int
	config isa.Config
	jobs   int
	network.Measures
}{
	{"zoo/user/OpenNuvoton-model_cnn-s_quantized.tflite", 1, isa.U55x128, 1, network.Measures{}},
	{"zoo/user/uTensor-tanh_model.tflite", 2, isa.U55x256, 2, network.Measures{}},
	{"models/hello_world_int8.tflite", 3, isa.U55x32, 3, network.Measures{}},
	{"vela/ethos-u55-128/keyword_scrambled_8bit_vela.tflite", 2, isa.U55x128, 12, network.Measures{}},
	{"models/hello_world_int8.tflite", 2, isa.U55x64, 4, network.Measures{Twice: true}},
	{"models/hello_world_int8.tflite", 2, isa.U55x128, 6, network.Measures{Twice: true, Moved: true, Reset: true, KnownAnswer: 1, Retry: true}},
	{"vela/ethos-u55-128/keyword_scrambled_8bit_vela.tflite", 1, isa.U55x128, 12, network.Measures{Twice: true, Retry: true}},
	{"zoo/user/esphome-vad.tflite", 2, isa.U55x128, 5, network.Measures{Twice: true, Reset: true, KnownAnswer: 2}},
}

// jobsEngine opens a network of the data folder as sequences of frames.
func jobsEngine(t *testing.T, file string, frames int, c isa.Config, m network.Measures) *Engine {
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
	e, err := New(p, inputs, faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Records of the fast engine equal those of the plain machine over all jobs, and the
// hand-off goes on through the host.
func TestSeveralJobs(t *testing.T) {
	const samples = 100
	causes, handed := map[faults.Cause]int{}, 0
	for _, c := range severalJobs {
		e := jobsEngine(t, c.file, c.frames, c.config, c.Measures)
		if len(e.Program().Jobs) != c.jobs || len(e.Stream.Begins) != len(e.Program().Jobs) {
			t.Fatalf("%s: %d jobs, %d began", c.file, len(e.Program().Jobs), len(e.Stream.Begins))
		}
		if e.Dataflow == nil {
			t.Fatalf("%s: nothing is followed without a clock", c.file)
		}
		w, paths := worker(t, e), map[faults.Path]int{}
		struck := make([]int, len(e.Stream.Begins))
		rng := rand.New(rand.NewPCG(9, 10))
		var flops []netlist.SiteID
		for _, r := range e.Table().Select(netlist.Filter{NoSRAM: true}) {
			if r.Block != "pmu" {
				flops = append(flops, r.First+netlist.SiteID(rng.IntN(r.Bits())))
			}
		}
		for k := range samples {
			s := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
			fast, err := w.Inject(k%2, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := w.Plain(k%2, s)
			if err != nil {
				t.Fatal(err)
			}
			if !fast.Same(plain) {
				t.Errorf("%s: %s@%d: fast %+v, plain %+v", c.file, e.Table().Name(s.ID), s.Cycle, fast, plain)
			}
			paths[fast.Path]++
			causes[fast.Cause]++
			for j := range e.Stream.Begins {
				if e.Stream.Begins[j] <= s.Cycle {
					struck[j]++
				}
			}
		}
		handed += paths[faults.PathHandOff]
		if paths[faults.PathConverged] == 0 || struck[len(struck)-1] == 0 {
			t.Errorf("%s: paths %v, upsets from each job on %v", c.file, paths, struck)
		}
		t.Logf("%s: %d cycles, paths %v", c.file, e.Cycles(), paths)
	}
	if handed < 10 {
		t.Errorf("only %d runs went on without a clock", handed)
	}
	for _, c := range []faults.Cause{faults.CauseForgiven, faults.CauseHost, faults.CauseRetried} {
		if causes[c] == 0 {
			t.Errorf("no record has the cause %q", c)
		}
	}
}

// What counts of a wrong output is what was used: the frames in front of the alarm.
func TestUsedFramesDecide(t *testing.T) {
	e := jobsEngine(t, "models/kws_ref_model.tflite", 2, isa.U55x256, network.Measures{Twice: true})
	g, w := e.Golden(0), worker(t, e)
	half := len(g.Output) / 2
	last := 0 // the job that ends the second frame
	for k, j := range e.Program().Jobs {
		if j.Frame == 1 {
			last = k + 1
		}
	}
	wrong := func(tolerable, critical bool) []byte {
		out := bytes.Clone(g.Output)
		best := 0 // of a vector of int8
		for k := range half {
			if int8(out[k]) > int8(out[best]) {
				best = k
			}
		}
		if tolerable { // another class of the first frame loses a step
			out[(best+1)%half]++
		}
		if critical { // the second frame has another class
			for k := range half {
				out[half+k] = ^g.Output[half+k]
			}
		}
		return out
	}
	for _, c := range []struct {
		tolerable, critical bool
		alarm               int
		want                faults.Outcome
	}{
		{true, false, 0, faults.SDCTolerable}, {true, true, 0, faults.SDCCritical}, {true, true, last, faults.SDCTolerable}, {false, true, last, faults.Detected},
	} {
		var r faults.Record
		if !w.judged(&r, g, wrong(c.tolerable, c.critical), c.alarm, 0) || r.Outcome != c.want {
			t.Errorf("%+v: %v", c, r.Outcome)
		}
	}
	var r faults.Record
	if w.judged(&r, g, g.Output, 0, 0) {
		t.Error("a right output is judged")
	}
}
