package experiment

import (
	"fmt"
	"os"

	"upset/models/inputs"
	"upset/models/network"
	"upset/npu/isa"
)

// Files is a Network of an Experiment: a model in a file, of any form that upset takes, and
// a folder of inputs.
func Files(model, folder string, c isa.Config) func() (*network.Program, [][]byte, error) {
	return func() (*network.Program, [][]byte, error) {
		data, err := os.ReadFile(model)
		if err != nil {
			return nil, nil, err
		}
		n, err := network.Open(data, c)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", model, err)
		}
		p, err := n.Whole(1)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", model, err)
		}
		set, err := inputs.Folder(folder, n.Inputs, inputs.Options{})
		if err != nil {
			return nil, nil, err
		}
		return p, set.Data, nil
	}
}
