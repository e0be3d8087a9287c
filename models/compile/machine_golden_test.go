package compile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// large is the network that takes minutes a case on the cycle-level machine.
const large = "mobilenet_v2_quantized_1x3x224x224"

// small lists the networks of the quick version: each takes less than a few
// hundred thousand cycles.
var small = map[string]bool{
	"hello_world_int8": true, "micro_speech_quantized": true, "keyword_scrambled_8bit": true, "seanet_add0_int16": true,
	"seanet_conv1_int16": true, "seanet_leaky_relu0_int16": true, "seanet_sub0_int16": true, "str_ww_ref_model": true, "kws_ref_model": true,
}

// goldenCases lists the numbers of the inputs of a model, at most limit.
func goldenCases(t *testing.T, dir string, limit int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "in_*.bin"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no inputs in %s: %v", dir, err)
	}
	var list []string
	for _, f := range files {
		list = append(list, strings.TrimPrefix(filepath.Base(f), "in_"))
	}
	if len(list) > limit {
		return list[1 : limit+1] // the first one is all zeros
	}
	return list
}

// compareOnMachine compiles a model and runs its programs on the cycle-level
// machine. It returns the cycles of all cases.
func compareOnMachine(t *testing.T, file, dir string, c isa.Config, limit int) (cases int, cycles uint64) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, c)
	if err != nil {
		t.Fatal(err)
	}
	if n.Precompiled() {
		t.Fatal("the model is compiled already")
	}
	for _, number := range goldenCases(t, dir, limit) {
		input, err := os.ReadFile(filepath.Join(dir, "in_"+number))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, "out_"+number))
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.Whole(1)
		if err != nil {
			t.Fatal(err)
		}
		mem := new(isa.Memory)
		if err := p.Load(mem, input); err != nil {
			t.Fatal(err)
		}
		m := npu.New(p.Config, npu.DefaultSystem(), npu.ECCNone, mem)
		p.Start(m)
		if st := m.Run(50_000_000); st != npu.Done {
			t.Fatalf("%s: the machine ended with %v: %s", number, st, m.Describe())
		}
		cycles += m.Cycle()
		got := p.ReadOutputs(m.Mem)
		if !bytes.Equal(got, want) {
			differ := 0
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					differ++
				}
			}
			t.Errorf("%s: %d of %d bytes differ (%d wanted)", number, differ, len(got), len(want))
		}
		cases++
	}
	return cases, cycles
}

// TestModelsOnTheClock compiles every model of the data folder and compares the
// cycle-level machine with the reference outputs. Quickly: single operators with
// one case on one configuration each, in turn, and the small networks. With
// UPSET_FULL: all cases on all configurations; of the large network one each.
func TestModelsOnTheClock(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	full := os.Getenv("UPSET_FULL") == "1"
	ops, _ := filepath.Glob(filepath.Join(root, "models", "ops", "*.tflite"))
	nets, _ := filepath.Glob(filepath.Join(root, "models", "*.tflite"))
	if len(ops) == 0 || len(nets) == 0 {
		t.Fatalf("%d operators and %d networks in %s", len(ops), len(nets), root)
	}
	sum, models, total := 0, 0, uint64(0)
	check := func(file, dir string, c isa.Config, limit int) {
		t.Run(filepath.Base(dir)+"/"+c.String(), func(t *testing.T) {
			n, cycles := compareOnMachine(t, file, dir, c, limit)
			sum, models, total = sum+n, models+1, total+cycles
		})
	}
	every := 1 << 20
	for i, file := range append(ops, nets...) {
		name := strings.TrimSuffix(filepath.Base(file), ".tflite")
		dir := filepath.Join(root, "golden", name)
		if i < len(ops) {
			dir = filepath.Join(root, "golden", "ops", name)
		}
		for k, c := range isa.Configs {
			switch {
			case full && name == large:
				check(file, dir, c, 1)
			case full:
				check(file, dir, c, every)
			case k == i%len(isa.Configs) && (i < len(ops) || small[name]):
				check(file, dir, c, 1)
			}
		}
	}
	t.Logf("%d cases of %d compiled models, %d cycles", sum, models, total)
}
