package reference

import (
	"encoding/binary"
	"math"

	"upset/models/tflite"
	"upset/npu/arith"
)

// The numbers of the operands of UNIDIRECTIONAL_SEQUENCE_LSTM (TensorFlow Lite
// schema): four tensors each, in the order input, forget, cell, output gate.
const (
	lstmInputWeights  = 1
	lstmHiddenWeights = 5
	lstmPeephole      = 9
	lstmBias          = 12
	lstmProjection    = 16
	lstmHidden        = 18
	lstmCell          = 19
	lstmNorm          = 20
)

// Formats between the parts of a cell (TFLite Micro): gates take their sums in
// units of 2^-12 and give 2^-15.
const (
	gateIn  = 1.0 / (1 << 12)
	gateOut = 1.0 / (1 << 15)
)

// gate is one of the four gates of an LSTM: two matrix products, each rescaled to
// 16 bits on its own, their saturated sum, and a curve.
type gate struct {
	input, hidden projection
	curve         func(int64) int64
}

// projection is weights × vector + bias, rescaled to 16 bits.
type projection struct {
	from, weights, bias operand
	hasBias, wide       bool
	scale               multiplier
	rows                []int32
}

// lstm is an operator whose weights are checked.
type lstm struct {
	in, out, hidden, cell operand
	gates                 [4]gate
	steps, batches        int
	inputs, units         int
	timeMajor             bool
	forget, update, emit  multiplier
	tanhFactor, tanhShift int32
	clip                  int32 // of the cell state, 0 is none
}

// prepareSequenceLSTM handles UNIDIRECTIONAL_SEQUENCE_LSTM with four gates, 8- or
// 16-bit values and a 16-bit cell state, without peepholes, projection or layer
// normalisation (TFLite Micro knows no others). Hidden and cell state are updated
// in place.
func prepareSequenceLSTM(n *node) Kernel {
	l := &lstm{in: n.in(0, tflite.Int8, tflite.Int16), out: n.out(0, tflite.Int8, tflite.Int16), timeMajor: n.op.Options.TimeMajor}
	l.hidden, l.cell = n.in(lstmHidden, tflite.Int8, tflite.Int16), n.in(lstmCell, tflite.Int16)
	n.require(l.in.Type == l.out.Type && l.in.Type == l.hidden.Type, "input is %s, hidden state %s, output %s", l.in.Type, l.hidden.Type, l.out.Type)
	n.require(l.hidden.Data == nil && l.cell.Data == nil, "hidden and cell state must be variables")
	n.quantised(l.in, l.hidden, l.cell)
	for _, i := range []int{lstmPeephole, lstmPeephole + 1, lstmPeephole + 2, lstmProjection, lstmProjection + 1, lstmNorm, lstmNorm + 1, lstmNorm + 2, lstmNorm + 3} {
		_, ok := n.optional(i)
		n.require(!ok, "peepholes, projection and layer normalisation are not known (input %d)", i)
	}
	n.require(n.op.Options.Activation == tflite.Tanh, "activation %d; only tanh is known", n.op.Options.Activation)
	if n.err != nil {
		return nil
	}
	l.shape(n)
	l.scales(n)
	for i := range l.gates {
		l.gates[i] = n.gate(l, i)
	}
	if n.err != nil {
		return nil
	}
	return l.run
}

// shape derives the sizes of the operator: input [batches, steps, inputs], or with
// time in front.
func (l *lstm) shape(n *node) {
	s := l.in.Shape
	if !n.require(len(s) == 3, "input of shape %v; three dimensions are needed", s) {
		return
	}
	l.batches, l.steps, l.inputs = s[0], s[1], s[2]
	if l.timeMajor {
		l.steps, l.batches = s[0], s[1]
	}
	if n.require(len(l.hidden.Shape) == 2, "hidden state of shape %v; two dimensions are needed", l.hidden.Shape) {
		l.units = l.hidden.Shape[1]
	}
	n.require(l.hidden.Elements() == l.batches*l.units && l.cell.Elements() == l.batches*l.units &&
		l.out.Elements() == l.batches*l.steps*l.units && l.units > 0 && l.inputs > 0,
		"shapes %v, %v, %v and %v do not fit", s, l.hidden.Shape, l.cell.Shape, l.out.Shape)
}

// scales derives the factors of the cell. The cell's scale is a power of two.
func (l *lstm) scales(n *node) {
	fraction, power := math.Frexp(float64(l.cell.scale))
	power-- // scale = 2^power
	if !n.require(fraction == 0.5 && power >= -30 && power <= 0 && l.cell.zero == 0,
		"cell state of scale %v and zero point %d; a power of two of at most 1 and zero are needed", l.cell.scale, l.cell.zero) {
		return
	}
	l.tanhFactor, l.tanhShift = 3, int32(-12-power)
	if power > -12 {
		l.tanhFactor, l.tanhShift = 3<<(power+12), 0
	}
	l.forget = n.multiplier(gateOut)
	l.update = n.multiplier(gateOut * gateOut / float64(l.cell.scale))
	l.emit = n.multiplier(gateOut * gateOut / float64(l.hidden.scale))
	if clip := n.op.Options.CellClip; clip > 0 {
		l.clip = int32(min(clip/l.cell.scale, math.MaxInt16))
	}
}

