package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/isa"
)

// graph is a subgraph on its way to a command stream.
type graph struct {
	config  isa.Config
	opt     Options
	sub     *tflite.Subgraph
	buffers map[int]*buffer // by tensor; aliases share one
	uses    map[int]int     // readers of a tensor, graph outputs included
	folded  map[int]*padding
	pinned  map[int]int // arena offsets by tensor
	kernels []*kernel
	consts  []*buffer // constants in flash
	tables  []*table
	source  int // operator being lowered
}

// padding is a PAD operator that its only reader absorbs.
type padding struct {
	input         int
	top, bottom   int
	left, right   int
	before, after int // of the depth
}

// lower turns the operators into kernels.
func lower(sub *tflite.Subgraph, opt Options) (*graph, error) {
	g := &graph{config: opt.Config, opt: opt, sub: sub, pinned: opt.pinned, buffers: map[int]*buffer{}, uses: map[int]int{}, folded: map[int]*padding{}}
	for _, op := range sub.Operators {
		for _, i := range op.Inputs {
			g.uses[i]++
		}
	}
	known := map[int]bool{}
	for _, list := range [2][]int{sub.Inputs, sub.Outputs} {
		for _, i := range list {
			if i < 0 || i >= len(sub.Tensors) {
				return nil, fmt.Errorf("graph input or output refers to tensor %d", i)
			}
		}
	}
	for _, i := range sub.Outputs {
		g.uses[i]++
	}
	for _, i := range sub.Inputs {
		b, err := g.buffer(i)
		if err != nil {
			return nil, fmt.Errorf("graph input %q: %w", sub.Tensors[i].Name, err)
		}
		if b.data != nil {
			return nil, fmt.Errorf("graph input %q is a constant", sub.Tensors[i].Name)
		}
		b.plain, known[i] = true, true
	}
	for i := range sub.Tensors {
		known[i] = known[i] || sub.Tensors[i].Variable
	}
	for i := range sub.Operators {
		op := &sub.Operators[i]
		g.source = i
		if err := opt.stopped(); err != nil {
			return nil, err
		}
		rule, ok := rules[op.Code]
		if !ok || op.Code == tflite.OpCustom {
			return nil, &operatorError{i, op.Name(), errNoLowering}
		}
		if err := g.check(op, rule, known); err != nil {
			return nil, &operatorError{i, op.Name(), err}
		}
		if err := rule.lower(g, op); err != nil {
			return nil, &operatorError{i, op.Name(), err}
		}
	}
	for _, i := range sub.Outputs {
		b, ok := g.buffers[i]
		if !ok || b.data != nil || !known[i] {
			return nil, fmt.Errorf("graph output %q is not computed by any operator", sub.Tensors[i].Name)
		}
		b.plain = true
	}
	return g, nil
}

// rule lowers one operator.
type rule struct {
	inputs int // at least
	lower  func(*graph, *tflite.Operator) error
}

// check checks that the tensors an operator names exist, that it reads what has
// a value and writes what has none.
func (g *graph) check(op *tflite.Operator, r rule, known map[int]bool) error {
	if len(op.Inputs) < r.inputs || len(op.Outputs) < 1 {
		return fmt.Errorf("%d inputs and %d outputs, need %d and 1", len(op.Inputs), len(op.Outputs), r.inputs)
	}
	for n, i := range op.Inputs {
		if i >= len(g.sub.Tensors) || i < -1 || i < 0 && n < r.inputs {
			return fmt.Errorf("input %d refers to tensor %d", n, i)
		}
		if i >= 0 && !known[i] && g.tensor(i).Data == nil && g.tensor(i).Elements() > 0 {
			return fmt.Errorf("tensor %q is read before it is computed", g.tensor(i).Name)
		}
	}
	for _, i := range op.Outputs {
		if i < 0 || i >= len(g.sub.Tensors) {
			return fmt.Errorf("output refers to tensor %d", i)
		}
		if (known[i] || g.tensor(i).Data != nil) && op.Code != tflite.OpAssignVariable {
			return fmt.Errorf("tensor %q is written twice", g.tensor(i).Name)
		}
	}
	for _, i := range op.Outputs {
		known[i] = true
	}
	return nil
}

