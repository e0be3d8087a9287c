package main

import (
	"fmt"
	"io"
	"os"

	"upset/faults"
	"upset/faults/convergence"
	"upset/npu"
	"upset/npu/isa"
)

// modelled are the draws of the page on fault models: how many injections, and how
// many of them on the plain machine as well (our choice).
var modelled = []struct {
	network  string
	n, plain int
}{{"fashion-tiny", 4000, 2000}, {"fashion-dscnn", 4000, 300}}

// faultModels injects under every model.
func faultModels(w io.Writer, shared string) error {
	var list []*convergence.ModelResult
	for _, d := range modelled {
		for _, text := range []string{
			"seu", "pair", "set", "intermittent:20", "intermittent:1000", "stuck-at-0", "stuck-at-1",
			"mcu:finfet", "mcu:28nm", "mcu:28nm:interleave=1:row",
		} {
			m, err := faults.ParseModel(text)
			if err != nil {
				return err
			}
			e, err := open(shared, d.network, isa.U55x128, maxInputs, faults.Options{ECC: npu.ECCSECDED, Model: m})
			if err != nil {
				return err
			}
			r, err := convergence.MeasureModel(e, d.network, m.Kind == faults.MCU, seed, d.n, d.plain)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s, %s: %d differences in %d\n", d.network, text, r.Differences, r.Compared)
			list = append(list, r)
		}
	}
	return convergence.WriteModels(w, list)
}
