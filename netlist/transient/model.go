// Package transient holds what pulses in the logic of the machine's blocks do, measured on
// gates (package gates below it): which flops take a pulse over together, and how often one
// is taken over at all. The declared model of a pulse is here as well.
//
// A pulse inverts the output of a gate for a while. Whether it spreads is simulated; when it
// arrives, how it narrows on the way and when a flop takes it are declared.
package transient

import (
	"fmt"
	"slices"
)

// Width is a class of pulses.
type Width struct {
	PS    float64 // length in ps where the pulse begins
	Share float64 // of all pulses
}

// Model is what is declared of pulses. Every level of logic takes as long as the next, the
// longest way through a block a whole period; a pulse narrows by the same amount in each.
type Model struct {
	Period float64 // of the clock in ps
	Setup  float64 // ps before the edge in which a flop's input must stand
	Hold   float64 // ps behind it
	Shrink float64 // ps that a pulse loses in a level of logic; it ends at 0
	Widths []Width // their shares have the sum 1
}

// Default is the declared model.
//
// Period: 500 MHz, the clock of Ethos_U55_High_End_Embedded in Arm's Vela (public fact). All
// else is our choice, since no public source gives widths, window or narrowing for a process
// that the NPU is made in: widths from a few gate delays to a fifth of the period, narrow ones
// more often; a window of 2 % of the period; a fifth of the narrowest width lost in ten levels.
func Default() Model {
	return Model{Period: 2000, Setup: 30, Hold: 10, Shrink: 0.5, Widths: []Width{{25, 0.2}, {50, 0.3}, {100, 0.3}, {200, 0.15}, {400, 0.05}}}
}

// Variant is a model with a name.
type Variant struct {
	Name  string
	Model Model
}

// Variants lists the default model and others beside it, which show what depends on what is
// declared.
func Variants() []Variant {
	change := func(name string, f func(m *Model)) Variant {
		m := Default()
		f(&m)
		return Variant{name, m}
	}
	scale := func(k float64) func(m *Model) {
		return func(m *Model) {
			for i := range m.Widths {
				m.Widths[i].PS *= k
			}
		}
	}
	return []Variant{
		{"as declared", Default()},
		change("no narrowing", func(m *Model) { m.Shrink = 0 }),
		change("narrowing × 8", func(m *Model) { m.Shrink *= 8 }),
		change("widths × ½", scale(0.5)),
		change("widths × 2", scale(2)),
		change("1 GHz", func(m *Model) { m.Period /= 2 }),
	}
}

// Check reports a model that cannot be.
func (m *Model) Check() error {
	sum := 0.0
	for _, w := range m.Widths {
		if !(w.PS > 0 && w.Share >= 0) {
			return fmt.Errorf("pulses of %v ps with a share of %v: a width is above 0, a share not below it", w.PS, w.Share)
		}
		sum += w.Share
	}
	switch {
	case !(m.Period > 0 && m.Setup >= 0 && m.Hold >= 0 && m.Setup+m.Hold < m.Period && m.Shrink >= 0):
		return fmt.Errorf("period %v ps, setup %v, hold %v, narrowing %v: none is below 0, setup and hold lie within a period", m.Period, m.Setup, m.Hold, m.Shrink)
	case !(sum > 1-1e-9 && sum < 1+1e-9):
		return fmt.Errorf("shares of widths have the sum %v, not 1", sum)
	}
	return nil
}

// Interval is when a pulse must begin, in ps of the clock, so that what lies some levels of
// unit ps behind its gate takes it over at the edge that ends the clock. It is empty where from
// is not below to. Alive says whether the pulse gets there at all.
func (m *Model) Interval(width float64, levels int, unit float64) (from, to float64, alive bool) {
	d := float64(levels)
	w := width - m.Shrink*d
	return max(0, m.Period+m.Hold-d*unit-w), min(m.Period, m.Period-m.Setup-d*unit), w > 0
}

// Covered is the share of the period in which a pulse can begin and be taken over at one of
// the given numbers of levels behind its gate. Alive says whether it gets to one of them.
func (m *Model) Covered(width float64, levels []int, unit float64) (share float64, alive bool) {
	parts, alive := m.Parts(nil, width, levels, unit)
	for _, p := range parts {
		share += p.Share
	}
	return share, alive
}

// Part is a share of the phases of a pulse, in which what lies at the numbers of levels with
// indices First to Last takes it over together.
type Part struct {
	Share       float64 // of the period
	First, Last int
}

// Parts splits the phases in which a pulse is taken over, by what takes it over together.
// Levels are the numbers of levels behind the gate, rising. They are run after run: from and
// to of the intervals are linear in the levels.
func (m *Model) Parts(parts []Part, width float64, levels []int, unit float64) (_ []Part, alive bool) {
	parts = parts[:0]
	var keep [128]float64
	ends := keep[:0]
	for _, l := range levels {
		from, to, ok := m.Interval(width, l, unit)
		alive = alive || ok
		if ok && from < to {
			ends = append(ends, from, to)
		}
	}
	slices.Sort(ends)
	for i := 1; i < len(ends); i++ {
		if ends[i] == ends[i-1] {
			continue
		}
		middle, p := (ends[i]+ends[i-1])/2, Part{Share: (ends[i] - ends[i-1]) / m.Period, First: -1}
		for k, l := range levels {
			if from, to, ok := m.Interval(width, l, unit); ok && from < middle && middle < to {
				if p.First < 0 {
					p.First = k
				}
				p.Last = k
			} else if p.First >= 0 {
				break
			}
		}
		if p.First >= 0 {
			parts = append(parts, p)
		}
	}
	return parts, alive
}
