package compile

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// The numbers of the inputs of UNIDIRECTIONAL_SEQUENCE_LSTM (TensorFlow Lite
// schema): four each of weights and biases, for the input, forget, cell and output
// gate.
const (
	lstmInputWeights  = 1
	lstmHiddenWeights = 5
	lstmBias          = 12
	lstmHidden        = 18
	lstmCell          = 19
)

// lstmOther lists the inputs of peepholes, projection and normalisation.
var lstmOther = []int{9, 10, 11, 16, 17, 20, 21, 22, 23}

// lstmGates is our order of the gates, so that the three sigmoids lie together.
var lstmGates = [4]int{0, 1, 3, 2}

// Formats between the parts of a cell (TFLite Micro): gates take their sums in
// units of 2^-12 and give 2^-15.
const (
	gateIn  = 1.0 / (1 << 12)
	gateOut = 1.0 / (1 << 15)
)

// maxLSTM is the largest number of steps that are unrolled (our choice).
const maxLSTM = 1 << 10

// lstm is an operator on its way to kernels.
type lstm struct {
	g                *graph
	name             string
	in, out          view
	hidden, cell     view // of all batches
	steps, batches   int
	inputs, units    int
	time             bool
	recurrent        *filter
	clip             int // of the cell state, 0 is none
	tanh, emit, keep scaling
	update           scaling
}

// lowerLSTM lowers UNIDIRECTIONAL_SEQUENCE_LSTM in the arithmetic of TFLite Micro.
// The products of the inputs of all steps are one convolution over the four gates;
// each step then adds those of the hidden state, and goes on elementwise. Vela
// unrolls the steps in the same way.
func (g *graph) lowerLSTM(op *tflite.Operator) error {
	l := &lstm{g: g, name: g.tensor(op.Outputs[0]).Name, time: op.Options.TimeMajor}
	if err := l.check(op); err != nil {
		return err
	}
	if err := l.scales(op); err != nil {
		return err
	}
	first, err := l.products(op, op.Inputs[0], lstmInputWeights, l.inputs, true)
	if err != nil {
		return err
	}
	if l.recurrent, err = l.products(op, op.Inputs[lstmHidden], lstmHiddenWeights, l.units, false); err != nil {
		return err
	}
	sums := l.temp("inputs", l.steps*l.batches, 4*l.units)
	l.in.h, l.in.w, l.in.d = 1, l.steps*l.batches, l.inputs
	l.in.buf.plain = true
	l.convolve(l.in, sums, first)
	for b := range l.batches {
		for s := range l.steps {
			row := b*l.steps + s
			if l.time {
				row = s*l.batches + b
			}
			l.step(b, row, sums)
		}
	}
	return nil
}

