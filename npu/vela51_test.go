package npu_test

import (
	"path/filepath"
	"strings"
	"testing"

	"upset/npu/isa"
)

// TestVela51Streams runs streams of Vela 5.1 on both machines: those whose padded
// average pools and bilinear resizes rely on isa.PaddedMeanCountsTaps, and one
// whole network of each set of options; all of them in the long version.
func TestVela51Streams(t *testing.T) {
	quick := []string{
		"u55-128/ops/avgpool_3x3_same", "u55-128/ops/avgpool_3x3_same_int16", "u55-128/ops/resize_bilinear_2x", "u55-128/ops/resize_bilinear_hp",
		"u55-32/micro_speech_quantized", "u55-64/hello_world_int8", "u55-256/kws_ref_model", "size-u55-128/kws_ref_model", "sramonly-u55-128/ad01_int8",
		"cop2-u55-128/hello_world_int8", "sepio-u55-128/hello_world_int8", "sepio-u55-128/keyword_scrambled_8bit",
	}
	var files []string
	for _, name := range quick {
		files = append(files, shared(t, "vela51", filepath.FromSlash(name)+"_vela.tflite"))
	}
	if full() {
		files = nil
		for _, pattern := range []string{"*_vela.tflite", "ops/*_vela.tflite"} {
			found, err := filepath.Glob(shared(t, "vela51", "*u55-*", filepath.FromSlash(pattern)))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
		if len(files) < 160 {
			t.Fatalf("only %d compiled networks found", len(files))
		}
	}
	for _, file := range files {
		rel, err := filepath.Rel(shared(t, "vela51"), strings.TrimSuffix(file, "_vela.tflite"))
		if err != nil {
			t.Fatal(err)
		}
		folder, name, _ := strings.Cut(filepath.ToSlash(rel), "/")
		t.Run(filepath.ToSlash(rel), func(t *testing.T) {
			c, err := isa.ParseConfig(folder[strings.Index(folder, "u55-"):])
			if err != nil {
				t.Fatal(err)
			}
			dir := shared(t, "golden", name)
			if name == "person_detect" {
				dir = shared(t, "zoo", "golden", "tensorflow-person_detect")
			}
			checkNetwork(t, openNetwork(t, c, file), dir)
		})
	}
}
