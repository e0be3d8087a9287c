package compile

import (
	"context"
	"errors"
	"fmt"

	"upset/models/tflite"
	"upset/npu/isa"
)

// Options selects how a graph is compiled.
type Options struct {
	Config isa.Config // one of the four
	// ArenaLimit is the largest arena in bytes; 0 means the SRAM of the default
	// memory map.
	ArenaLimit int
	// OneArena makes the programs of Stages agree on the place of every tensor
	// that passes between stages, in one arena that no program disturbs.
	OneArena bool
	// Context ends a compilation early, with its error; nil means never.
	Context context.Context

	pinned    map[int]int // arena offset of tensors that have a fixed place
	hostState bool        // the host reads and assigns all variables
	start     int         // the first byte of the arena behind those
}

// Binding is a graph input or output in the arena, plain NHWC.
type Binding struct {
	Name   string
	Tensor int // index in the graph
	Type   tflite.Type
	Shape  []int
	Offset int // bytes in region 1
	Bytes  int
}

// Variable is a state tensor in the arena. Its place belongs to it alone, so that
// it keeps its value from one inference to the next.
type Variable struct {
	Binding
	Initial []byte // before the first inference
}

// OpInfo describes one NPU kernel operation.
type OpInfo struct {
	Name     string // output tensor of the source operator
	Operator string // name of the source operator, for example CONV_2D
	Kind     string // NPU operation, for example CONV or POOL_MAX
	Source   int    // index of the operator in the graph
	Layer    int    // running number of the source operators that need the NPU
	MACs     int
}

// Program is a command stream with its constant data.
type Program struct {
	Config     isa.Config
	Commands   []uint32 // command stream words
	Flash      []byte   // region 0
	ArenaSize  int      // bytes of region 1
	Inputs     []Binding
	Outputs    []Binding
	Variables  []Variable // state tensors that the program reads or writes; neither inputs nor outputs
	Operations []OpInfo   // one per kernel operation, in stream order
}

// Compile lowers the first subgraph of a model. An operator that the NPU cannot
// execute is an error that names it and the reason.
func Compile(m *tflite.Model, opt Options) (*Program, error) {
	if err := opt.check(m); err != nil {
		return nil, err
	}
	g, err := plan(&m.Subgraphs[0], opt)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return g.program()
}

// check checks the arguments of a compilation.
func (o *Options) check(m *tflite.Model) error {
	if m == nil || len(m.Subgraphs) == 0 {
		return errors.New("compile: the model has no graph")
	}
	if int(o.Config) >= len(isa.Configs) {
		return fmt.Errorf("compile: configuration %d is unknown; use one of isa.Configs", o.Config)
	}
	return nil
}

// limit is the largest arena in bytes.
func (o *Options) limit() int {
	if o.ArenaLimit == 0 {
		return isa.SRAMSize
	}
	return o.ArenaLimit
}

// context returns the context of the compilation.
func (o *Options) context() context.Context {
	if o.Context == nil {
		return context.Background()
	}
	return o.Context
}

// stopped returns the error of a context that has ended.
func (o *Options) stopped() error { return o.context().Err() }

// plan does all that can fail, before any weight is encoded: it lowers a graph,
// picks formats and blocks, and sees that the feature maps fit the arena.
func plan(sub *tflite.Subgraph, opt Options) (*graph, error) {
	g, err := lower(sub, opt)
	if err != nil {
		return nil, err
	}
	g.layout()
	if k, err := g.chooseBlocks(); err != nil {
		if opt.stopped() != nil {
			return nil, err
		}
		return nil, &operatorError{k.source, k.operator, err}
	}
	_, err = g.placeArena(opt.start, opt.limit())
	return g, err
}

// program encodes the weights of a planned graph, places everything and writes
// the command stream.
func (g *graph) program() (*Program, error) {
	opt := &g.opt
	if err := g.encode(opt.context()); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	flash := g.placeFlash()
	size, err := g.placeArena(opt.start, opt.limit())
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	p := &Program{Config: opt.Config, Flash: flash, ArenaSize: size, Commands: g.emit()}
	p.Inputs, p.Outputs = g.bindings(g.sub.Inputs), g.bindings(g.sub.Outputs)
	p.Variables, p.Operations = g.variables(), g.operations()
	return p, nil
}

// bindings describes graph inputs or outputs.
func (g *graph) bindings(tensors []int) []Binding {
	var list []Binding
	for _, i := range tensors {
		t := &g.sub.Tensors[i]
		list = append(list, Binding{
			Name: t.Name, Tensor: i, Type: t.Type, Shape: append([]int(nil), t.Shape...),
			Offset: g.buffers[i].offset, Bytes: t.Bytes(),
		})
	}
	return list
}

// operations lists the kernels.
func (g *graph) operations() []OpInfo {
	var list []OpInfo
	layer, last := -1, -1
	for _, k := range g.kernels {
		if k.source != last {
			layer, last = layer+1, k.source
		}
		list = append(list, OpInfo{
			Name: k.name, Operator: k.operator, Kind: k.kind(), Source: k.source, Layer: layer, MACs: k.macs(),
		})
	}
	return list
}

// poolKinds and elementKinds name the modes of the two families.
var (
	poolKinds    = []string{"POOL_MAX", "POOL_AVERAGE", "POOL_REDUCE_SUM"}
	elementKinds = []string{"MUL", "ADD", "SUB", "MIN", "MAX", "LRELU", "ABS", "CLZ", "SHR", "SHL"}
)

// kind names the NPU operation.
func (k *kernel) kind() string {
	switch k.op {
	case isa.OpConv:
		return "CONV"
	case isa.OpDepthwise:
		return "DEPTHWISE"
	case isa.OpPool:
		return poolKinds[k.mode]
	}
	return elementKinds[k.mode]
}
