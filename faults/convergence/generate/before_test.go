package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		list []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{5, 1}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 8, 1, 2}, 3}} {
		if got := median(c.list); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.list, got, c.want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 12345678: "12,345,678"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}

// TestTellsClocks finds the method in this tree's engine and misses it in a folder without.
func TestTellsClocks(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	if ok, err := tellsClocks(filepath.Join(root, engineFolder)); err != nil || !ok {
		t.Errorf("this tree's engine: %v, %v", ok, err)
	}
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "worker.go"), []byte("package engine\n\nfunc (w *Worker) MACs() int64 { return 0 }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if ok, err := tellsClocks(empty); err != nil || ok {
		t.Errorf("an engine without the method: %v, %v", ok, err)
	}
}

// TestProbeNamesTheEngine guards the import that build replaces in an older tree.
func TestProbeNamesTheEngine(t *testing.T) {
	want := `engine "upset/` + engineFolder + `"`
	if n := count(probeSource, want); n != 1 {
		t.Errorf("the probe has %d lines with %s", n, want)
	}
}

func count(text []byte, part string) (n int) {
	for i := 0; i+len(part) <= len(text); i++ {
		if string(text[i:i+len(part)]) == part {
			n++
		}
	}
	return n
}
