package driver

import (
	"encoding/binary"
	"fmt"

	"upset/models/tflite"
)

// builder puts a graph in the form of a Vela output together: how the other forms of
// a stream come to FromVela.
type builder struct {
	graph tflite.Subgraph
	plan  []int
}

// add appends a tensor with its place in the arena, -1 for none.
func (b *builder) add(t tflite.Tensor, offset int) int {
	b.graph.Tensors, b.plan = append(b.graph.Tensors, t), append(b.plan, offset)
	return len(b.plan) - 1
}

func (b *builder) block(name string, size int, data []byte, offset int) int {
	return b.add(tflite.Tensor{Name: name, Type: tflite.Uint8, Shape: []int{size}, Data: data}, offset)
}

// npu appends an operator for the NPU. The fast memory of size 0 is the arena.
func (b *builder) npu(payload, flash []byte, scratch, fast int, inputs, outputs []int) {
	k := len(b.graph.Operators)
	list := []int{
		inputCommands: b.block(fmt.Sprintf("command_stream_%d", k), len(payload), payload, -1),
		inputFlash:    b.block(fmt.Sprintf("flash_%d", k), len(flash), flash, -1),
		inputScratch:  b.block(fmt.Sprintf("scratch_%d", k), scratch, nil, 0),
	}
	if fast > 0 {
		list = append(list, b.block(fmt.Sprintf("scratch_fast_%d", k), fast, nil, -1))
	} else {
		list = append(list, list[inputScratch])
	}
	b.graph.Operators = append(b.graph.Operators, tflite.Operator{
		Code: tflite.OpCustom, Custom: customCode, Version: 1, CustomOptions: npuOptions, Inputs: append(list, inputs...), Outputs: outputs,
	})
}

// copyTo appends a host operator that copies the bytes of one tensor to another.
func (b *builder) copyTo(from, to int) {
	b.graph.Operators = append(b.graph.Operators, tflite.Operator{
		Code: tflite.OpReshape, Version: 1, Inputs: []int{from}, Outputs: []int{to}, Options: tflite.Options{NewShape: b.graph.Tensors[to].Shape},
	})
}

// transpose appends a host operator that brings the dimensions into another order.
func (b *builder) transpose(from, to int, order []int) {
	words := make([]uint32, len(order))
	for i, d := range order {
		words[i] = uint32(d)
	}
	perm := b.add(tflite.Tensor{Name: "order", Type: tflite.Int32, Shape: []int{len(order)}, Data: wordBytes(words)}, -1)
	b.graph.Operators = append(b.graph.Operators, tflite.Operator{Code: tflite.OpTranspose, Version: 1, Inputs: []int{from, perm}, Outputs: []int{to}})
}

// model wraps the graph.
func (b *builder) model(description string) *tflite.Model {
	return &tflite.Model{
		Version: modelVersion, Description: description, Subgraphs: []tflite.Subgraph{b.graph},
		Metadata: []tflite.Metadata{{Name: memoryPlanName, Data: encodePlan(b.plan)}},
	}
}

func wordBytes(words []uint32) []byte {
	data := make([]byte, 0, 4*len(words))
	for _, w := range words {
		data = binary.LittleEndian.AppendUint32(data, w)
	}
	return data
}
