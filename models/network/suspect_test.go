package network

import (
	"path/filepath"
	"strings"
	"testing"

	"upset/models/container"
)

// TestSuspects names the command and the address in two streams that are at fault.
func TestSuspects(t *testing.T) {
	for file, wants := range map[string][]string{
		"blockdep-u55-256_vela.tflite":         {"command word 126", "NPU_OP_DEPTHWISE", "BLOCKDEP 2", "0x31000a80", "1 would be safe"},
		"lut-behind-buffer-u55-32_vela.tflite": {"command word 92", "NPU_OP_DMA_START", "0x4000", "16384 bytes on u55-32"},
	} {
		n := asCompiled(t, filepath.Join(shared(t), "vela51", "extra", file))
		text := n.Program().WhyDiffer()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q does not name %q", file, text, want)
			}
		}
	}
}

// TestBlockDependencyRule holds every block dependency that Vela 3.10 to 5.1 wrote in
// the data folder against the rule: all but those of half-pixel resizes keep it, and
// where a limit below three is needed most use it up.
func TestBlockDependencyRule(t *testing.T) {
	root := shared(t)
	var files []string
	for _, pattern := range []string{"vela51/*u55-*/*_vela.tflite", "vela51/*u55-*/ops/*_vela.tflite", "vela/ethos-*/*_vela.tflite", "vela/ethos-*/ops/*_vela.tflite", "zoo/vela/*.tflite"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	operations, suspect := 0, []string(nil)
	for _, file := range files {
		n := asCompiled(t, file)
		for _, p := range n.Programs() {
			operations += len(p.Operations)
			if len(p.suspects()) > 0 {
				suspect = append(suspect, filepath.Base(file))
			}
		}
	}
	if operations < 11000 {
		t.Errorf("only %d operations", operations)
	}
	for _, file := range suspect {
		if file != "resize_bilinear_hp_vela.tflite" && file != "HimaxWiseEyePlus-0_fd_0x200000-u55-64.tflite" {
			t.Errorf("%s breaks the rule", file)
		}
	}
	if len(suspect) != 5 {
		t.Errorf("%d streams break the rule: %v", len(suspect), suspect)
	}
}

// asCompiled opens a compiled file for the configuration that it names.
func asCompiled(t *testing.T, file string) *Network {
	t.Helper()
	data := mustRead(t, file)
	c, _, err := container.ConfigOf(data)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	n, err := Open(data, c)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return n
}
