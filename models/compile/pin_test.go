package compile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"upset/models/reference"
	"upset/models/reference/reftest"
	"upset/models/tflite"
	"upset/npu/functional"
	"upset/npu/isa"
)

// runInOneArena runs stages over a single arena that is never cleared, as a
// runtime with one memory plan does.
func runInOneArena(t *testing.T, m *tflite.Model, stages []Stage, c isa.Config, inputs [][]byte) [][]byte {
	t.Helper()
	g := &m.Subgraphs[0]
	place, size := map[int]int{}, 0
	for _, s := range stages {
		if s.Program == nil {
			continue
		}
		size = max(size, s.Program.ArenaSize)
		for _, list := range [2][]Binding{s.Program.Inputs, s.Program.Outputs} {
			for _, b := range list {
				if at, ok := place[b.Tensor]; ok && at != b.Offset {
					t.Fatalf("tensor %d lies at %d and at %d", b.Tensor, at, b.Offset)
				}
				place[b.Tensor] = b.Offset
			}
		}
	}
	arena := bytes.Repeat([]byte{arenaFill}, size)
	values := make([][]byte, len(g.Tensors))
	for i := range g.Tensors {
		x := &g.Tensors[i]
		switch at, ok := place[i]; {
		case x.Data != nil:
			values[i] = x.Data
		case ok:
			values[i] = arena[at : at+x.Bytes()]
		case x.Variable:
			values[i] = bytes.Repeat([]byte{byte(zeroPoint(x))}, x.Bytes())
		default:
			values[i] = make([]byte, x.Bytes())
		}
	}
	for n, i := range g.Inputs {
		copy(values[i], inputs[n])
	}
	for _, s := range stages {
		if s.Program == nil {
			if err := reftest.Eval(m, &g.Operators[s.Operator], values); err != nil {
				t.Fatal(err)
			}
			continue
		}
		mem := isa.Memory{SRAM: arena, Flash: s.Program.Flash}
		f := functional.New(c, &mem, [8]uint32{isa.FlashBase, isa.SRAMBase, isa.SRAMBase})
		if err := f.Run(s.Program.Commands); err != nil {
			t.Fatal(err)
		}
	}
	var out [][]byte
	for _, i := range g.Outputs {
		out = append(out, values[i])
	}
	return out
}

// mixedModel builds a graph with parts for the NPU, host operators between them,
// a reshape across the border and a value that lives through a host operator.
func mixedModel(seed uint64) *tflite.Model {
	s := &sketch{r: rand.New(rand.NewPCG(seed, 33))}
	x := s.source(2+s.r.IntN(3), 2+s.r.IntN(3), 1+s.r.IntN(6))
	h, w, d := s.shape(x)
	a := s.op(tflite.OpLogistic, tflite.Options{}, s.quantise(s.tensor(1, h, w, d), 1.0/256, -128), x)
	half := tflite.Options{HalfPixelCenters: true}
	b := s.op(tflite.OpResizeBilinear, half, s.like(a, 1, 4*h, 4*w, d), a, s.ints(4*h, 4*w))
	c := s.op(tflite.OpReshape, tflite.Options{}, s.like(b, 1, 4*w, 4*h, d), b)
	e := s.op(tflite.OpAbs, tflite.Options{}, s.tensor(1, 4*h, 4*w, d), b)
	f := s.op(tflite.OpAveragePool2D, tflite.Options{FilterH: 4, FilterW: 4, StrideH: 4, StrideW: 4, Padding: tflite.Valid}, s.like(c, 1, w, h, d), c)
	i := s.op(tflite.OpResizeBilinear, half, s.like(f, 1, 4*w, 4*h, d), f, s.ints(4*w, 4*h))
	j := s.op(tflite.OpAdd, tflite.Options{}, s.tensor(1, 4*w, 4*h, d), i, c)
	k := s.op(tflite.OpRelu, tflite.Options{}, s.tensor(1, h, w, d), a)
	s.g.Outputs = []int{j, e, k, c}
	return &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
}

// TestOneArena runs mixed graphs whose programs share one memory plan.
func TestOneArena(t *testing.T) {
	for seed := range uint64(12) {
		m := mixedModel(seed)
		c := isa.Configs[seed%4]
		stages, err := Stages(m, Options{Config: c, OneArena: true})
		if err != nil {
			t.Fatal(err)
		}
		programs := 0
		for _, s := range stages {
			if s.Program != nil {
				programs++
			}
		}
		if programs < 3 || programs == len(stages) {
			t.Errorf("seed %d: %d programs in %d stages", seed, programs, len(stages))
		}
		list, _ := drawInputs(&m.Subgraphs[0], seed)
		want, err := reference.Run(m, list)
		if err != nil {
			t.Fatal(err)
		}
		for n, got := range runInOneArena(t, m, stages, c, list) {
			if !bytes.Equal(got, want[n]) {
				t.Errorf("seed %d on %v: output %d differs", seed, c, n)
			}
		}
	}
	m := load(t, filepath.Join(shared(t), "models", "keyword_scrambled_8bit.tflite"))
	dir := filepath.Join(shared(t), "golden", "keyword_scrambled_8bit")
	stages, err := Stages(m, Options{Config: isa.U55x128, OneArena: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		input, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("in_%02d.bin", n)))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("out_%02d.bin", n)))
		if err != nil {
			t.Fatal(err)
		}
		if got := runInOneArena(t, m, stages, isa.U55x128, [][]byte{input}); !bytes.Equal(got[0], want) {
			t.Errorf("case %d: %x, want %x", n, got[0], want)
		}
	}
}
