package golden

import (
	"testing"

	"upset/faults"
	"upset/npu"
	"upset/npu/isa"
)

// The clock between two inferences is only a label, though reads and writes may be under way
// when the NPU stops, as a fault can have it: an inference that is started anywhere in
// another runs alike with the clock set back, left alone or put forward.
func TestClockIsALabel(t *testing.T) {
	e := runs(t, "fashion-dscnn", isa.U55x128, 1, faults.Options{})
	outstanding := 0
	for at := uint64(50); at < e.Cycles(); at += e.Cycles() / 40 {
		var list []*npu.Machine
		for _, clock := range []uint64{1, at, at + 100_000} {
			m, err := e.Begin(0)
			if err != nil {
				t.Fatal(err)
			}
			m.Run(at)
			m.S.CC.Run = 0 // as if it had stopped by itself
			if b := &m.S.Bus; !b.Port[0].Settled(at) || !b.Port[1].Settled(at) {
				outstanding++
			}
			Again(m, e.program, e.Golds[0].Input, clock)
			for p := range m.S.Bus.Port {
				if !m.S.Bus.Port[p].Settled(clock) {
					t.Fatalf("stopped at %d, clock at %d: port %d waits for a later cycle", at, clock, p)
				}
			}
			list = append(list, m)
		}
		for k := 0; k < 3000 && list[0].S.CC.Run != 0; k++ {
			for _, m := range list {
				m.Step()
			}
			if k%16 != 0 {
				continue
			}
			want := npu.Canonical(&list[0].S.Flops)
			for i, m := range list[1:] {
				if npu.Canonical(&m.S.Flops) != want || m.S.RAM.Mem != list[0].S.RAM.Mem {
					t.Fatalf("stopped at %d: clock %d runs otherwise after %d cycles", at, i+1, k)
				}
			}
		}
	}
	if outstanding == 0 {
		t.Error("nothing was under way at any stop: nothing is shown")
	}
}
