package compile

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// shaped appends the operators with which Keras reshapes: the batch of x is taken
// from its shape, packed with the rest and given to RESHAPE.
func (s *sketch) shaped(x int) int {
	h, w, d := s.shape(x)
	number := func(shape ...int) int {
		i := s.ints(make([]int, max(1, len(shape)))...)
		s.g.Tensors[i].Data, s.g.Tensors[i].Shape = nil, shape
		return i
	}
	of := s.op(tflite.OpShape, tflite.Options{OutType: tflite.Int32}, number(4), x)
	batch := s.op(tflite.OpStridedSlice, tflite.Options{ShrinkMask: 1}, number(), of, s.ints(0), s.ints(1), s.ints(1))
	rest := s.ints(h * w * d)
	s.g.Tensors[rest].Shape = nil
	list := s.op(tflite.OpPack, tflite.Options{NumSplits: 2}, number(2), batch, rest)
	return s.op(tflite.OpReshape, tflite.Options{}, s.like(x, 1, h*w*d), x, list)
}

func TestFold(t *testing.T) {
	s := &sketch{r: rand.New(rand.NewPCG(5, 5))}
	x := s.source(3, 4, 20)
	y := s.op(tflite.OpRelu, tflite.Options{}, s.tensor(1, 3, 4, 20), x)
	s.g.Outputs = []int{s.shaped(y)}
	m := &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
	before := len(s.g.Operators)
	p, err := Prepare(m)
	if err != nil || len(p.Subgraphs[0].Operators) != 2 || len(m.Subgraphs[0].Operators) != before {
		t.Fatalf("%d operators of %d left, %v", len(p.Subgraphs[0].Operators), before, err)
	}
	program, err := Compile(p, Options{Config: isa.U55x64})
	if err != nil {
		t.Fatal(err)
	}
	list, joined := drawInputs(&s.g, 1)
	want, err := reference.Run(m, list)
	if err != nil {
		t.Fatal(err)
	}
	if got := execute(t, program, joined); !bytes.Equal(got, want[0]) {
		t.Errorf("output %x, want %x", got, want[0])
	}
	if again, err := Prepare(p); err != nil || again != p {
		t.Errorf("a prepared model is prepared again: %v", err)
	}
}

// An output of the graph stays the result of an operator, and what is too large
// is not computed.
func TestFoldKeeps(t *testing.T) {
	s := &sketch{r: rand.New(rand.NewPCG(5, 5))}
	x := s.source(3, 4, 20)
	of := s.ints(0, 0, 0, 0)
	s.g.Tensors[of].Data = nil
	s.g.Outputs = []int{s.op(tflite.OpShape, tflite.Options{OutType: tflite.Int32}, of, x)}
	huge := s.tensor(1<<20, 1<<20)
	s.op(tflite.OpReshape, tflite.Options{}, huge, s.fixed(4))
	m := &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
	if p, err := Prepare(m); err != nil || p != m {
		t.Errorf("%d operators left, %v", len(p.Subgraphs[0].Operators), err)
	}
}
