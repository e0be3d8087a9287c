package engine

import (
	"context"
	"fmt"

	"upset/faults"
	"upset/faults/golden"
)

// Departures are the first cycles of a fault-free run at which flops read otherwise
// than a stuck flop does: before that, and where it is [faults.Never], the fault changes
// nothing. The end of the inference counts as a cycle, since the host reads flops then.
func (e *Engine) Departures(ctx context.Context, input int, flaws []faults.Flaw) ([]uint64, error) {
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
		out[i] = faults.Never
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
		if m.S.CC.Run == 0 || m.Cycle() >= golden.RunawayLimit {
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
// [faults.Sticker].
func (w *Worker) Stuck(ctx context.Context, input int, f faults.Flaw, departs uint64, guard faults.Guard) (o faults.Outcome, cycles uint64, err error) {
	if departs == faults.Never {
		return faults.Masked, 0, nil
	}
	e, g := w.e, w.e.Golden(input)
	w.faulty, w.failed = nil, nil
	w.seek(g, departs)
	m := w.m
	x, err := e.force(m, f.ID)
	if err != nil {
		return 0, 0, err
	}
	x.high = f.High
	force := func() { x.apply(m) }
	var s faults.Sticker
	alarm := false
	if guard == nil {
		force()
	} else {
		var ok, outvoted bool
		if s, ok = guard.(faults.Sticker); !ok {
			return 0, 0, fmt.Errorf("%T cannot stand beside a flop that is stuck", guard)
		}
		if outvoted, alarm = s.Stick(m, f.ID, force); outvoted {
			return faults.Corrected, 0, nil
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
		return faults.StrayWrite, cycles, nil
	case alarm:
		return faults.Detected, cycles, nil
	}
	r := faults.Record{Input: uint32(input), Site: faults.Site{ID: f.ID}}
	p := *w
	p.e, p.failed = e.plain(), nil
	p.e.options.AssumeReload = true // the next inference is one more of those asked for
	p.classify(&r, g, nil)
	return r.Outcome, cycles, p.failed
}
