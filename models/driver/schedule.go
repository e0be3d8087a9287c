package driver

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// MaxFrames bounds the inferences of a sequence (our choice).
const MaxFrames = 256

// jobAlign is the alignment of the flash images and streams of the jobs of a program:
// a burst of the NPU does not cross 64 bytes (our choice).
const jobAlign = 64

// schedule is what the host does before, between and behind the jobs of a program. All
// that it keeps lies in the SRAM behind the memory of the NPU: the number of the job
// under way, the tensors that it computes or passes on, and the inputs and outputs of
// all frames.
type schedule struct {
	graph   *tflite.Subgraph
	counter int         // where the number of the job under way lies
	slots   map[int]int // where tensors of the host lie
	bounds  []bound     // before job 0, 1, … and behind the last one
}

// bound is what the host does between two jobs.
type bound struct {
	actions       []action
	reads, writes []Range
}

// action is an operator that the host computes, or a copy.
type action struct {
	operator       int // index in the graph, -1 for a copy
	from, to, size int // of a copy, in bytes from the start of SRAM
}

// kernels holds the prepared operators of a host. It is not safe for concurrent use.
type kernels struct {
	of     map[int]reference.Kernel
	values [][]byte
}

// kernels prepares the operators, which were prepared once before without an error.
func (s *schedule) kernels() *kernels {
	k := &kernels{of: map[int]reference.Kernel{}, values: make([][]byte, len(s.graph.Tensors))}
	for i := range s.bounds {
		for _, a := range s.bounds[i].actions {
			if a.operator < 0 || k.of[a.operator] != nil {
				continue
			}
			run, err := reference.Prepare(s.graph, &s.graph.Operators[a.operator])
			if err != nil {
				panic(fmt.Sprintf("driver: operator %d could be prepared before, and now: %v", a.operator, err))
			}
			k.of[a.operator] = run
		}
	}
	return k
}

// job is the number of the job under way.
func (s *schedule) job(mem *isa.Memory) int {
	return int(int32(binary.LittleEndian.Uint32(mem.SRAM[s.counter:])))
}

// step does what the host does before job k.
func (s *schedule) step(k int, mem *isa.Memory, run *kernels) {
	binary.LittleEndian.PutUint32(mem.SRAM[s.counter:], uint32(k))
	for _, a := range s.bounds[k].actions {
		if a.operator < 0 {
			copy(mem.SRAM[a.to:a.to+a.size], mem.SRAM[a.from:a.from+a.size])
			continue
		}
		op := &s.graph.Operators[a.operator]
		for _, list := range [2][]int{op.Inputs, op.Outputs} {
			for _, id := range list {
				if id < 0 {
					continue
				}
				t := &s.graph.Tensors[id]
				if at, ok := s.slots[id]; ok {
					n := t.Bytes()
					run.values[id] = mem.SRAM[at : at+n : at+n]
				} else {
					run.values[id] = t.Data
				}
			}
		}
		run.of[a.operator](run.values)
	}
}

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
	first  map[*Program]int // first word in Commands
	failed error
}

// Whole returns the program that runs the network: its stages one after the other, those
// of the host between them, over a sequence of frames with state kept from one to the
// next. Inputs and outputs of the program are those of all frames in order. With a single
// stage on the NPU and one frame it is the stage's own program.
func (n *Network) Whole(frames int) (*Program, error) {
	if frames < 1 || frames > MaxFrames {
		return nil, fmt.Errorf("driver: %d frames: give 1 to %d", frames, MaxFrames)
	}
	if p := n.Program(); p != nil && frames == 1 {
		return p, nil
	}
	if len(n.Programs()) == 0 {
		return nil, errors.New("driver: the network leaves nothing to do for the NPU")
	}
	c := &composer{n: n, frames: frames, flash: map[*Program]int{}, first: map[*Program]int{}}
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
	c.s = &schedule{graph: c.g, slots: map[int]int{}}
	window := 0
	for _, p := range n.Programs() {
		c.addProgram(p)
		window = max(window, p.SRAMBytes())
	}
	window = max(window, c.planned())
	c.p.ArenaSize = window
	c.at = alignUp(window)
	c.s.counter = c.take(4)
	c.log()
	if err := c.constants(); err != nil {
		return nil, err
	}
	for f := range c.frames {
		if err := c.frame(f); err != nil {
			return nil, err
		}
	}
	c.p.hostBytes = alignUp(c.at) - alignUp(window)
	c.p.host = c.s
	c.addresses()
	for i := range c.s.bounds {
		c.extent(&c.s.bounds[i])
	}
	c.p.Host = c.s.digest()
	return c.p, c.p.Check()
}

