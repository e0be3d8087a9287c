package nets

// Window is the geometry of a sliding window along both axes.
type Window struct {
	K, Stride int
	Same      bool // TensorFlow's SAME padding; otherwise VALID
}

// Output returns the size of the output along one axis of length n, less than 1 where
// the window does not fit.
func (w Window) Output(n int) int {
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
	return max(0, (w.Output(n)-1)*w.Stride+w.K-n) / 2
}

// span is a run of output positions from, … whose input position for one tap lies
// inside the axis.
type span struct{ outFrom, inFrom, count int }

// taps returns, for each tap of the window, the outputs it reaches along an axis of
// length n.
func (w Window) taps(n int) []span {
	out, pad := w.Output(n), w.padBefore(n)
	all := make([]span, w.K)
	for k := range all {
		s := span{}
		for o := range out {
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

// run is a run of elements of one channel's plane of the output and of the input that a
// tap joins. Positions are in elements, before multiplying by the samples.
type run struct{ tap, out, in, count int }

// runs lists all runs, tap by tap. With stride 1 a whole row is one run; otherwise a run
// is one element.
func (w Window) runs(h, wd int) []run {
	var list []run
	outW := w.Output(wd)
	rows, cols := w.taps(h), w.taps(wd)
	for ky, r := range rows {
		for kx, c := range cols {
			for j := range r.count {
				s := run{ky*w.K + kx, (r.outFrom+j)*outW + c.outFrom, (r.inFrom+j*w.Stride)*wd + c.inFrom, c.count}
				if w.Stride == 1 {
					if c.count > 0 {
						list = append(list, s)
					}
					continue
				}
				for i := range c.count {
					list = append(list, run{s.tap, s.out + i, s.in + i*w.Stride, 1})
				}
			}
		}
	}
	return list
}
