package reference

import (
	"math"

	"upset/models/tflite"
)

// resized is the operands of a resize operator: batch and channels stay.
func (n *node) resized(types ...tflite.Type) (in, out operand, di, do [4]int) {
	in, out = n.in(0, types...), n.out(0, types...)
	di, do = n.dims4(in), n.dims4(out)
	n.movable(in, out)
	n.require(di[0] == do[0] && di[3] == do[3], "shapes %v and %v do not fit", in.Shape, out.Shape)
	for i := 1; i < 3; i++ {
		n.require(di[i] > 0 && di[i] < 1<<20 && do[i] > 0 && do[i] < 1<<20, "cannot resize %v to %v", in.Shape, out.Shape)
	}
	return in, out, di, do
}

// prepareResizeNearest handles RESIZE_NEAREST_NEIGHBOR, with the single-precision
// arithmetic of the TFLite reference kernel.
func prepareResizeNearest(n *node) Kernel {
	in, out, di, do := n.resized()
	if n.err != nil {
		return nil
	}
	o := &n.op.Options
	nearest := func(x, from, to int) int {
		scale, offset := float32(from)/float32(to), float32(0)
		if o.AlignCorners && to > 1 {
			scale = float32(from-1) / float32(to-1)
		}
		if o.HalfPixelCenters {
			offset = 0.5
		}
		p := float64((float32(x) + offset) * scale)
		if o.AlignCorners {
			p = math.Round(p)
		}
		return max(min(int(math.Floor(p)), from-1), 0)
	}
	return n.gather(in, out, out.Shape, 0, func(p []int) int {
		return flat(in.Shape, []int{p[0], nearest(p[1], di[1], do[1]), nearest(p[2], di[2], do[2]), p[3]})
	})
}

// sample is where one output position of a bilinear resize reads: two input
// positions and the weight of the second in units of 1/1024.
type sample struct {
	lo, hi int
	frac   int64
}

// samples computes the sampling positions along one axis.
func samples(o *tflite.Options, from, to int) []sample {
	scale := (from<<10 + to/2) / to
	if o.AlignCorners && to > 1 {
		scale = ((from-1)<<10 + (to-1)/2) / (to - 1)
	}
	list := make([]sample, to)
	for i := range list {
		p := i * scale
		if o.HalfPixelCenters {
			p += scale/2 - 1<<9
		}
		lo := max(p/(1<<10), 0)
		// Divisions round towards zero, as in the TFLite reference kernel.
		list[i] = sample{min(lo, from-1), min((p+1<<10-1)/(1<<10), from-1), int64(p - lo<<10)}
	}
	return list
}

// prepareResizeBilinear handles RESIZE_BILINEAR with 10 fraction bits, on float32
// and unsigned values in single precision.
func prepareResizeBilinear(n *node) Kernel {
	in, out, di, do := n.resized(tflite.Float32, tflite.Int8, tflite.Uint8, tflite.Int16)
	if n.err != nil {
		return nil
	}
	if in.Type == tflite.Float32 || in.Type == tflite.Uint8 {
		return n.floatBilinear(in, out, di, do)
	}
	ys, xs := samples(&n.op.Options, di[1], do[1]), samples(&n.op.Options, di[2], do[2])
	m := newImage(in, di)
	m.from.zero = 0
	return func(v [][]byte) {
		m.load(v)
		dst := out.value(v)
		i := 0
		for b := range do[0] {
			for _, y := range ys {
				top, bottom := (b*m.h+y.lo)*m.w, (b*m.h+y.hi)*m.w
				for _, x := range xs {
					for c := range m.c {
						p := func(line, at int) int64 { return int64(m.data[(line+at)*m.c+c]) }
						sum := p(top, x.lo)*(1<<10-y.frac)*(1<<10-x.frac) + p(bottom, x.lo)*y.frac*(1<<10-x.frac) +
							p(top, x.hi)*(1<<10-y.frac)*x.frac + p(bottom, x.hi)*y.frac*x.frac
						round := int64(-1 << 19)
						if sum > 0 {
							round = 1 << 19
						}
						put(dst, out.Type, i, int32((sum+round)/(1<<20)))
						i++
					}
				}
			}
		}
	}
}

// floatSample is sample in single precision: the weight of the second position.
type floatSample struct {
	lo, hi int
	frac   float32
}

func floatSamples(o *tflite.Options, from, to int) []floatSample {
	scale := float32(from) / float32(to)
	if o.AlignCorners && to > 1 {
		scale = float32(from-1) / float32(to-1)
	}
	list := make([]floatSample, to)
	for i := range list {
		p := float32(i) * scale
		if o.HalfPixelCenters {
			p = float32((float32(i)+0.5)*scale) - 0.5
		}
		lo := max(int(math.Floor(float64(p))), 0)
		list[i] = floatSample{min(lo, from-1), min(int(math.Ceil(float64(p))), from-1), p - float32(lo)}
	}
	return list
}

// floatBilinear is RESIZE_BILINEAR on float32, or on unsigned values, which are
// rounded half up (TFLite reference kernel).
func (n *node) floatBilinear(in, out operand, di, do [4]int) Kernel {
	ys, xs := floatSamples(&n.op.Options, di[1], do[1]), floatSamples(&n.op.Options, di[2], do[2])
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for i := range out.Elements() {
			c, pos := i%do[3], i/do[3]
			x, y, b := xs[pos%do[2]], ys[pos/do[2]%do[1]], pos/do[2]/do[1]
			value := func(line, column int) float32 {
				at := ((b*di[1]+line)*di[2]+column)*di[3] + c
				if in.Type == tflite.Uint8 {
					return float32(src[at])
				}
				return decodeFloat(src, at)
			}
			sum := float32(float32(value(y.lo, x.lo)*(1-y.frac)) * (1 - x.frac))
			sum += float32(float32(value(y.hi, x.lo)*y.frac) * (1 - x.frac))
			sum += float32(float32(value(y.lo, x.hi)*(1-y.frac)) * x.frac)
			sum += float32(float32(value(y.hi, x.hi)*y.frac) * x.frac)
			if in.Type == tflite.Uint8 {
				dst[i] = byte(int32(sum + 0.5))
			} else {
				putFloat(dst, i, sum)
			}
		}
	}
}
