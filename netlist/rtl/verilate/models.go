package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"upset/models/network"
	"upset/netlist/cosim"
	"upset/npu"
	"upset/npu/isa"
)

// modelFiles lists the networks that come with the project and those of the folder beside it, or
// those that a flag names.
func modelFiles(o *options) ([]string, error) {
	if o.models != "" {
		return strings.Split(o.models, ","), nil
	}
	var out []string
	for _, pattern := range []string{filepath.FromSlash("testdata/models/*.tflite"), filepath.Join(o.shared, "models", "*.tflite"), filepath.Join(o.shared, "models", "ops", "*.tflite")} {
		list, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.Sort(out)
	if len(out) == 0 {
		return nil, fmt.Errorf("no models in testdata/models and %s: run in the project's root, or name files with -models", o.shared)
	}
	return out, nil
}

// openRuns opens models on a configuration, each with an input that is not constant.
func openRuns(ctx context.Context, files []string, c isa.Config, most uint64) ([]cosim.Run, error) {
	var runs []cosim.Run
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		n, err := network.OpenWith(ctx, data, c, network.Options{})
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", file, c, err)
		}
		p, err := n.Whole(1)
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", file, c, err)
		}
		input := make([]byte, p.InputBytes())
		for i := range input {
			input[i] = byte(i*i>>3 ^ i*37)
		}
		runs = append(runs, cosim.Run{Name: filepath.Base(file), Most: most, Start: func() *npu.Machine {
			var mem isa.Memory
			if err := p.Load(&mem, input); err != nil {
				panic(err) // the length is right
			}
			m := npu.New(c, npu.DefaultSystem(), npu.ECCNone, &mem)
			p.Start(m)
			return m
		}})
	}
	return runs, nil
}
