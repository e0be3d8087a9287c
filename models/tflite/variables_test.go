package tflite

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// streaming is a graph that adds its input to a variable that starts as initial,
// and gives out the value of the inference before.
func streaming(initial ...byte) *Model {
	name := Options{SharedName: "state", Container: "box"}
	q := Quantization{Scale: []float32{1}, ZeroPoint: []int64{-3}}
	value := Tensor{Type: Int8, Shape: []int{2}, Quant: q}
	return &Model{
		Version: 3,
		Subgraphs: []Subgraph{{
			Tensors: []Tensor{value, {Name: "handle", Type: Resource}, value, value},
			Operators: []Operator{
				{Code: OpCallOnce, Options: Options{InitSubgraph: 1}},
				{Code: OpVarHandle, Outputs: []int{1}, Options: name},
				{Code: OpReadVariable, Inputs: []int{1}, Outputs: []int{2}},
				{Code: OpAdd, Inputs: []int{0, 2}, Outputs: []int{3}},
				{Code: OpAssignVariable, Inputs: []int{1, 3}},
			},
			Inputs: []int{0}, Outputs: []int{2},
		}, {
			Tensors: []Tensor{{Name: "handle", Type: Resource}, {Type: Int8, Shape: []int{2}, Quant: q, Data: initial}},
			Operators: []Operator{
				{Code: OpVarHandle, Outputs: []int{0}, Options: name},
				{Code: OpAssignVariable, Inputs: []int{0, 1}},
			},
		}},
	}
}

func TestNormalise(t *testing.T) {
	m := streaming(7, 8)
	before := streaming(7, 8)
	n, err := m.Normalise()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, before) {
		t.Error("the given model was changed")
	}
	g := &n.Subgraphs[0]
	var got []string
	for i := range g.Operators {
		got = append(got, g.Operators[i].Name())
	}
	if want := "READ_VARIABLE ADD ASSIGN_VARIABLE"; strings.Join(got, " ") != want {
		t.Fatalf("operators %v, want %s", got, want)
	}
	read, assign := g.Operators[0], g.Operators[2]
	if !slices.Equal(read.Inputs, []int{4}) || !slices.Equal(assign.Inputs, []int{3}) || !slices.Equal(assign.Outputs, []int{4}) {
		t.Errorf("read %v, assignment %v to %v", read.Inputs, assign.Inputs, assign.Outputs)
	}
	v := &g.Tensors[4]
	if v.Name != "state" || !v.Variable || v.Type != Int8 || !slices.Equal(v.Shape, []int{2}) || !bytes.Equal(v.State(), []byte{7, 8}) {
		t.Errorf("variable %+v", v)
	}
	if again, err := n.Normalise(); err != nil || again != n {
		t.Errorf("a normalised model is normalised again (%v)", err)
	}
}

// TestNormaliseDefault checks that an initial value equal to the fresh state of
// the type needs no field.
func TestNormaliseDefault(t *testing.T) {
	n, err := streaming(0xFD, 0xFD).Normalise()
	if err != nil {
		t.Fatal(err)
	}
	if v := &n.Subgraphs[0].Tensors[4]; v.Initial != nil || !bytes.Equal(v.State(), []byte{0xFD, 0xFD}) {
		t.Errorf("initial %v, state %v", v.Initial, v.State())
	}
}

// TestMarshalNormalised checks that handles come back when a normalised model is
// written: other runtimes know nothing else.
func TestMarshalNormalised(t *testing.T) {
	n, err := streaming(7, 8).Normalise()
	if err != nil {
		t.Fatal(err)
	}
	data, err := n.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range m.Subgraphs[0].Operators {
		got = append(got, m.Subgraphs[0].Operators[i].Name())
	}
	if want := "CALL_ONCE VAR_HANDLE READ_VARIABLE ADD ASSIGN_VARIABLE"; strings.Join(got, " ") != want {
		t.Errorf("operators %v, want %s", got, want)
	}
	again, err := m.Normalise()
	if err != nil {
		t.Fatal(err)
	}
	if v := again.Subgraphs[0].Tensors; !v[len(v)-1].Variable || !bytes.Equal(v[len(v)-1].Initial, []byte{7, 8}) {
		t.Errorf("tensors %+v", v)
	}
	n.Subgraphs[0].Operators[1].Inputs[1] = 4
	if _, err := n.Marshal(); err == nil || !strings.Contains(err.Error(), "uses variable tensor 4") {
		t.Errorf("direct use of a variable: error %v", err)
	}
}

