package network

import (
	"path/filepath"
	"strings"
	"testing"

	"upset/npu/isa"
)

// TestVela51 runs what Vela 5.1 compiled on the functional machine: the default
// streams of all configurations and those of other options. Its padded average
// pools and bilinear resizes rely on the rule of isa.PaddedMeanCountsTaps.
func TestVela51(t *testing.T) {
	root := shared(t)
	files, err := filepath.Glob(filepath.Join(root, "vela51", "*u55-*", "*_vela.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	ops, err := filepath.Glob(filepath.Join(root, "vela51", "*u55-*", "ops", "*_vela.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	if files = append(files, ops...); len(files) < 160 {
		t.Fatalf("only %d compiled networks found", len(files))
	}
	for _, file := range files {
		rel, _ := filepath.Rel(filepath.Join(root, "vela51"), strings.TrimSuffix(file, "_vela.tflite"))
		folder, name, _ := strings.Cut(filepath.ToSlash(rel), "/")
		if strings.Contains(name, "mobilenet") && !full() {
			continue // a large network
		}
		t.Run(filepath.ToSlash(rel), func(t *testing.T) {
			cfg, err := isa.ParseConfig(folder[strings.Index(folder, "u55-"):])
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(root, "golden", name)
			if name == "person_detect" {
				dir = filepath.Join(root, "zoo", "golden", "tensorflow-person_detect")
			}
			golden(t, file, dir, cfg)
		})
	}
}
