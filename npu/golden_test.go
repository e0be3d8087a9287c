package npu_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/functional"
	"upset/npu/isa"
)

// shared returns a path in the data folder beside the project, skipping the test
// where that folder is absent.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

// full reports whether the long versions of the tests were asked for.
func full() bool { return os.Getenv("UPSET_FULL") == "1" }

// openNetwork reads a network for a configuration: a Vela stream as it is, any
// other model through our own compiler.
func openNetwork(t testing.TB, c isa.Config, file string) *network.Network {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func velaProgram(t testing.TB, c isa.Config, name string) *network.Program {
	t.Helper()
	p := openNetwork(t, c, shared(t, "vela", "ethos-"+c.String(), name+"_vela.tflite")).Program()
	if p == nil {
		t.Fatalf("%s runs partly on the host", name)
	}
	return p
}

// compiledProgram is a network of the data folder, compiled by our own compiler.
func compiledProgram(t testing.TB, c isa.Config, name string) *network.Program {
	t.Helper()
	p := openNetwork(t, c, shared(t, "models", name+".tflite")).Program()
	if p == nil {
		t.Fatalf("%s runs partly on the host", name)
	}
	return p
}

// goldenInput is the first pseudo-random input of a network.
func goldenInput(t testing.TB, name string) []byte {
	t.Helper()
	in, err := os.ReadFile(shared(t, "golden", name, "in_01.bin"))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func start(t testing.TB, p *network.Program, input []byte) *npu.Machine {
	t.Helper()
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		t.Fatal(err)
	}
	m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
	p.Start(m)
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
func compareMachines(t *testing.T, p *network.Program, input []byte) (out []byte, cycles uint64) {
	t.Helper()
	var fmem isa.Memory
	if err := p.Load(&fmem, input); err != nil {
		t.Fatal(err)
	}
	type result struct {
		d     isa.Decoded
		bases [8]uint32
		out   []byte
	}
	var want []result
	jobs, host := p.Jobs, func(int, *isa.Memory) {}
	if len(jobs) == 0 {
		jobs = []network.Job{{Words: len(p.Commands), Bases: p.Bases()}}
	} else {
		host = p.HostStep()
	}
	for k, j := range jobs {
		f := functional.New(p.Config, &fmem, j.Bases)
		f.AfterOp = func(_ int, op isa.Opcode, d *isa.Decoded) {
			if op.Kernel() {
				want = append(want, result{*d, j.Bases, ofmBytes(d, &fmem, j.Bases)})
			}
		}
		if err := f.Run(p.Commands[j.First : j.First+j.Words]); err != nil {
			t.Fatal(err)
		}
		host(k+1, &fmem)
	}
	m := start(t, p, input)
	k := 0
	m.Probe.Note = func(n npu.Note) {
		if n.Kind != npu.NoteRetire || t.Failed() {
			return
		}
		if k >= len(want) {
			t.Fatalf("more operations retire than were executed")
		}
		got := ofmBytes(&want[k].d, m.Mem, want[k].bases)
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

// checkNetwork runs a network on both machines, program by program, for every
// input of a folder, or only the first pseudo-random one in the quick version.
func checkNetwork(t *testing.T, n *network.Network, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "in_*.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if !full() {
		files = []string{filepath.Join(dir, "in_01.bin")}
	}
	for _, file := range files {
		input, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cycles := uint64(0)
		p, err := n.Whole(1)
		if err != nil {
			t.Fatal(err)
		}
		got, c := compareMachines(t, p, input)
		cycles += c
		number := strings.TrimPrefix(filepath.Base(file), "in_")
		want, err := os.ReadFile(filepath.Join(dir, "npu_"+number))
		if err != nil {
			want, err = os.ReadFile(filepath.Join(dir, "out_"+number))
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d output bytes, want %d", number, len(got), len(want))
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the output differs from the golden one: %s", number, diff(got, want))
		}
		t.Logf("%s: %d cycles", number, cycles)
	}
}

// TestVelaStreams runs every Vela stream, networks and single operators, and
// compares the machine with the functional one after every operation and with
// the outputs of the independent runtime at the end.
func TestVelaStreams(t *testing.T) {
	for _, c := range isa.Configs {
		folder := shared(t, "vela", "ethos-"+c.String())
		var files []string
		for _, pattern := range []string{"*_vela.tflite", "ops/*_vela.tflite"} {
			found, err := filepath.Glob(filepath.Join(folder, pattern))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
		if len(files) < 60 {
			t.Fatalf("%s: only %d compiled networks found", folder, len(files))
		}
		for _, file := range files {
			rel, _ := filepath.Rel(folder, strings.TrimSuffix(file, "_vela.tflite"))
			if strings.Contains(file, "mobilenet") && !full() {
				continue // a large network
			}
			t.Run(c.String()+"/"+rel, func(t *testing.T) {
				checkNetwork(t, openNetwork(t, c, file), shared(t, "golden", rel))
			})
		}
	}
}

// networks are the int8 networks that our own compiler takes as a whole.
var networks = []string{"kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8", "hello_world_int8", "micro_speech_quantized"}

// TestCompiledPrograms does the same for the programs of our own compiler, and
// in the long version also for the collected real inputs.
func TestCompiledPrograms(t *testing.T) {
	for _, c := range isa.Configs {
		for _, name := range networks {
			t.Run(c.String()+"/"+name, func(t *testing.T) {
				n := openNetwork(t, c, shared(t, "models", name+".tflite"))
				checkNetwork(t, n, shared(t, "golden", name))
				if real := shared(t, "inputs", name); full() {
					checkNetwork(t, n, real)
				}
			})
		}
	}
}
