package npu_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"upset/models/driver"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/functional"
	"upset/npu/isa"
)

// shared returns a path in the data folder beside the project, skipping the test
// where that folder is absent.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the data folder ../shared is absent")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

func velaProgram(t testing.TB, c isa.Config, name string) *driver.Program {
	t.Helper()
	data, err := os.ReadFile(shared(t, "vela", "ethos-"+c.String(), name+"_vela.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := tflite.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	n, err := driver.FromVela(g, c)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Program()
	if p == nil {
		t.Skipf("%s runs partly on the host", name)
	}
	return p
}

func start(t testing.TB, p *driver.Program, input []byte) *npu.Machine {
	t.Helper()
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	m.Start(p.StreamAddr(), 4*len(p.Commands), p.Bases())
	return m
}

// ofmBytes collects the bytes of an operation's output.
func ofmBytes(d *isa.Decoded, mem *isa.Memory, bases [8]uint32) []byte {
	var out []byte
	for y := range d.OFMH {
		for x := range d.OFMW {
			for c := range d.OFMD {
				a := bases[d.OFM.Region] + d.OFM.Addr(y, x, c)
				for i := range uint32(d.OFM.Bytes) {
					v, _ := mem.Byte(a + i)
					out = append(out, v)
				}
			}
		}
	}
	return out
}

// compareMachines runs p on both machines and compares the output of every
// operation when it retires.
func compareMachines(t *testing.T, p *driver.Program, input []byte) (out []byte, cycles uint64) {
	t.Helper()
	var fmem isa.Memory
	if err := p.Load(&fmem, input); err != nil {
		t.Fatal(err)
	}
	type result struct {
		d   isa.Decoded
		out []byte
	}
	var want []result
	f := functional.New(p.Config, &fmem, p.Bases())
	f.AfterOp = func(_ int, op isa.Opcode, d *isa.Decoded) {
		if op.Kernel() {
			want = append(want, result{*d, ofmBytes(d, &fmem, p.Bases())})
		}
	}
	if err := f.Run(p.Commands); err != nil {
		t.Fatal(err)
	}
	m := start(t, p, input)
	k := 0
	m.Observe = func(n npu.Note) {
		if n.Kind != npu.NoteRetire || t.Failed() {
			return
		}
		if k >= len(want) {
			t.Fatalf("more operations retire than were executed")
		}
		got := ofmBytes(&want[k].d, m.Mem, p.Bases())
		if !bytes.Equal(got, want[k].out) {
			t.Errorf("operation %d (%v mode %d, OFM %dx%dx%d, IFM depth %d, kernel %dx%d, block %dx%dx%d, part kernel %v, %d-byte IFM): %s", k,
				want[k].d.Op, want[k].d.Mode, want[k].d.OFMH, want[k].d.OFMW, want[k].d.OFMD, want[k].d.IFMD, want[k].d.KH, want[k].d.KW,
				want[k].d.BlkH, want[k].d.BlkW, want[k].d.BlkD, want[k].d.PartKernel, want[k].d.IFM.Bytes, diff(got, want[k].out))
		}
		k++
	}
	if st := m.Run(50_000_000); st != npu.Done {
		t.Fatalf("the machine ended with %v: %s", st, m.Describe())
	}
	if k != len(want) {
		t.Errorf("%d operations retired, want %d", k, len(want))
	}
	return p.ReadOutputs(m.Mem), m.Cycle()
}

func diff(got, want []byte) string {
	n, first := 0, -1
	for i := range got {
		if got[i] != want[i] {
			if first < 0 {
				first = i
			}
			n++
		}
	}
	return fmt.Sprintf("%d of %d bytes differ, first at %d: %d, want %d", n, len(got), first, got[first], want[first])
}

func TestVelaStreams(t *testing.T) {
	names := []string{"hello_world_int8", "kws_ref_model", "micro_speech_quantized", "ad01_int8", "pretrainedResnet_quant", "vww_96_int8"}
	for _, c := range isa.Configs {
		for _, name := range names {
			t.Run(c.String()+"/"+name, func(t *testing.T) {
				p := velaProgram(t, c, name)
				input, err := os.ReadFile(shared(t, "golden", name, "in_01.bin"))
				if err != nil {
					t.Fatal(err)
				}
				want, err := os.ReadFile(shared(t, "golden", name, "out_01.bin"))
				if err != nil {
					t.Fatal(err)
				}
				out, cycles := compareMachines(t, p, input)
				if !bytes.Equal(out, want) {
					t.Errorf("output differs from the golden one: %s", diff(out, want))
				}
				t.Logf("%d cycles", cycles)
			})
		}
	}
}
