package train

// Window is the geometry of a sliding window along both axes.
type Window struct {
	K, Stride int
	Same      bool // TensorFlow's SAME padding; otherwise VALID
}

// output returns the size of the output along one axis of length n.
func (w Window) output(n int) int {
	if w.Same {
		return (n + w.Stride - 1) / w.Stride
	}
	return (n - w.K + w.Stride) / w.Stride
}

// padBefore returns the zeros before the first element of an axis of length n
// (TensorFlow: the smaller half comes first).
func (w Window) padBefore(n int) int {
	if !w.Same {
		return 0
	}
	return max(0, (w.output(n)-1)*w.Stride+w.K-n) / 2
}

// span is a run of output positions from, … whose input position for one tap
// lies inside the axis.
type span struct{ outFrom, inFrom, count int }

// taps returns, for each tap of the window, the outputs it reaches along an
// axis of length n.
func (w Window) taps(n int) []span {
	out, pad := w.output(n), w.padBefore(n)
	all := make([]span, w.K)
	for k := range all {
		s := span{}
		for o := 0; o < out; o++ {
			in := o*w.Stride + k - pad
			if in < 0 || in >= n {
				continue
			}
			if s.count == 0 {
				s.outFrom, s.inFrom = o, in
			}
			s.count++
		}
		all[k] = s
	}
	return all
}

// eachRun calls f for every tap and every pair of runs (output, input) of equal
// length that the tap joins in one channel plane. With stride 1 a whole row is
// one run; otherwise a run is one element. Positions are in elements, before
// multiplying by the batch size.
func (w Window) eachRun(h, wd int, f func(tap, outAt, inAt, count int)) {
	outW := w.output(wd)
	rows, cols := w.taps(h), w.taps(wd)
	for ky, r := range rows {
		for kx, c := range cols {
			for j := 0; j < r.count; j++ {
				outAt := (r.outFrom+j)*outW + c.outFrom
				inAt := (r.inFrom+j*w.Stride)*wd + c.inFrom
				if w.Stride == 1 {
					if c.count > 0 {
						f(ky*w.K+kx, outAt, inAt, c.count)
					}
					continue
				}
				for i := 0; i < c.count; i++ {
					f(ky*w.K+kx, outAt+i, inAt+i*w.Stride, 1)
				}
			}
		}
	}
}
