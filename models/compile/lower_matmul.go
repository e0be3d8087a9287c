package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// lowerBatchMatmul lowers int8 BATCH_MATMUL of two computed matrices. Each row of
// the side that has fewer is multiplied by all rows of the other, and the products
// are summed over the depth, in 32 bits; one multiplication at the end rescales.
func (g *graph) lowerBatchMatmul(op *tflite.Operator) error {
	a, b, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if err := quantised(a, b, out); err != nil {
		return err
	}
	if a.Type != tflite.Int8 || b.Type != tflite.Int8 || out.Type != tflite.Int8 {
		return fmt.Errorf("matrices %s and %s give %s; the NPU needs int8", a.Type, b.Type, out.Type)
	}
	rank := len(out.Shape)
	if rank < 2 || len(a.Shape) < 2 || len(b.Shape) < 2 {
		return fmt.Errorf("shapes %v and %v give %v", a.Shape, b.Shape, out.Shape)
	}
	m := matmul{g: g, out: op.Outputs[0], batches: elements(out.Shape[:rank-2]), act: tflite.None}
	var err error
	if m.x, err = g.matrix(op.Inputs[0], op.Options.AdjX, m.batches); err != nil {
		return err
	}
	if m.y, err = g.matrix(op.Inputs[1], !op.Options.AdjY, m.batches); err != nil {
		return err
	}
	rows, columns := out.Shape[rank-2], out.Shape[rank-1]
	if m.x.depth != m.y.depth || m.x.rows != rows || m.y.rows != columns {
		return fmt.Errorf("shapes %v and %v give no %v", a.Shape, b.Shape, out.Shape)
	}
	return m.lower(float64(scale(a)*scale(b)) / float64(scale(out)))
}

// matmul is a product of matrices: the rows of x by those of y.
type matmul struct {
	g       *graph
	out     int
	batches int
	x, y    matrix
	bias    *view // one 32-bit number for each row of y, or nil
	act     tflite.Activation
}

// matrix is a view of rows side by side, of one batch or of each.
type matrix struct {
	view        view
	batch       int // bytes from one to the next, 0 where all batches share it
	rows, depth int
}

// matrix returns the last two dimensions of a tensor as rows, which a copy turns
// where they lie across.
func (g *graph) matrix(i int, across bool, batches int) (matrix, error) {
	t := g.tensor(i)
	v, err := g.full(i)
	if err != nil {
		return matrix{}, err
	}
	v.buf.plain = true
	rank := len(t.Shape)
	m := matrix{view: v, rows: t.Shape[rank-2], depth: t.Shape[rank-1]}
	own := elements(t.Shape[:rank-2])
	if own != 1 && own != batches {
		return matrix{}, fmt.Errorf("shape %v does not spread over %d batches", t.Shape, batches)
	}
	if own > 1 {
		m.batch = m.rows * m.depth
	}
	if !across {
		return m, nil
	}
	m.rows, m.depth = m.depth, m.rows
	turned := of(g.like(v.buf, t.Name+" turned", own, m.rows, m.depth), v.zp)
	turned.buf.plain = true
	if own > maxCopies {
		return matrix{}, fmt.Errorf("%d batches; the limit is %d", own, maxCopies)
	}
	for n := range own {
		from, to := v, turned
		from.zp, to.zp = 0, 0
		from.offset, to.offset = n*m.batch, n*m.batch
		from.h, from.w, from.d, to.h, to.w, to.d = m.rows, m.depth, 1, m.rows, m.depth, 1
		from.strideY, from.strideX = 1, m.rows
		to.strideY, to.strideX = m.depth, 1
		g.add(copyOf(from, to))
	}
	m.view = turned
	return m, nil
}

// part returns rows of a batch, along the width.
func (m *matrix) part(batch, first, n int) view {
	v := m.view
	v.offset = batch*m.batch + first*m.depth
	v.h, v.w, v.d = 1, n, m.depth
	v.strideX, v.strideY = m.depth, n*m.depth
	return v
}

// lower appends the kernels of a product that is scaled by a factor.
func (m *matmul) lower(factor float64) error {
	g, x, y := m.g, &m.x, &m.y
	if least := min(x.rows, y.rows); m.batches*least > maxCopies || max(x.rows, y.rows, x.depth) > maxDim {
		return fmt.Errorf("%d rows in %d batches; the limit is %d", least, m.batches, maxCopies)
	}
	number, exp := arith.QuantizeMultiplier(factor)
	if exp > 31 || exp < -32 {
		return fmt.Errorf("output scale %g is too far from the input scales", scale(g.tensor(m.out)))
	}
	mult, shift := g.number(number), uint(31-exp)
	lo, hi, err := clamp(g.tensor(m.out), m.act)
	if err != nil {
		return err
	}
	out, err := g.full(m.out)
	if err != nil {
		return err
	}
	out.buf.plain = true
	rows, columns := x.rows, y.rows
	stepP, stepQ := 4*columns, 4
	if y.rows < x.rows { // the results of a row of y lie in a column
		x, y, stepP, stepQ = y, x, stepQ, stepP
	}
	for b := range m.batches {
		sums := of(g.temp(g.tensor(m.out).Name+" sums", rows, columns, 1, 4), 0)
		sums.buf.plain = true
		for p := range x.rows {
			product := of(g.temp(g.tensor(m.out).Name+" products", 1, y.rows, x.depth, 4), 0)
			product.buf.plain = true
			one := x.part(b, p, 1)
			k := copyOf(y.part(b, 0, y.rows), product)
			k.op, k.mode, k.ifm2, k.ofmScale = isa.OpElementwise, isa.ElemMul, &one, scaling{1, 0}
			if y.rows > 1 {
				k.broadcast = 1 << 1
			}
			g.add(k)
			part := sums
			part.h, part.w = 1, y.rows
			part.offset, part.strideX, part.strideY = p*stepP, stepQ, y.rows*stepQ
			g.add(&kernel{
				op: isa.OpPool, mode: isa.PoolReduceSum, window: unit, ifm: product, ofm: part,
				global: true, ofmScale: scaling{1, 0}, actMin: -128, actMax: 127,
			})
		}
		if m.bias != nil {
			biased := of(g.temp(g.tensor(m.out).Name+" biased", rows, columns, 1, 4), 0)
			biased.buf.plain = true
			g.element32(isa.ElemAdd, sums, m.bias, biased, 0, false)
			sums = biased
		}
		to := out
		to.offset = b * rows * columns
		to.h, to.w, to.d = rows, columns, 1
		to.strideX, to.strideY = 1, columns
		last := g.element32(isa.ElemMul, sums, &mult, to, shift, false)
		last.actMin, last.actMax = lo, hi
	}
	return nil
}

// lowerInt32 lowers ADD, SUB and MUL of plain 32-bit integers. The NPU saturates
// where the kernels of TFLite wrap around.
func (g *graph) lowerInt32(op *tflite.Operator, mode int) error {
	in1, in2, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if in1.Type != in2.Type || in1.Type != out.Type || op.Options.Activation != tflite.None {
		return fmt.Errorf("operands %s and %s and output %s must have one type, and no activation", in1.Type, in2.Type, out.Type)
	}
	a, b, ofm, broadcast, swapped, err := g.operands(op)
	if err != nil {
		return err
	}
	for _, v := range []*view{&a, &b, &ofm} {
		v.buf.plain, v.zp = true, 0
	}
	g.element32(mode, a, &b, ofm, 0, swapped).broadcast = broadcast
	return nil
}
