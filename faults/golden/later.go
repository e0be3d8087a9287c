package golden

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"upset/faults"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Later is a fault-free inference behind others, without a reset in between.
type Later struct {
	Input, Output []byte
	Points        []Point // from the moment at which the host has started it on
}

// chain are the inferences behind the second one of a fault-free run, made when
// they are first asked for.
type chain struct {
	list []Later
	err  error
}

// starts are the moments at which an inference behind others begins without a fault,
// as far as they differ in what it inherits: the banks and buffers are taken in turn, so
// that there are up to four. Made when they are first asked for.
type starts struct {
	once sync.Once
	list []*Point
	err  error
}

// next is the input of the inference behind one of a list: the one that follows in the
// list, or the complement of the only one.
func next(inputs [][]byte, i int) []byte {
	if len(inputs) > 1 {
		return inputs[(i+1)%len(inputs)]
	}
	out := make([]byte, len(inputs[0]))
	for k, b := range inputs[0] {
		out[k] = ^b
	}
	return out
}

// Again prepares the machine for another inference: the host writes the input and
// starts the NPU, with the clock at the given cycle. The host takes its time, so that
// whatever was under way on the bus has arrived.
func Again(m *npu.Machine, p *network.Program, input []byte, cycle uint64) {
	m.S.Bus.Resume(cycle)
	p.Renew(m.Mem, input)
	for _, b := range p.Inputs {
		if b.Offset >= 0 {
			m.Writes.Note(isa.SRAMBase+uint32(b.Offset), b.Size)
		}
	}
	for _, r := range p.HostWrites(0) {
		m.Writes.Note(r.Lo, int(r.Hi-r.Lo))
	}
	p.Start(m)
}

// behind runs the inference of an input on the machine as the one before left it, with
// points at multiples of step. The clock is set to where the first inference ended.
func (e *Runs) behind(ctx context.Context, m *npu.Machine, prev *Point, input []byte, cycle, step uint64) (l Later, err error) {
	Again(m, e.program, input, cycle)
	l.Input = input
	if l.Points, _, err = record(ctx, m, prev, step, RunawayLimit, e.pointRoom()/5, 0, straight); err != nil {
		return l, fmt.Errorf("an inference behind another: %w", err)
	}
	l.Output = e.program.ReadOutputs(m.Mem)
	return l, nil
}

// Later is the k-th inference behind the one of an input, from 1 on. The inputs follow in
// their order, over and over; the only one takes turns with its complement. Where no data
// reach from one inference to another, the output is that of the input alone.
func (e *Runs) Later(input, k int) (*Later, error) {
	g, n := e.Golds[input], len(e.Golds)
	if k == 1 && (e.seconds() || n == 1) {
		return e.second(context.Background(), g)
	}
	if !e.Inherits.KeepsData() {
		l := &Later{Input: g.Input, Output: g.Output}
		if n > 1 {
			next := e.Golds[(input+k)%n]
			l.Input, l.Output = next.Input, next.Output
		} else if k%2 != 0 {
			second, err := e.second(context.Background(), g)
			if err != nil {
				return nil, err
			}
			l.Input, l.Output = second.Input, second.Output
		}
		return l, nil
	}
	c := e.chains.take(g, e.chainRoom())
	c.once.Do(func() {
		bytes := 0
		c.value.err = e.onwards(input, func(l *Later) bool {
			l.Points = slices.Clone(l.Points[:1])
			bytes += l.Points[0].bytes(nil)
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

// seconds reports whether the second inference of every input is run, for its checkpoints:
// those of long ones cost more than they bring, unless data reach from one to another.
func (e *Runs) seconds() bool { return e.Cycles() <= lifetimeCycles || e.Inherits.KeepsData() }

// second is the inference behind that of an input, made when it is first asked for.
func (e *Runs) second(ctx context.Context, g *Run) (*Later, error) {
	s := &g.second
	s.once.Do(func() {
		m, err := e.Machine(g.Input)
		if err != nil {
			s.err = err
			return
		}
		end := &g.Points[g.End]
		end.Restore(m)
		m.Host = nil
		e.program.Attach(m)
		s.Later, s.err = e.behind(ctx, m, end, g.Next, g.Cycles, 4*g.step)
	})
	return &s.Later, s.err
}

// onwards runs the inferences behind the second one of an input, as far as they may be
// asked for, until more says no.
func (e *Runs) onwards(input int, more func(l *Later) bool) error {
	g := e.Golds[input]
	m, err := e.Machine(g.Input)
	if err != nil {
		return err
	}
	second, err := e.second(context.Background(), g)
	if err != nil {
		return err
	}
	at := second.Points[len(second.Points)-1]
	at.Restore(m)
	for k := 2; k <= faults.MaxFollowed+1; k++ {
		next := g.Input
		if n := len(e.Golds); n > 1 {
			next = e.Golds[(input+k)%n].Input
		} else if k%2 != 0 {
			next = g.Next
		}
		l, err := e.behind(context.Background(), m, &at, next, g.Cycles, RunawayLimit)
		if err != nil {
			return err
		}
		at = l.Points[len(l.Points)-1]
		if !more(&l) {
			return nil
		}
	}
	return nil
}

// begun lists the states in which inferences behind others begin, in their order, where
// no data reach from one to another. They are the same for all inputs as far as anything
// reads them, since control does not depend on the data.
func (e *Runs) begun() ([]*Point, error) {
	s := e.starts
	s.once.Do(func() {
		second, err := e.second(context.Background(), e.Golds[0])
		if err != nil {
			s.err = err
			return
		}
		s.list = []*Point{&second.Points[0]}
		s.err = e.onwards(0, func(l *Later) bool {
			p := l.Points[0]
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
