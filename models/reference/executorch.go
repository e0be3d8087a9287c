package reference

import (
	"encoding/binary"
	"math"

	"upset/models/tflite"
)

// ExecuTorchQuantize is the custom code of an operator that quantises floats as
// ExecuTorch does: by the reciprocal of the scale, with ties to even (portable kernel
// of quantized_decomposed::quantize_per_tensor). Its custom options are the smallest
// and the largest value as two 32-bit integers; the scale and the zero point are those
// of the output.
const ExecuTorchQuantize = "executorch-quantize"

// customs lists the operators with a custom code.
var customs = map[string]func(*node) Kernel{
	ExecuTorchQuantize: prepareExecuTorchQuantize,
}

// prepareCustom handles CUSTOM.
func prepareCustom(n *node) Kernel {
	prepare, ok := customs[n.op.Custom]
	if !n.require(ok, "this custom operator is not known to the reference interpreter") {
		return nil
	}
	return prepare(n)
}

func prepareExecuTorchQuantize(n *node) Kernel {
	in, out := n.in(0, tflite.Float32), n.out(0, integers...)
	n.quantised(out)
	n.sameSize(in, out)
	lo, hi := limits(out.Type)
	if !n.require(len(n.op.CustomOptions) == 8, "%d bytes of options, not 8", len(n.op.CustomOptions)) {
		return nil
	}
	lo = max(lo, int32(binary.LittleEndian.Uint32(n.op.CustomOptions)))
	hi = min(hi, int32(binary.LittleEndian.Uint32(n.op.CustomOptions[4:])))
	if n.err != nil {
		return nil
	}
	inverse := 1 / out.scale
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for i := range in.Elements() {
			x := math.Float32frombits(uint32(at(src, tflite.Int32, i)))
			q := float32(out.zero) + float32(math.RoundToEven(float64(float32(inverse*x))))
			if q != q {
				q = float32(lo) // not a number: the runtime leaves it open
			}
			put(dst, out.Type, i, int32(max(min(float64(q), float64(hi)), float64(lo))))
		}
	}
}
