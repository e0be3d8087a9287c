package cosim_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"upset/models/network"
	"upset/models/zoo"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
)

// network opens a network of the project with its inputs.
func opened(t testing.TB, name string, c isa.Config) (*network.Program, [][]byte) {
	t.Helper()
	net, err := zoo.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "testdata", "models")
	data, err := net.ReadModel(dir)
	if err != nil {
		t.Fatal(err)
	}
	in, err := net.ReadInputs(dir)
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	return n.Program(), in
}

func started(t testing.TB, p *network.Program, input []byte) *npu.Machine {
	t.Helper()
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	p.Start(m)
	return m
}

// TestAMachineWithGatesInItIsTheMachine runs whole inferences with gates in place of each
// block: outputs, cycles and the whole state at the end are those of the machine alone.
func TestAMachineWithGatesInItIsTheMachine(t *testing.T) {
	lanes := []int{0, 63, 130, 255}
	for _, c := range isa.Configs {
		p, in := opened(t, "fashion-tiny", c)
		for _, name := range cosim.Blocks() {
			b, err := cosim.Open(name, c)
			if err != nil {
				t.Fatal(err)
			}
			l, err := cosim.NewLoop(b)
			if err != nil {
				t.Fatal(err)
			}
			machines := map[int]*npu.Machine{}
			for k, lane := range lanes {
				machines[lane] = started(t, p, in[k])
				l.Put(lane, machines[lane])
			}
			for left := len(lanes); left > 0; {
				l.Clock(nil)
				for _, lane := range lanes {
					if m := l.Machine(lane); m != nil && m.S.CC.Run == 0 {
						l.Take(lane)
						left--
					}
				}
			}
			for k, lane := range lanes {
				want, have := started(t, p, in[k]), machines[lane]
				want.Run(1 << 30)
				if have.Status() != npu.Done || !bytes.Equal(p.ReadOutputs(have.Mem), p.ReadOutputs(want.Mem)) {
					t.Errorf("%s on %s, input %d: %s, output %x, want %x", name, c, k, have.Status(), p.ReadOutputs(have.Mem), p.ReadOutputs(want.Mem))
				}
				if have.S != want.S || !bytes.Equal(have.Mem.SRAM, want.Mem.SRAM) {
					t.Errorf("%s on %s, input %d: another state after %d cycles, the machine alone takes %d", name, c, k, have.Cycle(), want.Cycle())
				}
			}
		}
	}
}

// BenchmarkLoop measures clocks of all lanes.
func BenchmarkLoop(b *testing.B) {
	c := isa.U55x128
	p, in := opened(b, "fashion-tiny", c)
	for _, name := range cosim.Blocks() {
		block, err := cosim.Open(name, c)
		if err != nil {
			continue
		}
		b.Run(name, func(b *testing.B) {
			l, err := cosim.NewLoop(block)
			if err != nil {
				b.Fatal(err)
			}
			clocks := 0
			for range b.N {
				for lane := range 256 {
					if m := l.Machine(lane); m == nil || m.S.CC.Run == 0 {
						l.Put(lane, started(b, p, in[lane%len(in)]))
					}
				}
				l.Clock(nil)
				clocks += 256
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(clocks), "ns/lane-clock")
		})
	}
}
