package reference

import "upset/models/tflite"

// prepareDepthwise handles DEPTHWISE_CONV_2D.
func prepareDepthwise(n *node) Kernel {
	in, weights, out := n.weighted(0)
	di, dw, do := n.dims4(in), n.dims4(weights), n.dims4(out)
	o := &n.op.Options
	y := n.slide("height", di[1], do[1], dw[1], o.StrideH, o.DilationH)
	x := n.slide("width", di[2], do[2], dw[2], o.StrideW, o.DilationW)
	// The multiplier follows from the shapes; the option repeats it.
	n.require(di[0] == do[0] && dw[0] == 1 && do[3] == dw[3] && di[3] > 0 && dw[3]%max(di[3], 1) == 0,
		"shapes %v, %v and %v do not fit", in.Shape, weights.Shape, out.Shape)
	channels, taps := dw[3], dw[1]*dw[2]
	if in.Type == tflite.Float32 && n.err == nil {
		return n.floatConv(di, channels, y, x, 1, true)
	}
	f := n.newFilter(in, weights, out, 2, channels, taps)
	f.convScales(n, in, out)
	f.wideWithoutBias(n)
	if n.err != nil {
		return nil
	}
	m := newImage(in, di)
	if di[3] == 1 {
		return singleInput(f, m, y, x, di[0], out)
	}
	acc, acc64 := make([]int32, channels), make([]int64, channels)
	multiple := channels / di[3]
	return func(v [][]byte) {
		f.refresh(v, nil)
		m.load(v)
		dst := out.value(v)
		at := 0
		s := sweep{y: &y, x: &x, image: m, multiple: multiple}
		for b := range di[0] {
			for oy := range y.out {
				for ox := range x.out {
					s.place(b, oy, ox)
					if f.wide {
						clear(acc64)
						s.sum64(acc64, f.rows)
						for c, a := range acc64 {
							put(dst, out.Type, at+c, f.finish64(a, c))
						}
					} else {
						clear(acc)
						s.sum(acc, f.rows)
						for c, a := range acc {
							put(dst, out.Type, at+c, f.finish(a, c))
						}
					}
					at += channels
				}
			}
		}
	}
}

// singleInput is a depthwise convolution of one input channel: an ordinary
// convolution whose weights are stored the other way round.
func singleInput(f *filter, m *image, y, x window, batches int, out operand) Kernel {
	patch := make([]int32, f.depth)
	transposed := func(i int) int { return i%f.depth*f.channels + i/f.depth }
	return func(v [][]byte) {
		f.refresh(v, transposed)
		m.load(v)
		dst := out.value(v)
		at := 0
		for b := range batches {
			for oy := range y.out {
				for ox := range x.out {
					f.row(dst, out.Type, at, 0, f.channels, m.patch(patch, b, oy, ox, &y, &x))
					at += f.channels
				}
			}
		}
	}
}

// sweep runs over the taps of one output position, all channels at once.
type sweep struct {
	y, x     *window
	image    *image
	multiple int

	fy0, fy1, fx0, fx1, start int
}

// place moves the window to output (oy, ox) of batch b.
func (s *sweep) place(b, oy, ox int) {
	var iy, ix int
	s.fy0, s.fy1, iy = s.y.taps(oy)
	s.fx0, s.fx1, ix = s.x.taps(ox)
	s.start = ((b*s.image.h+iy)*s.image.w + ix) * s.image.c
}

// tap is the inputs under one tap.
func (s *sweep) tap(fy, fx int) []int32 {
	c := s.image.c
	at := s.start + (fy*s.y.dilation*s.image.w+fx*s.x.dilation)*c
	return s.image.data[at : at+c]
}

// sum adds input × weight of every tap to acc.
func (s *sweep) sum(acc, weights []int32) {
	c := len(acc)
	for fy := s.fy0; fy < s.fy1; fy++ {
		w := weights[(fy*s.x.filter+s.fx0)*c:]
		fx := s.fx0
		if s.multiple > 1 {
			for ; fx < s.fx1; fx, w = fx+1, w[c:] {
				spread(acc, s.tap(fy, fx), w[:c], s.multiple)
			}
			continue
		}
		for ; fx+3 <= s.fx1; fx, w = fx+3, w[3*c:] {
			three(acc, s.tap(fy, fx), s.tap(fy, fx+1), s.tap(fy, fx+2), w[:c], w[c:2*c], w[2*c:3*c])
		}
		for ; fx < s.fx1; fx, w = fx+1, w[c:] {
			one(acc, s.tap(fy, fx), w[:c])
		}
	}
}

// spread serves several output channels per input channel.
func spread(acc, x, w []int32, multiple int) {
	for i, v := range x {
		a, u := acc[i*multiple:(i+1)*multiple], w[i*multiple:(i+1)*multiple]
		for j := range a {
			a[j] += v * u[j]
		}
	}
}

func one(acc, x, w []int32) {
	x, w = x[:len(acc)], w[:len(acc)]
	for i := range acc {
		acc[i] += x[i] * w[i]
	}
}

func three(acc, x0, x1, x2, w0, w1, w2 []int32) {
	n := len(acc)
	x0, x1, x2, w0, w1, w2 = x0[:n], x1[:n], x2[:n], w0[:n], w1[:n], w2[:n]
	for i := range acc {
		acc[i] += x0[i]*w0[i] + x1[i]*w1[i] + x2[i]*w2[i]
	}
}

// sum64 is sum with 64-bit accumulators.
func (s *sweep) sum64(acc []int64, weights []int32) {
	c := len(acc)
	for fy := s.fy0; fy < s.fy1; fy++ {
		for fx := s.fx0; fx < s.fx1; fx++ {
			x, w := s.tap(fy, fx), weights[(fy*s.x.filter+fx)*c:][:c]
			for i := range acc {
				acc[i] += int64(x[i/s.multiple]) * int64(w[i])
			}
		}
	}
}
