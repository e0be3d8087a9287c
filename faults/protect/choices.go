package protect

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"upset/faults/mechanism"
	"upset/netlist"
)

// maxChoices bounds a list of choices: more than there are units and checkers.
const maxChoices = 200

// ReadChoices reads the mechanisms of a design: the JSON of a result of protect or
// assess, or YAML with the same key, choice: a list of block, group and mechanism.
func ReadChoices(r io.Reader) ([]mechanism.Choice, error) {
	type design struct {
		Choice []struct{ Block, Group, Mechanism string }
	}
	var file struct {
		design  `yaml:",inline"`
		Protect design
	}
	if err := yaml.NewDecoder(io.LimitReader(r, 16<<20)).Decode(&file); err != nil {
		return nil, fmt.Errorf("choices of mechanisms: %w", err)
	}
	list := slices.Concat(file.Choice, file.Protect.Choice)
	if len(list) == 0 || len(list) > maxChoices {
		return nil, errors.New("choices of mechanisms: the file has no list named choice with block and mechanism")
	}
	var out []mechanism.Choice
	for _, c := range list {
		k, err := mechanism.ParseKind(c.Mechanism)
		if err != nil {
			return nil, err
		}
		choice := mechanism.Choice{Block: c.Block, Kind: k}
		if c.Group != "" {
			class, ok := classOf(c.Group)
			if !ok {
				return nil, fmt.Errorf("unknown group %q: use the classes of upset sites", c.Group)
			}
			if class != netlist.SRAM {
				choice.Classes = []netlist.Class{class}
			}
		}
		out = append(out, choice)
	}
	return out, nil
}
