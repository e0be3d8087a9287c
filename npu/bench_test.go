package npu_test

import (
	"bytes"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// BenchmarkMachine measures simulated clock cycles per second on one core.
func BenchmarkMachine(b *testing.B) {
	for _, c := range isa.Configs {
		b.Run(c.String(), func(b *testing.B) {
			p, input := compiledProgram(b, c, "kws_ref_model"), goldenInput(b, "kws_ref_model")
			m := load(b, p, input, npu.DefaultSystem(), npu.ECCNone)
			fresh, mem := m.S, bytes.Clone(m.Mem.SRAM)
			cycles := uint64(0)
			for b.Loop() {
				m.Load(&fresh)
				copy(m.Mem.SRAM, mem)
				if st := m.Run(10_000_000); st != npu.Done {
					b.Fatal(st)
				}
				cycles += m.Cycle()
			}
			b.ReportMetric(float64(cycles)/b.Elapsed().Seconds(), "cycles/s")
		})
	}
}