// TestContainers keeps two variables apart that share a name in two containers.
func TestContainers(t *testing.T) {
	m := streaming(7, 8)
	g := &m.Subgraphs[0]
	other := Options{SharedName: "state", Container: "other"}
	g.Tensors = append(g.Tensors, Tensor{Name: "handle", Type: Resource})
	g.Operators = append(g.Operators, Operator{Code: OpVarHandle, Outputs: []int{4}, Options: other},
		Operator{Code: OpAssignVariable, Inputs: []int{4, 0}})
	n, err := m.Normalise()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it is, then written and read again
		count := 0
		for i := range n.Subgraphs[0].Tensors {
			if n.Subgraphs[0].Tensors[i].Variable {
				count++
			}
		}
		if count != 2 {
			t.Fatalf("%d variables, want 2", count)
		}
		data, err := n.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if n, err = Parse(data); err != nil {
			t.Fatal(err)
		}
		if n, err = n.Normalise(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNormaliseRefuses(t *testing.T) {
	cases := []struct {
		name   string
		damage func(*Model)
		want   string
	}{
		{"other user", func(m *Model) { m.Subgraphs[0].Operators[3].Inputs[0] = 1 }, "operator 3 (ADD): input tensor 1"},
		{"unknown handle", func(m *Model) { m.Subgraphs[0].Operators[1].Outputs[0] = 2 }, "operator 2 (READ_VARIABLE): input tensor 1"},
		{"no handle", func(m *Model) { m.Subgraphs[0].Operators[1].Outputs = nil }, "one output is needed"},
		{"size", func(m *Model) { m.Subgraphs[0].Tensors[3].Shape = []int{3} }, `variable "state" is int8 of shape [3] here`},
		{"subgraph", func(m *Model) { m.Subgraphs[0].Operators[0].Options.InitSubgraph = 2 }, "initialisation subgraph 2 of 2"},
		{"itself", func(m *Model) { m.Subgraphs[0].Operators[0].Options.InitSubgraph = 0 }, "initialisation subgraph 0 of 2"},
		{"computed", func(m *Model) { m.Subgraphs[1].Operators[0].Code = OpAdd }, "only be initialised with constants"},
		{"no constant", func(m *Model) { m.Subgraphs[1].Tensors[1].Data = nil }, "only be initialised with constants"},
		{"initial size", func(m *Model) { m.Subgraphs[1].Tensors[1].Data = make([]byte, 3) }, "takes 2 bytes, its initial value has 3"},
		{"output", func(m *Model) { m.Subgraphs[0].Outputs[0] = 1 }, "cannot be an input or output"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := streaming(7, 8)
			c.damage(m)
			if _, err := m.Normalise(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestNormaliseZoo normalises the public streaming networks and reads them again
// after writing.
func TestNormaliseZoo(t *testing.T) {
	list, err := filepath.Glob(filepath.Join(shared(t), "zoo", "user", "*.tflite"))
	if err != nil || len(list) < 50 {
		t.Fatalf("%d networks (%v)", len(list), err)
	}
	streams := 0
	for _, path := range list {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		n, err := m.Normalise()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if n == m {
			continue
		}
		streams++
		out, err := n.Marshal()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if again, err := Parse(out); err != nil {
			t.Errorf("%s written again: %v", path, err)
		} else if again, err = again.Normalise(); err != nil {
			t.Errorf("%s written again: %v", path, err)
		} else if !reflect.DeepEqual(again.Subgraphs[0], n.Subgraphs[0]) {
			t.Errorf("%s: graph differs after writing and reading", path)
		}
	}
	if streams < 8 {
		t.Errorf("only %d streaming networks found", streams)
	}
}
