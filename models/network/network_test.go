package network

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"upset/models/container"
	"upset/models/tflite"
	"upset/npu/functional"
	"upset/npu/isa"
)

func bytesOf(words ...uint32) []byte {
	b := make([]byte, 4*len(words))
	for i, w := range words {
		binary.LittleEndian.PutUint32(b[4*i:], w)
	}
	return b
}

func velaFile(t testing.TB, name string) []byte {
	data, err := os.ReadFile(filepath.Join(shared(t), "vela", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWrongConfigurationIsRefused(t *testing.T) {
	data := velaFile(t, "ethos-u55-64/kws_ref_model_vela.tflite")
	for _, cfg := range isa.Configs {
		_, err := Open(data, cfg)
		var mismatch *container.MismatchError
		if cfg == isa.U55x64 {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if !errors.As(err, &mismatch) || mismatch.Compiled != "u55-64" || mismatch.NPU != cfg.String() {
			t.Errorf("%s: error is %v", cfg, err)
		}
	}
}

// TestLayout checks the memory images and base addresses of a real program.
func TestLayout(t *testing.T) {
	n, err := Open(velaFile(t, "ethos-u55-128/kws_ref_model_vela.tflite"), isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Program()
	if p == nil || len(p.Inputs) != 1 || len(p.Outputs) != 1 || p.InputBytes() != 490 || p.OutputBytes() != 12 {
		t.Fatalf("program is %+v", p)
	}
	in := bytes.Repeat([]byte{7}, 490)
	mem := isa.Memory{SRAM: bytes.Repeat([]byte{0xee}, 1<<20)}
	if err := p.Load(&mem, in); err != nil {
		t.Fatal(err)
	}
	if len(mem.SRAM) != p.SRAMBytes() || !bytes.Equal(mem.SRAM[p.Inputs[0].Offset:][:490], in) || bytes.Count(mem.SRAM, []byte{0}) != len(mem.SRAM)-490 {
		t.Error("the arena is not zero with the input in place")
	}
	at := p.StreamAddr() - isa.FlashBase
	if at%16 != 0 || int(at) < len(p.Flash) || !bytes.Equal(mem.Flash[:len(p.Flash)], p.Flash) {
		t.Errorf("the command stream lies at %#x behind %d bytes", at, len(p.Flash))
	}
	for i, w := range p.Commands {
		if binary.LittleEndian.Uint32(mem.Flash[int(at)+4*i:]) != w {
			t.Fatalf("command word %d differs in flash", i)
		}
	}
	b := p.Bases()
	if b[0] != isa.FlashBase || b[1] != isa.SRAMBase || b[2] != isa.SRAMBase ||
		b[3] != isa.SRAMBase+uint32(p.Inputs[0].Offset) || b[4] != isa.SRAMBase+uint32(p.Outputs[0].Offset) || b[5] != 0 {
		t.Errorf("bases are %x", b)
	}
	if err := p.Load(&mem, in[:5]); err == nil {
		t.Error("a short input is accepted")
	}
}

// TestDescribe compares the operation list with what the machine executes and
// with the number of multiply-accumulates that Vela reports.
func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		file string
		macs int64 // summary of the compiler; 0 where it counts another way
	}{
		{"ethos-u55-128/kws_ref_model_vela.tflite", 2824792},
		{"ethos-u55-128/ad01_int8_vela.tflite", 264192},
		{"ethos-u55-128/vww_96_int8_vela.tflite", 7657860},
		{"ethos-u55-128/ops/softmax_int8_vela.tflite", 0},
	} {
		n, err := Open(velaFile(t, c.file), isa.U55x128)
		if err != nil {
			t.Fatal(err)
		}
		p := n.Program()
		var mem isa.Memory
		if err := p.Load(&mem, make([]byte, p.InputBytes())); err != nil {
			t.Fatal(err)
		}
		m := functional.New(p.Config, &mem, p.Bases())
		layer, done := -1, 0
		m.AfterOp = func(i int, op isa.Opcode, d *isa.Decoded) {
			done = i + 1
			info := &p.Operations[i]
			if info.Kind != KindName(d) || info.Word != m.Word || info.MACs != MACs(d) {
				t.Errorf("%s: operation %d is %s at word %d, listed as %+v", c.file, i, KindName(d), m.Word, info)
			}
			if op.Kernel() {
				layer++
				if info.Layer != layer {
					t.Errorf("%s: operation %d is of layer %d, want %d", c.file, i, info.Layer, layer)
				}
			}
		}
		if err := m.Run(p.Commands); err != nil {
			t.Fatal(err)
		}
		if done != len(p.Operations) {
			t.Errorf("%s: %d operations executed, %d listed", c.file, done, len(p.Operations))
		}
		var macs int64
		for _, o := range p.Operations {
			macs += o.MACs
		}
		t.Logf("%s: %d operations, %d MACs", c.file, len(p.Operations), macs)
		// Padding of kernels and pooling layers are counted differently: 10 %.
		if d := float64(macs-c.macs) / float64(max(c.macs, 1)); c.macs != 0 && (d > 0.1 || d < -0.1) {
			t.Errorf("%s: %d MACs, the compiler reports %d", c.file, macs, c.macs)
		}
	}
}

// TestSpill checks a program with fast scratch memory of its own.
func TestSpill(t *testing.T) {
	var s isa.Stream
	s.Set(isa.DMA0SrcRegion, 0)
	s.Set(isa.DMA0DstRegion, 2)
	s.Set(isa.DMA0Len, 16)
	s.Op(isa.OpDMAStart, 0)
	s.Set(isa.DMA0SrcRegion, 2)
	s.Set(isa.DMA0DstRegion, 1)
	s.Op(isa.OpDMAStart, 0)
	s.Op(isa.OpStop, 0)
	p := &Program{
		Commands: s.Words, Flash: []byte("sixteen bytes ok"), ArenaSize: 40, FastSize: 16,
		Outputs: []Binding{{Size: 16}},
	}
	out, err := p.RunFunctional(nil)
	if err != nil || string(out) != "sixteen bytes ok" {
		t.Errorf("output is %q, %v", out, err)
	}
	if b := p.Bases(); b[2] != isa.SRAMBase+48 || p.SRAMBytes() != 64 {
		t.Errorf("fast memory at %#x, %d bytes of SRAM", b[2], p.SRAMBytes())
	}
	p.Commands = nil
	if _, err := p.RunFunctional(nil); !errors.As(err, new(*functional.Fault)) {
		t.Errorf("a program without commands gives %v", err)
	}
	for _, bad := range []*Program{
		{ArenaSize: isa.MaxSRAM + 1},
		{Flash: make([]byte, isa.MaxFlash), Commands: []uint32{0}},
		{ArenaSize: 16, Outputs: []Binding{{Offset: 8, Size: 16}}},
		{ArenaSize: 16, Inputs: []Binding{{Offset: -2, Size: 1}}},
		{ArenaSize: 16, Outputs: []Binding{{Offset: -1, Size: 1}}},
	} {
		if bad.Check() == nil {
			t.Errorf("accepted: %+v", bad.Outputs)
		}
	}
}

// TestDamagedContainers breaks a model in ways that a reader must refuse.
func TestDamagedContainers(t *testing.T) {
	data := velaFile(t, "ethos-u55-128/hello_world_int8_vela.tflite")
	for name, breakIt := range map[string]func(m *tflite.Model){
		"no memory plan":      func(m *tflite.Model) { m.Metadata = nil },
		"cut memory plan":     func(m *tflite.Model) { plan(m).Data = plan(m).Data[:10] },
		"plan of other model": func(m *tflite.Model) { plan(m).Data = append([]byte(nil), plan(m).Data[:16]...) },
		"few inputs":          func(m *tflite.Model) { npuOp(m).Inputs = npuOp(m).Inputs[:2] },
		"missing tensor":      func(m *tflite.Model) { npuOp(m).Inputs[2] = 99 },
		"no command stream":   func(m *tflite.Model) { m.Subgraphs[0].Tensors[npuOp(m).Inputs[0]].Data = nil },
		"small arena":         func(m *tflite.Model) { m.Subgraphs[0].Tensors[npuOp(m).Inputs[2]].Shape = []int{1} },
		"huge arena":          func(m *tflite.Model) { m.Subgraphs[0].Tensors[npuOp(m).Inputs[2]].Shape = []int{1 << 29} },
		"overflowing arena":   func(m *tflite.Model) { m.Subgraphs[0].Tensors[npuOp(m).Inputs[2]].Shape = []int{1 << 31, 1 << 31, 4} },
		"no NPU operator":     func(m *tflite.Model) { npuOp(m).Custom = "other" },
		"output not placed":   func(m *tflite.Model) { unplace(m, m.Subgraphs[0].Outputs[0]) },
	} {
		m, err := tflite.Parse(append([]byte(nil), data...))
		if err != nil {
			t.Fatal(err)
		}
		breakIt(m)
		if _, err := FromVela(m, isa.U55x128); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func npuOp(m *tflite.Model) *tflite.Operator { return &m.Subgraphs[0].Operators[0] }

func plan(m *tflite.Model) *tflite.Metadata {
	for i := range m.Metadata {
		if m.Metadata[i].Name == "OfflineMemoryAllocation" {
			return &m.Metadata[i]
		}
	}
	return &tflite.Metadata{}
}

func unplace(m *tflite.Model, tensor int) {
	copy(plan(m).Data[4*(3+tensor):], bytesOf(0xffffffff))
}

// TestMixedGraphStages checks the split of a graph with CPU operators, and that
// another executor sees every NPU part.
func TestMixedGraphStages(t *testing.T) {
	n, err := Open(velaFile(t, "ethos-u55-256/keyword_scrambled_8bit_vela.tflite"), isa.U55x256)
	if err != nil {
		t.Fatal(err)
	}
	if n.Program() != nil || len(n.Programs()) != 6 || len(n.Stages) <= 6 {
		t.Fatalf("%d stages, %d programs", len(n.Stages), len(n.Programs()))
	}
	dir := filepath.Join(shared(t), "golden", "keyword_scrambled_8bit")
	in, err := os.ReadFile(filepath.Join(dir, "in_03.bin"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.Whole(1)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.RunFunctional(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Jobs) != 6 || !bytes.Equal(out, expected(t, dir, "03")) {
		t.Errorf("%d jobs, output %x", len(p.Jobs), out)
	}
	if _, err := n.RunFunctional(in[1:]); err == nil {
		t.Error("a short input is accepted")
	}
}

// TestCompiled runs networks of our own compiler and compares with the golden
// outputs.
func TestCompiled(t *testing.T) {
	root := shared(t)
	for _, name := range []string{"kws_ref_model", "ad01_int8"} {
		data, err := os.ReadFile(filepath.Join(root, "models", name+".tflite"))
		if err != nil {
			t.Fatal(err)
		}
		for _, cfg := range isa.Configs {
			n, err := Open(data, cfg)
			if err != nil {
				t.Fatalf("%s on %s: %v", name, cfg, err)
			}
			compare(t, n, filepath.Join(root, "golden", name), "01")
			p := n.Program()
			last := 0
			for _, op := range p.Operations {
				if op.SourceOp < 0 || op.Layer < last || op.Name == "" {
					t.Errorf("%s on %s: operation %+v", name, cfg, op)
				}
				last = op.Layer
			}
		}
	}
}

// FuzzFromVela reads damaged payloads, memory plans and shapes inside an
// otherwise whole model, and whole damaged files.
func FuzzFromVela(f *testing.F) {
	data := velaFile(f, "ethos-u55-128/hello_world_int8_vela.tflite")
	f.Add(uint(0), byte(0), []byte{})
	f.Add(uint(200), byte(0xff), bytesOf(0x31504F43, 5, 0x00020002, 0x123, 0))
	f.Fuzz(func(t *testing.T, at uint, x byte, pay []byte) {
		b := append([]byte(nil), data...)
		b[at%uint(len(b))] ^= x
		m, err := tflite.Parse(b)
		if err != nil {
			return
		}
		if len(pay) > 0 && len(m.Subgraphs) > 0 {
			for i := range m.Subgraphs[0].Operators {
				if op := &m.Subgraphs[0].Operators[i]; len(op.Inputs) > 0 && op.Inputs[0] >= 0 && op.Inputs[0] < len(m.Subgraphs[0].Tensors) {
					m.Subgraphs[0].Tensors[op.Inputs[0]].Data = pay
				}
			}
		}
		n, err := FromVela(m, isa.U55x128)
		if err != nil {
			return
		}
		if n.InputBytes() > 1<<20 {
			return
		}
		runLimited(n)
	})
}

// runLimited runs a network of zeros on the functional machine with little work per
// operation.
func runLimited(n *Network) {
	p, err := n.Whole(1)
	if err != nil {
		return
	}
	var mem isa.Memory
	if p.Load(&mem, make([]byte, n.InputBytes())) == nil {
		_ = p.execute(&mem, 1<<20)
	}
}
