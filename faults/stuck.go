package faults

import (
	"context"
	"fmt"
	"math"

	"upset/netlist"
	"upset/npu"
)

// Flaw is a flop that is stuck.
type Flaw struct {
	ID   netlist.SiteID
	High bool // stuck at 1
}

// Sticker is a guard that can also stand beside a flop that is stuck.
type Sticker interface {
	// Stick begins beside a fault-free machine whose flop is about to read wrong for
	// the first time; force makes it do so. Outvoted says that the mechanism delivers
	// the right value all the time.
	Stick(m *npu.Machine, id netlist.SiteID, force func()) (outvoted, alarm bool)
	// Hold advances by a clock. The mechanisms see what the flops load; then force
	// makes the flop read its value.
	Hold(m *npu.Machine, force func()) (alarm bool)
}

// Never is the cycle of something that does not happen.
const Never uint64 = math.MaxUint64

// Departures are the first cycles of a fault-free run at which flops read otherwise
// than a stuck flop does: before that, and where it is [Never], the fault changes
// nothing. The end of the inference counts as a cycle, since the host reads flops then.
func (e *Engine) Departures(ctx context.Context, input int, flaws []Flaw) ([]uint64, error) {
	m, err := e.Begin(input)
	if err != nil {
		return nil, err
	}
	out := make([]uint64, len(flaws))
	var wanted [flopWords][2]uint64 // bits whose first 0 and first 1 are sought
	at := map[forced]int{}
	var words []int
	for i, f := range flaws {
		x, err := e.force(m, f.ID)
		if err != nil {
			return nil, err
		}
		x.high = !f.High // the value that departs
		out[i] = Never
		if at[x] == 0 {
			at[x] = i + 1
		}
		if wanted[x.word] == [2]uint64{} {
			words = append(words, x.word)
		}
		wanted[x.word][bit(x.high)] |= x.mask
	}
	for {
		image := flopImage(&m.S.Flops)
		for _, k := range words {
			for high, set := range [2]uint64{wanted[k][0] &^ image[k], wanted[k][1] & image[k]} {
				wanted[k][high] &^= set
				for ; set != 0; set &= set - 1 {
					if i := at[forced{k, set & -set, high == 1}]; i > 0 {
						out[i-1] = m.Cycle()
					}
				}
			}
		}
		if m.S.CC.Run == 0 || m.Cycle() >= runawayLimit {
			break
		}
		if m.Cycle()%lookAtContext == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		m.Step()
	}
	for i, f := range flaws { // the same flaw may be asked for twice
		x, err := e.force(m, f.ID)
		if err != nil {
			return nil, err
		}
		x.high = !f.High
		out[i] = out[at[x]-1]
	}
	return out, nil
}

// lookAtContext is the number of cycles between looks at a context (a few
// milliseconds).
const lookAtContext = 1 << 12

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Stuck performs the injection of a permanent fault from the cycle on at which the flop
// reads wrong for the first time, see [Engine.Departures]: the outcome is that of the
// fault model stuck-at from cycle 0 on. A run ends when it has written outside the
// arena, since nothing undoes that. Cycles is what was simulated. A guard must be a
// [Sticker].
func (w *Worker) Stuck(ctx context.Context, input int, f Flaw, departs uint64, guard Guard) (o Outcome, cycles uint64, err error) {
	if departs == Never {
		return Masked, 0, nil
	}
	e, g := w.e, w.e.golds[input]
	w.faulty, w.failed = nil, nil
	w.seek(g, departs)
	m := w.m
	x, err := e.force(m, f.ID)
	if err != nil {
		return 0, 0, err
	}
	x.high = f.High
	force := func() { x.apply(m) }
	var s Sticker
	alarm := false
	if guard == nil {
		force()
	} else {
		var ok, outvoted bool
		if s, ok = guard.(Sticker); !ok {
			return 0, 0, fmt.Errorf("%T cannot stand beside a flop that is stuck", guard)
		}
		if outvoted, alarm = s.Stick(m, f.ID, force); outvoted {
			return Corrected, 0, nil
		}
	}
	for !alarm && m.S.CC.Run != 0 && !w.hung() && m.S.Bus.Stray == 0 {
		if m.Cycle()%lookAtContext == 0 && ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		if s != nil {
			alarm = s.Hold(m, force)
			continue
		}
		m.Step()
		x.apply(m)
	}
	cycles = m.Cycle() - departs
	switch {
	case m.S.Bus.Stray != 0:
		return StrayWrite, cycles, nil
	case alarm:
		return Detected, cycles, nil
	}
	r := Record{Input: uint32(input), Site: Site{ID: f.ID}}
	p := *w
	p.e, p.failed = e.plain(), nil
	p.e.options.AssumeReload = true // the next inference is one more of those asked for
	p.classify(&r, g, nil)
	return r.Outcome, cycles, p.failed
}