// check checks types and shapes.
func (l *lstm) check(op *tflite.Operator) error {
	g := l.g
	if len(op.Inputs) <= lstmCell {
		return fmt.Errorf("%d inputs, need %d", len(op.Inputs), lstmCell+1)
	}
	for _, n := range lstmOther {
		if n < len(op.Inputs) && op.Inputs[n] >= 0 {
			return errors.New("peepholes, projection and layer normalisation are not known")
		}
	}
	for _, n := range []int{lstmHidden, lstmCell} {
		if i := op.Inputs[n]; i < 0 || g.tensor(i).Data != nil || !g.tensor(i).Variable {
			return errors.New("hidden and cell state must be variables")
		}
	}
	in, out, hidden, cell := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0]), g.tensor(op.Inputs[lstmHidden]), g.tensor(op.Inputs[lstmCell])
	if err := quantised(in, hidden, cell); err != nil {
		return err
	}
	if in.Type == tflite.Uint8 || in.Type != hidden.Type || in.Type != out.Type || cell.Type != tflite.Int16 || op.Options.Activation != tflite.Tanh {
		return fmt.Errorf("input %s, hidden state %s, cell %s, output %s and activation %d; the NPU needs int8 or int16, a 16-bit cell and tanh",
			in.Type, hidden.Type, cell.Type, out.Type, op.Options.Activation)
	}
	if len(in.Shape) != 3 || len(hidden.Shape) != 2 {
		return fmt.Errorf("input of shape %v and hidden state of %v", in.Shape, hidden.Shape)
	}
	l.batches, l.steps, l.inputs, l.units = in.Shape[0], in.Shape[1], in.Shape[2], hidden.Shape[1]
	if l.time {
		l.batches, l.steps = l.steps, l.batches
	}
	for n, v := range [4]*view{&l.in, &l.out, &l.hidden, &l.cell} {
		var err error
		if *v, err = g.full([4]int{op.Inputs[0], op.Outputs[0], op.Inputs[lstmHidden], op.Inputs[lstmCell]}[n]); err != nil {
			return err
		}
		v.buf.plain = true
	}
	if l.steps*l.batches > maxLSTM || 4*l.units > maxDim {
		return fmt.Errorf("%d steps of %d units; the limits are %d and %d", l.steps*l.batches, l.units, maxLSTM, maxDim/4)
	}
	if hidden.Elements() != l.batches*l.units || cell.Elements() != l.batches*l.units || out.Elements() != l.batches*l.steps*l.units {
		return fmt.Errorf("shapes %v, %v, %v and %v do not fit", in.Shape, hidden.Shape, cell.Shape, out.Shape)
	}
	return nil
}

// scales derives the factors of a cell, whose scale is a power of two.
func (l *lstm) scales(op *tflite.Operator) error {
	cell, hidden := l.g.tensor(op.Inputs[lstmCell]), l.g.tensor(op.Inputs[lstmHidden])
	fraction, power := math.Frexp(float64(scale(cell)))
	power-- // the scale is 2^power
	if fraction != 0.5 || power < -30 || power > 0 || zeroPoint(cell) != 0 {
		return fmt.Errorf("cell state of scale %g and zero point %d; a power of two of at most 1 and zero are needed", scale(cell), zeroPoint(cell))
	}
	l.tanh = scaling{3, uint(max(0, -12-power))}
	if power > -12 {
		l.tanh.scale = 3 << (power + 12)
	}
	l.keep.scale, l.keep.shift = arith.ScaleShift(gateOut)
	l.update.scale, l.update.shift = arith.ScaleShift(gateOut * gateOut / float64(scale(cell)))
	l.emit.scale, l.emit.shift = arith.ScaleShift(gateOut * gateOut / float64(scale(hidden)))
	if clip := op.Options.CellClip; clip > 0 {
		l.clip = int(min(clip/scale(cell), math.MaxInt16))
	}
	return nil
}

// products returns the filter of all four gates over one of the two inputs.
func (l *lstm) products(op *tflite.Operator, from, weights, depth int, biased bool) (*filter, error) {
	g, u := l.g, l.units
	f := &filter{
		od: 4 * u, kh: 1, kw: 1, id: depth, wide: g.tensor(from).Type == tflite.Int16,
		bias: make([]int64, 4*u), scale: make([]uint32, 4*u), shift: make([]uint, 4*u),
	}
	var at [4]func(int) int16
	for n, gate := range lstmGates {
		i := op.Inputs[weights+gate]
		if i < 0 {
			return nil, errors.New("a gate has no weights")
		}
		w := g.tensor(i)
		if w.Data == nil || w.Type != tflite.Int8 || w.Elements() != u*depth || len(w.Quant.Scale) != 1 || zeroPoint(w) != 0 {
			return nil, fmt.Errorf("weights %q must be %d constants of int8 with one scale and no zero point", w.Name, u*depth)
		}
		at[n] = weightAt(w, func(int) int { return 0 })
		part := filter{od: u, bias: f.bias[n*u : (n+1)*u]}
		if b := lstmBias + gate; biased && op.Inputs[b] >= 0 {
			if t := g.tensor(op.Inputs[b]); t.Type == tflite.Int64 && !f.wide {
				return nil, fmt.Errorf("bias %q is %s; 8-bit inputs need int32", t.Name, t.Type)
			} else if err := part.readBias(t); err != nil {
				return nil, err
			}
		}
		real := float64(scale(g.tensor(from))) * float64(scale(w)) / gateIn
		for c := n * u; c < (n+1)*u; c++ {
			if f.wide {
				f.scale[c], f.shift[c] = arith.ReducedScaleShift(real)
			} else {
				f.scale[c], f.shift[c] = arith.ScaleShift(real)
			}
		}
	}
	f.at = func(oc, _, _, ic int) int16 { return at[oc/u](oc%u*depth + ic) }
	return f, nil
}

