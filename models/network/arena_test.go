package network

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/container"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// sketch builds graphs for tests.
type sketch struct{ g tflite.Subgraph }

func (s *sketch) tensor(name string, typ tflite.Type, scale float32, zero int64, shape ...int) int {
	t := tflite.Tensor{Name: name, Type: typ, Shape: shape}
	if scale > 0 {
		t.Quant = tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{zero}}
	}
	s.g.Tensors = append(s.g.Tensors, t)
	return len(s.g.Tensors) - 1
}

func (s *sketch) op(code tflite.BuiltinCode, opt tflite.Options, output int, inputs ...int) int {
	s.g.Operators = append(s.g.Operators, tflite.Operator{Code: code, Version: 1, Inputs: inputs, Outputs: []int{output}, Options: opt})
	return output
}

func (s *sketch) model() *tflite.Model {
	return &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
}

// checkAgainstReference runs a network, and what its container gives, on random
// inputs and compares with the reference kernels.
func checkAgainstReference(t *testing.T, m *tflite.Model, n *Network) {
	t.Helper()
	again := roundTrip(t, n)
	g := &m.Subgraphs[0]
	r := rand.New(rand.NewPCG(7, uint64(n.Config)))
	for range 3 {
		var lists [][]byte
		for _, id := range g.Inputs {
			b := make([]byte, g.Tensors[id].Bytes())
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			lists = append(lists, b)
		}
		outputs, err := reference.Run(m, lists)
		if err != nil {
			t.Fatal(err)
		}
		want, input := bytes.Join(outputs, nil), bytes.Join(lists, nil)
		for name, x := range map[string]*Network{"compiled": n, "read again": again} {
			if got, err := x.RunFunctional(input); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s on %s: %x, want %x, %v", name, n.Config, got, want, err)
			}
		}
	}
}

// aroundHost is a graph with a program before and one after a host operator, and
// a value that both use and that is an output besides.
func aroundHost() *tflite.Model {
	var s sketch
	x := s.tensor("x", tflite.Int8, 0.05, 3, 1, 2, 2, 4)
	a := s.op(tflite.OpLogistic, tflite.Options{}, s.tensor("a", tflite.Int8, 1.0/256, -128, 1, 2, 2, 4), x)
	size := s.tensor("size", tflite.Int32, 0, 0, 2)
	s.g.Tensors[size].Data = bytesOf(8, 8)
	large := s.op(tflite.OpResizeBilinear, tflite.Options{HalfPixelCenters: true}, s.tensor("b", tflite.Int8, 1.0/256, -128, 1, 8, 8, 4), a, size)
	pool := tflite.Options{FilterH: 4, FilterW: 4, StrideH: 4, StrideW: 4, Padding: tflite.Valid}
	c := s.op(tflite.OpAveragePool2D, pool, s.tensor("c", tflite.Int8, 1.0/256, -128, 1, 2, 2, 4), large)
	sum := s.op(tflite.OpAdd, tflite.Options{}, s.tensor("d", tflite.Int8, 0.01, 5, 1, 2, 2, 4), c, a)
	s.g.Inputs, s.g.Outputs = []int{x}, []int{sum, a}
	return s.model()
}

// TestOneArenaHasNoCopies writes a graph with a host operator in the middle. The
// programs planned one arena, so that no operator is added to copy a tensor; with
// an arena for each program copies are needed, and the outputs are the same.
func TestOneArenaHasNoCopies(t *testing.T) {
	m := aroundHost()
	for _, cfg := range isa.Configs {
		for _, shared := range []bool{true, false} {
			n, err := Compile(context.Background(), m, cfg, npu.System{})
			if err != nil {
				t.Fatal(err)
			}
			if !n.shared || len(n.Stages) != 3 || len(n.Programs()) != 2 {
				t.Fatalf("%s: %d stages, %d programs, one arena is %v", cfg, len(n.Stages), len(n.Programs()), n.shared)
			}
			n.shared = shared
			written, err := n.Container()
			if err != nil {
				t.Fatal(err)
			}
			if got := len(written.Subgraphs[0].Operators) - len(n.Stages); (got == 0) != shared {
				t.Errorf("%s: %d copies with one arena %v", cfg, got, shared)
			}
			checkAgainstReference(t, m, n)
		}
	}
}

