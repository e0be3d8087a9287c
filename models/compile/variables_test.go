package compile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/functional"
	"upset/npu/isa"
)

// inSequence runs inferences one after the other in an arena that keeps what is in
// it, and returns the outputs of all.
func inSequence(t *testing.T, p *Program, frames [][]byte) []byte {
	t.Helper()
	mem := isa.Memory{SRAM: bytes.Repeat([]byte{arenaFill}, p.ArenaSize), Flash: p.Flash}
	for _, v := range p.Variables {
		if len(v.Initial) != v.Bytes {
			t.Fatalf("variable %s of %d bytes starts with %d", v.Name, v.Bytes, len(v.Initial))
		}
		copy(mem.SRAM[v.Offset:], v.Initial)
	}
	var out []byte
	for _, frame := range frames {
		for _, b := range p.Inputs {
			copy(mem.SRAM[b.Offset:b.Offset+b.Bytes], frame)
			frame = frame[b.Bytes:]
		}
		m := functional.New(p.Config, &mem, [8]uint32{isa.FlashBase, isa.SRAMBase, isa.SRAMBase})
		if err := m.Run(p.Commands); err != nil {
			t.Fatal(err)
		}
		for _, b := range p.Outputs {
			out = append(out, mem.SRAM[b.Offset:b.Offset+b.Bytes]...)
		}
	}
	return out
}

// The streaming networks of the zoo are one program each, and give the golden
// bytes over four inferences with their variables kept.
func TestStreamingNetworks(t *testing.T) {
	for _, pattern := range []string{"esphome-*", "TaterTotterson-*"} {
		files, err := filepath.Glob(filepath.Join(shared(t), "zoo", "user", pattern+".tflite"))
		if err != nil || len(files) < 5 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for n, file := range files {
			name := filepath.Base(file[:len(file)-len(".tflite")])
			m, err := load(t, file).Normalise()
			if err != nil {
				t.Fatal(err)
			}
			p, err := Compile(m, Options{Config: isa.Configs[n%4]})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			dir := filepath.Join(shared(t), "zoo", "golden", name)
			input, err := os.ReadFile(filepath.Join(dir, "in_seq.bin"))
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(dir, "out_seq.bin"))
			if err != nil {
				t.Fatal(err)
			}
			var frames [][]byte
			for size := p.Inputs[0].Bytes; len(input) > 0; input = input[size:] {
				frames = append(frames, input[:size])
			}
			if got := inSequence(t, p, frames); !bytes.Equal(got, want) {
				t.Errorf("%s: outputs %x, want %x", name, got, want)
			}
			if len(p.Variables) == 0 {
				t.Errorf("%s has no variables", name)
			}
		}
	}
}

// remembering draws a graph whose operators read and assign two variables in any
// order.
func remembering(seed uint64) *tflite.Model {
	s := &sketch{r: rand.New(rand.NewPCG(seed, 31)), wide: seed%5 == 4}
	x := s.source(1+s.r.IntN(3), 1+s.r.IntN(4), 1+s.r.IntN(20))
	shape := s.dims(x)
	var states [2]int
	for i := range states {
		states[i] = s.like(x, shape...)
		v := &s.g.Tensors[states[i]]
		v.Variable = true
		if i == 1 {
			v.Initial = make([]byte, v.Bytes())
			for j := range v.Initial {
				v.Initial[j] = byte(s.r.Uint32())
			}
		}
	}
	values := []int{x}
	some := func() int { return values[s.r.IntN(len(values))] }
	for range 3 + s.r.IntN(8) {
		v := states[s.r.IntN(2)]
		switch s.r.IntN(5) {
		case 0, 1:
			values = append(values, s.op(tflite.OpReadVariable, tflite.Options{}, s.like(x, shape...), v))
		case 2:
			s.op(tflite.OpAssignVariable, tflite.Options{}, v, some())
		case 3:
			values = append(values, s.op(tflite.OpMinimum, tflite.Options{}, s.like(x, shape...), some(), some()))
		default:
			values = append(values, s.op(tflite.OpAdd, tflite.Options{}, s.like(x, shape...), some(), some()))
		}
	}
	out := s.op(tflite.OpAdd, tflite.Options{}, s.tensor(shape...), some(), some())
	s.g.Outputs = []int{out}
	if last := values[len(values)-1]; last != x {
		s.g.Outputs = append(s.g.Outputs, last)
	}
	return &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
}

// Any order of reads and assignments gives what the reference kernels give, over
// several inferences.
func TestVariablesMatchReference(t *testing.T) {
	count := uint64(150)
	if full() {
		count = 3000
	}
	for seed := range count {
		m := remembering(seed)
		p, err := Compile(m, Options{Config: isa.Configs[seed%4]})
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		host, err := reference.New(m)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, 3))
		var frames [][]byte
		var want []byte
		for range 4 {
			frame := make([]byte, p.Inputs[0].Bytes)
			for i := range frame {
				frame[i] = byte(r.Uint32())
			}
			frames = append(frames, frame)
			outs, err := host.Step([][]byte{frame})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range outs {
				want = append(want, o...)
			}
		}
		if got := inSequence(t, p, frames); !bytes.Equal(got, want) {
			t.Errorf("seed %d: outputs %x, want %x", seed, got, want)
		}
		for _, problem := range hazards(p.Config, p.Commands) {
			t.Errorf("seed %d: %s", seed, problem)
		}
	}
}

// A variable that an operator of the host uses, or that two programs without an
// arena in common use, stays with the host.
func TestVariablesOfTheHost(t *testing.T) {
	for _, shared := range []bool{false, true} {
		s := &sketch{r: rand.New(rand.NewPCG(1, 31))}
		x := s.source(1, 2, 16)
		v := s.like(x, 1, 1, 2, 16)
		s.g.Tensors[v].Variable = true
		old := s.op(tflite.OpReadVariable, tflite.Options{}, s.like(x, 1, 1, 2, 16), v)
		y := s.op(tflite.OpAdd, tflite.Options{}, s.like(x, 1, 1, 2, 16), x, old)
		z := s.op(tflite.OpLogSoftmax, tflite.Options{}, s.like(x, 1, 1, 2, 16), y)
		w := s.op(tflite.OpAdd, tflite.Options{}, s.like(x, 1, 1, 2, 16), z, y)
		s.op(tflite.OpAssignVariable, tflite.Options{}, v, w)
		s.g.Outputs = []int{w}
		stages, err := Stages(&tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}, Options{OneArena: shared})
		if err != nil {
			t.Fatal(err)
		}
		var places []string
		for _, st := range stages {
			if st.Program != nil {
				for _, v := range st.Program.Variables {
					places = append(places, fmt.Sprint(v.Offset))
				}
			}
		}
		want := 0
		if shared {
			want = 2
		}
		if len(places) != want || shared && places[0] != places[1] {
			t.Errorf("one arena %t: variables at %v in %d stages", shared, places, len(stages))
		}
	}
}
