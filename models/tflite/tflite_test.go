package tflite

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

// shared finds the folder of test data beside the project's root.
func shared(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("go.mod not found above the test's folder")
		}
		dir = filepath.Dir(dir)
	}
	s := filepath.Join(filepath.Dir(dir), "shared")
	if _, err := os.Stat(s); err != nil {
		t.Skipf("%s is absent: the shared networks are needed for this test", s)
	}
	return s
}

func files(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"models/*.tflite", "models/ops/*.tflite", "vela/*/*.tflite", "vela/*/ops/*.tflite"} {
		m, err := filepath.Glob(filepath.Join(shared(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m...)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	list := files(t)
	if len(list) < 100 {
		t.Fatalf("only %d models found", len(list))
	}
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
		out, err := m.Marshal()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		again, err := Parse(out)
		if err != nil {
			t.Errorf("%s written again: %v", path, err)
			continue
		}
		if !reflect.DeepEqual(m, again) {
			t.Errorf("%s: model differs after writing and reading", path)
		}
		if third, err := again.Marshal(); err != nil || string(third) != string(out) {
			t.Errorf("%s: second writing gives other bytes (%v)", path, err)
		}
	}
}

// TestKnownModel checks decoded values against what the model's publisher states
// and what other readers show.
func TestKnownModel(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(shared(t), "models", "kws_ref_model.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	g := &m.Subgraphs[0]
	in, out := &g.Tensors[g.Inputs[0]], &g.Tensors[g.Outputs[0]]
	if m.Version != 3 || in.Type != Int8 || !reflect.DeepEqual(in.Shape, []int{1, 49, 10, 1}) ||
		!reflect.DeepEqual(out.Shape, []int{1, 12}) {
		t.Errorf("version %d, input %s %v, output %v", m.Version, in.Type, in.Shape, out.Shape)
	}
	var names []string
	for i := range g.Operators {
		names = append(names, g.Operators[i].Name())
	}
	want := "CONV_2D" + strings.Repeat(" DEPTHWISE_CONV_2D CONV_2D", 4) +
		" AVERAGE_POOL_2D RESHAPE FULLY_CONNECTED SOFTMAX"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("operators %s, want %s", got, want)
	}
	first := g.Operators[0].Options
	if first.StrideW != 2 || first.StrideH != 2 || first.Padding != Same || first.Activation != Relu ||
		first.DilationW != 1 || first.DilationH != 1 {
		t.Errorf("options of the first convolution: %+v", first)
	}
	if w := &g.Tensors[g.Operators[0].Inputs[1]]; len(w.Quant.Scale) != 64 || len(w.Data) != w.Bytes() {
		t.Errorf("weights: %d scales, %d bytes", len(w.Quant.Scale), len(w.Data))
	}
}

func sample() *Model {
	weights := make([]byte, 2*3*3*4)
	for i := range weights {
		weights[i] = byte(i * 7)
	}
	return &Model{
		Version: 3, Description: "sample",
		Subgraphs: []Subgraph{{
			Name: "main",
			Tensors: []Tensor{
				{Name: "in", Type: Int8, Shape: []int{1, 8, 8, 4}, Quant: Quantization{Scale: []float32{0.5}, ZeroPoint: []int64{-3}}},
				{Name: "w", Type: Int8, Shape: []int{2, 3, 3, 4}, Quant: Quantization{Scale: []float32{0.1, 0.2}, ZeroPoint: []int64{0, 0}}, Data: weights},
				{Name: "shape", Type: Int32, Shape: []int{2}, Data: []byte{1, 0, 0, 0, 72, 0, 0, 0}},
				{Name: "mid", Type: Int8, Shape: []int{1, 6, 6, 2}, Quant: Quantization{Scale: []float32{1}, ZeroPoint: []int64{1}}},
				{Name: "out", Type: Int8, Shape: []int{1, 72}, Variable: true},
			},
			Operators: []Operator{
				{Code: OpConv2D, Version: 3, Inputs: []int{0, 1, -1}, Outputs: []int{3}, Options: Options{
					Kind: OptionsConv2D, Padding: Valid, StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, Activation: Relu6,
				}},
				{Code: OpReshape, Version: 1, Inputs: []int{3, 2}, Outputs: []int{4}, Options: Options{
					Kind: OptionsReshape, NewShape: []int{1, 72},
				}},
				{Code: OpCustom, Custom: "ethos-u", Version: 1, Inputs: []int{4}, Outputs: []int{4}, CustomOptions: []byte{1, 4, 1}},
				{Code: OpBatchMatmul, Version: 2, Inputs: []int{4}, Outputs: []int{4}, Options: Options{Kind: OptionsBatchMatmul, AdjY: true}},
				{Code: BuiltinCode(150), Version: 1, Inputs: []int{4}, Outputs: []int{4}},
			},
			Inputs: []int{0}, Outputs: []int{4},
		}},
		Metadata: []Metadata{{Name: "note", Data: []byte("hello")}},
	}
}

func TestMarshalSample(t *testing.T) {
	m := sample()
	out, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, again) {
		t.Errorf("got %+v\nwant %+v", again, m)
	}
	if string(out[4:8]) != "TFL3" {
		t.Errorf("identifier %q", out[4:8])
	}
	for i := range again.Subgraphs[0].Tensors {
		d := again.Subgraphs[0].Tensors[i].Data
		if d == nil {
			continue
		}
		at := uintptr(unsafe.Pointer(&d[0])) - uintptr(unsafe.Pointer(&out[0]))
		if at%16 != 0 {
			t.Errorf("tensor %d: constant at offset %d is not 16-byte aligned", i, at)
		}
	}
}

