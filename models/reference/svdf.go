package reference

import (
	"math"

	"upset/models/tflite"
)

// prepareSVDF handles SVDF: a feature projection, a memory of its past results
// per filter, and a weighting over time. The state tensor is updated in place.
func prepareSVDF(n *node) Kernel {
	in, feature, times := n.in(0, tflite.Int8), n.in(1, tflite.Int8), n.in(2, tflite.Int8, tflite.Int16)
	bias, hasBias := n.optional(3, tflite.Int32)
	state, out := n.in(4, tflite.Int8, tflite.Int16), n.out(0, tflite.Int8)
	n.quantised(in, feature, times, state, out)
	rank := n.op.Options.Rank
	n.require(state.Type == times.Type && state.Data == nil, "state must be a variable of the type of the time weights")
	if !n.require(len(in.Shape) == 2 && len(feature.Shape) == 2 && len(times.Shape) == 2 && rank > 0,
		"shapes %v, %v, %v, rank %d", in.Shape, feature.Shape, times.Shape, rank) {
		return nil
	}
	batches, inputs, filters, memory := in.Shape[0], in.Shape[1], feature.Shape[0], times.Shape[1]
	units := filters / rank
	n.require(memory > 0 && feature.Shape[1] == inputs && times.Shape[0] == filters && units*rank == filters &&
		state.Elements() == batches*filters*memory && out.Elements() == batches*units,
		"shapes %v, %v, %v, %v and %v do not fit", in.Shape, feature.Shape, times.Shape, state.Shape, out.Shape)
	if hasBias {
		n.require(bias.Elements() == units, "bias of shape %v for %d units", bias.Shape, units)
	}
	// TFLite Micro derives both factors in single precision.
	first := n.multiplier(float64(in.scale * feature.scale / state.scale))
	second := n.multiplier(float64(state.scale * times.scale / out.scale))
	if n.err != nil {
		return nil
	}
	lo, hi := limits(state.Type)
	x, wf, wt := make([]int32, inputs), make([]int32, feature.Elements()), make([]int32, times.Elements())
	s := make([]int32, state.Elements())
	return func(v [][]byte) {
		load(wf, feature.value(v), feature.Type, 0)
		load(wt, times.value(v), times.Type, 0)
		load(s, state.value(v), state.Type, 0)
		src, dst := in.value(v), out.value(v)
		for b := range batches {
			load(x, src[b*inputs:], in.Type, in.zero)
			for u := range units {
				var acc int32
				if hasBias {
					acc = at(bias.value(v), tflite.Int32, u)
				}
				for f := u * rank; f < (u+1)*rank; f++ {
					past := s[(b*filters+f)*memory:][:memory]
					copy(past, past[1:])
					projection := first.apply(int32(dot64(x, wf[f*inputs:(f+1)*inputs])))
					past[memory-1] = clamp(projection+state.zero, lo, hi)
					for t, w := range wt[f*memory : (f+1)*memory] {
						acc += w * (past[t] - state.zero)
					}
				}
				put(dst, out.Type, b*units+u, clamp(second.apply(acc)+out.zero, math.MinInt8, math.MaxInt8))
			}
		}
		store(state.value(v), state.Type, s)
	}
}
