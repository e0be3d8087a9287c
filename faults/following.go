package faults

import (
	"bytes"

	"upset/npu"
)

// Following is what an upset leaves behind after an inference, and what later
// inferences of other inputs make of it.
type Following struct {
	Record Record // of the inference with the upset
	// Residue says that flops, shared buffer or memory differ from those of the
	// fault-free run at its end.
	Residue bool
	// Later are the outcomes of the inferences that follow without a reset: Masked,
	// SDCTolerable or SDCCritical, DUEDetected, DUEHang or StrayWrite.
	Later []Outcome
}

// Harmed reports that a later inference does not end as it should.
func (f *Following) Harmed() bool {
	for _, o := range f.Later {
		if o != Masked {
			return true
		}
	}
	return false
}

// Follow injects an upset and then lets the host run further inferences, one for each
// of the inputs named, on the machine as the upset left it. Nothing is cut short.
func (w *Worker) Follow(input int, s Site, later []int) (Following, error) {
	e, g := w.e, w.e.golds[input]
	f := Following{}
	var err error
	if f.Record, err = w.Inject(input, s, nil); err != nil {
		return f, err
	}
	w.fork(g, s.Cycle)
	m := w.m
	if _, _, _, err := e.flip(m, s); err != nil {
		return f, err
	}
	// What follows writes all over the memory: the next fork copies all of it.
	w.jumped = true
	m.Run(e.Watchdog())
	if m.Status() != npu.Done {
		return f, nil // the host resets the NPU
	}
	f.Residue = w.residue(&g.points[g.end])
	cycle := g.Cycles
	for _, k := range later {
		next := e.golds[k]
		again(m, e.program, next.Input, cycle)
		m.Run(cycle + e.Watchdog())
		o, err := w.later(next)
		if err != nil {
			return f, err
		}
		f.Later = append(f.Later, o)
		if o == DUEDetected || o == DUEHang {
			break
		}
		cycle += g.Cycles
	}
	return f, nil
}

// residue reports that the machine differs from a point of the fault-free run.
func (w *Worker) residue(p *point) bool {
	a, b := npu.Canonical(&w.m.S.Flops), npu.Canonical(&p.flops)
	if a != b {
		return true
	}
	for i, r := range p.ram {
		if !bytes.Equal(w.m.S.RAM.Mem[i*ramPiece:i*ramPiece+len(r)], r) {
			return true
		}
	}
	list, ok := changes(w.m, p, nil, 1)
	return !ok || len(list) > 0
}

// later names the outcome of a later inference by its own fault-free run.
func (w *Worker) later(g *Golden) (Outcome, error) {
	m := w.m
	switch m.Status() {
	case npu.Running, npu.Timeout:
		return DUEHang, nil
	case npu.Done:
	default:
		return DUEDetected, nil
	}
	out := w.e.program.ReadOutputs(m.Mem)
	switch {
	case m.S.Bus.Stray != 0:
		return StrayWrite, nil
	case bytes.Equal(out, g.Output):
		return Masked, nil
	}
	critical, err := w.e.criterion.Critical(w.e.program, g.Input, g.Output, out)
	if critical {
		return SDCCritical, err
	}
	return SDCTolerable, err
}
