package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
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

// kinds are upsets that shortcuts of their own settle, and their share of the samples of
// -validate, beside these (our choice).
var kinds = []struct {
	name      string
	registers []string
	paths     []faults.Path
	share     float64
}{
	{"values followed where they wait", []string{"mac.*", "ao.*", "wd.buf", "dma.sclfifo", "sb.*"}, []faults.Path{faults.PathValues}, 0.2},
	{"dormant counters", dormant(), nil, 0.1},
	{"hand-off of configuration and control", []string{"cc.*", "traversal.*", "dma.*", "wd.*"}, []faults.Path{faults.PathHandOff}, 0.1},
}

// dormant are the registers that are left alone while nothing looks at them.
func dormant() (names []string) {
	for i := range npu.Dormants {
		names = append(names, npu.Dormants[i].Name)
	}
	return names
}

// compareKinds compares upsets of each kind with plain runs, on every configuration: most of
// them on a small network, since a plain run takes as long as some inferences.
func compareKinds(shared string, samples int) (list []*convergence.Kind, err error) {
	networks := []struct {
		name string
		part float64 // of the samples
	}{{"fashion-tiny", 0.8}, {"fashion-dscnn", 0.15}, {"kws_ref_model", 0.05}}
	for _, k := range kinds {
		sum := &convergence.Kind{Name: k.name}
		for _, n := range networks {
			for _, c := range isa.Configs {
				e, err := open(shared, n.name, c, maxInputs, faults.Options{ECC: npu.ECCSECDED})
				if err != nil {
					return nil, err
				}
				want := int(math.Ceil(float64(samples) * k.share * n.part / float64(len(isa.Configs))))
				one, err := convergence.ValidateKind(context.Background(), e, netlist.Filter{Only: k.registers}, k.paths, seed, want, drawsEach, runtime.NumCPU(), func(s *convergence.Sample) {
					fmt.Fprintf(os.Stderr, "%s on %v: %s@%d, input %d: fast %+v, plain %+v\n", n.name, c, e.Table().Name(s.Site.ID), s.Site.Cycle, s.Input, s.Fast, s.Plain)
				})
				if err != nil {
					return nil, err
				}
				fmt.Fprintf(os.Stderr, "%s: %s on %v: %d samples of %d upsets, %d differences\n", k.name, n.name, c, one.Samples, one.Draws, one.Differences)
				sum.Add(one)
			}
		}
		list = append(list, sum)
	}
	return list, nil
}

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
