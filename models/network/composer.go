package network

import (
	"errors"
	"fmt"
	"slices"

	"upset/models/container"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// composer builds the program of a network with several jobs.
type composer struct {
	n      *Network
	g      *tflite.Subgraph
	p      *Program
	s      *schedule
	at     int // end of the host's memory so far
	flash  map[*Program]int
	frames int
	ins    [][]int // per frame: places of the graph's inputs in the log
	outs   [][]int
	window int // bytes that the NPU may write, of one arena

	measures Measures
	known    knownAnswer
}

// Whole returns the program that runs the network: its stages one after the other, those
// of the host between them, over a sequence of frames with state kept from one to the
// next. Inputs and outputs of the program are those of all frames in order. With a single
// stage on the NPU and one frame it is the stage's own program.
func (n *Network) Whole(frames int) (*Program, error) {
	return n.Guarded(frames, Measures{}, nil)
}

// Guarded is [Network.Whole] with measures of the host against faults. Known is the input
// of the known-answer inference where the measures have one.
func (n *Network) Guarded(frames int, m Measures, known []byte) (*Program, error) {
	if frames < 1 || frames > MaxFrames {
		return nil, fmt.Errorf("network: %d frames: give 1 to %d", frames, MaxFrames)
	}
	if p := n.Program(); p != nil && frames == 1 && m == (Measures{}) {
		return p, nil
	}
	if len(n.Programs()) == 0 {
		return nil, errors.New("network: the network leaves nothing to do for the NPU")
	}
	c := &composer{n: n, frames: frames, flash: map[*Program]int{}, measures: m}
	if err := m.check(n); err != nil {
		return nil, err
	}
	if err := c.answer(known); err != nil {
		return nil, err
	}
	if n.model != nil {
		c.g = &n.model.Subgraphs[0]
	} else {
		c.g = &tflite.Subgraph{}
	}
	return c.compose()
}

func (c *composer) compose() (*Program, error) {
	n := c.n
	c.p = &Program{Name: "network", Config: n.Config, Frames: c.frames}
	if c.frames == 1 {
		c.p.Frames = 0
	}
	c.s = &schedule{graph: c.g, slots: map[int]int{}, alarm: -1, retried: -1}
	for _, p := range n.Programs() {
		c.addProgram(p)
		c.window = max(c.window, p.SRAMBytes())
	}
	c.window = alignUp(max(c.window, c.planned()))
	c.p.ArenaSize = c.window
	if c.measures.Moved {
		c.p.ArenaSize = 2 * c.window
		c.p.Flash = append(c.p.Flash, make([]byte, -len(c.p.Flash)&(jobAlign-1))...)
		c.p.Flash = append(c.p.Flash, c.p.Flash...)
	}
	c.at = c.p.ArenaSize
	c.s.counter = c.take(4)
	c.log()
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if err := c.constants(); err != nil {
		return nil, err
	}
	for f := range c.frames {
		if err := c.frame(f); err != nil {
			return nil, err
		}
	}
	c.p.hostBytes = alignUp(c.at) - c.p.ArenaSize
	c.p.host = c.s
	c.addresses()
	for i := range c.s.bounds {
		c.extent(&c.s.bounds[i])
	}
	c.p.Host = c.s.digest()
	for _, s := range c.n.Stages {
		if s.Program == nil {
			c.p.OnHost = append(c.p.OnHost, c.g.Operators[s.Operator].Name())
		}
	}
	return c.p, c.p.Check()
}

// planned is the end of what the memory plan of a compiled network places.
func (c *composer) planned() int {
	end := 0
	for id, at := range c.n.plan {
		if n, err := c.g.Tensors[id].Size(); err == nil && at >= 0 && at+n <= isa.MaxSRAM {
			end = max(end, at+n)
		}
	}
	return end
}

// take reserves memory of the host.
func (c *composer) take(n int) int {
	at := c.at
	c.at = alignUp(at + n)
	return at
}

// addProgram appends the flash image and the stream of a program.
func (c *composer) addProgram(p *Program) {
	if _, known := c.flash[p]; known {
		return
	}
	c.p.Flash = append(c.p.Flash, make([]byte, -len(c.p.Flash)&(jobAlign-1))...)
	c.flash[p] = len(c.p.Flash)
	c.p.Flash = append(c.p.Flash, p.Flash...)
}

// log reserves the inputs and outputs of all frames.
func (c *composer) log() {
	place := func(list []Binding, f int) (at []int, out []Binding) {
		for _, b := range list {
			b.Offset = c.take(b.Size)
			at = append(at, b.Offset)
			if c.frames > 1 {
				b.Name = fmt.Sprintf("frame %d %s", f, b.Name)
			}
			out = append(out, b)
		}
		return at, out
	}
	for f := range c.frames {
		at, list := place(c.n.Inputs, f)
		c.ins, c.p.Inputs = append(c.ins, at), append(c.p.Inputs, list...)
	}
	for f := range c.frames {
		at, list := place(c.n.Outputs, f)
		c.outs, c.p.Outputs = append(c.outs, at), append(c.p.Outputs, list...)
	}
}

// constants puts what programs find in the arena there: once, where they share it.
func (c *composer) constants() error {
	if len(c.n.Stages) > 1 && !c.n.shared {
		for _, p := range c.n.Programs() {
			if len(p.Constants) > 0 && len(c.n.Programs()) > 1 {
				return errors.New("network: the programs of the network keep constants in arenas of their own, which is not known how to share")
			}
		}
	}
	for _, p := range c.n.Programs() {
		c.p.Constants = append(c.p.Constants, p.Constants...)
		if c.measures.Moved {
			for _, k := range p.Constants {
				k.Offset += c.window
				c.p.Constants = append(c.p.Constants, k)
			}
		}
	}
	return nil
}

// slot is where the host keeps a tensor.
func (c *composer) slot(id int) (int, error) {
	if at, ok := c.s.slots[id]; ok {
		return at, nil
	}
	if id < 0 || id >= len(c.g.Tensors) {
		return 0, fmt.Errorf("network: tensor %d does not exist", id)
	}
	t := &c.g.Tensors[id]
	n, err := t.Size()
	if err != nil {
		return 0, fmt.Errorf("network: %w", err)
	}
	at := -1
	if c.n.plan != nil {
		at = c.n.plan[id] // the compiler has placed the tensors of the host as well
	}
	if at < 0 {
		at = c.take(n)
	}
	if at+n > isa.MaxSRAM {
		return 0, fmt.Errorf("network: the tensors of the host and the arena do not fit the %d bytes of SRAM that are simulated", isa.MaxSRAM)
	}
	c.s.slots[id] = at
	if t.Variable || t.Data != nil {
		c.p.Constants = append(c.p.Constants, Constant{Name: t.Name, Offset: at, Data: slices.Clone(t.Start(n))})
	}
	return at, nil
}

// inference appends the jobs of an inference of a frame and what the host does around
// them, from inputs to outputs at the given places, with arena and constants moved or
// not. The bound in front of its first job is the last one so far.
func (c *composer) inference(f int, ins, outs []int, moved bool) error {
	b := c.bound()
	if c.single() {
		p, by := c.n.Program(), 0
		if moved {
			by = c.window
		}
		b.supply = len(b.actions)
		c.restore(b)
		for i := range p.Inputs {
			if p.Inputs[i].Offset >= 0 {
				b.move(ins[i], p.Inputs[i].Offset+by, p.Inputs[i].Size)
			}
		}
		b = c.job(p, 0, f, moved)
		for i := range p.Outputs {
			b.move(p.Outputs[i].Offset+by, outs[i], p.Outputs[i].Size)
		}
		return nil
	}
	for i, id := range c.g.Inputs {
		at, err := c.slot(id)
		if err != nil {
			return err
		}
		b.move(ins[i], at, c.n.Inputs[i].Size)
	}
	for i := range c.n.Stages {
		var err error
		if b, err = c.stage(b, i, f, moved); err != nil {
			return fmt.Errorf("network: operator %d: %w", c.n.Stages[i].Operator, err)
		}
	}
	for i, id := range c.g.Outputs {
		at, err := c.slot(id)
		if err != nil {
			return err
		}
		b.move(at, outs[i], c.n.Outputs[i].Size)
	}
	return nil
}

// single reports whether the network is one program without a graph around it.
func (c *composer) single() bool { return c.n.Program() != nil }

// bound is the one that is being filled.
func (c *composer) bound() *bound {
	if len(c.s.bounds) == 0 {
		c.s.bounds = append(c.s.bounds, bound{})
	}
	return &c.s.bounds[len(c.s.bounds)-1]
}

// stage appends a stage: a job with its inputs and outputs, or an operator.
func (c *composer) stage(b *bound, i, f int, moved bool) (*bound, error) {
	s := &c.n.Stages[i]
	if s.Program == nil {
		op := &c.g.Operators[s.Operator]
		for _, list := range [2][]int{op.Inputs, op.Outputs} {
			for _, id := range list {
				if id < 0 || id < len(c.g.Tensors) && c.g.Tensors[id].Data != nil {
					continue
				}
				if _, err := c.slot(id); err != nil {
					return nil, err
				}
			}
		}
		if f == 0 {
			if _, err := reference.Prepare(c.g, op); err != nil {
				return nil, err
			}
		}
		b.actions = append(b.actions, action{operator: s.Operator})
		return b, nil
	}
	by := 0
	if moved {
		by = c.window
	}
	b.supply = len(b.actions)
	c.restore(b)
	for k, id := range s.Inputs {
		at, err := c.slot(id)
		if err != nil {
			return nil, err
		}
		if in := &s.Program.Inputs[k]; in.Offset >= 0 {
			b.move(at, in.Offset+by, in.Size)
		}
	}
	b = c.job(s.Program, i, f, moved)
	for k, id := range s.Outputs {
		at, err := c.slot(id)
		if err != nil {
			return nil, err
		}
		b.move(s.Program.Outputs[k].Offset+by, at, s.Program.Outputs[k].Size)
	}
	return b, nil
}

// move appends a copy.
func (b *bound) move(from, to, size int) {
	if size > 0 && to >= 0 && from != to {
		b.actions = append(b.actions, action{operator: actionCopy, from: from, to: to, size: size})
	}
}

// job appends a job and returns the bound behind it.
func (c *composer) job(p *Program, stage, f int, moved bool) *bound {
	for 4*len(c.p.Commands)%container.StreamAlign != 0 {
		c.p.Commands = append(c.p.Commands, 0)
	}
	first := len(c.p.Commands)
	layers := 0
	if n := len(c.p.Operations); n > 0 {
		layers = c.p.Operations[n-1].Layer + 1
	}
	c.p.Commands = append(c.p.Commands, p.Commands...)
	for _, o := range p.Operations {
		o.Word += first
		o.Layer += layers
		c.p.Operations = append(c.p.Operations, o)
	}
	name := p.Name
	if c.frames > 1 {
		name = fmt.Sprintf("frame %d, %s", f, name)
	}
	bases := p.Bases()
	bases[0] += uint32(c.flash[p])
	if moved {
		bases[0] += uint32(len(c.p.Flash) / 2)
		for i := range bases[1:] {
			if bases[1+i] != 0 {
				bases[1+i] += uint32(c.window)
			}
		}
	}
	c.p.Jobs = append(c.p.Jobs, Job{Name: name, Stage: stage, Frame: f, First: first, Words: len(p.Commands), Bases: bases, Reset: c.measures.Reset})
	c.s.bounds = append(c.s.bounds, bound{})
	return c.bound()
}

// addresses places the streams of the jobs behind the flash image. Frames read the same
// ones: only those of the first are looked at.
func (c *composer) addresses() {
	base, first := c.p.StreamAddr(), map[int]int{}
	for k := range c.p.Jobs {
		j := &c.p.Jobs[k]
		if _, known := first[j.Stage]; !known {
			first[j.Stage] = j.First
		}
		j.Stream = base + 4*uint32(first[j.Stage])
	}
}

// extent finds what the host reads before it writes it, and what it writes.
func (c *composer) extent(b *bound) {
	var reads, writes spans
	writes.add(c.s.counter, 4)
	touch := func(list *spans, id int) {
		if at, ok := c.s.slots[id]; ok {
			list.add(at, c.g.Tensors[id].Bytes())
		}
	}
	for _, a := range b.actions {
		switch a.operator {
		case actionCopy:
			reads.addExcept(a.from, a.size, &writes)
			writes.add(a.to, a.size)
			continue
		case actionClear:
			writes.add(a.to, a.size)
			continue
		case actionCompare:
			reads.addExcept(a.from, a.size, &writes)
			reads.addExcept(a.to, a.size, &writes)
			reads.addExcept(c.s.alarm, 4, &writes)
			writes.add(c.s.alarm, 4)
			continue
		}
		op := &c.g.Operators[a.operator]
		for _, id := range op.Inputs {
			if at, ok := c.s.slots[id]; ok {
				reads.addExcept(at, c.g.Tensors[id].Bytes(), &writes)
			}
		}
		for _, id := range op.Outputs {
			touch(&writes, id)
		}
		for _, id := range op.Inputs { // state that the operator keeps
			if id >= 0 && id < len(c.g.Tensors) && c.g.Tensors[id].Variable {
				touch(&writes, id)
			}
		}
	}
	b.reads, b.writes = reads.ranges(), writes.ranges()
}