// digest is the SHA-256 of all that decides what the host does.
func (s *schedule) digest() string {
	type operator struct {
		*tflite.Operator
		Tensors []*tflite.Tensor
	}
	h := sha256.New()
	for _, b := range s.bounds {
		for _, a := range b.actions {
			fmt.Fprintf(h, "%+v\n", a)
			if a.operator < 0 {
				continue
			}
			o := operator{Operator: &s.graph.Operators[a.operator]}
			for _, id := range append(slices.Clone(o.Inputs), o.Outputs...) {
				if id >= 0 && id < len(s.graph.Tensors) {
					o.Tensors = append(o.Tensors, &s.graph.Tensors[id])
				}
			}
			text, err := json.Marshal(o)
			if err != nil { // a scale that is no number
				text = fmt.Appendf(nil, "%+v", o)
			}
			h.Write(text)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// planned is the end of what the memory plan of a compiled network places.
func (c *composer) planned() int {
	end := 0
	for id, at := range c.n.plan {
		if n, err := tensorBytes(&c.g.Tensors[id]); err == nil && at >= 0 && at+n <= isa.MaxSRAM {
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
	if _, known := c.first[p]; known {
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
				return errors.New("driver: the programs of the network keep constants in arenas of their own, which is not known how to share")
			}
		}
	}
	for _, p := range c.n.Programs() {
		c.p.Constants = append(c.p.Constants, p.Constants...)
	}
	return nil
}

// slot is where the host keeps a tensor.
func (c *composer) slot(id int) (int, error) {
	if at, ok := c.s.slots[id]; ok {
		return at, nil
	}
	if id < 0 || id >= len(c.g.Tensors) {
		return 0, fmt.Errorf("driver: tensor %d does not exist", id)
	}
	t := &c.g.Tensors[id]
	n, err := tensorBytes(t)
	if err != nil {
		return 0, fmt.Errorf("driver: %w", err)
	}
	at := -1
	if c.n.plan != nil {
		at = c.n.plan[id] // the compiler has placed the tensors of the host as well
	}
	if at < 0 {
		at = c.take(n)
	}
	if at+n > isa.MaxSRAM {
		return 0, fmt.Errorf("driver: the tensors of the host and the arena do not fit the %d bytes of SRAM that are simulated", isa.MaxSRAM)
	}
	c.s.slots[id] = at
	if t.Variable || t.Data != nil {
		c.p.Constants = append(c.p.Constants, Constant{Name: t.Name, Offset: at, Data: slices.Clone(initial(t, n))})
	}
	return at, nil
}

// frame appends the jobs of a frame and what the host does around them. The bound in
// front of its first job is the last one of the frame before.
func (c *composer) frame(f int) error {
	b := c.bound()
	if c.single() {
		p := c.n.Program()
		for i := range p.Inputs {
			b.move(c.ins[f][i], p.Inputs[i].Offset, p.Inputs[i].Size)
		}
		b = c.job(p, 0, f)
		for i := range p.Outputs {
			b.move(p.Outputs[i].Offset, c.outs[f][i], p.Outputs[i].Size)
		}
		return nil
	}
	for i, id := range c.g.Inputs {
		at, err := c.slot(id)
		if err != nil {
			return err
		}
		b.move(c.ins[f][i], at, c.n.Inputs[i].Size)
	}
	for i := range c.n.Stages {
		var err error
		if b, err = c.stage(b, i, f); err != nil {
			return fmt.Errorf("driver: operator %d: %w", c.n.Stages[i].Operator, err)
		}
	}
	for i, id := range c.g.Outputs {
		at, err := c.slot(id)
		if err != nil {
			return err
		}
		b.move(at, c.outs[f][i], c.n.Outputs[i].Size)
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
func (c *composer) stage(b *bound, i, f int) (*bound, error) {
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
	for k, id := range s.Inputs {
		at, err := c.slot(id)
		if err != nil {
			return nil, err
		}
		if in := &s.Program.Inputs[k]; in.Offset >= 0 {
			b.move(at, in.Offset, in.Size)
		}
	}
	b = c.job(s.Program, i, f)
	for k, id := range s.Outputs {
		at, err := c.slot(id)
		if err != nil {
			return nil, err
		}
		b.move(s.Program.Outputs[k].Offset, at, s.Program.Outputs[k].Size)
	}
	return b, nil
}

// move appends a copy.
func (b *bound) move(from, to, size int) {
	if size > 0 && to >= 0 && from != to {
		b.actions = append(b.actions, action{operator: -1, from: from, to: to, size: size})
	}
}

// job appends a job and returns the bound behind it.
func (c *composer) job(p *Program, stage, f int) *bound {
	for 4*len(c.p.Commands)%streamAlign != 0 {
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
	c.p.Jobs = append(c.p.Jobs, Job{Name: name, Stage: stage, Frame: f, First: first, Words: len(p.Commands), Bases: bases})
	c.s.bounds = append(c.s.bounds, bound{})
	return c.bound()
}

// addresses places the streams of the jobs behind the flash image. Frames read the same
// ones: only those of the first are looked at.
func (c *composer) addresses() {
	base := c.p.StreamAddr()
	per := len(c.p.Jobs) / c.frames
	for k := range c.p.Jobs {
		j := &c.p.Jobs[k]
		j.Stream = base + 4*uint32(c.p.Jobs[k%per].First)
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
		if a.operator < 0 {
			reads.addExcept(a.from, a.size, &writes)
			writes.add(a.to, a.size)
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

// spans is a set of bytes as ascending, separate pieces.
type spans [][2]int

// add adds n bytes.
func (s *spans) add(at, n int) {
	if n <= 0 {
		return
	}
	lo, hi := at, at+n
	out := make(spans, 0, len(*s)+1)
	for _, x := range *s {
		if x[1] < lo || x[0] > hi {
			out = append(out, x)
			continue
		}
		lo, hi = min(lo, x[0]), max(hi, x[1])
	}
	out = append(out, [2]int{lo, hi})
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	*s = out
}

// addExcept adds the bytes that the other set does not hold.
func (s *spans) addExcept(at, n int, other *spans) {
	end := at + n
	for _, x := range *other {
		if x[1] <= at || x[0] >= end {
			continue
		}
		s.add(at, x[0]-at)
		at = x[1]
	}
	s.add(at, end-at)
}

func (s spans) ranges() []Range {
	var out []Range
	for _, x := range s {
		out = append(out, Range{isa.SRAMBase + uint32(x[0]), isa.SRAMBase + uint32(x[1])})
	}
	return out
}
