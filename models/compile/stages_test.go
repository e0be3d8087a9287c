package compile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"upset/models/reference/reftest"
	"upset/npu/isa"
)

// A network with operators that the NPU lacks runs in stages: its programs on
// the functional machine, the other operators by the reference kernels.
func TestStagesMatchGolden(t *testing.T) {
	dir := shared(t)
	m := load(t, filepath.Join(dir, "models", "keyword_scrambled_8bit.tflite"))
	g := &m.Subgraphs[0]
	for _, c := range isa.Configs {
		stages, err := Stages(m, Options{Config: c})
		if err != nil {
			t.Fatal(err)
		}
		programs := 0
		for n := 0; n < 3; n++ {
			input, err := os.ReadFile(filepath.Join(dir, "golden", "keyword_scrambled_8bit", fmt.Sprintf("in_%02d.bin", n)))
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(dir, "golden", "keyword_scrambled_8bit", fmt.Sprintf("out_%02d.bin", n)))
			if err != nil {
				t.Fatal(err)
			}
			values := make([][]byte, len(g.Tensors))
			for i := range g.Tensors {
				x := &g.Tensors[i]
				if values[i] = x.Data; x.Data == nil {
					values[i] = make([]byte, x.Bytes())
				}
				if x.Variable {
					values[i] = bytes.Repeat([]byte{byte(zeroPoint(x))}, x.Bytes())
				}
			}
			values[g.Inputs[0]] = input
			programs = 0
			for _, s := range stages {
				if s.Program == nil {
					if err := reftest.Eval(m, &g.Operators[s.Operator], values); err != nil {
						t.Fatal(err)
					}
					continue
				}
				programs++
				var in []byte
				for _, i := range s.Inputs {
					in = append(in, values[i]...)
				}
				out := execute(t, s.Program, in)
				for _, i := range s.Outputs {
					size := g.Tensors[i].Bytes()
					copy(values[i], out[:size])
					out = out[size:]
				}
			}
			if !bytes.Equal(values[g.Outputs[0]], want) {
				t.Errorf("%s case %d: output %x, want %x", c, n, values[g.Outputs[0]], want)
			}
		}
		if programs < 3 {
			t.Errorf("%s: only %d programs in %d stages", c, programs, len(stages))
		}
	}
}

func TestWholeGraphIsOneStage(t *testing.T) {
	m := load(t, filepath.Join(shared(t), "models", "hello_world_int8.tflite"))
	stages, err := Stages(m, Options{Config: isa.U55x64})
	if err != nil || len(stages) != 1 || stages[0].Program == nil {
		t.Fatalf("%d stages, %v", len(stages), err)
	}
}