// TestMarshalDefaults checks that option fields left at zero come back with a
// dilation of one and with the options table of the operator.
func TestMarshalDefaults(t *testing.T) {
	m := sample()
	m.Subgraphs[0].Operators[0].Options = Options{StrideW: 2, StrideH: 2}
	m.Subgraphs[0].Operators[0].Version = 0
	out, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	op := again.Subgraphs[0].Operators[0]
	want := Options{Kind: OptionsConv2D, StrideW: 2, StrideH: 2, DilationW: 1, DilationH: 1}
	if !reflect.DeepEqual(op.Options, want) || op.Version != 1 {
		t.Errorf("got version %d %+v, want %+v", op.Version, op.Options, want)
	}
}

func TestMarshalSharesBuffers(t *testing.T) {
	m := sample()
	big := make([]byte, 1<<16)
	for i := 0; i < 10; i++ {
		m.Metadata = append(m.Metadata, Metadata{Name: "copy", Data: big})
	}
	out, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) > 2*len(big) {
		t.Errorf("%d bytes for one shared block of %d", len(out), len(big))
	}
}

func TestCheck(t *testing.T) {
	cases := []struct {
		name   string
		damage func(*Subgraph)
		want   string
	}{
		{"operator input", func(g *Subgraph) { g.Operators[0].Inputs[0] = 5 }, "operator 0 (CONV_2D): input 0 is tensor 5"},
		{"operator output", func(g *Subgraph) { g.Operators[1].Outputs[0] = -2 }, "output 0 is tensor -2"},
		{"graph input", func(g *Subgraph) { g.Inputs[0] = -1 }, "input 0 is tensor -1"},
		{"graph output", func(g *Subgraph) { g.Outputs[0] = 9 }, "output 0 is tensor 9"},
		{"constant size", func(g *Subgraph) { g.Tensors[1].Shape[0] = 3 }, `tensor 1 ("w"): constant of 72 bytes`},
		{"negative dimension", func(g *Subgraph) { g.Tensors[0].Shape[0] = -1 }, "negative dimension"},
		{"overflow", func(g *Subgraph) { g.Tensors[0].Shape = []int{1 << 30, 1 << 30, 1 << 30} }, "beyond"},
		{"too large", func(g *Subgraph) { g.Tensors[0].Type = Int64; g.Tensors[0].Shape = []int{1 << 29} }, "beyond"},
		{"zero points", func(g *Subgraph) { g.Tensors[1].Quant.ZeroPoint = make([]int64, 3) }, "3 zero points"},
		{"option range", func(g *Subgraph) { g.Operators[0].Options.StrideW = 1 << 40 }, "does not fit 32 bits"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := sample()
			c.damage(&m.Subgraphs[0])
			if _, err := m.Marshal(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestUnusedParts damages what the first subgraph does not use: the file stays
// readable; used by an operator, the same damage is an error that names it.
func TestUnusedParts(t *testing.T) {
	damages := []struct {
		name string
		bad  Tensor
		want string // of the error where it is used; "" where only the operator can tell
	}{
		{"type", Tensor{Name: "odd", Type: 99, Shape: []int{2}}, ""},
		{"dimension", Tensor{Name: "odd", Type: Int8, Shape: []int{-1, 2}}, "negative dimension"},
		{"constant", Tensor{Name: "odd", Type: Int8, Shape: []int{3}, Data: []byte{1, 2}}, "constant of 2 bytes"},
		{"zero points", Tensor{Name: "odd", Type: Int8, Quant: Quantization{Scale: []float32{1}, ZeroPoint: []int64{1, 2}}}, "2 zero points"},
	}
	for _, d := range damages {
		for _, used := range []bool{false, true} {
			m := sample()
			g := &m.Subgraphs[0]
			g.Tensors = append(g.Tensors, d.bad)
			if used {
				g.Operators[0].Inputs[2] = 5
			}
			m.Subgraphs = append(m.Subgraphs, Subgraph{Tensors: []Tensor{d.bad}, Inputs: []int{0}})
			data := unchecked(t, m)
			got, err := Parse(data)
			switch {
			case used && d.want != "":
				if err == nil || !strings.Contains(err.Error(), d.want) || !strings.Contains(err.Error(), "tensor 5") {
					t.Errorf("%s used: error %v", d.name, err)
				}
			case err != nil:
				t.Errorf("%s, used %v: %v", d.name, used, err)
			case got.Subgraphs[0].Tensors[5].Name != "odd":
				t.Errorf("%s: tensor %+v", d.name, got.Subgraphs[0].Tensors[5])
			}
		}
	}
}

// TestCalledSubgraph damages the subgraph that CALL_ONCE names, which is used.
func TestCalledSubgraph(t *testing.T) {
	m := streaming(1, 2)
	m.Subgraphs[1].Tensors[1].Shape = []int{3}
	if _, err := Parse(unchecked(t, m)); err == nil || !strings.Contains(err.Error(), "subgraph 1: tensor 1") {
		t.Errorf("error %v", err)
	}
}

// unchecked writes a model without looking at it.
func unchecked(t *testing.T, m *Model) []byte {
	t.Helper()
	w := newWriter()
	for i := range m.Subgraphs {
		g := &m.Subgraphs[i]
		for j := range g.Tensors {
			w.addBuffer(g.Tensors[j].Data)
		}
		for j := range g.Operators {
			w.addCode(&g.Operators[j])
		}
	}
	w.model(m)
	return w.b.FinishedBytes()
}

func TestParseDamaged(t *testing.T) {
	good, err := sample().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		m, err := Parse(good[:n])
		if err == nil && n < len(good)-16 && (len(m.Metadata) != 1 || m.Metadata[0].Data != nil) {
			// Padding at the very end and metadata may be missing without harm.
			t.Errorf("file cut to %d of %d bytes is accepted", n, len(good))
		}
	}
	// Every 32-bit word replaced by extreme values: an error or a model, never a
	// panic.
	for at := 0; at+4 <= len(good); at += 2 {
		for _, v := range []uint32{0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, uint32(len(good))} {
			bad := append([]byte(nil), good...)
			binary.LittleEndian.PutUint32(bad[at:], v)
			if m, err := Parse(bad); err == nil {
				if _, err := m.Marshal(); err != nil {
					t.Errorf("word at %d = %#x: parsed but not writable: %v", at, v, err)
				}
			}
		}
	}
}

// TestParseAmplification builds a file whose vector of subgraphs names one
// subgraph with many tensors again and again.
func TestParseAmplification(t *testing.T) {
	const n = 1 << 14
	b := make([]byte, 0, 1<<18)
	word := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	word(16)
	b = append(b, "TFL3"...)
	b = append(b, 10, 0, 8, 0, 0, 0, 0, 0, 4, 0) // vtable at 8, field 2 at 4
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	model := len(b)
	binary.LittleEndian.PutUint32(b, uint32(model))
	word(uint32(model - 8)) // soffset to the vtable at 8
	word(4)                 // vector follows
	word(n)
	graphs := len(b)
	b = append(b, make([]byte, 4*n)...)
	vt := len(b)
	b = append(b, 6, 0, 8, 0, 4, 0, 0, 0) // subgraph vtable: field 0 at 4
	graph := len(b)
	word(uint32(graph - vt))
	word(4)
	word(n)
	tensors := len(b)
	b = append(b, make([]byte, 4*n)...)
	vt = len(b)
	b = append(b, 4, 0, 4, 0)
	tensor := len(b)
	word(uint32(tensor - vt))
	for i := range n {
		binary.LittleEndian.PutUint32(b[graphs+4*i:], uint32(graph-graphs-4*i))
		binary.LittleEndian.PutUint32(b[tensors+4*i:], uint32(tensor-tensors-4*i))
	}
	_, err := Parse(b)
	if err == nil || !strings.Contains(err.Error(), "referenced too often") {
		t.Errorf("%d references to one subgraph of %d tensors: error %v", n, n, err)
	}
}

func FuzzParse(f *testing.F) {
	good, err := sample().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("\x08\x00\x00\x00TFL3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		out, err := m.Marshal()
		if err != nil {
			t.Fatalf("parsed but not writable: %v", err)
		}
		if _, err := Parse(out); err != nil {
			t.Fatalf("written but not readable: %v", err)
		}
	})
}
