package reference

import "upset/models/tflite"

// prepareTile handles TILE: the input repeated along every dimension.
func prepareTile(n *node) Kernel {
	in, out := n.moved(0)
	times := n.constants(n.in(1, tflite.Int32, tflite.Int64))
	if !n.require(len(times) == len(in.Shape) && len(out.Shape) == len(in.Shape), "multiples %v of shape %v", times, in.Shape) {
		return nil
	}
	for i, d := range in.Shape {
		if !n.require(times[i] >= 0 && times[i] <= maxArena && out.Shape[i] == d*times[i], "multiples %v take %v to %v", times, in.Shape, out.Shape) {
			return nil
		}
	}
	from := make([]int, len(in.Shape))
	return n.gather(in, out, out.Shape, 0, func(pos []int) int {
		for i, d := range in.Shape {
			from[i] = pos[i] % max(d, 1)
		}
		return flat(in.Shape, from)
	})
}

// prepareBroadcastTo handles BROADCAST_TO; the shape of the output decides.
func prepareBroadcastTo(n *node) Kernel {
	in, out := n.moved(0)
	lead := len(out.Shape) - len(in.Shape)
	if !n.require(lead >= 0, "shape %v does not stretch to %v", in.Shape, out.Shape) {
		return nil
	}
	for i, d := range in.Shape {
		n.require(d == 1 || d == out.Shape[lead+i], "shape %v does not stretch to %v", in.Shape, out.Shape)
	}
	from := make([]int, len(in.Shape))
	return n.gather(in, out, out.Shape, 0, func(pos []int) int {
		for i, d := range in.Shape {
			if from[i] = 0; d > 1 {
				from[i] = pos[lead+i]
			}
		}
		return flat(in.Shape, from)
	})
}
