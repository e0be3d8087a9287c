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
	held   [][]byte // kept back: a proof runs on them, the campaign never sees them
}

// split keeps every second input back for the proof, so that a design is proven on inputs
// that the search never saw (half and half: our choice). Of random inputs as many again
// are drawn. A single input cannot be split.
func (s inputSet) split(seed uint64) inputSet {
	if s.random {
		s.held = drawRange(seed, len(s.data[0]), randomInputs, 2*randomInputs)
		return s
	}
	if len(s.data) < 2 {
		return s
	}
	out := inputSet{folder: s.folder}
	for i := range s.data {
		if i%2 != 0 {
			out.held = append(out.held, s.data[i])
			continue
		}
		out.data, out.names = append(out.data, s.data[i]), append(out.names, s.names[i])
	}
	return out
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
	return inputSet{random: true, data: drawRange(seed, size, 0, randomInputs)}
}

// drawRange draws the inputs from one number to before another.
func drawRange(seed uint64, size int, from, to uint64) (list [][]byte) {
	for i := from; i < to; i++ {
		rng := rand.New(rand.NewPCG(seed, inputStream+i))
		data := make([]byte, 0, size+8)
		for len(data) < size {
			data = binary.LittleEndian.AppendUint64(data, rng.Uint64())
		}
		list = append(list, data[:size])
	}
	return list
}
