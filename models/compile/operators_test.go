package compile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// place names what executes an operator.
type place int

const (
	onNPU place = iota
	onHost
)

// widths are the types beside int8 that an operator is drawn with.
type widths int

const (
	int8Only widths = iota
	with16          // int16
	with8           // uint8
	withAll
)

// operatorCase draws graphs of one operator.
type operatorCase struct {
	name  string
	types widths
	where place
	build func(s *sketch) int
}

// source creates an input of the graph.
func (s *sketch) source(h, w, d int) int {
	if s.flat {
		h = 1
	}
	x := s.tensor(max(1, s.batches), h, w, d)
	s.g.Inputs = append(s.g.Inputs, x)
	return x
}

// any creates an input of random size.
func (s *sketch) any(limit int) int {
	return s.source(1+s.r.IntN(limit), 1+s.r.IntN(limit), 1+s.r.IntN(24))
}

// fixed creates a constant feature map.
func (s *sketch) fixed(shape ...int) int {
	i := s.tensor(shape...)
	t := &s.g.Tensors[i]
	for range t.Bytes() {
		t.Data = append(t.Data, byte(s.r.Uint32()))
	}
	return i
}

// quantise gives a tensor a scale and zero point.
func (s *sketch) quantise(i int, scale float64, zp int) int {
	s.g.Tensors[i].Quant = tflite.Quantization{Scale: []float32{float32(scale)}, ZeroPoint: []int64{int64(zp)}}
	return i
}

// offsets creates a bias of the type that the feature maps ask for.
func (s *sketch) offsets(n int) int {
	i := s.bias(n)
	if !s.wide {
		return i
	}
	t := &s.g.Tensors[i]
	t.Type, t.Data = tflite.Int64, nil
	for range n {
		t.Data = binary.LittleEndian.AppendUint64(t.Data, uint64(int64(s.r.IntN(2_000_000)-1_000_000)))
	}
	return i
}

// dims returns the shape of a tensor for changing.
func (s *sketch) dims(i int) []int { return append([]int(nil), s.g.Tensors[i].Shape...) }

