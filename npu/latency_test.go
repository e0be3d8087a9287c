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

// TestMemoryTiming runs Vela's streams with memories far from the default ones:
// results must not depend on latencies, whatever overlaps.
func TestMemoryTiming(t *testing.T) {
	systems := []npu.System{
		{SRAM: npu.Timing{BeatInterval: 1, ReadLatency: 100, WriteLatency: 400}, Flash: npu.Timing{BeatInterval: 2, ReadLatency: 10, WriteLatency: 10}},
		{SRAM: npu.Timing{BeatInterval: 1, ReadLatency: 2, WriteLatency: 2}, Flash: npu.Timing{BeatInterval: 1, ReadLatency: 2, WriteLatency: 2}},
		{SRAM: npu.Timing{BeatInterval: 3, ReadLatency: 20, WriteLatency: 60}, Flash: npu.Timing{BeatInterval: 1, ReadLatency: 4, WriteLatency: 4}},
	}
	patterns := []string{"ops/*_vela.tflite", "*_vela.tflite"}
	if !full() {
		patterns = patterns[:1]
	}
	for _, c := range isa.Configs {
		for _, pattern := range patterns {
			files, err := filepath.Glob(filepath.Join(shared(t, "vela", "ethos-"+c.String()), pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("no networks like %s: %v", pattern, err)
			}
			for _, file := range files {
				if strings.Contains(file, "mobilenet") {
					continue
				}
				for _, sys := range systems {
					sameOutputs(t, openNetwork(t, c, file), filepath.Base(file), sys)
				}
			}
		}
	}
}

// sameOutputs compares the programs of a network on both machines.
func sameOutputs(t *testing.T, n *network.Network, name string, sys npu.System) {
	t.Helper()
	in := make([]byte, n.InputBytes())
	for i := range in {
		in[i] = byte(i*37 + i/11)
	}
	p, err := n.Whole(1)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	want, err := p.RunFunctional(in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	m := load(t, p, in, sys, npu.ECCNone)
	if st := m.Run(50_000_000); st != npu.Done {
		t.Fatalf("%s on %v, %+v: %v", name, n.Config, sys, st)
	}
	if got := p.ReadOutputs(m.Mem); !bytes.Equal(got, want) {
		t.Errorf("%s on %v, %+v: %s", name, n.Config, sys, diff(got, want))
	}
}
