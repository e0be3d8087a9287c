package driver

import (
	"upset/models/compile"
	"upset/models/tflite"
	"upset/npu/isa"
)

// FromCompiled turns a program of our own compiler into a runnable one. Names,
// layers and source operators of the kernel operations come from the compiler;
// a DMA operation takes those of the kernel operation that follows it.
func FromCompiled(c *compile.Program) (*Program, error) {
	p := &Program{
		Name: "compiled network", Config: c.Config, Commands: c.Commands, Flash: c.Flash, ArenaSize: c.ArenaSize,
		Inputs: compiledBindings(c.Inputs), Outputs: compiledBindings(c.Outputs), Operations: Describe(c.Commands),
	}
	kernel, first := 0, 0
	for i := range p.Operations {
		if p.Operations[i].Kind == dmaKind {
			continue
		}
		if kernel == len(c.Operations) {
			break
		}
		src := &c.Operations[kernel]
		for ; first <= i; first++ {
			op := &p.Operations[first]
			op.Name, op.SourceOp, op.Layer = src.Name, src.Source, src.Layer
		}
		p.Operations[i].MACs = int64(src.MACs)
		kernel++
	}
	return p, p.Check()
}

func compiledBindings(list []compile.Binding) []Binding {
	out := make([]Binding, len(list))
	for i, b := range list {
		out[i] = Binding{Name: b.Name, Type: b.Type, Shape: b.Shape, Offset: b.Offset, Size: b.Bytes}
	}
	return out
}

// Compile compiles a model for a configuration and wraps the program as a
// network.
func Compile(m *tflite.Model, cfg isa.Config) (*Network, error) {
	c, err := compile.Compile(m, compile.Options{Config: cfg})
	if err != nil {
		return nil, err
	}
	p, err := FromCompiled(c)
	if err != nil {
		return nil, err
	}
	g := &m.Subgraphs[0]
	for i, id := range g.Inputs {
		p.Inputs[i].Quant = g.Tensors[id].Quant
	}
	for i, id := range g.Outputs {
		p.Outputs[i].Quant = g.Tensors[id].Quant
	}
	return &Network{
		Config: cfg, Inputs: p.Inputs, Outputs: p.Outputs, model: m,
		Stages: []Stage{{Program: p, Operator: -1, Inputs: g.Inputs, Outputs: g.Outputs}},
	}, nil
}

// Open reads a model from the bytes of a TensorFlow Lite file and brings it to
// the given configuration: a Vela output runs as it is, any other model is
// compiled.
func Open(data []byte, cfg isa.Config) (*Network, error) {
	m, err := tflite.Parse(data)
	if err != nil {
		return nil, err
	}
	if IsVela(m) {
		return FromVela(m, cfg)
	}
	return Compile(m, cfg)
}
