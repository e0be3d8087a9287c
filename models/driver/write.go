package driver

import (
	"encoding/binary"
	"errors"
	"fmt"

	"upset/models/tflite"
	"upset/npu/isa"
)

const (
	// optimizerVersion stands in the tag of OPTIMIZER_CONFIG: release 0, patch 1
	// (Vela 3.10).
	optimizerVersion = 0x10
	// streamLengthBits is the part of the stream's length, in words, that stands
	// in the tag's parameter; the rest stands in its reserved byte (Arm U55 core
	// driver).
	streamLengthBits = 16
	// modelVersion is the version of the TensorFlow Lite schema.
	modelVersion = 3
)

// npuOptions are the custom options of an "ethos-u" operator: the number 1 as a
// flexbuffer (Vela 3.10).
var npuOptions = []byte{1, 4, 1}

// encodePayload builds the constant tensor that carries a command stream.
func encodePayload(cfg isa.Config, commands []uint32) ([]byte, error) {
	if n := len(commands); n > maxStream {
		return nil, fmt.Errorf("the command stream of %d words is longer than the %d that an NPU takes", n, maxStream)
	}
	words := []uint32{payloadMagic, actionConfig | optimizerVersion<<16, cfg.Spec().ConfigWord, isa.ArchVersion}
	for (4*len(words)+4)%streamAlign != 0 {
		words = append(words, actionNOP)
	}
	n := uint32(len(commands))
	words = append(words, actionCommands|n>>streamLengthBits<<8|n<<16)
	words = append(words, commands...)
	data := make([]byte, 4*len(words))
	for i, w := range words {
		binary.LittleEndian.PutUint32(data[4*i:], w)
	}
	return data, nil
}

// Precompiled reports whether the network came from a file that was compiled
// before, by Vela or by Container.
func (n *Network) Precompiled() bool { return n.model != nil && IsVela(n.model) }

// Container returns the network in the form of a Vela output: one "ethos-u"
// operator with the command stream, the flash image and the arena as inputs, and
// the memory plan as metadata. Where the host computes parts of the graph, there
// is such an operator for each program. FromVela reads it again. A network that came from
// such a model gives that model back.
func (n *Network) Container() (*tflite.Model, error) {
	if n.Precompiled() {
		return n.model, nil
	}
	p := n.Program()
	if p == nil {
		if n.model == nil || len(n.model.Subgraphs) == 0 {
			return nil, errors.New("driver: the host computes parts of this network and its source graph is not known; compile the model again")
		}
		m, err := n.mixed()
		if err != nil {
			return nil, fmt.Errorf("driver: %w", err)
		}
		return m, nil
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("driver: %w", err)
	}
	stream, err := encodePayload(p.Config, p.Commands)
	if err != nil {
		return nil, fmt.Errorf("driver: %w", err)
	}
	g := tflite.Subgraph{Name: "main"}
	var plan []int
	add := func(t tflite.Tensor, offset int) int {
		g.Tensors, plan = append(g.Tensors, t), append(plan, offset)
		return len(plan) - 1
	}
	value := func(b Binding) int {
		return add(tflite.Tensor{Name: b.Name, Type: b.Type, Shape: b.Shape, Quant: b.Quant}, b.Offset)
	}
	for _, b := range p.Outputs {
		g.Outputs = append(g.Outputs, value(b))
	}
	for _, b := range p.Inputs {
		g.Inputs = append(g.Inputs, value(b))
	}
	block := func(name string, size int, data []byte, offset int) int {
		return add(tflite.Tensor{Name: name, Type: tflite.Uint8, Shape: []int{size}, Data: data}, offset)
	}
	inputs := []int{
		inputCommands: block("command_stream", len(stream), stream, -1),
		inputFlash:    block("flash", len(p.Flash), p.Flash, -1),
		inputScratch:  block("scratch", p.ArenaSize, nil, 0),
		inputFast:     block("scratch_fast", fastSize(p), nil, fastOffset(p)),
	}
	g.Operators = []tflite.Operator{{
		Code: tflite.OpCustom, Custom: customCode, Version: 1, CustomOptions: npuOptions,
		Inputs: append(inputs, g.Inputs...), Outputs: g.Outputs,
	}}
	return &tflite.Model{
		Version: modelVersion, Description: "upset, compiled for " + p.Config.String(), Subgraphs: []tflite.Subgraph{g},
		Metadata: []tflite.Metadata{{Name: memoryPlanName, Data: encodePlan(plan)}},
	}, nil
}

// fastSize is the size of the fast scratch tensor. Where the program has no fast
// memory of its own, the tensor is the arena under another name.
func fastSize(p *Program) int {
	if p.FastSize > 0 {
		return p.FastSize
	}
	return p.ArenaSize
}

// fastOffset is its place in the memory plan: that of the arena, or none.
func fastOffset(p *Program) int {
	if p.FastSize > 0 {
		return -1
	}
	return 0
}

// encodePlan writes the arena offset of every tensor.
func encodePlan(plan []int) []byte {
	var data []byte
	for _, v := range append([]int{0, 1, len(plan)}, plan...) {
		data = binary.LittleEndian.AppendUint32(data, uint32(int32(v)))
	}
	return data
}