// temp creates rows of 16-bit numbers.
func (l *lstm) temp(what string, rows, depth int) view {
	b := l.g.temp(l.name+" "+what, 1, rows, depth, 2)
	b.plain = true
	return of(b, 0)
}

// row returns n elements of a row of a dense map from the given one on.
func (l *lstm) row(v view, row, width, first, n int) view {
	v.offset = (row*width + first) * v.elem
	v.h, v.w, v.d = 1, 1, n
	v.strideX, v.strideY = n*v.elem, n*v.elem
	return v
}

// convolve appends the products with a filter, saturated to 16 bits.
func (l *lstm) convolve(x, sums view, f *filter) {
	k := &kernel{op: isa.OpConv, window: unit, ifm: x, ofm: sums, filter: f, round: arith.RoundDouble}
	if f.wide {
		k.acc40, k.round = true, arith.RoundNatural
	}
	k.actMin, k.actMax = typeRange(tflite.Int16)
	l.g.add(k)
}

// binary appends an elementwise operation and returns its kernel.
func (l *lstm) binary(mode int, a, b, out view, s scaling) *kernel {
	k := copyOf(a, out)
	k.op, k.mode, k.ifm2, k.ofmScale = isa.OpElementwise, mode, &b, s
	k.opa, k.opb = scaling{1, 0}, 1
	l.g.add(k)
	return k
}

// curve appends a built-in function.
func (l *lstm) curve(act int, x, out view, s scaling) {
	k := copyOf(x, out)
	k.act, k.ofmScale = act, s
	l.g.add(k)
}

// step appends the kernels of one step of a batch.
func (l *lstm) step(batch, row int, sums view) {
	u := l.units
	hidden, cell := l.row(l.hidden, batch, u, 0, u), l.row(l.cell, batch, u, 0, u)
	again, total := l.temp("hidden", 1, 4*u), l.temp("sum", 1, 4*u)
	l.convolve(hidden, again, l.recurrent)
	l.binary(isa.ElemAdd, l.row(sums, row, 4*u, 0, 4*u), again, total, scaling{1, 0})
	gates := l.temp("gates", 1, 4*u)
	unit := scaling{3, 0} // the functions count in units of 1/(3·4096)
	l.curve(actSigmoid, l.row(total, 0, 4*u, 0, 3*u), l.row(gates, 0, 4*u, 0, 3*u), unit)
	l.curve(actTanh, l.row(total, 0, 4*u, 3*u, u), l.row(gates, 0, 4*u, 3*u, u), unit)
	gate := func(n int) view { return l.row(gates, 0, 4*u, slices.Index(lstmGates[:], n)*u, u) }
	kept, added, bent := l.temp("kept", 1, u), l.temp("added", 1, u), l.temp("tanh", 1, u)
	l.binary(isa.ElemMul, gate(1), cell, kept, l.keep)
	l.binary(isa.ElemMul, gate(0), gate(2), added, l.update)
	sum := l.binary(isa.ElemAdd, kept, added, cell, scaling{1, 0})
	if l.clip > 0 {
		sum.actMin, sum.actMax = -l.clip, l.clip
	}
	l.curve(actTanh, cell, bent, l.tanh)
	l.binary(isa.ElemMul, gate(3), bent, hidden, l.emit)
	from, to := hidden, l.row(l.out, row, u, 0, u)
	from.zp, to.zp = 0, 0
	l.g.add(copyOf(from, to))
}
