package main

import (
	"io"
	"runtime"
	"runtime/debug"

	"upset/faults/convergence"
	"upset/npu/isa"
)

// shownRegisters bounds the rows of a table (our choice).
const shownRegisters = 60

// steppedCycles prints where the stepped clocks of a uniform draw of upsets go.
func steppedCycles(w io.Writer, shared, name string, injections int) error {
	debug.SetMemoryLimit(softMemory)
	p, inputs, err := program(shared, name, isa.U55x128, timedInputs)
	if err != nil {
		return err
	}
	e, _, err := convergence.NewEngine(p, inputs)
	if err != nil {
		return err
	}
	c, err := convergence.MeasureCycles(e, name, seed, injections, runtime.NumCPU())
	if err != nil {
		return err
	}
	return convergence.WriteCycles(w, c, shownRegisters)
}
