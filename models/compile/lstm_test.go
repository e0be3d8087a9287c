package compile

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// recurrent draws an LSTM of small sizes.
func recurrent(seed uint64) *tflite.Model {
	s := &sketch{r: rand.New(rand.NewPCG(seed, 44)), wide: seed%3 == 2}
	batches, steps, inputs, units := 1+s.r.IntN(3), 1+s.r.IntN(4), 1+s.r.IntN(20), 1+s.r.IntN(20)
	o := tflite.Options{Activation: tflite.Tanh, TimeMajor: s.r.IntN(2) == 0}
	shape := []int{batches, steps}
	if o.TimeMajor {
		shape = []int{steps, batches}
	}
	x := s.tensor(append(shape, inputs)...)
	s.g.Inputs = []int{x}
	hidden, cell := s.tensor(batches, units), s.tensor(batches, units)
	out := s.like(hidden, append(shape, units)...)
	for _, i := range []int{hidden, cell} {
		s.g.Tensors[i].Variable = true
	}
	s.g.Tensors[hidden].Quant.Scale[0] = 1.0 / 128
	if s.wide {
		s.g.Tensors[hidden].Quant.Scale[0] = 1.0 / 32768
	}
	s.g.Tensors[cell].Type = tflite.Int16
	s.quantise(cell, math.Ldexp(1, -15+s.r.IntN(8)), 0)
	switch s.r.IntN(6) {
	case 0:
		o.CellClip = 0.5 + float32(s.r.Float64())
	case 1: // beyond 16 bits, which still leaves out the lowest number
		o.CellClip = 1000
	}
	in := []int{x}
	flat := func(i int) int {
		q := &s.g.Tensors[i].Quant
		q.Scale, q.ZeroPoint, q.Axis = q.Scale[:1], []int64{0}, 0
		return i
	}
	for range 4 {
		in = append(in, flat(s.weights(0, units, inputs)))
	}
	for range 4 {
		in = append(in, flat(s.weights(0, units, units)))
	}
	in = append(in, -1, -1, -1)
	for range 4 {
		if s.r.IntN(5) == 0 {
			in = append(in, -1)
			continue
		}
		in = append(in, s.offsets(units))
	}
	in = append(in, -1, -1, hidden, cell)
	s.g.Outputs = []int{s.op(tflite.OpSequenceLSTM, o, out, in...)}
	return &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
}

// An LSTM gives what the reference kernel gives, over several inferences with its
// state kept.
func TestLSTMMatchesReference(t *testing.T) {
	count := uint64(60)
	if full() {
		count = 2000
	}
	for seed := range count {
		m := recurrent(seed)
		p, err := Compile(m, Options{Config: isa.Configs[seed%4]})
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		host, err := reference.New(m)
		if err != nil {
			t.Fatal(err)
		}
		var frames [][]byte
		var want []byte
		for n := range uint64(3) {
			_, frame := drawInputs(&m.Subgraphs[0], seed+n)
			frames = append(frames, frame)
			outs, err := host.Step([][]byte{frame})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, outs[0]...)
		}
		if got := inSequence(t, p, frames); !bytes.Equal(got, want) {
			t.Errorf("seed %d: outputs %x, want %x", seed, got, want)
		}
		if seed%6 == 0 {
			if got, st := clocked(t, p, frames[0]); st != npu.Done || !bytes.Equal(got, execute(t, p, frames[0])) {
				t.Errorf("seed %d: %v on the cycle-level machine, or another output", seed, st)
			}
		}
		for _, problem := range hazards(p.Config, p.Commands) {
			t.Errorf("seed %d: %s", seed, problem)
		}
	}
}

// The weights of the hidden state are stored once, however many steps use them.
func TestSharedWeights(t *testing.T) {
	sizes := map[int]int{}
	for _, steps := range []int{2, 6} {
		s := &sketch{r: rand.New(rand.NewPCG(1, 44))}
		x := s.tensor(1, steps, 8)
		s.g.Inputs = []int{x}
		hidden, cell := s.tensor(1, 64), s.tensor(1, 64)
		s.g.Tensors[hidden].Variable, s.g.Tensors[cell].Variable = true, true
		s.g.Tensors[cell].Type = tflite.Int16
		s.quantise(cell, 1.0/2048, 0)
		in := []int{x}
		for n := range 8 {
			w := s.weights(0, 64, []int{8, 64}[n/4])
			s.g.Tensors[w].Quant = tflite.Quantization{Scale: []float32{0.01}}
			in = append(in, w)
		}
		for range 9 {
			in = append(in, -1)
		}
		in = append(in, hidden, cell)
		out := s.like(hidden, 1, steps, 64)
		s.g.Outputs = []int{s.op(tflite.OpSequenceLSTM, tflite.Options{Activation: tflite.Tanh}, out, in...)}
		p, err := Compile(&tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sizes[steps] = len(p.Flash)
	}
	if sizes[6] > sizes[2]+4*64*64/2 {
		t.Errorf("flash of %d bytes for two steps, %d for six", sizes[2], sizes[6])
	}
}
