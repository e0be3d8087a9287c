package npu_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// TestZooStreams runs what vendors compiled on both machines: ExecuTorch programs,
// one of which copies single bytes by DMA, a stream of an early Vela, which copies
// four, and, in the long version, all others.
func TestZooStreams(t *testing.T) {
	quick := []string{"pte/arm-minimal-u55-128.pte", "pte/himax-add-int32io-u55-64.pte", "vela/alifsemi-ds_cnn_large_int8_vela_H128-u55-128.tflite"}
	var files []string
	for _, name := range quick {
		files = append(files, shared(t, "zoo", filepath.FromSlash(name)))
	}
	if full() {
		files = nil
		for _, pattern := range []string{"vela/*.tflite", "pte/*u55*.pte", "pairs/*vela*.tflite"} {
			found, err := filepath.Glob(shared(t, "zoo", filepath.FromSlash(pattern)))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
		if len(files) < 21 {
			t.Fatalf("only %d compiled networks found", len(files))
		}
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		t.Run(name, func(t *testing.T) {
			c, err := isa.ParseConfig(name[strings.LastIndex(name, "u55-"):])
			if err != nil {
				t.Fatal(err)
			}
			n := openNetwork(t, c, file)
			p, err := n.Whole(1)
			if err != nil {
				t.Fatal(err)
			}
			in := make([]byte, n.InputBytes())
			for i := range in {
				in[i] = byte(37 * i)
			}
			want, err := p.RunFunctional(in)
			if err != nil {
				t.Fatal(err)
			}
			if got := runCycles(t, p, in); !bytes.Equal(got, want) {
				t.Errorf("the machines differ: %s", diff(got, want))
			}
		})
	}
}

// runCycles runs a program on the cycle-level machine.
func runCycles(t *testing.T, p *network.Program, in []byte) []byte {
	t.Helper()
	m := start(t, p, in)
	if st := m.Run(50_000_000); st != npu.Done {
		t.Fatalf("%v: %s", st, m.Describe())
	}
	return p.ReadOutputs(m.Mem)
}
