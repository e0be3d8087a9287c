package driver

import (
	"archive/zip"
	"bytes"
	"slices"

	"upset/models/compile"
	"upset/models/executorch"
	"upset/npu/isa"
)

// Compiling are the options with which a model is compiled for a configuration and the
// memories of a system.
func Compiling(cfg isa.Config, o Options) compile.Options {
	return compile.Options{Config: cfg, ArenaLimit: arenaLimit(o.System)}
}

// FormExecuTorch is the name of the form of an ExecuTorch program.
const FormExecuTorch = "ExecuTorch program"

// FormName names the form of a compiled file that is no TensorFlow Lite model; it is
// empty for any other.
func FormName(data []byte) string {
	switch {
	case formOf(data) == formPTE:
		return FormExecuTorch
	case formOf(data) == formRaw && holdsCommands(data):
		return "raw output of Vela (.npz)"
	}
	return ""
}

// holdsCommands tells Vela's raw output from other archives, by the names in it.
func holdsCommands(data []byte) bool {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	return err == nil && slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "cmd_data.npy" })
}

// Delegates is the number of delegates of an ExecuTorch program; 0 for any other file.
func Delegates(data []byte) int {
	if formOf(data) != formPTE {
		return 0
	}
	p, err := executorch.Parse(data)
	if err != nil {
		return 0
	}
	return len(p.Delegates)
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
		return customCode, ""
	}
	g := &n.model.Subgraphs[0]
	if op := &g.Operators[s.Operator]; len(op.Outputs) > 0 && op.Outputs[0] >= 0 {
		return op.Name(), g.Tensors[op.Outputs[0]].Name
	}
	return g.Operators[s.Operator].Name(), ""
}
