package network

import (
	"os"
	"path/filepath"
	"testing"

	"upset/npu/isa"
)

// TestPairs runs two networks that a vendor compiled in parts, with transpositions of
// the host between them. One operator of the NPU writes rows of a tensor that another
// one declares as its output: they agree on its place in the arena, which has to keep
// its contents from one to the next.
func TestPairs(t *testing.T) {
	dir := filepath.Join(shared(t), "zoo", "pairs")
	for _, name := range []string{"yolov8n-192", "yolov8n-pose-192"} {
		n, err := FromVela(readModel(t, filepath.Join(dir, name+"_vela-u55-64.tflite")), isa.U55x64)
		if err != nil {
			t.Fatal(err)
		}
		in, err := os.ReadFile(filepath.Join(dir, "in_00.bin"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, name+".out_00.bin"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := n.RunFunctional(in)
		if err != nil {
			t.Fatal(err)
		}
		if differ := differing(got, want); differ > 0 {
			t.Errorf("%s: %d of %d bytes differ from those of the source", name, differ, len(want))
		}
	}
}

// differing counts the bytes in which two outputs differ.
func differing(got, want []byte) int {
	n := max(len(got)-len(want), 0)
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			n++
		}
	}
	return n
}
