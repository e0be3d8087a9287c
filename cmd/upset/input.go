package main

import (
	"fmt"
	"io"
	"path/filepath"

	"upset/models/driver"
)

// stdinName stands for the standard input in --input.
const stdinName = "-"

// readInput reads one input: raw tensors in graph order, or a .npy array for a
// network with a single input.
func readInput(file string, stdin io.Reader, n *driver.Network) ([]byte, error) {
	size := n.InputBytes()
	var data []byte
	var err error
	if file == stdinName {
		data, err = io.ReadAll(io.LimitReader(stdin, int64(size)+1))
	} else {
		const header = 1 << 16 // more than any .npy header of ours
		data, err = readFile(file, int64(size)+header)
	}
	if err != nil {
		return nil, bad(fmt.Errorf("input: %w", err))
	}
	if filepath.Ext(file) == ".npy" {
		if len(n.Inputs) != 1 {
			return nil, usage("input %s: the network has %d inputs; give them in one .bin file, in graph order", file, len(n.Inputs))
		}
		a, err := parseNPY(data)
		if err == nil {
			data, err = a.fit(n.Inputs[0].Type, n.Inputs[0].Shape, size)
		}
		if err != nil {
			return nil, usage("input %s: %w", file, err)
		}
	}
	if len(data) != size {
		return nil, usage("input %s has %d bytes, the network takes %d: %s", file, len(data), size, describeInputs(n))
	}
	return data, nil
}

// describeInputs lists the inputs of a network with their types and shapes.
func describeInputs(n *driver.Network) string {
	text := ""
	for i, b := range n.Inputs {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %s %v", b.Name, b.Type, b.Shape)
	}
	return text
}
