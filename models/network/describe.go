package network

import (
	"fmt"

	"upset/npu/isa"
)

var elementKinds = [...]string{"mul", "add", "sub", "min", "max", "lrelu", "abs", "clz", "shr", "shl"}

// dmaKind is the kind of a DMA operation.
const dmaKind = "dma"

// Describe lists the kernel and DMA operations of a command stream in order.
// A DMA operation counts to the layer of the kernel operation that follows it.
// It stops without an error at the first word that is no command.
func Describe(commands []uint32) []OpInfo {
	var (
		ops   []OpInfo
		layer int
	)
	isa.Walk(commands, func(w int, op isa.Opcode, regs *isa.Registers) bool {
		d := isa.Decode(regs, op, isa.Param(commands[w]))
		info := OpInfo{Kind: KindName(&d), MACs: MACs(&d), SourceOp: -1, Layer: layer, Word: w}
		info.Name = fmt.Sprintf("%d:%s", len(ops), info.Kind)
		ops = append(ops, info)
		if op.Kernel() {
			layer++
		}
		return true
	})
	return ops
}

// KindName is the short name of an operation's kind, for example "conv".
func KindName(d *isa.Decoded) string {
	switch d.Op {
	case isa.OpConv:
		return "conv"
	case isa.OpDepthwise:
		return "depthwise"
	case isa.OpPool:
		switch d.Mode {
		case isa.PoolMax:
			return "maxpool"
		case isa.PoolAverage:
			return "avgpool"
		}
		return "reducesum"
	case isa.OpElementwise:
		if d.Mode < len(elementKinds) {
			return elementKinds[d.Mode]
		}
		return "elementwise"
	case isa.OpDMAStart:
		return dmaKind
	}
	return d.Op.String()
}

// MACs counts the multiply-accumulates of a convolution or depthwise operation,
// taps in the padding included; other operations have none.
func MACs(d *isa.Decoded) int64 {
	n := int64(d.OFMH) * int64(d.OFMW) * int64(d.OFMD) * int64(d.KH) * int64(d.KW)
	switch d.Op {
	case isa.OpConv:
		return n * int64(d.IFMD)
	case isa.OpDepthwise:
		return n
	}
	return 0
}