// tensor returns a tensor of the graph.
func (g *graph) tensor(i int) *tflite.Tensor { return &g.sub.Tensors[i] }

// extent normalises a shape to height, width and depth. Leading dimensions
// become part of the height.
func extent(shape []int) (h, w, d int) {
	h, w, d = 1, 1, 1
	n := len(shape)
	if n > 0 {
		d = shape[n-1]
	}
	if n > 1 {
		w = shape[n-2]
	}
	for i := 0; i < n-2; i++ {
		h *= shape[i]
	}
	return h, w, d
}

// maxDim limits a feature map dimension: registers of 16 bits hold size - 1.
// maxBytes limits a feature map, and the weights of one operator, to the flash of
// the default memory map.
const (
	maxDim   = 1 << 16
	maxBytes = isa.FlashSize
)

// buffer returns the buffer of a tensor and creates it on first use.
func (g *graph) buffer(i int) (*buffer, error) {
	if b, ok := g.buffers[i]; ok {
		return b, nil
	}
	t := g.tensor(i)
	h, w, d := extent(t.Shape)
	if h < 1 || w < 1 || d < 1 || h > maxDim || w > maxDim || d > maxDim {
		return nil, fmt.Errorf("tensor %q: shape %v does not fit the NPU's 16-bit dimensions", t.Name, t.Shape)
	}
	size := t.Type.Size()
	switch t.Type {
	case tflite.Int8, tflite.Uint8, tflite.Int16, tflite.Int32:
	default:
		return nil, fmt.Errorf("tensor %q: type %s; the NPU computes with integers of 8, 16 and 32 bits", t.Name, t.Type)
	}
	if h*w > maxBytes || h*w*d > maxBytes/size {
		return nil, fmt.Errorf("tensor %q: shape %v is larger than the memory of %d bytes", t.Name, t.Shape, maxBytes)
	}
	if v := g.destined(i); v >= 0 && !g.isPinned(i) {
		b, err := g.buffer(v)
		if err == nil {
			g.buffers[i] = b
		}
		return b, err
	}
	b := &buffer{name: t.Name, h: h, w: w, d: d, elem: size, unsigned: t.Type == tflite.Uint8}
	if t.Data != nil {
		b.data, b.plain = t.Data, true
		g.consts = append(g.consts, b)
	}
	b.plain = b.plain || t.Variable
	b.offset, b.pinned = g.pinned[i], g.isPinned(i)
	g.buffers[i] = b
	return b, nil
}

// isPinned reports whether a tensor has a fixed place in the arena.
func (g *graph) isPinned(i int) bool {
	_, ok := g.pinned[i]
	return ok
}

// like creates a buffer for an intermediate result of the type of another.
func (g *graph) like(b *buffer, name string, h, w, d int) *buffer {
	t := g.temp(name, h, w, d, b.elem)
	t.unsigned = b.unsigned
	return t
}

// temp creates a buffer for an intermediate result with a sign.
func (g *graph) temp(name string, h, w, d, elem int) *buffer {
	return &buffer{name: name, h: h, w: w, d: d, elem: elem}
}

// constant creates a constant buffer, or returns one with the same contents.
func (g *graph) constant(name string, h, w, d, elem int, data []byte) *buffer {
	for _, b := range g.consts {
		if b.h == h && b.w == w && b.d == d && b.elem == elem && string(b.data) == string(data) {
			return b
		}
	}
	b := &buffer{name: name, h: h, w: w, d: d, elem: elem, data: data, plain: true}
	g.consts = append(g.consts, b)
	return b
}

