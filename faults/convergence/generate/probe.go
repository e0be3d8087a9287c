package main

import (
	"fmt"
	"io"

	"upset/faults"
	"upset/faults/convergence"
	"upset/npu/isa"
)

func probe(w io.Writer, shared, name string, injections int) error {
	p, inputs, err := program(shared, name, isa.U55x128, timedInputs)
	if err != nil {
		return err
	}
	e, _, err := convergence.NewEngine(p, inputs)
	if err != nil {
		return err
	}
	for _, o := range e.Golden(0).Ops {
		fmt.Fprintf(w, "op %d %s %s %d-%d (%d)\n", o.Index, o.Name, o.Kind, o.Start, o.End, o.End-o.Start)
	}
	return convergence.Each(e, seed, injections, 2, func(s faults.Site, input int, r *faults.Record, n uint64) {
		if n > 0 {
			fmt.Fprintf(w, "%d %s cycle=%d op=%d path=%s outcome=%s cause=%s end=%d\n", n, e.Table().Name(s.ID), s.Cycle, r.Op, r.Path, r.Outcome, r.Cause, r.End)
		}
	})
}
