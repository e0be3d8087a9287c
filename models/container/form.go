package container

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"slices"

	"upset/models/executorch"
	"upset/models/tflite"
	"upset/npu/isa"
)

// errNoConfig tells that a payload does not say which NPU it is for.
var errNoConfig = errors.New("driver payload has no OPTIMIZER_CONFIG: it is not known for which NPU it was compiled")

// ConfigOf returns the configuration that a compiled file is for, and whether the
// file is a compiled one. Of a source model, which can be compiled for any, and of a
// file that cannot be read it says that it is not: Model gives the reason. The error of
// a file for another product or architecture is a *MismatchError without a selected NPU.
func ConfigOf(data []byte) (cfg isa.Config, compiled bool, err error) {
	list, err := payloads(data)
	if err != nil || len(list) == 0 {
		return 0, false, err
	}
	cfg, err = target(list)
	return cfg, true, err
}

// target is the configuration that all payloads of a file are for.
func target(list []*payload) (cfg isa.Config, err error) {
	for i, p := range list {
		c, err := p.target()
		if err != nil {
			return 0, err
		}
		if i > 0 && c != cfg {
			return 0, &MismatchError{Compiled: c.String(), NPU: cfg.String()}
		}
		cfg = c
	}
	return cfg, nil
}

// form is the form of a file.
type form int

const (
	formTFLite form = iota // or unknown: its reader tells
	formPTE
	formRaw
)

func formOf(data []byte) form {
	switch {
	case executorch.IsProgram(data):
		return formPTE
	case isArchive(data):
		return formRaw
	}
	return formTFLite
}

// Model reads a file: a compiled one in any form as a Vela output, for which IsVela
// holds, and a source model, a TensorFlow Lite file, as it is.
func Model(data []byte) (m *tflite.Model, err error) {
	switch formOf(data) {
	case formPTE:
		m, err = executorchModel(data)
	case formRaw:
		m, err = rawModel(data)
	default:
		return tflite.Parse(data)
	}
	if err == nil && !IsVela(m) {
		err = errNoOperator // delegates that nobody calls
	}
	if err != nil {
		return nil, fmt.Errorf("container: %w", err)
	}
	return m, nil
}

// payloads finds the driver payloads of a file in any form. A
// file that cannot be read has none.
func payloads(data []byte) ([]*payload, error) {
	if formOf(data) == formPTE {
		return ptePayloads(data)
	}
	m, err := Model(data)
	if err != nil {
		return nil, nil
	}
	return velaPayloads(m)
}

// ptePayloads reads the payloads of all delegates of an ExecuTorch program.
func ptePayloads(data []byte) ([]*payload, error) {
	b, err := newPTE(data)
	if err != nil {
		return nil, nil
	}
	var list []*payload
	for _, blob := range b.blobs {
		p, err := parsePayload(blob.Commands)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// velaPayloads reads the payloads of all NPU operators of a model.
func velaPayloads(m *tflite.Model) ([]*payload, error) {
	var list []*payload
	g := &m.Subgraphs[0]
	for i := range g.Operators {
		op := &g.Operators[i]
		if !IsNPU(op) || len(op.Inputs) == 0 || op.Inputs[InputCommands] < 0 || op.Inputs[InputCommands] >= len(g.Tensors) {
			continue
		}
		p, err := parsePayload(g.Tensors[op.Inputs[InputCommands]].Data)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// target is the configuration that a payload is for.
func (p *payload) target() (isa.Config, error) {
	if !p.hasConfig {
		return 0, errNoConfig
	}
	for _, c := range isa.Configs {
		if p.check(c) == nil {
			return c, nil
		}
	}
	var mismatch *MismatchError
	if err := p.check(isa.U55x128); errors.As(err, &mismatch) {
		return 0, &MismatchError{Compiled: mismatch.Compiled}
	}
	return 0, errNoConfig
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
