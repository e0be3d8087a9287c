package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu"
	"upset/npu/isa"
)

// BenchmarkRate resolves a batch of uniform flop upsets on one core, checkpoints
// made before, and reports injections per second and the share of each path.
func BenchmarkRate(b *testing.B) {
	for _, name := range []string{"kws_ref_model", "vww_96_int8"} {
		b.Run(name, func(b *testing.B) {
			p := nettest.SharedProgram(b, name, isa.U55x128)
			in := make([]byte, p.InputBytes())
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range in {
				in[i] = byte(rng.Uint32())
			}
			start := time.Now()
			e, err := New(p, [][]byte{in}, faults.Options{ECC: npu.ECCSECDED}, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(start).Seconds(), "s-golden")
			flops := flopSites(e.Table())
			w := worker(b, e)
			const batch = 4000
			b.ResetTimer()
			paths := [faults.NumPaths]int{}
			spent := [faults.NumPaths]time.Duration{}
			for range b.N {
				sites := make([]faults.Site, batch)
				for i := range sites {
					sites[i] = faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
				}
				slices.SortFunc(sites, func(x, y faults.Site) int { return int(x.Cycle) - int(y.Cycle) })
				for _, s := range sites {
					at := time.Now()
					r, err := w.Inject(0, s, nil)
					if err != nil {
						b.Fatal(err)
					}
					paths[r.Path]++
					spent[r.Path] += time.Since(at)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "injections/s")
			for k, c := range paths {
				if c > 0 {
					b.Logf("%-10s %6d  %8.1f µs each  %5.1f %% of the time", faults.Path(k), c, float64(spent[k].Microseconds())/float64(c), 100*float64(spent[k])/float64(b.Elapsed()))
				}
			}
		})
	}
}
