package main

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"upset/models/driver"
)

const (
	// randomInputs is the number of inputs that are drawn where none are given.
	randomInputs = 8
	// inputStream keeps these draws apart from those of the injections.
	inputStream = 0x696e7075 // "inpu"
)

// inputSet is the inputs of a campaign.
type inputSet struct {
	data   [][]byte
	names  []string // of the files, in the folder; none for random inputs
	folder string   // empty for random inputs
	random bool
}

// readInputs reads the inputs of a folder: every in_*.bin and *.npy in the order
// of their names. Without a folder it takes <model>.inputs beside the model, or
// else random inputs.
func readInputs(folder, model string, seed uint64, n *driver.Network) (inputSet, error) {
	if folder == "" {
		folder = strings.TrimSuffix(model, filepath.Ext(model)) + ".inputs"
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return drawInputs(seed, n.InputBytes()), nil
		}
	}
	s := inputSet{folder: folder}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return s, usage("folder of inputs: %w", pathError(folder, err))
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || filepath.Ext(name) != ".npy" && !(strings.HasPrefix(name, "in_") && filepath.Ext(name) == ".bin") {
			continue
		}
		data, err := readInput(filepath.Join(folder, name), nil, n)
		if err != nil {
			return s, err
		}
		s.data, s.names = append(s.data, data), append(s.names, name)
	}
	if len(s.data) == 0 {
		return s, usage("folder of inputs %s holds no in_*.bin and no *.npy", folder)
	}
	return s, nil
}

// drawInputs draws uniform bytes. Input i depends on the seed and i only.
func drawInputs(seed uint64, size int) inputSet {
	s := inputSet{random: true}
	for i := range uint64(randomInputs) {
		rng := rand.New(rand.NewPCG(seed, inputStream+i))
		data := make([]byte, 0, size+8)
		for len(data) < size {
			data = binary.LittleEndian.AppendUint64(data, rng.Uint64())
		}
		s.data = append(s.data, data[:size])
	}
	return s
}
