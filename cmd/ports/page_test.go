package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"upset/models/readings"
	"upset/npu/isa"
)

// TestPageIsOfThisMachine compares rows of docs/ports.md with the machine: the smallest stream with a
// reading, and some of Vela's estimates.
func TestPageIsOfThisMachine(t *testing.T) {
	root := filepath.Join("..", "..")
	shared := filepath.Join(root, "..", "shared")
	if _, err := os.Stat(shared); os.IsNotExist(err) {
		t.Skip("the data folder ../shared is absent")
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "ports.md"))
	if err != nil {
		t.Fatal(err)
	}
	tool, err := build(t.TempDir(), root)
	if err != nil {
		t.Fatal(err)
	}
	list, err := readings.Cases(filepath.Join(root, filepath.FromSlash(readings.Folder)))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, c := range list {
		if r := (reading{Case: c}); c.Reading.Name == "fvp-rnnoise" {
			if err := r.run(tool, filepath.Join(shared, "counters")); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, r.row())
		}
	}
	if len(rows) != 1 {
		t.Fatal("the reading of the smallest stream is not there")
	}
	for _, c := range []isa.Config{isa.U55x128, isa.U55x256} {
		for _, n := range []string{"kws_ref_model", "seanet_conv1_int16", "micro_speech_quantized"} {
			x := total{network: n, config: c}
			if err := x.run(filepath.Join(shared, "vela")); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, x.row())
		}
	}
	for _, row := range rows {
		if !bytes.Contains(page, []byte(row)) {
			t.Errorf("docs/ports.md has no line %q: write it anew with go run ./cmd/ports", row)
		}
	}
}

func TestDistance(t *testing.T) {
	ratios := []float64{2, 0.5, 1, 1}
	if d := distance(len(ratios), func(i int) float64 { return ratios[i] }); math.Abs(d-math.Sqrt2) > 1e-12 {
		t.Errorf("the mean distance of %v is %v, want %v", ratios, d, math.Sqrt2)
	}
}
