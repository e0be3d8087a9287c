package compile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
)

// Any file that the reader accepts must be compiled or refused, without a panic.
func FuzzCompile(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "models", "ops", "*.tflite"))
	for i, file := range files {
		if data, err := os.ReadFile(file); err == nil && len(data) < 4096 {
			f.Add(data, uint8(i))
		}
	}
	for seed := uint64(0); seed < 8; seed++ {
		for _, m := range []*tflite.Model{randomModel(seed), remembering(seed), recurrent(seed)} {
			if data, err := m.Marshal(); err == nil {
				f.Add(data, uint8(seed))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, c uint8) {
		if len(data) > 1<<14 {
			return // larger than the fuzzer needs
		}
		m, err := tflite.Parse(data)
		if err != nil {
			return
		}
		for i := range m.Subgraphs {
			for j := range m.Subgraphs[i].Tensors {
				if m.Subgraphs[i].Tensors[j].Elements() > 1<<16 {
					return // slow, but bounded
				}
			}
		}
		if m, err = Prepare(m); err != nil {
			return
		}
		cfg := isa.Configs[c%4]
		for i := range m.Subgraphs[0].Operators {
			_ = Supports(m, i, Options{Config: cfg})
		}
		p, err := Compile(m, Options{Config: cfg})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "compile: ") {
				t.Fatalf("error without context: %v", err)
			}
			return
		}
		for _, list := range [2][]Binding{p.Inputs, p.Outputs} {
			for _, b := range list {
				if b.Offset < 0 || b.Offset+b.Bytes > p.ArenaSize {
					t.Fatalf("%s lies outside the arena", b.Name)
				}
			}
		}
		for _, problem := range hazards(cfg, p.Commands) {
			t.Error(problem)
		}
	})
}