// full returns the dense view of a tensor.
func (g *graph) full(i int) (view, error) {
	b, err := g.buffer(i)
	if err != nil {
		return view{}, err
	}
	t := g.tensor(i)
	h, w, d := extent(t.Shape)
	if h != b.h || w != b.w || d != b.d {
		b.plain = true
	}
	return view{buf: b, h: h, w: w, d: d, elem: b.elem, zp: zeroPoint(t)}, nil
}

// of returns the dense view of a temporary buffer.
func of(b *buffer, zp int) view {
	return view{buf: b, h: b.h, w: b.w, d: b.d, elem: b.elem, zp: zp}
}

// alias lets output share the buffer of input.
func (g *graph) alias(input, output int) error {
	b, err := g.buffer(input)
	if err != nil {
		return err
	}
	from, to := g.tensor(input), g.tensor(output)
	if from.Type != to.Type || from.Elements() != to.Elements() {
		return fmt.Errorf("from %s%v to %s%v changes more than the shape", from.Type, from.Shape, to.Type, to.Shape)
	}
	h, w, d := extent(to.Shape)
	if h > maxDim || w > maxDim || d > maxDim {
		return fmt.Errorf("tensor %q: shape %v does not fit the NPU's 16-bit dimensions", to.Name, to.Shape)
	}
	if h != b.h || w != b.w || d != b.d {
		b.plain = true
	}
	if g.isPinned(output) {
		if b.pinned || b.data != nil {
			return g.copyAlias(input, output)
		}
		b.offset, b.pinned = g.pinned[output], true
	}
	g.buffers[output] = b
	return nil
}

// copyAlias copies a tensor to one of another shape, where both have their own
// place.
func (g *graph) copyAlias(input, output int) error {
	src, err := g.full(input)
	if err != nil {
		return err
	}
	dst, err := g.buffer(output)
	if err != nil {
		return err
	}
	return g.copyBytes(src, dst)
}

// add appends a kernel for the operator that is being lowered.
func (g *graph) add(k *kernel) {
	op := &g.sub.Operators[g.source]
	k.source, k.operator = g.source, op.Name()
	k.name = g.tensor(op.Outputs[0]).Name
	g.kernels = append(g.kernels, k)
}

// scale returns the per-tensor scale of a tensor.
func scale(t *tflite.Tensor) float32 {
	if len(t.Quant.Scale) == 0 {
		return 0
	}
	return t.Quant.Scale[0]
}

// zeroPoint returns the per-tensor zero point.
func zeroPoint(t *tflite.Tensor) int {
	if len(t.Quant.ZeroPoint) == 0 {
		return 0
	}
	return int(t.Quant.ZeroPoint[0])
}

// quantised checks that a feature map has a type and scale the NPU can use.
func quantised(ts ...*tflite.Tensor) error {
	for _, t := range ts {
		if t.Type != tflite.Int8 && t.Type != tflite.Uint8 && t.Type != tflite.Int16 {
			return fmt.Errorf("tensor %q: type %s; the NPU needs int8, uint8 or int16", t.Name, t.Type)
		}
		if !(scale(t) > 0) {
			return fmt.Errorf("tensor %q has no quantisation scale", t.Name)
		}
		if len(t.Quant.Scale) > 1 {
			return fmt.Errorf("tensor %q has a scale per channel; activations need one", t.Name)
		}
		lo, hi := typeRange(t.Type)
		if zp := zeroPoint(t); zp < lo || zp > hi {
			return fmt.Errorf("tensor %q: zero point %d is outside its type", t.Name, zp)
		}
	}
	return nil
}

// typeRange returns the range of a quantised type.
func typeRange(t tflite.Type) (lo, hi int) {
	switch t {
	case tflite.Int16:
		return -1 << 15, 1<<15 - 1
	case tflite.Uint8:
		return 0, 1<<8 - 1
	}
	return -1 << 7, 1<<7 - 1
}
