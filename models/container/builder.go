package container

import (
	"encoding/binary"
	"fmt"

	"upset/models/tflite"
)

// modelVersion is the version of the TensorFlow Lite schema.
const modelVersion = 3

// npuOptions are the custom options of an "ethos-u" operator: the number 1 as a
// flexbuffer (Vela 3.10).
var npuOptions = []byte{1, 4, 1}

// Builder puts a graph in the form of a Vela output together.
type Builder struct {
	Graph tflite.Subgraph
	Plan  []int // arena offset of each tensor, -1 for none
}

// Add appends a tensor with its place in the arena, -1 for none.
func (b *Builder) Add(t tflite.Tensor, offset int) int {
	b.Graph.Tensors, b.Plan = append(b.Graph.Tensors, t), append(b.Plan, offset)
	return len(b.Plan) - 1
}

// Block appends a tensor of bytes.
func (b *Builder) Block(name string, size int, data []byte, offset int) int {
	return b.Add(tflite.Tensor{Name: name, Type: tflite.Uint8, Shape: []int{size}, Data: data}, offset)
}

// npu appends an operator for the NPU with its memories. The fast memory of size 0 is the arena.
func (b *Builder) npu(payload, flash []byte, scratch, fast int, inputs, outputs []int) {
	k := len(b.Graph.Operators)
	list := []int{
		InputCommands: b.Block(fmt.Sprintf("command_stream_%d", k), len(payload), payload, -1),
		InputFlash:    b.Block(fmt.Sprintf("flash_%d", k), len(flash), flash, -1),
		InputScratch:  b.Block(fmt.Sprintf("scratch_%d", k), scratch, nil, 0),
	}
	if fast > 0 {
		list = append(list, b.Block(fmt.Sprintf("scratch_fast_%d", k), fast, nil, -1))
	} else {
		list = append(list, list[InputScratch])
	}
	b.Operate(append(list, inputs...), outputs)
}

// Operate appends an operator of the NPU: among its inputs its memories come first, see
// InputCommands.
func (b *Builder) Operate(inputs, outputs []int) {
	b.Graph.Operators = append(b.Graph.Operators, tflite.Operator{
		Code: tflite.OpCustom, Custom: CustomCode, Version: 1, CustomOptions: npuOptions, Inputs: inputs, Outputs: outputs,
	})
}

// CopyTo appends a host operator that copies the bytes of one tensor to another.
func (b *Builder) CopyTo(from, to int) {
	b.Graph.Operators = append(b.Graph.Operators, tflite.Operator{
		Code: tflite.OpReshape, Version: 1, Inputs: []int{from}, Outputs: []int{to}, Options: tflite.Options{NewShape: b.Graph.Tensors[to].Shape},
	})
}

// transpose appends a host operator that brings the dimensions into another order.
func (b *Builder) transpose(from, to int, order []int) {
	words := make([]uint32, len(order))
	for i, d := range order {
		words[i] = uint32(d)
	}
	perm := b.Add(tflite.Tensor{Name: "order", Type: tflite.Int32, Shape: []int{len(order)}, Data: wordBytes(words)}, -1)
	b.Graph.Operators = append(b.Graph.Operators, tflite.Operator{Code: tflite.OpTranspose, Version: 1, Inputs: []int{from, perm}, Outputs: []int{to}})
}

// Model wraps the graph, with the memory plan before other metadata.
func (b *Builder) Model(description string, metadata ...tflite.Metadata) *tflite.Model {
	list := []tflite.Metadata{{Name: memoryPlanName, Data: encodePlan(b.Plan)}}
	for _, m := range metadata {
		if m.Name != memoryPlanName {
			list = append(list, m)
		}
	}
	return &tflite.Model{Version: modelVersion, Description: description, Subgraphs: []tflite.Subgraph{b.Graph}, Metadata: list}
}

// encodePlan writes the arena offset of every tensor.
func encodePlan(plan []int) []byte {
	var data []byte
	for _, v := range append([]int{0, 1, len(plan)}, plan...) {
		data = binary.LittleEndian.AppendUint32(data, uint32(int32(v)))
	}
	return data
}

func wordBytes(words []uint32) []byte {
	data := make([]byte, 0, 4*len(words))
	for _, w := range words {
		data = binary.LittleEndian.AppendUint32(data, w)
	}
	return data
}
