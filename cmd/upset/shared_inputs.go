package main

import (
	"os"
	"path/filepath"
	"strings"

	"upset/models/inputs"
	"upset/models/network"
)

// randomInputs is the number of inputs that are drawn where none are given.
const randomInputs = 8

// inputSet is the inputs of a campaign.
type inputSet struct {
	data    [][]byte
	names   []string       // of the files, in the folder; none for random inputs
	options inputs.Options // how pictures and sound were read
	rates   heard          // of sound that nothing vouches for
	labels  []int          // their classes, [inputs.NoLabel] for none; nil without labels
	folder  string         // empty for random inputs
	random  bool
	held    [][]byte                       // kept back: a proof runs on them, the campaign never sees them
	draw    func(from, to uint64) [][]byte // more random ones, before they are joined
	frames  int                            // inputs of a sequence
}

// split keeps every second input back for the proof, so that a design is proven on inputs
// that the search never saw (half and half: our choice). Of random inputs as many again
// are drawn. A single input cannot be split.
func (s inputSet) split() inputSet {
	if s.random {
		s.held = join(s.draw(randomInputs, 2*randomInputs), s.frames)
		return s
	}
	if len(s.data) < 2 {
		return s
	}
	out := inputSet{folder: s.folder, options: s.options, rates: s.rates}
	for i := range s.data {
		if i%2 != 0 {
			out.held = append(out.held, s.data[i])
			continue
		}
		out.data, out.names = append(out.data, s.data[i]), append(out.names, s.names[i])
		if s.labels != nil {
			out.labels = append(out.labels, s.labels[i])
		}
	}
	return out
}

// readInputs reads the inputs of a folder, see [inputs.Folder]. Without a folder it takes
// <model>.inputs beside the model, or else random inputs.
func readInputs(folder, model string, seed uint64, n *network.Network, o inputs.Options) (inputSet, error) {
	if folder == "" {
		folder = strings.TrimSuffix(model, filepath.Ext(model)) + ".inputs"
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return drawInputs(seed, n), nil
		}
	}
	var rates heard
	reading := declared(o, n)
	reading.Unsure = rates.hear
	s, err := inputs.Folder(folder, n.Inputs, reading)
	if err != nil {
		return inputSet{}, bad(err)
	}
	return inputSet{folder: folder, options: o, rates: rates, data: s.Data, names: s.Names, labels: s.Labels}, nil
}

// drawInputs draws inputs, see [inputs.Random].
func drawInputs(seed uint64, n *network.Network) inputSet {
	draw := func(from, to uint64) [][]byte { return inputs.Random(n, seed, from, to) }
	return inputSet{random: true, data: draw(0, randomInputs), draw: draw, frames: 1}
}
