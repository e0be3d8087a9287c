package network

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
)

// shared returns the folder with the networks and reference outputs, beside the
// project's root.
func shared(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package")
		}
	}
	s := filepath.Join(dir, "..", "shared")
	if _, err := os.Stat(s); os.IsNotExist(err) {
		t.Skip("the folder ../shared with networks and reference outputs is absent")
	}
	return s
}

func full() bool { return os.Getenv("UPSET_FULL") == "1" }

func readModel(t testing.TB, file string) *tflite.Model {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return m
}

// expected returns the output that an exact NPU gives: npu_NN.bin where it
// exists, else out_NN.bin.
func expected(t testing.TB, dir, number string) []byte {
	want, err := os.ReadFile(filepath.Join(dir, "npu_"+number+".bin"))
	if err != nil {
		want, err = os.ReadFile(filepath.Join(dir, "out_"+number+".bin"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func compare(t testing.TB, n *Network, dir, number string) {
	in, err := os.ReadFile(filepath.Join(dir, "in_"+number+".bin"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.RunFunctional(in)
	if err != nil {
		t.Fatalf("case %s: %v", number, err)
	}
	want := expected(t, dir, number)
	if bytes.Equal(got, want) {
		return
	}
	differ, first := 0, -1
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			differ++
			if first < 0 {
				first = i
			}
		}
	}
	t.Errorf("case %s: %d of %d bytes differ (got %d bytes), the first at %d", number, differ, len(want), len(got), first)
}

// TestGolden runs Vela-optimised networks on the functional machine and
// compares every output byte with the reference runtime.
func TestGolden(t *testing.T) {
	root := shared(t)
	for _, cfg := range isa.Configs {
		folder := filepath.Join(root, "vela", "ethos-"+cfg.String())
		var files []string
		for _, pattern := range []string{"*_vela.tflite", "ops/*_vela.tflite"} {
			found, err := filepath.Glob(filepath.Join(folder, pattern))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, found...)
		}
		if len(files) < 60 {
			t.Fatalf("%s: only %d compiled networks found", folder, len(files))
		}
		for _, file := range files {
			rel, _ := filepath.Rel(folder, strings.TrimSuffix(file, "_vela.tflite"))
			if strings.Contains(file, "mobilenet") && !full() {
				continue // a large network
			}
			t.Run(cfg.String()+"/"+rel, func(t *testing.T) { golden(t, file, filepath.Join(root, "golden", rel), cfg) })
		}
	}
}

func golden(t *testing.T, file, dir string, cfg isa.Config) {
	n, err := FromVela(readModel(t, file), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !full() {
		compare(t, n, dir, "01")
		return
	}
	compareAll(t, n, dir)
	if real := filepath.Join(shared(t), "inputs", filepath.Base(dir)); !strings.Contains(dir, "ops") {
		compareAll(t, n, real)
	}
}

// compareAll runs every case of a folder, which may be absent.
func compareAll(t *testing.T, n *Network, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "in_*.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		compare(t, n, dir, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "in_"), ".bin"))
	}
}
