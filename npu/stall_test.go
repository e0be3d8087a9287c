package npu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// TestStalls makes the flash four times as slow to answer. The run takes longer,
// the decoder starves more often and the array waits for weights more often, and
// no output changes. In both runs every cycle of the array is accounted for.
func TestStalls(t *testing.T) {
	slow := npu.DefaultSystem()
	slow.Flash.ReadLatency *= 4
	for _, c := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "ad01_int8"} {
			p, input := velaProgram(t, c, name), goldenInput(t, name)
			fast := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
			late := load(t, p, input, slow, npu.ECCNone)
			for _, m := range []*npu.Machine{fast, late} {
				if st := m.Run(10_000_000); st != npu.Done {
					t.Fatal(st)
				}
				accounted(t, m)
			}
			if !bytes.Equal(p.ReadOutputs(fast.Mem), p.ReadOutputs(late.Mem)) {
				t.Errorf("%s %s: the latency of the flash changes the output", c, name)
			}
			if late.Cycle() <= fast.Cycle() {
				t.Errorf("%s %s: %d cycles with slow flash, %d with fast flash", c, name, late.Cycle(), fast.Cycle())
			}
			for _, e := range []npu.Event{npu.EvCCStarved, npu.EvWDStarved} {
				if late.Events[e] <= fast.Events[e] {
					t.Errorf("%s %s: event %d: %d with slow flash, %d with fast flash", c, name, e, late.Events[e], fast.Events[e])
				}
			}
			if late.Events[npu.EvMACActive] != fast.Events[npu.EvMACActive] {
				t.Errorf("%s %s: the work of the array changes with the latency", c, name)
			}
			t.Logf("%s %s: %d → %d cycles, stalled by weights %d → %d", c, name, fast.Cycle(), late.Cycle(),
				fast.Events[npu.EvMACStalledWD], late.Events[npu.EvMACStalledWD])
		}
	}
}

// accounted checks that every cycle of the array has exactly one cause.
func accounted(t *testing.T, m *npu.Machine) {
	t.Helper()
	sum := uint64(0)
	for _, e := range []npu.Event{npu.EvMACActive, npu.EvMACIdle, npu.EvMACStalledWD, npu.EvMACStalledAB, npu.EvMACStalledIB, npu.EvMACOther} {
		sum += m.Events[e]
	}
	if sum != m.Events[npu.EvActive] || sum != m.Cycle() {
		t.Errorf("%s: %d cycles of the array have a cause, %d were active, %d passed", m.Config, sum, m.Events[npu.EvActive], m.Cycle())
	}
}

// TestStallCauses makes each cause of waiting happen where it must: weights in a
// fully connected layer, the shared buffer's accumulators behind a slow output
// stage, inputs at the start.
func TestStallCauses(t *testing.T) {
	for _, x := range []struct {
		name  string
		event npu.Event
	}{
		{"ad01_int8", npu.EvMACStalledWD},
		{"ops/avgpool_2x2_valid", npu.EvMACStalledIB},
		{"kws_ref_model", npu.EvBlockDep},
		{"kws_ref_model", npu.EvAOStalledAB},
		{"ops/mul", npu.EvAOStalledIB},
	} {
		p := velaProgram(t, isa.U55x128, x.name)
		m := load(t, p, goldenInput(t, x.name), npu.DefaultSystem(), npu.ECCNone)
		if st := m.Run(10_000_000); st != npu.Done {
			t.Fatal(st)
		}
		if m.Events[x.event] == 0 {
			t.Errorf("%s: event %d never happens", x.name, x.event)
		}
	}
}

// TestTimingNeverChangesResults runs operators with memories that answer at once,
// late, in another order of the ports, or with slow responses to writes. Any
// order of events that the handshakes allow must give the same result.
func TestTimingNeverChangesResults(t *testing.T) {
	systems := []npu.System{
		{SRAM: npu.Timing{BeatInterval: 1}, Flash: npu.Timing{BeatInterval: 1}},
		{SRAM: npu.Timing{BeatInterval: 1, ReadLatency: 200, WriteLatency: 5}, Flash: npu.Timing{BeatInterval: 1, ReadLatency: 1, WriteLatency: 1}},
		{SRAM: npu.Timing{BeatInterval: 3, ReadLatency: 7, WriteLatency: 150}, Flash: npu.Timing{BeatInterval: 16, ReadLatency: 300, WriteLatency: 64}},
	}
	names := []string{"kws_ref_model", "micro_speech_quantized"}
	if full() {
		names = networks
	}
	for _, c := range isa.Configs {
		for _, name := range names {
			p, input := compiledProgram(t, c, name), goldenInput(t, name)
			want, err := p.RunFunctional(input)
			if err != nil {
				t.Fatal(err)
			}
			for _, sys := range systems {
				m := load(t, p, input, sys, npu.ECCNone)
				if st := m.Run(100_000_000); st != npu.Done || !bytes.Equal(p.ReadOutputs(m.Mem), want) {
					t.Errorf("%s %s with %+v: %v, output right %v", c, name, sys, st, bytes.Equal(p.ReadOutputs(m.Mem), want))
				}
				accounted(t, m)
			}
		}
	}
}

// TestSumHazard runs layers of one output position: its micro-block comes back at once, for the next
// kernel tap: its sums are still on their way to the shared buffer, and the array
// has to wait when the weights do not. The input comes late, so that both weight
// blocks are full by then. The waiting cycles are accounted for, and the result
// is right.
func TestSumHazard(t *testing.T) {
	for _, c := range isa.Configs {
		l := layer{h: 3, w: 3, d: 32, od: c.Spec().UBlockD, kernel: 3, stride: 3}
		p, input := l.build(t, c, rand.New(rand.NewPCG(uint64(c), 12)))
		want, err := p.RunFunctional(input)
		if err != nil {
			t.Fatal(err)
		}
		late := npu.System{SRAM: npu.Timing{BeatInterval: 4, ReadLatency: 400}, Flash: npu.Timing{BeatInterval: 1}}
		m := load(t, p, input, late, npu.ECCNone)
		waits := 0
		for m.S.CC.Run != 0 {
			n, fed := m.Events[npu.EvMACStalledAB], m.S.MAC.Run != 0
			if m.Step(); fed && m.Events[npu.EvMACStalledAB] > n {
				waits++
			}
		}
		accounted(t, m)
		if m.Status() != npu.Done || !bytes.Equal(p.ReadOutputs(m.Mem), want) {
			t.Errorf("%s: %v, output right %v", c, m.Status(), bytes.Equal(p.ReadOutputs(m.Mem), want))
		}
		if waits == 0 {
			t.Errorf("%s: the array never waits for its sums", c)
		}
	}
}
