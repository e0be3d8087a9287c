package network

import (
	"upset/models/compile"
	"upset/models/container"
	"upset/npu/isa"
)

// Compiling are the options with which a model is compiled for a configuration and the
// memories of a system.
func Compiling(cfg isa.Config, o Options) compile.Options {
	return compile.Options{Config: cfg, ArenaLimit: arenaLimit(o.System)}
}

// Normalisation is how the model's metadata say that pixels become the numbers of an
// input, see [tflite.Model.Normalisation].
func (n *Network) Normalisation(input int) (mean, std []float32) {
	if n.model == nil {
		return nil, nil
	}
	return n.model.Normalisation(input)
}

// SampleRate is how many samples of sound per second an input takes by the model's
// metadata, 0 where they do not say.
func (n *Network) SampleRate(input int) int {
	if n.model == nil {
		return 0
	}
	return n.model.SampleRate(input)
}

// StageName names the operator of a stage, and its first output.
func (n *Network) StageName(i int) (operator, output string) {
	s := &n.Stages[i]
	if n.model == nil || s.Operator < 0 {
		return container.CustomCode, ""
	}
	g := &n.model.Subgraphs[0]
	if op := &g.Operators[s.Operator]; len(op.Outputs) > 0 && op.Outputs[0] >= 0 {
		return op.Name(), g.Tensors[op.Outputs[0]].Name
	}
	return g.Operators[s.Operator].Name(), ""
}
