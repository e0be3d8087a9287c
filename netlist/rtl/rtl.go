// Package rtl holds the Verilog of the machine's blocks, written from their pages in
// docs/blocks alone, and the gates that yosys makes of it.
//
// The Verilog says nothing about Arm's, which is not public. It is a second implementation
// of our own machine.
package rtl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"upset/netlist/gate"
	"upset/npu/isa"
)

// Gates reads the gates of a module in a configuration.
func Gates(module string, c isa.Config) (*gate.Netlist, error) {
	data, err := files.ReadFile("netlists/" + module + "-" + c.String() + ".gates")
	if errors.Is(err, fs.ErrNotExist) {
		data, err = files.ReadFile("netlists/" + module + ".gates")
	}
	if err != nil {
		return nil, fmt.Errorf("no gates of %s on %s: run make synth", module, c)
	}
	n, err := gate.Read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("gates of %s on %s: %w", module, c, err)
	}
	return n, nil
}

// Map opens the map file of a module: which register of the machine each of its registers is.
func Map(module string) (io.ReadCloser, error) { return files.Open(module + ".map") }
