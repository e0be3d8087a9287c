package cone_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"upset/npu/cone"
	"upset/npu/isa"
)

// benchmarked are the networks of the benchmarks.
var benchmarked = []string{"kws_ref_model", "vww_96_int8"}

// recordedRun opens a network, compiled by our own compiler, and records a run.
func recordedRun(b *testing.B, name string) (*stream, *cone.Program, *cone.Trace) {
	b.Helper()
	list := programs(b, shared(b, "models", name+".tflite"), isa.U55x128)
	if len(list) != 1 {
		b.Fatalf("%s has %d programs", name, len(list))
	}
	s := newStream(b, list[0], rand.New(rand.NewPCG(1, 2)))
	if files, _ := filepath.Glob(shared(b, "inputs", name, "in_*.bin")); len(files) > 0 {
		if err := list[0].Load(&s.mem, mustRead(b, files[0])); err != nil {
			b.Fatal(err)
		}
	}
	p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
	if err != nil {
		b.Fatal(err)
	}
	t, err := p.Record(s.fresh())
	if err != nil {
		b.Fatal(err)
	}
	return s, p, t
}

// flips are single bits that flip in the input of one of the first ops kernel
// operations, each just before that operation.
func flips(p *cone.Program, ops, n int) (from []int, diff [][]cone.Byte) {
	r := rand.New(rand.NewPCG(3, 4))
	var kernels []cone.Op
	for _, o := range p.Ops() {
		if o.Kernel >= 0 && o.Kernel < ops && len(o.Reads) > 0 {
			kernels = append(kernels, o)
		}
	}
	for range n {
		o := kernels[r.IntN(len(kernels))]
		in := o.Reads[r.IntN(len(o.Reads))]
		from = append(from, o.Index)
		diff = append(diff, []cone.Byte{{Addr: in.Lo + r.Uint32N(in.Hi-in.Lo), Value: byte(r.Uint32())}})
	}
	return from, diff
}

// BenchmarkPropagate follows one random byte, in the input of any operation and
// in that of the first three.
func BenchmarkPropagate(b *testing.B) {
	for _, name := range benchmarked {
		_, p, t := recordedRun(b, name)
		for _, ops := range []int{3, 1 << 30} {
			where := "any"
			if ops == 3 {
				where = "early"
			}
			b.Run(fmt.Sprintf("%s/%s", name, where), func(b *testing.B) {
				from, diff := flips(p, ops, 1024)
				r := p.Runner()
				macs := int64(0)
				b.ReportAllocs()
				for i := range b.N {
					_, n, err := r.Propagate(t, from[i%len(from)], diff[i%len(diff)])
					if err != nil && !errors.Is(err, cone.ErrClock) {
						b.Fatal(err)
					}
					macs += n
				}
				b.ReportMetric(float64(macs)/float64(b.N), "MACs/op")
				b.ReportMetric(float64(macs)/float64(b.Elapsed().Nanoseconds()), "GMAC/s")
			})
		}
	}
}

// BenchmarkDenseInference is a whole inference with the dense kernels.
func BenchmarkDenseInference(b *testing.B) {
	for _, name := range append(benchmarked, "ad01_int8", "pretrainedResnet_quant") {
		s, p, _ := recordedRun(b, name)
		b.Run(name, func(b *testing.B) {
			r := p.Runner()
			mem := s.fresh()
			macs := int64(0)
			for range b.N {
				copy(mem.SRAM, s.mem.SRAM)
				n, err := r.Dense(mem)
				if err != nil {
					b.Fatal(err)
				}
				macs += n
			}
			b.ReportMetric(float64(macs)/float64(b.Elapsed().Nanoseconds()), "GMAC/s")
			b.ReportMetric(float64(macs)/float64(b.N), "MACs/op")
		})
	}
}
