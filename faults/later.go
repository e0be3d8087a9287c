package faults

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"upset/npu"
)

// MaxFollowed is the most inferences that are followed behind the one with the fault
// (our choice). Nearly all of what a fault leaves behind is gone after one or two; what
// is not gone after so many counts as left for good.
const MaxFollowed = 8

// later is a fault-free inference behind others, without a reset in between.
type later struct {
	input, output []byte
	points        []point // from the moment at which the host has started it on
}

// chain are the inferences behind the second one of a fault-free run, made when
// they are first asked for.
type chain struct {
	list []later
	err  error
}

// starts are the moments at which an inference behind others begins without a fault,
// as far as they differ in what it inherits: the banks and buffers are taken in turn, so
// that there are up to four. Made when they are first asked for.
type starts struct {
	once sync.Once
	list []*point
	err  error
}

// behind runs the inference of an input on the machine as the one before left it, with
// points at multiples of step. The clock is set to where the first inference ended.
func (e *Engine) behind(ctx context.Context, m *npu.Machine, prev *point, input []byte, cycle, step uint64) (l later, err error) {
	again(m, e.program, input, cycle)
	l.input = input
	if l.points, _, err = record(ctx, m, prev, step, runawayLimit, e.pointRoom()/5, nil); err != nil {
		return l, fmt.Errorf("an inference behind another: %w", err)
	}
	l.output = e.program.ReadOutputs(m.Mem)
	return l, nil
}

// later is the k-th inference behind the one of an input, from 1 on. The inputs follow in
// their order, over and over; the only one takes turns with its complement. Where no data
// reach from one inference to another, the output is that of the input alone.
func (e *Engine) later(input, k int) (*later, error) {
	g := e.golds[input]
	if k == 1 {
		return &g.second, nil
	}
	if !e.inherits.keepsData() {
		l := &later{input: g.Input, output: g.Output}
		if n := len(e.golds); n > 1 {
			next := e.golds[(input+k)%n]
			l.input, l.output = next.Input, next.Output
		} else if k%2 != 0 {
			l.input, l.output = g.second.input, g.second.output
		}
		return l, nil
	}
	c := e.chains.take(g, e.chainRoom())
	c.once.Do(func() {
		bytes := 0
		c.value.err = e.onwards(input, func(l *later) bool {
			l.points = slices.Clone(l.points[:1])
			bytes += l.points[0].bytes(nil)
			c.value.list = append(c.value.list, *l)
			return true
		})
		e.chains.sized(bytes)
	})
	if c.value.err != nil {
		return nil, c.value.err
	}
	return &c.value.list[k-2], nil
}

// onwards runs the inferences behind the second one of an input, as far as they may be
// asked for, until more says no.
func (e *Engine) onwards(input int, more func(l *later) bool) error {
	g := e.golds[input]
	m, err := e.machine(g.Input)
	if err != nil {
		return err
	}
	at := g.second.points[len(g.second.points)-1]
	at.restore(m)
	for k := 2; k <= MaxFollowed+1; k++ {
		next := g.Input
		if n := len(e.golds); n > 1 {
			next = e.golds[(input+k)%n].Input
		} else if k%2 != 0 {
			next = g.Next
		}
		l, err := e.behind(context.Background(), m, &at, next, g.Cycles, runawayLimit)
		if err != nil {
			return err
		}
		at = l.points[len(l.points)-1]
		if !more(&l) {
			return nil
		}
	}
	return nil
}

// begun lists the states in which inferences behind others begin, in their order, where
// no data reach from one to another. They are the same for all inputs as far as anything
// reads them, since control does not depend on the data.
func (e *Engine) begun() ([]*point, error) {
	s := e.starts
	s.once.Do(func() {
		s.list = []*point{&e.golds[0].second.points[0]}
		s.err = e.onwards(0, func(l *later) bool {
			p := l.points[0]
			for _, q := range s.list {
				if e.alikePoints(&p, q, len(s.list)%2) {
					return false // they come back in the same order
				}
			}
			s.list = append(s.list, &p)
			return true
		})
	})
	return s.list, s.err
}

// settledAt reports whether nothing is left of a fault at the moment at which the host
// has started the k-th inference behind it: whatever that inference and all behind it
// read is as in a machine without a fault, though perhaps in a turn of its buffers that
// comes earlier or later. Corrected is as for settled.
func (e *Engine) settledAt(m *npu.Machine, l *later, k int) (yes, corrected bool, err error) {
	if k == 1 || e.inherits.keepsData() {
		yes, corrected = e.settled(m, &l.points[0], k%2)
		return yes, corrected, nil
	}
	list, err := e.begun()
	for i, p := range list {
		if yes, corrected = e.settled(m, p, (i+1)%2); yes {
			return yes, corrected, err
		}
	}
	return false, false, err
}

// Settled reports whether nothing that was left on a machine reaches any inference from
// the k-th one on behind that of an input, k from 1 to MaxFollowed+1. The host has just
// started that one, with the clock at the end of the first.
func (e *Engine) Settled(m *npu.Machine, input, k int) (bool, error) {
	l, err := e.later(input, k)
	if err != nil {
		return false, err
	}
	yes, _, err := e.settledAt(m, l, k)
	return yes, err
}
