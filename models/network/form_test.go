package network

import (
	"path/filepath"
	"strings"
	"testing"

	"upset/npu/isa"
)

// configInName is the configuration at the end of a file's name, as in
// "model_vela-u55-64.tflite".
func configInName(t *testing.T, file string) isa.Config {
	t.Helper()
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	c, err := isa.ParseConfig(name[strings.LastIndex(name, "u55-"):])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestZooVela runs what vendors compiled for the four configurations on the
// functional machine, and compares with the source network where it is known.
func TestZooVela(t *testing.T) {
	root := shared(t)
	sources := map[string]string{
		"tensorflow-person_detect_vela-u55-256":                "tensorflow-person_detect",
		"HimaxWiseEyePlus-person_int8_model_vela_mac64-u55-64": "tensorflow-person_detect",
		"cookekieran-model_vela-u55-64":                        "cookekieran-model_int8",
	}
	files, err := filepath.Glob(filepath.Join(root, "zoo", "vela", "*.tflite"))
	if err != nil || len(files) < 16 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".tflite")
		t.Run(name, func(t *testing.T) {
			n, err := FromVela(readModel(t, file), configInName(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if source := sources[name]; source != "" {
				compareAll(t, n, filepath.Join(root, "zoo", "golden", source))
				return
			}
			if _, err := n.RunFunctional(make([]byte, n.InputBytes())); err != nil {
				t.Error(err)
			}
		})
	}
}