// operatorModel builds a graph of one operator and takes it through the file
// format.
func operatorModel(t *testing.T, c *operatorCase, seed uint64, of tflite.Type) *tflite.Model {
	t.Helper()
	s := &sketch{r: rand.New(rand.NewPCG(seed, 99)), wide: of == tflite.Int16, unsigned: of == tflite.Uint8}
	c.build(s)
	last := &s.g.Operators[len(s.g.Operators)-1]
	s.g.Outputs = last.Outputs
	s.scaleBiases()
	data, err := (&tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// scaleBiases gives every bias the scale of its products.
func (s *sketch) scaleBiases() {
	for _, op := range s.g.Operators {
		in, bias := 0, 2
		switch op.Code {
		case tflite.OpConv2D, tflite.OpDepthwiseConv2D, tflite.OpFullyConnected:
		case tflite.OpTransposeConv:
			in, bias = 2, 3
		default:
			continue
		}
		if len(op.Inputs) <= bias || op.Inputs[bias] < 0 {
			continue
		}
		q := &s.g.Tensors[op.Inputs[bias]].Quant
		q.Scale, q.ZeroPoint = nil, nil
		for _, w := range s.g.Tensors[op.Inputs[1]].Quant.Scale {
			q.Scale = append(q.Scale, s.g.Tensors[op.Inputs[in]].Quant.Scale[0]*w)
			q.ZeroPoint = append(q.ZeroPoint, 0)
		}
	}
}

// drawInputs draws one value for every input of a graph, with the extremes in it.
func drawInputs(g *tflite.Subgraph, seed uint64) (list [][]byte, joined []byte) {
	r := rand.New(rand.NewPCG(seed, 5))
	for _, i := range g.Inputs {
		v := make([]byte, g.Tensors[i].Bytes())
		for k := range v {
			v[k] = byte(r.Uint32())
		}
		if seed%4 == 1 && g.Tensors[i].Type == tflite.Int16 { // a narrow range
			for k := 1; k < len(v); k += 2 {
				v[k] = byte(int8(v[k-1]) >> 7)
			}
		}
		list, joined = append(list, v), append(joined, v...)
	}
	return list, joined
}

// checkOperator compares one graph on the functional machine, and where clock is
// set on the cycle-level one, with the reference.
func checkOperator(t *testing.T, c *operatorCase, seed uint64, of tflite.Type, clock bool) {
	m := operatorModel(t, c, seed, of)
	g := &m.Subgraphs[0]
	list, joined := drawInputs(g, seed)
	cfg := isa.Configs[seed%4]
	what := fmt.Sprintf("seed %d on %v", seed, cfg)
	values, err := reference.Run(m, list)
	if err != nil {
		t.Fatalf("%s: reference: %v", what, err)
	}
	var want []byte
	for _, v := range values {
		want = append(want, v...)
	}
	p, err := Compile(m, Options{Config: cfg})
	if c.where == onHost {
		if err == nil {
			t.Errorf("%s: runs on the NPU; correct the table", what)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	got := execute(t, p, joined)
	if !bytes.Equal(got, want) {
		differ, first := 0, -1
		for i := range want {
			if got[i] != want[i] {
				if differ++; first < 0 {
					first = i
				}
			}
		}
		op := &g.Operators[len(g.Operators)-1]
		t.Errorf("%s: %d of %d bytes differ, first at %d: %d, want %d; input %v output %v options %+v", what, differ, len(got),
			first, int8(got[first]), int8(want[first]), g.Tensors[g.Inputs[0]].Shape, g.Tensors[g.Outputs[0]].Shape, op.Options)
	}
	for _, problem := range hazards(cfg, p.Commands) {
		t.Errorf("%s: %s", what, problem)
	}
	if clock {
		if out, st := clocked(t, p, joined); st != npu.Done || !bytes.Equal(out, got) {
			t.Errorf("%s: %v on the cycle-level machine, output equal: %v", what, st, bytes.Equal(out, got))
		}
	}
}

// TestOperators draws graphs of every operator that the NPU executes, int8 and
// where the reference kernels have it int16 and uint8, and of some that the host
// keeps.
func TestOperators(t *testing.T) {
	count := uint64(8)
	if full() {
		count = 200
	}
	for i := range operatorCases {
		c := &operatorCases[i]
		for of, drawn := range map[tflite.Type]bool{
			tflite.Int8: true, tflite.Int16: c.types == with16 || c.types == withAll, tflite.Uint8: c.types == with8 || c.types == withAll,
		} {
			if !drawn {
				continue
			}
			t.Run(c.name+" "+of.String(), func(t *testing.T) {
				for seed := range count {
					checkOperator(t, c, seed, of, (seed+uint64(i))%3 == 0)
				}
			})
		}
	}
}

// TestUnknownOperators checks that what nobody can compute is an error with its
// name.
func TestUnknownOperators(t *testing.T) {
	for _, code := range []tflite.BuiltinCode{199, 200, 201} {
		s := &sketch{r: rand.New(rand.NewPCG(1, 1))}
		x := s.source(2, 2, 2)
		s.g.Outputs = []int{s.op(code, tflite.Options{}, s.tensor(1, 2, 2, 2), x)}
		m := &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
		_, err := Compile(m, Options{})
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(code.String())) {
			t.Errorf("%v: %v", code, err)
		}
		stages, err := Stages(m, Options{})
		if err != nil || len(stages) != 1 || stages[0].Program != nil {
			t.Errorf("%v: %d stages, %v; want one on the host", code, len(stages), err)
		}
		if _, err := reference.Prepare(&s.g, &s.g.Operators[0]); err == nil || !bytes.Contains([]byte(err.Error()), []byte(code.String())) {
			t.Errorf("%v on the host: %v", code, err)
		}
	}
}

// powerOfTwo draws a scale without a mantissa.
func (s *sketch) powerOfTwo(lo, hi int) float64 { return math.Ldexp(1, lo+s.r.IntN(hi-lo+1)) }
