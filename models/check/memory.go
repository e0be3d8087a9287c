package check

import (
	"slices"

	"upset/models/network"
	"upset/models/tflite"
	"upset/npu"
)

// Memory is what the NPU's part of a network needs of one of the memories of the system.
type Memory struct {
	npu.Share
	About bool // estimated: the network is not compiled yet
}

// exactly takes what compiled streams need.
func (r *Report) exactly(n *network.Network, c Choice) { r.needs(n.Usage(), c, false) }

func (r *Report) needs(u npu.Usage, c Choice, about bool) {
	for _, s := range c.System.Shares(u) {
		r.Memory = append(r.Memory, Memory{Share: s, About: about})
	}
}

// Sizes for the estimate (our choice, measured with this compiler for U55-128 on public
// networks): a channel's bias and scale take 10 bytes in the scale stream (U55 format), and
// an operator about 250 bytes of commands. Weights are encoded to between 0.7 and 1.1 of
// their size, and to a third where they have few values.
const (
	scaleBytes   = 10
	commandBytes = 250
)

// about estimates what the operators for the NPU will need: constants as they are in the
// file, and the tensors that are alive at once. The compiler takes more of the arena where
// there is room, to fetch weights ahead, and less where it computes stripes of layers in
// turn.
func (r *Report) about(g *tflite.Subgraph, c Choice) {
	var u npu.Usage
	first, last := make([]int, len(g.Tensors)), make([]int, len(g.Tensors))
	for i := range first {
		first[i], last[i] = -1, -1
	}
	alive := func(list []int, at int) {
		for _, id := range list {
			if id < 0 || id >= len(g.Tensors) || g.Tensors[id].Data != nil {
				continue
			}
			if first[id] < 0 {
				first[id] = at
			}
			last[id] = max(last[id], at)
		}
	}
	alive(g.Inputs, 0)
	for i := range g.Operators {
		op := &g.Operators[i]
		alive(op.Inputs, i)
		alive(op.Outputs, i)
		if r.Operators[i].Place == NPU {
			u.Constants += constants(g, op) + commandBytes
		}
	}
	if u.Constants == 0 {
		return
	}
	alive(g.Outputs, len(g.Operators)-1)
	u.Arena = peak(g, first, last)
	r.needs(u, c, true)
}

// constants is what an operator reads from flash.
func constants(g *tflite.Subgraph, op *tflite.Operator) (n int) {
	bias := -1
	switch op.Code {
	case tflite.OpConv2D, tflite.OpDepthwiseConv2D, tflite.OpFullyConnected:
		bias = 2
	case tflite.OpTransposeConv:
		bias = 3
	}
	for k, id := range op.Inputs {
		if id < 0 || id >= len(g.Tensors) || g.Tensors[id].Data == nil {
			continue
		}
		switch t := &g.Tensors[id]; {
		case k == bias && t.Type.Size() > 0:
			n += scaleBytes * (len(t.Data) / t.Type.Size())
		case slices.Contains([]tflite.Type{tflite.Int8, tflite.Uint8, tflite.Int16}, t.Type):
			n += len(t.Data)
		}
	}
	return n
}

// mostBytes bounds what a tensor of a damaged file is taken to need: more than any memory
// (our choice).
const mostBytes = 1 << 32

// peak is the most that the tensors take that are alive at the same operator.
func peak(g *tflite.Subgraph, first, last []int) int {
	change := make([]int, len(g.Operators)+1)
	for id := range g.Tensors {
		if first[id] < 0 {
			continue
		}
		n := min(max(g.Tensors[id].Bytes(), 0), mostBytes)
		change[first[id]] += n
		change[last[id]+1] -= n
	}
	most, now := 0, 0
	for _, d := range change {
		now += d
		most = max(most, now)
	}
	return most
}
