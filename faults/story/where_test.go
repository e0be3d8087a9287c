package story

import (
	"math/rand/v2"
	"strings"
	"testing"

	"upset/faults"
	"upset/models/network"
	"upset/netlist"
	"upset/npu/isa"
)

// A story of a network that runs in parts names the run that the upset hits, and the
// frame, the run and the side on which its outcome shows.
func TestStoryNamesItsPlaces(t *testing.T) {
	e := jobsEngine(t, "vela/ethos-u55-128/keyword_scrambled_8bit_vela.tflite", 2, isa.U55x128, network.Measures{})
	w := worker(t, e)
	var flops []netlist.SiteID
	for _, r := range e.Table().Select(netlist.Filter{NoSRAM: true}) {
		if r.Block == "cc" || r.Block == "ao" || r.Block == "mac" {
			for b := range r.Bits() {
				flops = append(flops, r.First+netlist.SiteID(b))
			}
		}
	}
	half := len(e.Golden(0).Output) / 2
	rng, told := rand.New(rand.NewPCG(15, 2)), map[string]int{}
	for range 5000 {
		s := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
		r, err := w.Inject(0, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		kind := r.Outcome.String()
		if r.Outcome == faults.Corrected || r.Outcome == faults.Latent || told[kind] >= 6 {
			continue
		}
		told[kind]++
		st, err := Tell(w, 0, s)
		if err != nil {
			t.Fatal(err)
		}
		job := 0
		for k, at := range e.Begins() {
			if at <= s.Cycle {
				job = k
			}
		}
		if l := st.Lands; l == nil || l.Run != job+1 || l.Runs != 12 || l.Frame != job/6 || l.Host {
			t.Fatalf("job %d: lands %+v", job, l)
		}
		text := st.String()
		switch r.Outcome {
		case faults.Masked:
			if st.Shows != nil || strings.Contains(text, "\nshows ") {
				t.Errorf("a masked upset shows %+v", st.Shows)
			}
		case faults.SDCCritical, faults.SDCTolerable:
			frame := st.Outputs[0] / half
			if p := st.Shows; p == nil || p.Frame != frame || !p.Output || !p.Host || p.What != "QUANTIZE" || p.Run != 6*frame+6 {
				t.Errorf("first wrong byte %d of %d: %+v", st.Outputs[0], 2*half, p)
			}
		case faults.DUEHang, faults.DUEDetected:
			// What ends the NPU is the run whose cycles the end lies in, or one that is late.
			if p := st.Shows; p == nil || p.Run < job+1 || p.Host || p.Output || r.End < e.Begins()[p.Run-1] {
				t.Errorf("%v at %d: %+v", r.Outcome, r.End, p)
			}
		}
	}
	for _, kind := range []string{"masked", "sdc_critical", "due_hang"} {
		if told[kind] < 3 {
			t.Errorf("stories told: %v", told)
		}
	}
}

// An alarm of the host shows at its comparison, a write outside the arena in the run that
// has made it, and where all is one stream there is no place to name.
func TestEffectOfEachKind(t *testing.T) {
	e := jobsEngine(t, "models/hello_world_int8.tflite", 2, isa.U55x64, network.Measures{Twice: true})
	for _, c := range []struct {
		o                faults.Outcome
		job, compared, b int
		want             string
	}{
		{faults.Detected, 3, 2, -1, "frame 0, the host behind run 2 of 4: it compares two outputs"},
		{faults.StrayWrite, 2, 0, 0, "frame 1, run 3 of 4 on the NPU: compiled network"},
		{faults.SDCTolerable, 3, 0, 1, "in the output of frame 1, which the NPU has written by the end of run 4 of 4"},
		{faults.SDCCritical, 3, 0, 0, "in the output of frame 0, which the NPU has written by the end of run 2 of 4"},
		{faults.Latent, 3, 0, -1, ""},
	} {
		got := ""
		if p := effect(e.Program(), &faults.Record{Outcome: c.o}, c.job, c.compared, c.b); p != nil {
			got = p.String()
		}
		if got != c.want {
			t.Errorf("%v: %q, not %q", c.o, got, c.want)
		}
	}
	alone := &network.Program{}
	if p := effect(alone, &faults.Record{Outcome: faults.SDCCritical}, 0, 0, 0); p != nil || whereOf(alone, 0) != nil {
		t.Errorf("one stream: %v", p)
	}
}
