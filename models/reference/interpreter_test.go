package reference

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
)

// TestStateStartsAfresh runs a network with state twice: the second result must
// not depend on the first.
func TestStateStartsAfresh(t *testing.T) {
	root := shared(t)
	m := readModel(t, filepath.Join(root, "models", "keyword_scrambled_8bit.tflite"))
	in, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(root, "golden", "keyword_scrambled_8bit", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []string{"01", "02", "01"} {
		got, err := in.Invoke([][]byte{read("in_" + c + ".bin")})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[0], read("out_"+c+".bin")) {
			t.Errorf("case %s differs on a used interpreter", c)
		}
	}
}

// counter gives out a variable that starts at 5 and adds the input to it.
func counter() *tflite.Model {
	name := tflite.Options{SharedName: "sum"}
	five := tensor(1)
	five.Data = []byte{5}
	return &tflite.Model{Subgraphs: []tflite.Subgraph{{
		Tensors: []tflite.Tensor{tensor(1), {Type: tflite.Resource}, tensor(1), tensor(1)},
		Operators: []tflite.Operator{
			{Code: tflite.OpCallOnce, Options: tflite.Options{InitSubgraph: 1}},
			{Code: tflite.OpVarHandle, Outputs: []int{1}, Options: name},
			{Code: tflite.OpReadVariable, Inputs: []int{1}, Outputs: []int{2}},
			{Code: tflite.OpAdd, Inputs: []int{0, 2}, Outputs: []int{3}},
			{Code: tflite.OpAssignVariable, Inputs: []int{1, 3}},
		},
		Inputs: []int{0}, Outputs: []int{2},
	}, {
		Tensors: []tflite.Tensor{{Type: tflite.Resource}, five},
		Operators: []tflite.Operator{
			{Code: tflite.OpVarHandle, Outputs: []int{0}, Options: name},
			{Code: tflite.OpAssignVariable, Inputs: []int{0, 1}},
		},
	}}}
}

// TestSequence steps through a network whose variable starts at 5: reads come
// before the assignment of the same inference.
func TestSequence(t *testing.T) {
	in, err := New(counter())
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for i, want := range []byte{5, 15, 25} {
			if got, err := in.Step([][]byte{{10}}); err != nil || got[0][0] != want {
				t.Errorf("round %d, inference %d: %v (%v), want %d", round, i, got, err, want)
			}
		}
		in.Reset()
	}
	if got, err := in.Invoke([][]byte{{1}}); err != nil || got[0][0] != 5 {
		t.Errorf("alone: %v (%v), want 5", got, err)
	}
}

func TestInvokeRefusesInputs(t *testing.T) {
	m := single(tflite.Operator{Code: tflite.OpRelu, Inputs: []int{0}, Outputs: []int{1}}, tensor(4), tensor(4))
	in, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Invoke(nil); err == nil || !strings.Contains(err.Error(), "takes 1") {
		t.Errorf("no input: error %v", err)
	}
	if _, err := in.Invoke([][]byte{{1}}); err == nil || !strings.Contains(err.Error(), "has 1 bytes") {
		t.Errorf("short input: error %v", err)
	}
}

// FuzzModel runs damaged models: an error or a result, never a panic. Graphs
// that would take long are left out.
func FuzzModel(f *testing.F) {
	add := func(m *tflite.Model) {
		b, err := m.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	add(convModel(tflite.OpConv2D, 4, 3, 5, 3))
	add(convModel(tflite.OpDepthwiseConv2D, 4, 3, 3, 3))
	add(single(tflite.Operator{Code: tflite.OpAdd, Inputs: []int{0, 1}, Outputs: []int{2}}, tensor(2, 3), tensor(3), tensor(2, 3)))
	add(single(tflite.Operator{Code: tflite.OpTranspose, Inputs: []int{0, 1}, Outputs: []int{2}},
		tensor(2, 3), constant([]int{2}, 1, 0), tensor(3, 2)))
	add(single(tflite.Operator{Code: tflite.OpStridedSlice, Inputs: []int{0, 1, 2, 3}, Outputs: []int{4}},
		tensor(5), constant([]int{1}, 1), constant([]int{1}, 4), constant([]int{1}, 2), tensor(2)))
	add(lstmModel())
	add(detector(1))
	add(counter())
	if paths, err := filepath.Glob(filepath.Join(shared(f), "models", "ops", "*.tflite")); err == nil {
		for _, p := range paths {
			if b, err := os.ReadFile(p); err == nil && len(b) < 1200 {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := tflite.Parse(data)
		if err != nil {
			return
		}
		g := &m.Subgraphs[0]
		size := 0
		for i := range g.Tensors {
			if size += g.Tensors[i].Bytes(); size > 1<<16 {
				return
			}
		}
		if len(g.Operators) > 5 {
			return
		}
		in, err := New(m)
		if err != nil {
			return
		}
		var inputs [][]byte
		for _, i := range g.Inputs {
			inputs = append(inputs, make([]byte, g.Tensors[i].Bytes()))
		}
		if _, err := in.Invoke(inputs); err != nil {
			t.Fatal(err)
		}
	})
}
