package nets

// fill sets every element of x to v.
func fill[T Real](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}

// lanes calls f with the place in a row of weights and the samples of every element of
// an array of x.
func (g *Net[T]) lanes(x *node[T], v []T, f func(i int, lane []T)) {
	x.each(g.samples, func(i, at int) { f(i, v[at:at+g.samples:at+g.samples]) })
}

// rowwise reports whether a dense layer may add up a row of weights at a time, which is
// faster for one sample.
func (g *Net[T]) rowwise(x *node[T]) bool { return g.a.ordered && x.same(g.samples) }

func (g *Net[T]) dense(n, x *node[T]) {
	size := x.shape.Size()
	if g.rowwise(x) {
		for o, b := range n.bias.Value {
			n.value[o] = T(g.a.dot(float64(b), n.weight.Value[o*size:(o+1)*size], x.value))
		}
		return
	}
	for o, b := range n.bias.Value {
		fill(n.channel(n.value, o), b)
	}
	g.lanes(x, x.value, func(i int, lane []T) {
		for o := range n.shape.C {
			g.a.axpy(n.weight.Value[o*size+i], lane, n.channel(n.value, o))
		}
	})
}

func (g *Net[T]) denseBack(n, x *node[T]) {
	size := x.shape.Size()
	if g.rowwise(x) {
		for o, d := range n.grad {
			if d == 0 {
				continue
			}
			n.bias.Grad[o] += d
			g.a.axpy(d, x.value, n.weight.Grad[o*size:(o+1)*size])
			if n.in[0] != 0 {
				g.a.axpy(d, n.weight.Value[o*size:(o+1)*size], x.grad)
			}
		}
		return
	}
	for o := range n.shape.C {
		n.bias.Grad[o] = T(g.a.total(float64(n.bias.Grad[o]), n.channel(n.grad, o)))
	}
	g.lanes(x, x.value, func(i int, lane []T) {
		for o := range n.shape.C {
			w := &n.weight.Grad[o*size+i]
			*w = T(g.a.dot(float64(*w), n.channel(n.grad, o), lane))
		}
	})
	if n.in[0] == 0 { // nobody asks for the gradient of the input
		return
	}
	g.lanes(x, x.grad, func(i int, lane []T) {
		for o := range n.shape.C {
			g.a.axpy(n.weight.Value[o*size+i], n.channel(n.grad, o), lane)
		}
	})
}

func (g *Net[T]) convolve(n, x *node[T]) {
	for c := range n.shape.C {
		b := T(0)
		if n.bias != nil {
			b = n.bias.Value[c]
		}
		fill(n.channel(n.sum, c), b)
	}
	g.visit(n, x, n.sum, x.value, false, func(weight int, out, in []T) {
		g.a.axpy(n.weight.Value[weight], in, out)
	})
}

func (g *Net[T]) convolveBack(n, x *node[T]) {
	if n.bias != nil {
		for c := range n.shape.C {
			n.bias.Grad[c] = T(g.a.total(float64(n.bias.Grad[c]), n.channel(n.sumGrad, c)))
		}
	}
	sums := make([]float64, len(n.weight.Grad))
	for i, v := range n.weight.Grad {
		sums[i] = float64(v)
	}
	g.visit(n, x, n.sumGrad, x.value, false, func(weight int, out, in []T) {
		sums[weight] = g.a.dot(sums[weight], out, in)
	})
	for i, s := range sums {
		n.weight.Grad[i] = T(s)
	}
	if n.in[0] == 0 { // nobody asks for the gradient of the input
		return
	}
	// From the last tap to the first, an input sums over the outputs in their order.
	g.visit(n, x, n.sumGrad, x.grad, n.op == opConv, func(weight int, out, in []T) {
		g.a.axpy(n.weight.Value[weight], out, in)
	})
}

// visit calls f for every weight and every pair of runs, of an array of the output and
// one of the input, that the weight joins; with reverse from the last tap to the first.
func (g *Net[T]) visit(n, x *node[T], out, in []T, reverse bool, f func(weight int, out, in []T)) {
	if n.op == opConv && n.window.K == 1 && n.window.Stride == 1 {
		g.visitPlanes(n, x, out, in, f)
		return
	}
	depth := x.shape.C
	for i := range n.runs {
		r := n.runs[i]
		if reverse {
			r = n.runs[len(n.runs)-1-i]
		}
		from, to := r.out*g.samples, (r.out+r.count)*g.samples
		at, end := r.in*g.samples, (r.in+r.count)*g.samples
		for c := range n.shape.C {
			o := n.channel(out, c)[from:to]
			if n.op == opDepthwise {
				f(r.tap*depth+c, o, x.channel(in, c)[at:end])
				continue
			}
			for k := range depth {
				f((c*n.window.K*n.window.K+r.tap)*depth+k, o, x.channel(in, k)[at:end])
			}
		}
	}
}

// visitPlanes visits a plain matrix product over channels.
func (g *Net[T]) visitPlanes(n, x *node[T], out, in []T, f func(weight int, out, in []T)) {
	plane, depth := n.shape.H*n.shape.W*g.samples, x.shape.C
	for from := 0; from < plane; from += chunk {
		to := min(from+chunk, plane)
		for c := range n.shape.C {
			o := out[c*plane+from : c*plane+to]
			for k := range depth {
				f(c*depth+k, o, in[k*plane+from:k*plane+to])
			}
		}
	}
}

// windows calls f for every window of a pool with the places of its output and its
// inputs.
func (g *Net[T]) windows(n, x *node[T], f func(out int, window []int)) {
	window := make([]int, n.poolH*n.poolW)
	for y := range n.shape.H {
		for c := range n.shape.W {
			for depth := range n.shape.C {
				for i := range window {
					window[i] = x.at(y*n.poolH+i/n.poolW, c*n.poolW+i%n.poolW, depth, g.samples)
				}
				f(n.at(y, c, depth, g.samples), window)
			}
		}
	}
}

func (g *Net[T]) maxPool(n, x *node[T]) {
	if len(n.largest) != len(n.value) {
		n.largest = make([]int, len(n.value))
	}
	g.windows(n, x, func(out int, window []int) {
		for k := range g.samples {
			best := window[0] + k
			for _, i := range window[1:] {
				if x.value[i+k] > x.value[best] {
					best = i + k
				}
			}
			n.value[out+k], n.largest[out+k] = x.value[best], best
		}
	})
}

func (g *Net[T]) avgPool(n, x *node[T]) {
	clear(n.value)
	before, after := g.a.share(n.poolH * n.poolW)
	g.windows(n, x, func(out int, window []int) {
		o := n.value[out : out+g.samples]
		for _, i := range window {
			g.a.axpy(before, x.value[i:i+g.samples], o)
		}
		for k := range o {
			o[k] /= after
		}
	})
}

func (g *Net[T]) avgPoolBack(n, x *node[T]) {
	before, after := g.a.share(n.poolH * n.poolW)
	g.windows(n, x, func(out int, window []int) {
		o := n.grad[out : out+g.samples] // nothing reads it after this node
		for k := range o {
			o[k] /= after
		}
		for _, i := range window {
			g.a.axpy(before, o, x.grad[i:i+g.samples])
		}
	})
}
