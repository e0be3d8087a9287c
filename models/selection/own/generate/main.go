// Command generate makes the example of upset select new: two small networks for digits,
// a pool, and the rule, which it builds with the Go toolchain. Run it from the project's
// root:
//
//	go run ./models/selection/own/generate
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the example (our choice).
const (
	smallUnits = 8
	bigUnits   = 64
	pictures   = 100
)

func main() {
	if err := run(filepath.Join("models", "selection", "own", "example")); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	rng := data.Rand(1, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return err
	}
	for name, units := range map[string]int{"small": smallUnits, "big": bigUnits} {
		own := data.Rand(1, uint64(units))
		g := nets.Layers(own, data.DigitsSize, units, digits.Classes)
		g.Fit(known.X, nets.CrossEntropy(known.Labels), nets.Schedule{Epochs: 15, Batch: 20, Rate: 3e-3}, own)
		model, err := g.Export(known.X[:digits.Calibration], nets.Options{Description: "digits, " + name, Input: &digits.Pixel})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".tflite"), model, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "pictures.bin"), digits.Rows(rest.X[:pictures], digits.Pixel), 0o644); err != nil {
		return err
	}
	return rule(dir)
}

// rule builds the module and packs it.
func rule(dir string) error {
	work, err := os.MkdirTemp("", "rule")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	source, err := os.ReadFile(filepath.Join(dir, "rule.go.txt"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "rule.go"), source, 0o644); err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags", "-s -w", "-trimpath", "-o", "rule.wasm", "rule.go")
	cmd.Dir, cmd.Env = work, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	wasm, err := os.ReadFile(filepath.Join(work, "rule.wasm"))
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(wasm); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "rule.wasm.gz"), packed.Bytes(), 0o644)
}
