package engine

import (
	"fmt"
	"math/bits"

	"upset/faults"
	"upset/faults/golden"
	"upset/netlist"
	"upset/npu"
)

// forced is a flop that does not do as it is told.
type forced struct {
	word int // of the image of the flops
	mask uint64
	high bool
}

// force finds the place of a flop in the image of a machine's flops.
func (e *Engine) force(m *npu.Machine, id netlist.SiteID) (forced, error) {
	p, err := e.table.Place(id)
	if err != nil {
		return forced{}, err
	}
	if p.Register.IsSRAM() {
		return forced{}, fmt.Errorf("%s is a cell of the SRAM: %s faults are those of flops; choose a flop", e.table.Name(id), e.options.Model.Kind)
	}
	before := m.S.Flops
	for range 2 { // there and back
		if _, _, err := e.table.Flip(m, id); err != nil {
			return forced{}, err
		}
		x, y := flopImage(&m.S.Flops), flopImage(&before)
		for i := range x {
			if d := x[i] ^ y[i]; d != 0 && bits.OnesCount64(d) == 1 {
				if _, _, err := e.table.Flip(m, id); err != nil {
					return forced{}, err
				}
				return forced{word: i, mask: d, high: x[i]&d == 0}, nil
			}
		}
	}
	return forced{}, fmt.Errorf("%s is no flop", e.table.Name(id))
}

// value is the flop's value.
func (f *forced) value(s *npu.Flops) uint8 {
	if flopImage(s)[f.word]&f.mask != 0 {
		return 1
	}
	return 0
}

// apply forces the flop.
func (f *forced) apply(m *npu.Machine) {
	w := &flopImage(&m.S.Flops)[f.word]
	if *w&f.mask != 0 != f.high {
		*w ^= f.mask
		m.Touched()
	}
}

// stuck performs the injection of a permanent fault: the flop is forced from the
// start of the inference to its end. What the next inference does is not asked: the
// fault is still there. There is no shorter way but one: a flop that holds the value
// anyway does no harm.
func (w *Worker) stuckAt(r *faults.Record, g *golden.Run) error {
	e := w.e
	m, err := e.Begin(int(r.Input))
	if err != nil {
		return err
	}
	w.m, w.gold = m, nil
	w.watchHost(m)
	w.arm(0, 0)
	f, err := e.force(m, r.Site.ID)
	if err != nil {
		return err
	}
	f.high = e.options.Model.Kind == faults.StuckAt1
	r.Before = f.value(&m.S.Flops)
	r.After = 0
	if f.high {
		r.After = 1
	}
	w.hold(&f, faults.Never)
	r.Path, r.End = faults.PathEnd, m.Cycle()
	if m.S.CC.Run == 0 && m.Status() != npu.Done {
		r.Path = faults.PathStopped
	}
	return w.classifyPlainly(r, g, nil, true)
}

// glitch performs the injection of an intermittent fault: the flop keeps the wrong
// value for some cycles, and then does as it is told again.
func (w *Worker) glitch(r *faults.Record) error {
	f, err := w.e.force(w.m, r.Site.ID)
	if err != nil {
		return err
	}
	r.Before = f.value(&w.m.S.Flops)
	r.After = r.Before ^ 1
	f.high = r.Before == 0
	w.hold(&f, r.Site.Cycle+w.e.options.Model.Cycles)
	return nil
}

// captured reports whether a flop takes over a pulse at the clock edge that ends a
// cycle: it does when it loads then. One that would keep an inverted bit does not
// load, unless its value changes at that edge.
func (w *Worker) captured(g *golden.Run, s faults.Site) (bool, error) {
	if s.Cycle == 0 {
		return false, nil
	}
	w.fork(g, s.Cycle-1)
	f, err := w.e.force(w.m, s.ID)
	if err != nil {
		return false, err
	}
	was := f.value(&w.base.S.Flops)
	if _, _, err := w.e.table.Flip(w.m, s.ID); err != nil {
		return false, err
	}
	w.m.Step()
	kept := f.value(&w.m.S.Flops) != was
	w.fork(g, s.Cycle)
	return !kept || f.value(&w.base.S.Flops) != was, nil
}