// TestMixedFastMemory writes a graph with a host operator whose programs have fast
// memory of their own, one of them smaller, and reads it again.
func TestMixedFastMemory(t *testing.T) {
	m := aroundHost()
	n, err := Compile(context.Background(), m, isa.U55x64, npu.System{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range n.Programs() {
		// A transfer from the arena to the fast memory comes first.
		var s isa.Stream
		s.Set(isa.DMA0SrcRegion, 1)
		s.Set(isa.DMA0DstRegion, 2)
		s.Set(isa.DMA0Len, 16)
		s.Op(isa.OpDMAStart, 0)
		s.Op(isa.OpDMAWait, 0)
		p.Commands = append(s.Words, p.Commands...)
		p.FastSize = 64 * (i + 1)
	}
	for i, p := range roundTrip(t, n).Programs() {
		if p.FastSize != 64*(i+1) {
			t.Errorf("program %d comes back with %d bytes of fast memory", i, p.FastSize)
		}
	}
	checkAgainstReference(t, m, n)
	n.Programs()[0].FastSize = 0
	again := roundTrip(t, n).Programs
	if a, b := again()[0].FastSize, again()[1].FastSize; a != 0 || b != 128 {
		t.Errorf("fast memories of %d and %d bytes come back", a, b)
	}
}

// TestViews runs graphs whose inputs and outputs of all widths are one piece of
// the arena under several names and shapes.
func TestViews(t *testing.T) {
	for _, c := range []struct {
		typ   tflite.Type
		scale float32
		zero  int64
	}{{tflite.Int8, 0.02, -3}, {tflite.Int16, 1.0 / 4096, 0}, {tflite.Int32, 0.001, 0}} {
		t.Run(c.typ.String(), func(t *testing.T) {
			var s sketch
			like := func(name string, shape ...int) int { return s.tensor(name, c.typ, c.scale, c.zero, shape...) }
			x, y := like("x", 1, 3, 4, 5), like("y", 1, 60)
			flat := s.op(tflite.OpReshape, tflite.Options{NewShape: []int{1, 60}}, like("flat", 1, 60), x)
			shaped := s.op(tflite.OpReshape, tflite.Options{NewShape: []int{1, 5, 3, 4}}, like("shaped", 1, 5, 3, 4), flat)
			s.g.Inputs, s.g.Outputs = []int{x, y}, []int{shaped, flat}
			work := shaped
			if c.typ == tflite.Int32 { // only moved by views: the work is another tensor's
				work = s.tensor("other", tflite.Int16, 0.001, 0, 1, 5, 3, 4)
				s.g.Inputs = append(s.g.Inputs, work)
			} else {
				joined := s.op(tflite.OpConcatenation, tflite.Options{Axis: 1}, like("joined", 1, 120), flat, y)
				last := s.op(tflite.OpReshape, tflite.Options{NewShape: []int{1, 10, 12}}, like("last", 1, 10, 12), joined)
				s.g.Outputs = append(s.g.Outputs, last, joined)
			}
			again := s.g.Tensors[work]
			again.Name = "relu"
			s.g.Tensors = append(s.g.Tensors, again)
			relu := s.op(tflite.OpRelu, tflite.Options{}, len(s.g.Tensors)-1, work)
			again.Name, again.Shape = "end", []int{60}
			s.g.Tensors = append(s.g.Tensors, again)
			s.g.Outputs = append(s.g.Outputs, s.op(tflite.OpReshape, tflite.Options{NewShape: []int{60}}, len(s.g.Tensors)-1, relu))
			m := s.model()
			for _, cfg := range isa.Configs {
				n, err := Compile(context.Background(), m, cfg, npu.System{})
				if err != nil {
					t.Fatal(err)
				}
				if n.Program() == nil {
					t.Errorf("%s: %d stages", cfg, len(n.Stages))
				}
				checkAgainstReference(t, m, n)
			}
		})
	}
}

// TestConstantInArena gives a lone NPU operator a constant tensor and a state
// tensor with a place in the arena. They are there before an inference, and are
// no input of the network.
func TestConstantInArena(t *testing.T) {
	m, err := tflite.Parse(velaFile(t, "ethos-u55-128/kws_ref_model_vela.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	g, op := &m.Subgraphs[0], npuOp(m)
	scratch := &g.Tensors[op.Inputs[container.InputScratch]]
	at := alignUp(scratch.Shape[0])
	scratch.Shape = []int{at + 64}
	value := []byte("a constant of twenty")
	g.Tensors = append(g.Tensors,
		tflite.Tensor{Name: "constant", Type: tflite.Int8, Shape: []int{1, 20}, Data: value},
		tflite.Tensor{Name: "state", Type: tflite.Int8, Shape: []int{3}, Variable: true, Quant: tflite.Quantization{ZeroPoint: []int64{-5}}},
		tflite.Tensor{Name: "elsewhere", Type: tflite.Int8, Shape: []int{4}, Data: []byte("else")})
	id := len(g.Tensors) - 3
	op.Inputs = append(slices.Clone(op.Inputs), id, id+1, id+2)
	words := bytes.Clone(plan(m).Data)
	copy(words[8:], bytesOf(uint32(len(g.Tensors))))
	plan(m).Data = append(words, bytesOf(uint32(at), uint32(at+32), 0xffffffff)...)
	n, err := FromVela(m, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Program()
	if p.InputBytes() != 490 || len(p.Constants) != 2 {
		t.Fatalf("%d bytes of input, %d constants", p.InputBytes(), len(p.Constants))
	}
	mem := isa.Memory{SRAM: bytes.Repeat([]byte{0xee}, 1<<20)}
	if err := p.Load(&mem, make([]byte, 490)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mem.SRAM[at:at+20], value) || !bytes.Equal(mem.SRAM[at+32:at+36], []byte{0xfb, 0xfb, 0xfb, 0}) {
		t.Errorf("the arena starts with % x", mem.SRAM[at:at+64])
	}
	compare(t, n, filepath.Join(shared(t), "golden", "kws_ref_model"), "01")
	n.model = nil // written from the program alone
	samePrograms(t, roundTrip(t, n).Program(), p)
	if got := roundTrip(t, n).Program().Constants; len(got) != 2 || !bytes.Equal(got[0].Data, value) || got[1].Offset != at+32 {
		t.Errorf("constants come back as %+v", got)
	}
	g.Tensors[op.Inputs[container.InputScratch]].Shape = []int{at}
	if _, err := FromVela(m, isa.U55x128); err == nil || !strings.Contains(err.Error(), "constant") {
		t.Errorf("a constant outside the arena gives %v", err)
	}
	g.Tensors[id].Data = value[:10]
	if _, err := FromVela(m, isa.U55x128); err == nil || !strings.Contains(err.Error(), "constant") {
		t.Errorf("a short constant gives %v", err)
	}
}

// TestRegion2NeedsFastMemory refuses a stream that uses a memory that its operator
// does not have.
func TestRegion2NeedsFastMemory(t *testing.T) {
	m, err := tflite.Parse(velaFile(t, "ethos-u55-128/kws_ref_model_vela.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	dedicated(t, m)
	npuOp(m).Inputs = slices.Delete(slices.Clone(npuOp(m).Inputs), container.InputFast, container.InputFast+1)
	if _, err := FromVela(m, isa.U55x128); err == nil || !strings.Contains(err.Error(), "region 2") {
		t.Errorf("error is %v", err)
	}
}
