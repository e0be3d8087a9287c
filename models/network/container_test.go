package network

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"upset/models/container"
	"upset/models/tflite"
	"upset/npu/isa"
)

// editStream replaces SET commands of the first NPU operator's stream.
func editStream(t *testing.T, m *tflite.Model, edit func(reg isa.Reg, word uint32) uint32) {
	t.Helper()
	tensor := &m.Subgraphs[0].Tensors[npuOp(m).Inputs[container.InputCommands]]
	data := bytes.Clone(tensor.Data)
	cfg, _, err := container.ConfigOf(marshalled(t, m))
	if err != nil {
		t.Fatal(err)
	}
	c, err := container.OpenVela(m)
	if err != nil {
		t.Fatal(err)
	}
	pay, err := c.Operator(0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	at := len(data) - 4*len(pay.Commands) // they come last
	for w := 0; w < len(pay.Commands); w++ {
		kind, reg := isa.Classify(pay.Commands[w])
		switch kind {
		case isa.KindSet:
			binary.LittleEndian.PutUint32(data[at+4*w:], edit(isa.Reg(reg), pay.Commands[w]))
		case isa.KindSet2:
			w++
		}
	}
	tensor.Data = data
}

func marshalled(t *testing.T, m *tflite.Model) []byte {
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// dedicated moves what DMA brings to the arena to the fast memory.
func dedicated(t *testing.T, m *tflite.Model) {
	editStream(t, m, func(reg isa.Reg, word uint32) uint32 {
		if word>>16 == 1 && (reg == isa.DMA0DstRegion || reg == isa.WeightRegion || reg == isa.ScaleRegion) {
			return word&0xffff | 2<<16
		}
		return word
	})
}

// TestContainerForms rewrites a Vela output as other memory modes and versions of
// the compiler write it. The outputs stay the same.
func TestContainerForms(t *testing.T) {
	const name = "kws_ref_model"
	fastTensor := func(m *tflite.Model) *tflite.Tensor {
		return &m.Subgraphs[0].Tensors[npuOp(m).Inputs[container.InputFast]]
	}
	word := func(m *tflite.Model, i int, v uint32) {
		plan(m).Data = bytes.Clone(plan(m).Data)
		binary.LittleEndian.PutUint32(plan(m).Data[4*i:], v)
	}
	for _, c := range []struct {
		name     string
		edit     func(t *testing.T, m *tflite.Model)
		separate bool // the fast memory is no part of the arena
	}{
		{"fast memory at its own offset 0", dedicated, true},
		{"fast memory without a place", func(t *testing.T, m *tflite.Model) {
			dedicated(t, m)
			word(m, 3+npuOp(m).Inputs[container.InputFast], 0xffffffff)
		}, true},
		{"fast memory of no size", func(_ *testing.T, m *tflite.Model) { fastTensor(m).Shape = []int{0} }, false},
		{"fast memory is the scratch tensor", func(_ *testing.T, m *tflite.Model) {
			npuOp(m).Inputs[container.InputFast] = npuOp(m).Inputs[container.InputScratch]
		}, false},
		{"no fast memory, as early versions write it", func(_ *testing.T, m *tflite.Model) {
			npuOp(m).Inputs = slices.Delete(slices.Clone(npuOp(m).Inputs), container.InputFast, container.InputFast+1)
		}, false},
		{"no fast memory and no network input", func(_ *testing.T, m *tflite.Model) {
			npuOp(m).Inputs = npuOp(m).Inputs[:container.InputFast]
		}, false},
		{"index of the subgraph in the plan", func(_ *testing.T, m *tflite.Model) { word(m, 1, 0) }, false},
		{"no other metadata", func(_ *testing.T, m *tflite.Model) { m.Metadata = []tflite.Metadata{*plan(m)} }, false},
		{"longer scratch", func(_ *testing.T, m *tflite.Model) {
			m.Subgraphs[0].Tensors[npuOp(m).Inputs[container.InputScratch]].Shape[0] += 4096
		}, false},
	} {
		for _, cfg := range isa.Configs {
			m, err := tflite.Parse(velaFile(t, "ethos-"+cfg.String()+"/"+name+"_vela.tflite"))
			if err != nil {
				t.Fatal(err)
			}
			c.edit(t, m)
			n, err := FromVela(m, cfg)
			if err != nil {
				t.Errorf("%s on %s: %v", c.name, cfg, err)
				continue
			}
			if got := n.Program().FastSize > 0; got != c.separate {
				t.Errorf("%s on %s: fast memory apart is %v", c.name, cfg, got)
			}
			compare(t, n, filepath.Join(shared(t), "golden", name), "01")
		}
	}
}

// TestStateOfPrograms starts a variable from its zero point, or from the value that
// the model gives it.
func TestStateOfPrograms(t *testing.T) {
	state := tflite.Tensor{
		Name: "state", Type: tflite.Int8, Shape: []int{1, 3}, Variable: true, Quant: tflite.Quantization{ZeroPoint: []int64{-5}},
	}
	if got := state.Start(3); !bytes.Equal(got, []byte{0xfb, 0xfb, 0xfb}) {
		t.Errorf("the state starts as %x", got)
	}
	state.Initial = []byte{1, 2, 3}
	if got := state.Start(3); !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("the state with a value starts as %x", got)
	}
}

// TestMixedCopies joins two programs whose arenas place one tensor differently:
// the written graph copies it.
func TestMixedCopies(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(shared(t), "models", "keyword_scrambled_8bit.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := Open(data, isa.U55x64)
	if err != nil {
		t.Fatal(err)
	}
	n.shared = false // as if each program had planned its own arena
	w := &mixedWriter{Builder: container.Builder{Graph: n.model.Subgraphs[0]}, n: n}
	last := len(n.Stages) - 1
	for i, s := range n.Stages {
		if s.Program == nil {
			continue
		}
		id := s.Outputs[0]
		if before := w.survives(i, id, false); !before {
			t.Errorf("stage %d: its output would be copied", i)
		}
		if i < last && n.Stages[last].Program == nil {
			saved := n.Stages[last].Inputs
			n.Stages[last].Inputs = append([]int{id}, saved...)
			later := false
			for _, x := range n.Stages[i+1:] {
				later = later || x.Program != nil
			}
			if got := w.survives(i, id, false); got == later {
				t.Errorf("stage %d: read again at the end, its output survives is %v", i, got)
			}
			n.Stages[last].Inputs = saved
		}
	}
}
