package cycles

import (
	"fmt"

	"upset/npu/isa"
)

// kernel is a kernel operation of a command stream.
type kernel struct {
	kind string
	sign signature
	macs int64
}

// signature is what the parts of an operation have in common when it is split in
// stripes of rows or slices of channels.
type signature struct {
	op                     isa.Opcode
	mode                   int
	kh, kw, sy, sx, dy, dx int
	ifmd                   int // 0 where a slice of channels changes it
	ifmZero, ofmZero       int32
	ifmRegion, ofmRegion   int
}

// kinds gives Vela's names of NPU operations for the operations of a stream. The
// first part of a name is enough.
var kinds = map[string][]string{
	"conv":      {"Conv2D", "FullyConnected", "ConcatSliceWrite"},
	"depthwise": {"DepthwiseConv2D"},
	"maxpool":   {"MaxPool"},
	"avgpool":   {"AvgPool", "ResizeBilinear", "Quantize", "Memcpy"},
	"reducesum": {"ReduceSum"},
	"mul":       {"Mul"}, "add": {"Add"}, "sub": {"Sub"}, "min": {"Min"}, "max": {"Max"},
	"lrelu": {"LeakyRelu", "LRelu"}, "abs": {"Abs"}, "clz": {"CLZ"}, "shr": {"SHR"}, "shl": {"SHL"},
}

// ofKind reports whether a row can describe an operation of a kind.
func (r *Row) ofKind(kind string) bool {
	for _, k := range kinds[kind] {
		if len(r.Kind) >= len(k) && r.Kind[:len(k)] == k {
			return true
		}
	}
	return false
}

// newKernel describes an operation for the matching.
func newKernel(kind string, d *isa.Decoded) kernel {
	n := int64(d.OFMH) * int64(d.OFMW) * int64(d.OFMD)
	k := kernel{kind: kind, sign: signature{
		op: d.Op, mode: d.Mode, kh: d.KH, kw: d.KW, sy: d.StrideY, sx: d.StrideX, dy: d.DilY, dx: d.DilX,
		ifmZero: d.IFM.ZeroPoint, ofmZero: d.OFM.ZeroPoint, ifmRegion: d.IFM.Region, ofmRegion: d.OFM.Region,
	}}
	switch d.Op {
	case isa.OpConv:
		k.macs = n * int64(d.KH*d.KW) * int64(d.IFMD)
		k.sign.ifmd = d.IFMD
	case isa.OpDepthwise, isa.OpPool:
		k.macs = n * int64(d.KH*d.KW)
	}
	return k
}

// match returns for each kernel operation the index of its row. The operations of
// a cascade alternate in the stream, and an operation may be split in several,
// but first parts come in the order of the table. An operation belongs to the row
// that earlier parts with the same signature have left incomplete, counted in
// multiply-accumulates, or else opens the next row.
func match(rows []Row, ops []kernel) ([]int, error) {
	type open struct {
		row  int
		left int64
	}
	pending := map[signature]open{}
	next := 0
	skip := func() {
		for next < len(rows) && rows[next].empty() {
			next++
		}
	}
	out := make([]int, len(ops))
	for i, k := range ops {
		o, ok := pending[k.sign]
		skip()
		fits := next < len(rows) && rows[next].ofKind(k.kind)
		switch {
		case ok && o.left >= max(k.macs, 1), ok && !fits:
		case fits:
			o = open{next, rows[next].MACs}
			next++
		default:
			return nil, fmt.Errorf("operation %d (%s) has no row: %d of %d rows are used", i, k.kind, next, len(rows))
		}
		o.left -= k.macs
		pending[k.sign] = o
		out[i] = o.row
	}
	if skip(); next < len(rows) {
		return nil, fmt.Errorf("row %d (%s, %s) has no operation in the stream", next+1, rows[next].Source, rows[next].Kind)
	}
	return out, nil
}
