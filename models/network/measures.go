package network

import (
	"errors"
	"fmt"
	"slices"
)

// Measures are what the host can do against faults of an NPU that is as it is.
type Measures struct {
	Twice       bool // every inference runs twice, and the host compares the outputs
	Moved       bool // with Twice: the second run has arena and constants at other addresses
	Reset       bool // the NPU is reset and its registers are written anew before every job
	KnownAnswer int  // before every so many frames a known input is run and its output compared, 0 for never
	Retry       bool // a job that the NPU itself has stopped is run once more after a reset
}

// knownAnswer is the known input and where it and its outputs lie.
type knownAnswer struct {
	input, output []byte
	ins, outs     []int // places of the input and of what comes out
	want          []int // places of what should
}

// check reports measures that cannot be.
func (m Measures) check(n *Network) error {
	switch {
	case m.Moved && !m.Twice:
		return errors.New("network: only a second run can be moved: run twice")
	case m.KnownAnswer < 0:
		return fmt.Errorf("network: a known-answer inference before every %d frames cannot be", m.KnownAnswer)
	case m.Moved && n.plan != nil && len(n.Stages) > 1:
		return errors.New("network: the host works in the arena of this compiled network, so that a second run cannot be moved")
	}
	return nil
}

// answer computes what the known input should give.
func (c *composer) answer(known []byte) error {
	if c.measures.KnownAnswer == 0 {
		return nil
	}
	out, err := c.n.RunFunctional(known)
	if err != nil {
		return fmt.Errorf("network: known-answer inference: %w", err)
	}
	c.known.input, c.known.output = known, out
	return nil
}

// prepare reserves the memory that measures need.
func (c *composer) prepare() error {
	m := &c.measures
	if *m != (Measures{}) && !c.single() {
		for id := range c.g.Tensors { // what is saved must have its place
			if c.g.Tensors[id].Variable {
				if _, err := c.slot(id); err != nil {
					return err
				}
			}
		}
	}
	if m.Twice || m.KnownAnswer > 0 {
		c.s.alarm = c.take(4)
		c.bound().actions = append(c.bound().actions, action{operator: actionClear, to: c.s.alarm, size: 4})
	}
	if m.Retry {
		c.s.retried = c.take(1)
		c.bound().actions = append(c.bound().actions, action{operator: actionClear, to: c.s.retried, size: 1})
	}
	if m.KnownAnswer > 0 {
		in, out := c.known.input, c.known.output
		for _, b := range c.n.Inputs {
			c.known.ins = append(c.known.ins, c.constant("known input", in[:b.Size]))
			in = in[b.Size:]
		}
		for _, b := range c.n.Outputs {
			c.known.want = append(c.known.want, c.constant("known output", out[:b.Size]))
			c.known.outs = append(c.known.outs, c.take(b.Size))
			out = out[b.Size:]
		}
	}
	return nil
}

// constant places a value in the memory of the host.
func (c *composer) constant(name string, data []byte) int {
	at := c.take(len(data))
	c.p.Constants = append(c.p.Constants, Constant{Name: name, Offset: at, Data: slices.Clone(data)})
	return at
}

// frame appends what is done for a frame: the inference, with the measures around it.
func (c *composer) frame(f int) error {
	m := &c.measures
	if m.KnownAnswer > 0 && f%m.KnownAnswer == 0 {
		back := c.save()
		if err := c.inference(f, c.known.ins, c.known.outs, false); err != nil {
			return err
		}
		c.compare(c.known.outs, c.known.want)
		back()
	}
	back := func() {}
	if m.Twice {
		back = c.save()
	}
	if err := c.inference(f, c.ins[f], c.outs[f], false); err != nil || !m.Twice {
		return err
	}
	second := make([]int, len(c.outs[f]))
	for i, b := range c.n.Outputs {
		second[i] = c.take(b.Size)
	}
	back()
	if err := c.inference(f, c.ins[f], second, m.Moved); err != nil {
		return err
	}
	c.compare(c.outs[f], second)
	return nil
}

// compare appends the comparison of two sets of outputs.
func (c *composer) compare(a, b []int) {
	x := c.bound()
	for i := range a {
		x.actions = append(x.actions, action{operator: actionCompare, from: a[i], to: b[i], size: c.n.Outputs[i].Size})
	}
}

// state lists what is kept from one inference to the next: state tensors in the arena and
// of the host, with the constants beside them.
func (c *composer) state() (list [][2]int) {
	for _, p := range c.n.Programs() {
		for _, k := range p.Constants {
			list = append(list, [2]int{k.Offset, len(k.Data)})
		}
	}
	for id := range c.g.Tensors {
		if at, ok := c.s.slots[id]; ok && c.g.Tensors[id].Variable {
			list = append(list, [2]int{at, c.g.Tensors[id].Bytes()})
		}
	}
	return list
}

// save appends the copy of the state to the memory of the host, and returns what appends
// the copy back: to the same place and, for a moved run, to its own.
func (c *composer) save() (back func()) {
	list := c.state()
	kept := make([]int, len(list))
	b := c.bound()
	for i, x := range list {
		kept[i] = c.take(x[1])
		b.move(x[0], kept[i], x[1])
	}
	return func() {
		b := c.bound()
		for i, x := range list {
			b.move(kept[i], x[0], x[1])
			if c.measures.Moved && x[0] < c.window {
				b.move(kept[i], x[0]+c.window, x[1])
			}
		}
	}
}

// restore makes sure that a job which is run once more finds the state that it found at
// first: it copies it away and back.
func (c *composer) restore(b *bound) {
	if !c.measures.Retry {
		return
	}
	var kept []int
	list := c.state()
	for _, x := range list {
		at := c.take(x[1])
		kept = append(kept, at)
		b.move(x[0], at, x[1])
	}
	b.supply = len(b.actions)
	for i, x := range list {
		b.move(kept[i], x[0], x[1])
	}
}
