package main

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// address is a bus address, which may be written in base 16.
type address uint32

// UnmarshalYAML reads an address.
func (a *address) UnmarshalYAML(node *yaml.Node) error {
	n, err := strconv.ParseUint(node.Value, 0, 32)
	if node.Kind != yaml.ScalarNode || err != nil {
		return fmt.Errorf("line %d: %s is no address of 32 bits: write one such as 0x31000000", node.Line, quote(node.Value))
	}
	*a = address(n)
	return nil
}

// commandRegion stands for the command stream among the regions of a port.
const commandRegion = "commands"

// regions are region numbers, and the command stream, that go through a port.
type regions []string

// set is the numbers as bits, and whether the stream is among them.
func (r regions) set() (bits uint8, commands bool, err error) {
	for _, s := range r {
		if s == commandRegion {
			commands = true
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 7 || len(s) > 1 {
			return 0, false, fmt.Errorf("region %s: want 0 to 7 or %s", quote(s), commandRegion)
		}
		bits |= 1 << n
	}
	return bits, commands, nil
}

// regionsOf lists the regions of a set.
func regionsOf(bits uint8, commands bool) regions {
	list := regions{}
	for n := range 8 {
		if bits>>n&1 != 0 {
			list = append(list, strconv.Itoa(n))
		}
	}
	if commands {
		list = append(list, commandRegion)
	}
	return list
}
