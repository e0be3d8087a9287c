package gates

import (
	"testing"

	"upset/netlist/cosim"
	"upset/netlist/rtl"
	"upset/netlist/transient"
	"upset/npu/isa"
)

// What --fault set draws from was measured on the present gates, of all blocks that have some.
func TestEventsAreThoseOfThePresentGates(t *testing.T) {
	for _, c := range isa.Configs {
		s, err := transient.Of(c)
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]string{}
		for _, b := range s.Blocks {
			have[b.Name] = b.Digest
		}
		for _, name := range cosim.Blocks() {
			n, err := rtl.Gates(name, c)
			if err != nil {
				continue // not there yet
			}
			if have[name] != n.Digest() {
				t.Errorf("%s on %s was measured on other gates or not at all: run go run ./netlist/transient/generate", name, c)
			}
		}
	}
}
