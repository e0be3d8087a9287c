package npu_test

import (
	"bytes"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// TestLimitsNeverChangeResults runs networks with every limit at its smallest and
// at its largest value. Outputs stay the same; the smallest take longer.
func TestLimitsNeverChangeResults(t *testing.T) {
	small, large := npu.DefaultSystem(), npu.DefaultSystem()
	small.Limits, large.Limits = npu.MinLimits(), npu.MaxLimits()
	for _, c := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "ad01_int8"} {
			p, input := velaProgram(t, c, name), goldenInput(t, name)
			def := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
			if st := def.Run(100_000_000); st != npu.Done {
				t.Fatal(st)
			}
			for _, sys := range []npu.System{small, large} {
				m := load(t, p, input, sys, npu.ECCNone)
				if st := m.Run(100_000_000); st != npu.Done || !bytes.Equal(p.ReadOutputs(m.Mem), p.ReadOutputs(def.Mem)) {
					t.Errorf("%s %s with %+v: %v, or the output differs", c, name, sys.Limits, st)
				}
				if sys == small && m.Cycle() <= def.Cycle() {
					t.Errorf("%s %s: %d cycles with the smallest limits, %d with the defaults", c, name, m.Cycle(), def.Cycle())
				}
			}
		}
	}
}

// TestLimitsBounded checks that a system without limits has the defaults and that
// values beyond the registers are cut.
func TestLimitsBounded(t *testing.T) {
	sys := npu.System{SRAM: npu.Timing{BeatInterval: 1}, Flash: npu.Timing{BeatInterval: 1}}
	if m := npu.New(isa.U55x128, sys, npu.ECCNone, new(isa.Memory)); m.Sys.Limits != npu.DefaultLimits() {
		t.Errorf("no limits become %+v", m.Sys.Limits)
	}
	sys.Limits = npu.Limits{PortReads: 1000, Section: 1, Kernels: -1, InputAhead: 1 << 20}
	m := npu.New(isa.U55x128, sys, npu.ECCNone, new(isa.Memory))
	if l := m.Sys.Limits; l.PortReads != 32 || l.Section != 64 || l.Kernels != 1 || l.InputAhead != 127 || l.WeightFIFO != 32 {
		t.Errorf("hostile limits become %+v", l)
	}
}

// TestEachLimit lowers one limit at a time on a network that meets it.
func TestEachLimit(t *testing.T) {
	p, input := velaProgram(t, isa.U55x256, "kws_ref_model"), goldenInput(t, "kws_ref_model")
	run := func(l npu.Limits) uint64 {
		sys := npu.DefaultSystem()
		sys.Limits = l
		m := load(t, p, input, sys, npu.ECCNone)
		if st := m.Run(10_000_000); st != npu.Done {
			t.Fatalf("%+v: %v", l, st)
		}
		return m.Cycle()
	}
	def := run(npu.DefaultLimits())
	for name, lower := range map[string]func(l *npu.Limits){
		"port reads":   func(l *npu.Limits) { l.PortReads = 1 },
		"input ahead":  func(l *npu.Limits) { l.InputAhead = 4 },
		"copy ahead":   func(l *npu.Limits) { l.CopyAhead = 2 },
		"command FIFO": func(l *npu.Limits) { l.CommandFIFO = 2 },
		"weight FIFO":  func(l *npu.Limits) { l.WeightFIFO = 2 },
		"scale FIFO":   func(l *npu.Limits) { l.ScaleFIFO = 2 },
		"weights":      func(l *npu.Limits) { l.Weights = 1 },
		"section":      func(l *npu.Limits) { l.Section = 1024 },
		"kernels":      func(l *npu.Limits) { l.Kernels = 1 },
	} {
		l := npu.DefaultLimits()
		lower(&l)
		if got := run(l); got == def {
			t.Errorf("%s: %d cycles as with the defaults", name, got)
		}
	}
}