// gate prepares gate i.
func (n *node) gate(l *lstm, i int) gate {
	g := gate{curve: func(x int64) int64 { return arith.Sigmoid(3 * x) }}
	if i == 2 { // the cell gate
		g.curve = func(x int64) int64 { return arith.Tanh(3 * x) }
	}
	g.input = n.projection(l.in, n.in(lstmInputWeights+i, tflite.Int8), l.units, l.inputs)
	g.hidden = n.projection(l.hidden, n.in(lstmHiddenWeights+i, tflite.Int8), l.units, l.units)
	p := &g.input
	if p.bias, p.hasBias = n.optional(lstmBias+i, tflite.Int32, tflite.Int64); p.hasBias {
		p.wide = p.bias.Type == tflite.Int64
		n.require(p.bias.Elements() == l.units, "bias of shape %v for %d units", p.bias.Shape, l.units)
		n.require(!p.wide || l.in.Type == tflite.Int16, "%s input needs a 32-bit bias", l.in.Type)
	}
	n.require(p.scale.shift < 8 && g.hidden.scale.shift < 8, "weight scales of gate %d are too large", i)
	return g
}

func (n *node) projection(from, weights operand, units, depth int) projection {
	n.quantised(weights)
	n.require(weights.zero == 0 && weights.Elements() == units*depth, "weights of shape %v, zero point %d, for %d units of %d",
		weights.Shape, weights.zero, units, depth)
	return projection{
		from: from, weights: weights, rows: make([]int32, min(max(units*depth, 0), weights.Elements())),
		scale: n.multiplier(float64(from.scale) * float64(weights.scale) / gateIn),
		wide:  from.Type == tflite.Int16,
	}
}

// at is element u of the projection of x, from which the zero point is taken out.
func (p *projection) at(v [][]byte, u int, x []int32) int32 {
	acc := dot64(x, p.rows[u*len(x):(u+1)*len(x)])
	if p.hasBias {
		if b := p.bias.value(v); p.bias.Type == tflite.Int64 {
			acc += int64(binary.LittleEndian.Uint64(b[8*u:]))
		} else {
			acc += int64(at(b, tflite.Int32, u))
		}
	}
	if p.wide {
		return saturate16(int64(p.scale.apply64(acc)))
	}
	return saturate16(int64(p.scale.apply(int32(acc))))
}

// run computes all steps.
func (l *lstm) run(v [][]byte) {
	for i := range l.gates {
		for _, p := range []*projection{&l.gates[i].input, &l.gates[i].hidden} {
			load(p.rows, p.weights.value(v), p.weights.Type, 0)
		}
	}
	x, h := make([]int32, l.inputs), make([]int32, l.units)
	size := l.in.Type.Size()
	for b := range l.batches {
		hidden := l.hidden.value(v)[b*l.units*size : (b+1)*l.units*size]
		cell := l.cell.value(v)[b*l.units*2 : (b+1)*l.units*2]
		for s := range l.steps {
			row := b*l.steps + s
			if l.timeMajor {
				row = s*l.batches + b
			}
			load(x, l.in.value(v)[row*l.inputs*size:], l.in.Type, l.in.zero)
			load(h, hidden, l.hidden.Type, l.hidden.zero)
			l.step(v, x, h, hidden, cell)
			copy(l.out.value(v)[row*l.units*size:], hidden)
		}
	}
}

// step updates hidden and cell from one input x and the hidden values h before.
func (l *lstm) step(v [][]byte, x, h []int32, hidden, cell []byte) {
	lo, hi := limits(l.hidden.Type)
	for u := range l.units {
		var g [4]int32
		for i := range l.gates {
			sum := saturate16(int64(l.gates[i].input.at(v, u, x)) + int64(l.gates[i].hidden.at(v, u, h)))
			g[i] = int32(l.gates[i].curve(int64(sum)))
		}
		kept := saturate16(int64(l.forget.apply(g[1] * at(cell, tflite.Int16, u))))
		added := saturate16(int64(l.update.apply(g[0] * g[2])))
		c := saturate16(int64(kept) + int64(added))
		if l.clip > 0 {
			c = clamp(c, -l.clip, l.clip)
		}
		put(cell, tflite.Int16, u, c)
		scaled := int64(c) * int64(l.tanhFactor)
		if l.tanhShift > 0 {
			scaled = (scaled + 1<<(l.tanhShift-1)) >> l.tanhShift
		}
		y := l.emit.apply(g[3] * int32(arith.Tanh(scaled)))
		put(hidden, l.hidden.Type, u, clamp(y+l.hidden.zero, lo, hi))
	}
}
