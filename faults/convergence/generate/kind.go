package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"upset/faults"
	"upset/faults/convergence"
	"upset/netlist"
	"upset/npu"
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

// drawsEach bounds the search for the samples of a kind (our choice).
const drawsEach = 200

// compareKind compares upsets of some registers with plain runs, on every configuration.
func compareKind(w io.Writer, shared, name, registers, paths string, n int) error {
	debug.SetMemoryLimit(softMemory)
	var list []faults.Path
	for _, s := range strings.Split(paths, ",") {
		found := s == ""
		for p := range faults.NumPaths {
			if p.String() == s {
				list, found = append(list, p), true
			}
		}
		if !found {
			return fmt.Errorf("no path %q", s)
		}
	}
	differences := 0
	for _, c := range isa.Configs {
		e, err := open(shared, name, c, maxInputs, faults.Options{ECC: npu.ECCSECDED})
		if err != nil {
			return err
		}
		k, err := convergence.ValidateKind(context.Background(), e, netlist.Filter{Only: strings.Split(registers, ",")}, list, seed, n, drawsEach, runtime.NumCPU(), func(s *convergence.Sample) {
			fmt.Fprintf(w, "%s@%d, input %d: fast %+v, plain %+v\n", e.Table().Name(s.Site.ID), s.Site.Cycle, s.Input, s.Fast, s.Plain)
		})
		if err != nil {
			return err
		}
		differences += k.Differences
		fmt.Fprintf(w, "%s on %v: %d samples of %d upsets, %d differences;", name, c, k.Samples, k.Draws, k.Differences)
		for p := range faults.NumPaths {
			if k.Paths[p] > 0 {
				fmt.Fprintf(w, " %v %d", p, k.Paths[p])
			}
		}
		fmt.Fprintln(w)
	}
	if differences > 0 {
		return fmt.Errorf("%d records differ", differences)
	}
	return nil
}
