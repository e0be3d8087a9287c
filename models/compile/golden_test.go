package compile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/npu/functional"
	"upset/npu/isa"
)

// networks are the real networks whose operators all run on the NPU.
var networks = []string{
	"hello_world_int8", "ad01_int8", "micro_speech_quantized", "str_ww_ref_model",
	"kws_ref_model", "pretrainedResnet_quant", "vww_96_int8",
	"seanet_add0_int16", "seanet_conv1_int16", "seanet_conv9_int16", "seanet_sub0_int16", "mobilenet_v2_quantized_1x3x224x224",
}

// arenaFill is what the arena holds before an inference: a program must not read
// what it has not written.
const arenaFill = 0x5a

// execute runs a program on the functional machine.
func execute(t testing.TB, p *Program, input []byte) []byte {
	t.Helper()
	mem := isa.Memory{SRAM: bytes.Repeat([]byte{arenaFill}, p.ArenaSize), Flash: p.Flash}
	for _, v := range p.Variables {
		copy(mem.SRAM[v.Offset:], v.Initial)
	}
	for _, b := range p.Inputs {
		copy(mem.SRAM[b.Offset:b.Offset+b.Bytes], input)
		input = input[b.Bytes:]
	}
	m := functional.New(p.Config, &mem, [8]uint32{isa.FlashBase, isa.SRAMBase, isa.SRAMBase})
	if err := m.Run(p.Commands); err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, b := range p.Outputs {
		out = append(out, mem.SRAM[b.Offset:b.Offset+b.Bytes]...)
	}
	return out
}

// compareGolden runs cases of a model and compares every byte.
func compareGolden(t *testing.T, m *tflite.Model, dir string, c isa.Config, cases int) {
	t.Helper()
	p, err := Compile(m, Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < cases; n++ {
		input, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("in_%02d.bin", n)))
		if err != nil {
			if n == 0 {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("out_%02d.bin", n)))
		if err != nil {
			t.Fatal(err)
		}
		got := execute(t, p, input)
		if len(got) != len(want) {
			t.Fatalf("case %d: %d output bytes, want %d", n, len(got), len(want))
		}
		differ, first := 0, -1
		for i := range want {
			if got[i] != want[i] {
				differ++
				if first < 0 {
					first = i
				}
			}
		}
		if differ > 0 {
			t.Errorf("case %d: %d of %d bytes differ, first at %d: %d, want %d", n, differ, len(want), first, int8(got[first]), int8(want[first]))
		}
	}
}

// full reports whether all cases are wanted.
func full() bool { return os.Getenv("UPSET_FULL") != "" }

func TestNetworksMatchGolden(t *testing.T) {
	dir := shared(t)
	for _, name := range networks {
		for _, c := range isa.Configs {
			cases := 2
			if full() {
				cases = 100
			} else if strings.HasPrefix(name, "mobilenet") {
				if cases = 1; c != isa.U55x128 {
					continue // a large network: one configuration is enough
				}
			}
			t.Run(name+"/"+c.String(), func(t *testing.T) {
				m := load(t, filepath.Join(dir, "models", name+".tflite"))
				compareGolden(t, m, filepath.Join(dir, "golden", name), c, cases)
			})
		}
	}
}

func TestOperatorsMatchGolden(t *testing.T) {
	dir := shared(t)
	files, err := filepath.Glob(filepath.Join(dir, "models", "ops", "*.tflite"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no operator models in %s: %v", dir, err)
	}
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".tflite")])
		for _, c := range isa.Configs {
			t.Run(name+"/"+c.String(), func(t *testing.T) {
				compareGolden(t, load(t, file), filepath.Join(dir, "golden", "ops", name), c, 100)
			})
		}
	}
}
