package nets

import "math"

// Forward computes all nodes for one sample and returns the last one's values,
// which the next call overwrites.
func (g *Graph) Forward(x []float64) []float64 {
	copy(g.nodes[0].value, x)
	for i := 1; i < len(g.nodes); i++ {
		g.forward(&g.nodes[i])
	}
	return g.nodes[len(g.nodes)-1].value
}

// Value returns the values of a node after Forward.
func (g *Graph) Value(n Node) []float64 { return g.nodes[n].value }

func (g *Graph) forward(n *node) {
	x := &g.nodes[n.in[0]]
	switch n.op {
	case opDense:
		size := len(x.value)
		for o := range n.value {
			sum := n.bias.Value[o]
			for i, w := range n.weight.Value[o*size : (o+1)*size] {
				sum += float64(w * x.value[i])
			}
			n.value[o] = sum
		}
	case opConv, opDepthwise:
		for i := range n.value {
			n.value[i] = n.bias.Value[i%n.shape.C]
		}
		n.taps(x.shape, func(out, in, w int) { n.value[out] += float64(n.weight.Value[w] * x.value[in]) })
	case opTanh:
		for i, v := range x.value {
			n.value[i] = math.Tanh(v)
		}
	case opSigmoid:
		for i, v := range x.value {
			n.value[i] = 1 / (1 + math.Exp(-v))
		}
	case opAdd, opMul:
		y := &g.nodes[n.in[1]]
		n.pairs(x.shape, y.shape, func(out, a, b int) {
			if n.op == opAdd {
				n.value[out] = x.value[a] + y.value[b]
			} else {
				n.value[out] = x.value[a] * y.value[b]
			}
		})
	case opConcat:
		g.slices(n, func(from *node, at, to int) { n.value[to] = from.value[at] })
	case opMaxPool:
		n.largest = n.largest[:0]
		n.windows(x.shape, func(out int, window []int) {
			best := window[0]
			for _, i := range window[1:] {
				if x.value[i] > x.value[best] {
					best = i
				}
			}
			n.value[out] = x.value[best]
			n.largest = append(n.largest, best)
		})
	case opAvgPool:
		n.windows(x.shape, func(out int, window []int) {
			sum := 0.0
			for _, i := range window {
				sum += x.value[i]
			}
			n.value[out] = sum / float64(len(window))
		})
	}
	if n.act == Relu {
		for i, v := range n.value {
			n.value[i] = max(0, v)
		}
	}
}

// Backward adds the gradients of the sample of the last Forward to those of the
// parameters, given the gradient of the loss by the last node's values.
func (g *Graph) Backward(dy []float64) {
	for i := range g.nodes {
		clear(g.nodes[i].grad)
	}
	copy(g.nodes[len(g.nodes)-1].grad, dy)
	for i := len(g.nodes) - 1; i > 0; i-- {
		g.backward(&g.nodes[i])
	}
}

func (g *Graph) backward(n *node) {
	if n.act == Relu {
		for i, v := range n.value {
			if v <= 0 {
				n.grad[i] = 0
			}
		}
	}
	x := &g.nodes[n.in[0]]
	switch n.op {
	case opDense:
		n.backwardDense(x)
	case opConv, opDepthwise:
		for i, d := range n.grad {
			n.bias.Grad[i%n.shape.C] += d
		}
		n.taps(x.shape, func(out, in, w int) {
			n.weight.Grad[w] += float64(n.grad[out] * x.value[in])
			x.grad[in] += float64(n.grad[out] * n.weight.Value[w])
		})
	case opTanh:
		for i, v := range n.value {
			x.grad[i] += float64(n.grad[i] * (1 - float64(v*v)))
		}
	case opSigmoid:
		for i, v := range n.value {
			x.grad[i] += float64(n.grad[i] * float64(v*(1-v)))
		}
	case opAdd, opMul:
		y := &g.nodes[n.in[1]]
		n.pairs(x.shape, y.shape, func(out, a, b int) {
			if n.op == opAdd {
				x.grad[a] += n.grad[out]
				y.grad[b] += n.grad[out]
			} else {
				x.grad[a] += float64(n.grad[out] * y.value[b])
				y.grad[b] += float64(n.grad[out] * x.value[a])
			}
		})
	case opConcat:
		g.slices(n, func(from *node, at, to int) { from.grad[at] += n.grad[to] })
	case opMaxPool:
		for out, in := range n.largest {
			x.grad[in] += n.grad[out]
		}
	case opAvgPool:
		n.windows(x.shape, func(out int, window []int) {
			for _, i := range window {
				x.grad[i] += n.grad[out] / float64(len(window))
			}
		})
	}
}

func (n *node) backwardDense(x *node) {
	size := len(x.value)
	for o, d := range n.grad {
		if d == 0 {
			continue
		}
		n.bias.Grad[o] += d
		w, dw := n.weight.Value[o*size:(o+1)*size], n.weight.Grad[o*size:(o+1)*size]
		for i, v := range x.value {
			dw[i] += float64(d * v)
			x.grad[i] += float64(d * w[i])
		}
	}
}

// taps calls f for every product of a convolution: element of the output, of
// the input, and of the weights.
func (n *node) taps(in Shape, f func(out, in, w int)) {
	top, left := 0, 0
	if n.same {
		top = max(0, (n.shape.H-1)*n.stride+n.k-in.H) / 2
		left = max(0, (n.shape.W-1)*n.stride+n.k-in.W) / 2
	}
	for y := range n.shape.H {
		for x := range n.shape.W {
			for ky := range n.k {
				for kx := range n.k {
					iy, ix := y*n.stride+ky-top, x*n.stride+kx-left
					if iy < 0 || ix < 0 || iy >= in.H || ix >= in.W {
						continue
					}
					n.tap((y*n.shape.W+x)*n.shape.C, (iy*in.W+ix)*in.C, ky*n.k+kx, in.C, f)
				}
			}
		}
	}
}

// tap calls f for the products of one position of the kernel.
func (n *node) tap(out, in, at, depth int, f func(out, in, w int)) {
	for c := range n.shape.C {
		if n.op == opDepthwise {
			f(out+c, in+c, at*n.shape.C+c)
			continue
		}
		for i := range depth {
			f(out+c, in+i, (c*n.k*n.k+at)*depth+i)
		}
	}
}

// pairs calls f for every element of a sum or product with its operands.
func (n *node) pairs(a, b Shape, f func(out, a, b int)) {
	at := func(s Shape, y, x, c int) int {
		return (min(y, s.H-1)*s.W+min(x, s.W-1))*s.C + min(c, s.C-1)
	}
	out := 0
	for y := range n.shape.H {
		for x := range n.shape.W {
			for c := range n.shape.C {
				f(out, at(a, y, x, c), at(b, y, x, c))
				out++
			}
		}
	}
}

// slices calls f for every element of a concatenation.
func (g *Graph) slices(n *node, f func(from *node, at, to int)) {
	base := 0
	for _, i := range n.in {
		from := &g.nodes[i]
		for at := range from.value {
			f(from, at, at/from.shape.C*n.shape.C+base+at%from.shape.C)
		}
		base += from.shape.C
	}
}

// windows calls f for every window of a pool.
func (n *node) windows(in Shape, f func(out int, window []int)) {
	window := make([]int, n.poolH*n.poolW)
	for y := range n.shape.H {
		for x := range n.shape.W {
			for c := range n.shape.C {
				for i := range window {
					window[i] = ((y*n.poolH+i/n.poolW)*in.W+x*n.poolW+i%n.poolW)*in.C + c
				}
				f((y*n.shape.W+x)*n.shape.C+c, window)
			}
		}
	}
}
