package network

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// roundTrip writes a network as a file and reads it again.
func roundTrip(t *testing.T, n *Network) *Network {
	t.Helper()
	m, err := n.Container()
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := tflite.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := FromVela(again, n.Config)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// samePrograms compares what the NPU sees of two programs.
func samePrograms(t *testing.T, got, want *Program) {
	t.Helper()
	if !slices.Equal(got.Commands, want.Commands) || !bytes.Equal(got.Flash, want.Flash) || got.ArenaSize != want.ArenaSize ||
		got.FastSize != want.FastSize || got.Bases() != want.Bases() || got.StreamAddr() != want.StreamAddr() {
		t.Errorf("the program comes back with %d words, %d bytes of flash, an arena of %d; it had %d, %d, %d",
			len(got.Commands), len(got.Flash), got.ArenaSize, len(want.Commands), len(want.Flash), want.ArenaSize)
	}
	for i, lists := range [2][2][]Binding{{got.Inputs, want.Inputs}, {got.Outputs, want.Outputs}} {
		if !reflect.DeepEqual(lists[0], lists[1]) {
			t.Errorf("list %d of tensors: %+v, want %+v", i, lists[0], lists[1])
		}
	}
}

// TestContainer writes our own compilation as a Vela-style file, reads it with
// the reader of such files and compares program and outputs.
func TestContainer(t *testing.T) {
	root := shared(t)
	for _, name := range []string{"kws_ref_model", "ad01_int8"} {
		data, err := os.ReadFile(filepath.Join(root, "models", name+".tflite"))
		if err != nil {
			t.Fatal(err)
		}
		for _, cfg := range isa.Configs {
			n, err := Open(data, cfg)
			if err != nil {
				t.Fatal(err)
			}
			again := roundTrip(t, n)
			samePrograms(t, again.Program(), n.Program())
			compare(t, again, filepath.Join(root, "golden", name), "02")
		}
	}
}

// TestContainerSmall does so for the network in the project's own test data.
func TestContainerSmall(t *testing.T) {
	data, err := os.ReadFile("../../testdata/models/fashion-tiny.tflite")
	if err != nil {
		t.Fatal(err)
	}
	input, err := os.ReadFile("../../testdata/models/fashion-tiny.inputs/in_003.bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range isa.Configs {
		n, err := Open(data, cfg)
		if err != nil {
			t.Fatal(err)
		}
		again := roundTrip(t, n)
		samePrograms(t, again.Program(), n.Program())
		want, err := n.RunFunctional(input)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.RunFunctional(input); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: output %x, want %x, %v", cfg, got, want, err)
		}
	}
}

// TestContainerOfSpill keeps a fast memory of its own apart from the arena, and
// an input that is not read without a place.
func TestContainerOfSpill(t *testing.T) {
	var s isa.Stream
	s.Op(isa.OpStop, 0xffff)
	b := func(offset int) Binding {
		return Binding{Name: "x", Type: tflite.Int8, Shape: []int{1, 16}, Offset: offset, Size: 16}
	}
	p := &Program{Config: isa.U55x64, Commands: s.Words, Flash: make([]byte, 32), ArenaSize: 48, FastSize: 64, Inputs: []Binding{b(-1), b(0)}, Outputs: []Binding{b(32)}}
	n := &Network{Config: isa.U55x64, Inputs: p.Inputs, Outputs: p.Outputs, Stages: []Stage{{Program: p}}}
	samePrograms(t, roundTrip(t, n).Program(), p)
}

// TestContainerRefused keeps a Vela output as it is and refuses a network of
// which the host computes parts where the source graph is not known.
func TestContainerRefused(t *testing.T) {
	m, err := tflite.Parse(velaFile(t, "ethos-u55-128/keyword_scrambled_8bit_vela.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := FromVela(m, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := n.Container(); err != nil || got != m {
		t.Errorf("a Vela output gives another model, %v", err)
	}
	n.model = nil
	if _, err := n.Container(); err == nil {
		t.Error("a network with host operators is accepted")
	}
}

// TestCompiledMixed compiles graphs of which the host computes parts and compares
// with the golden outputs, before and after a round trip through a file.
func TestCompiledMixed(t *testing.T) {
	root := shared(t)
	for _, name := range []string{"keyword_scrambled_8bit"} {
		for _, cfg := range isa.Configs {
			n, err := Open(mustRead(t, filepath.Join(root, "models", name+".tflite")), cfg)
			if err != nil {
				t.Fatalf("%s on %s: %v", name, cfg, err)
			}
			if n.Program() != nil || len(n.Programs()) == 0 || n.Precompiled() {
				t.Errorf("%s on %s: %d stages, %d of them for the NPU", name, cfg, len(n.Stages), len(n.Programs()))
			}
			compare(t, n, filepath.Join(root, "golden", name), "01")
			again := roundTrip(t, n)
			if len(again.Programs()) != len(n.Programs()) {
				t.Fatalf("%s on %s: %d programs come back of %d", name, cfg, len(again.Programs()), len(n.Programs()))
			}
			for i, p := range again.Programs() {
				if want := n.Programs()[i]; !slices.Equal(p.Commands, want.Commands) || !bytes.Equal(p.Flash, want.Flash) {
					t.Errorf("%s on %s: program %d comes back as another one", name, cfg, i)
				}
			}
			for _, number := range []string{"01", "02", "03"} {
				compare(t, again, filepath.Join(root, "golden", name), number)
			}
		}
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestNothingForTheNPU refuses a network of an operator that only the host knows,
// and one that nobody knows, by name.
func TestNothingForTheNPU(t *testing.T) {
	m, err := tflite.Parse(mustRead(t, filepath.Join(shared(t), "models", "keyword_scrambled_8bit.tflite")))
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	for i := range g.Operators {
		if op := g.Operators[i]; op.Code == tflite.OpSVDF {
			alone := *g
			alone.Operators, alone.Inputs, alone.Outputs = []tflite.Operator{op}, op.Inputs[:1], op.Outputs
			if _, err := Compile(context.Background(), &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{alone}}, isa.U55x128, npu.System{}); err == nil || !strings.Contains(err.Error(), "SVDF") {
				t.Errorf("error is %v", err)
			}
			break
		}
	}
	g.Operators[1].Code, g.Operators[1].Custom = tflite.OpCustom, "strange"
	if _, err := Compile(context.Background(), m, isa.U55x128, npu.System{}); err == nil || !strings.Contains(err.Error(), "strange") {
		t.Errorf("error is %v", err)
	}
}
