package nets

import "math"

// at is the place of element (y, x, c) of the first sample.
func (n *node[T]) at(y, x, c, samples int) int {
	return ((c*n.shape.H+y)*n.shape.W + x) * samples
}

// channel returns the elements of a channel.
func (n *node[T]) channel(v []T, c int) []T {
	size := len(v) / n.shape.C
	return v[c*size : (c+1)*size : (c+1)*size]
}

// same reports whether the first sample lies as the caller sees it.
func (n *node[T]) same(samples int) bool {
	return samples == 1 && (n.shape.C == 1 || n.shape.H*n.shape.W == 1)
}

// each calls f for every element in the caller's order, row, column, channel, with its
// place in that order and its place in the node.
func (n *node[T]) each(samples int, f func(i, at int)) {
	i := 0
	for y := range n.shape.H {
		for x := range n.shape.W {
			for c := range n.shape.C {
				f(i, n.at(y, x, c, samples))
				i++
			}
		}
	}
}

// read returns sample k of an array of a node in the caller's order. The next call
// overwrites it.
func (g *Net[T]) read(n *node[T], v []T, k int) []T {
	if n.same(g.samples) {
		return v
	}
	if n.plain == nil {
		n.plain = make([]T, n.shape.Size())
	}
	n.each(g.samples, func(i, at int) { n.plain[i] = v[at+k] })
	return n.plain
}

// write is the inverse of read.
func (g *Net[T]) write(n *node[T], v []T, k int, x []T) {
	if n.same(g.samples) {
		copy(v, x)
		return
	}
	n.each(g.samples, func(i, at int) { v[at+k] = x[i] })
}

// room makes room for a number of samples.
func (g *Net[T]) room(samples int) {
	if g.samples == samples {
		return
	}
	g.samples = samples
	for i := range g.nodes {
		g.nodes[i].room(samples)
	}
}

// last is the last node.
func (g *Net[T]) last() *node[T] { return &g.nodes[len(g.nodes)-1] }

// Forward computes all nodes for one sample, outside training, and returns the last
// one's values, which the next call overwrites. Values are ordered row, column, channel.
func (g *Net[T]) Forward(x []T) []T {
	g.room(1)
	g.write(&g.nodes[0], g.nodes[0].value, 0, x)
	g.forward(false)
	return g.read(g.last(), g.last().value, 0)
}

// Value returns the values of a node after Forward.
func (g *Net[T]) Value(n Node) []T { return g.read(&g.nodes[n], g.nodes[n].value, 0) }

// Batches runs samples outside training, several at a time, and calls f with the values
// of the last node for each.
func (g *Net[T]) Batches(samples [][]T, f func(i int, output []T)) {
	g.batches(samples, func(from int) {
		for k := range g.samples {
			f(from+k, g.read(g.last(), g.last().value, k))
		}
	})
}

// batches calls f after every batch, whose first sample it names.
func (g *Net[T]) batches(samples [][]T, f func(from int)) {
	for from := 0; from < len(samples); from += g.a.batch {
		g.room(min(g.a.batch, len(samples)-from))
		for k := range g.samples {
			g.write(&g.nodes[0], g.nodes[0].value, k, samples[from+k])
		}
		g.forward(false)
		f(from)
	}
}

func (g *Net[T]) forward(training bool) {
	for i := 1; i < len(g.nodes); i++ {
		n := &g.nodes[i]
		g.forwardNode(n)
		if n.norm != nil {
			g.normalise(n, training)
		}
		if n.act == Relu {
			g.a.rectify(n.value)
		}
	}
}

func (g *Net[T]) forwardNode(n *node[T]) {
	x := &g.nodes[n.in[0]]
	switch n.op {
	case opDense:
		g.dense(n, x)
	case opConv, opDepthwise:
		g.convolve(n, x)
	case opTanh:
		for i, v := range x.value {
			n.value[i] = T(math.Tanh(float64(v)))
		}
	case opSigmoid:
		for i, v := range x.value {
			n.value[i] = T(1 / (1 + math.Exp(-float64(v))))
		}
	case opAdd, opMul:
		y := &g.nodes[n.in[1]]
		g.pairs(n, x, y, func(out, a, b int) {
			if n.op == opAdd {
				n.value[out] = x.value[a] + y.value[b]
			} else {
				n.value[out] = x.value[a] * y.value[b]
			}
		})
	case opConcat:
		at := 0
		for _, k := range n.in {
			at += copy(n.value[at:], g.nodes[k].value)
		}
	case opMaxPool:
		g.maxPool(n, x)
	case opAvgPool:
		g.avgPool(n, x)
	}
}

// Backward adds the gradients of the sample of the last Forward to those of the
// parameters, given the gradient of the loss by the last node's values.
func (g *Net[T]) Backward(dy []T) {
	g.write(g.last(), g.last().grad, 0, dy)
	g.backward()
}

// backward propagates the gradient of the last node.
func (g *Net[T]) backward() {
	for i := range len(g.nodes) - 1 {
		clear(g.nodes[i].grad)
	}
	for i := len(g.nodes) - 1; i > 0; i-- {
		n := &g.nodes[i]
		if n.act == Relu {
			g.a.gradient(n.value, n.grad)
		}
		if n.norm != nil {
			g.normaliseBack(n)
		}
		g.backwardNode(n)
	}
}

func (g *Net[T]) backwardNode(n *node[T]) {
	x := &g.nodes[n.in[0]]
	switch n.op {
	case opDense:
		g.denseBack(n, x)
	case opConv, opDepthwise:
		g.convolveBack(n, x)
	case opTanh:
		for i, v := range n.value {
			x.grad[i] += T(n.grad[i] * (1 - T(v*v)))
		}
	case opSigmoid:
		for i, v := range n.value {
			x.grad[i] += T(n.grad[i] * T(v*(1-v)))
		}
	case opAdd, opMul:
		y := &g.nodes[n.in[1]]
		g.pairs(n, x, y, func(out, a, b int) {
			if n.op == opAdd {
				x.grad[a] += n.grad[out]
				y.grad[b] += n.grad[out]
			} else {
				x.grad[a] += T(n.grad[out] * y.value[b])
				y.grad[b] += T(n.grad[out] * x.value[a])
			}
		})
	case opConcat:
		at := 0
		for _, k := range n.in {
			from := g.nodes[k].grad
			for i, v := range n.grad[at : at+len(from)] {
				from[i] += v
			}
			at += len(from)
		}
	case opMaxPool:
		for out, in := range n.largest {
			x.grad[in] += n.grad[out]
		}
	case opAvgPool:
		g.avgPoolBack(n, x)
	}
}

// pairs calls f for every element of a sum or product with its operands.
func (g *Net[T]) pairs(n, a, b *node[T], f func(out, a, b int)) {
	at := func(m *node[T], y, x, c int) int {
		return m.at(min(y, m.shape.H-1), min(x, m.shape.W-1), min(c, m.shape.C-1), g.samples)
	}
	for y := range n.shape.H {
		for x := range n.shape.W {
			for c := range n.shape.C {
				out, p, q := at(n, y, x, c), at(a, y, x, c), at(b, y, x, c)
				for k := range g.samples {
					f(out+k, p+k, q+k)
				}
			}
		}
	}
}
