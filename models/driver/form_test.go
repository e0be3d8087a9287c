package driver

import (
	"errors"
	"os"
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

// TestConfigOf reads the configuration that a file is for from the file.
func TestConfigOf(t *testing.T) {
	root := shared(t)
	files, err := filepath.Glob(filepath.Join(root, "zoo", "vela", "*.tflite"))
	if err != nil || len(files) < 16 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if c, compiled, err := ConfigOf(data); err != nil || !compiled || c != configInName(t, file) {
			t.Errorf("%s: %s, compiled %v, %v", filepath.Base(file), c, compiled, err)
		}
	}
	source, err := os.ReadFile(filepath.Join(root, "models", "kws_ref_model.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{source, nil, []byte("not a model, but some text")} {
		if _, compiled, err := ConfigOf(data); err != nil || compiled {
			t.Errorf("%d bytes: compiled %v, %v", len(data), compiled, err)
		}
	}
}

// TestOtherProducts refuses files for other products by their names.
func TestOtherProducts(t *testing.T) {
	for word, name := range map[uint32]string{0x10001008: "Ethos-U65 with 256 MACs", 0x20000009: "Ethos-U85 with 512 MACs", 0x1004: "u55-16"} {
		m, tensor := velaPayload(t, "u55-128/hello_world_int8")
		copy(tensor.Data[8:], bytesOf(word))
		data, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var mismatch *MismatchError
		if _, compiled, err := ConfigOf(data); !compiled || !errors.As(err, &mismatch) || !strings.Contains(err.Error(), name) {
			t.Errorf("%#x: compiled %v, %v", word, compiled, err)
		}
	}
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
