package protect

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"upset/faults/mechanism"
	"upset/netlist"
	"upset/stats/result"
)

// maxChoices bounds a list of choices: more than there are units and checkers.
const maxChoices = 200

// maxRegisters bounds the registers of a choice: more than the machine has (our choice).
const maxRegisters = 1000

// ReadChoices reads the mechanisms of a design: the JSON of a result of protect or
// assess, or YAML with the same key, choice: a list of block, group, registers and mechanism.
func ReadChoices(r io.Reader) ([]mechanism.Choice, error) {
	type design struct {
		Choice []result.Choice
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
	return Choices(list)
}

// Choices are the mechanisms of a result.
func Choices(list []result.Choice) ([]mechanism.Choice, error) {
	var out []mechanism.Choice
	for _, c := range list {
		choice, err := ParseChoice(c.Block, c.Group, c.Mechanism)
		if err != nil {
			return nil, err
		}
		if choice.Registers = c.Registers; slices.Contains(c.Registers, "") || len(c.Registers) > maxRegisters {
			return nil, fmt.Errorf("choices of mechanisms: registers of %s: name 1 to %d, such as cc.basep", c.Block, maxRegisters)
		}
		out = append(out, choice)
	}
	return out, nil
}

// ParseChoice is the choice of a mechanism for a block, or for a group of its
// registers, by the names that results use.
func ParseChoice(block, group, name string) (mechanism.Choice, error) {
	k, err := mechanism.ParseKind(name)
	c := mechanism.Choice{Block: block, Kind: k}
	if err != nil || group == "" {
		return c, err
	}
	class, ok := classOf(group)
	if !ok {
		return c, fmt.Errorf("unknown group %q: use the classes of upset sites", group)
	}
	if class != netlist.SRAM {
		c.Classes = []netlist.Class{class}
	}
	return c, nil
}
