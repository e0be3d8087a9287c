package cone

import (
	"errors"
	"fmt"

	"upset/npu/isa"
)

// Runner follows differences. It holds the memory that this needs, so that a
// long series allocates nothing. One goroutine uses a Runner at a time.
type Runner struct {
	p     *Program
	mem   difference
	a, b  changes
	table func(offset int) uint32
	lut   *[isa.LUTBytes]byte
	own   [isa.LUTBytes]byte // tables of Dense
	macs  int64
	left  []Byte
	moved []Byte

	altered []Altered // operations that run with other values
	deviate []Deviation

	in, in2, bytes []byte
	x, window      []int32
	acc32          []int32
	acc            []int64
	touched        touched
	nodes          []node
	taps           []int32
	deltas         []int64
	rows           []int64 // sums of the touched pixels
	runs           runs
	lanes, none    []int32
	out            []byte // of a pixel

	hostStep HostStep
	hostMem  *isa.Memory
	size     int  // bytes of SRAM of the trace
	forgiven bool // the host has seen differences
}

// Runner returns a runner for the program.
func (p *Program) Runner() *Runner {
	r := &Runner{p: p}
	r.table = r.word
	return r
}

// Propagate follows differences to the end of the stream. Before operation from
// starts, memory equals that of the recorded run except for the bytes in diff,
// and so do the lookup tables. A byte that is named twice has the later value.
//
// It returns the bytes that differ after the last operation, by ascending
// address, in a slice that is valid until the next call, and the
// multiply-accumulates spent. The error is ErrClock where the exact result is out
// of reach; other errors say that the arguments are wrong.
func (r *Runner) Propagate(t *Trace, from int, diff []Byte) (left []Byte, macs int64, err error) {
	return r.PropagateTo(t, from, len(r.p.ops), diff)
}

// PropagateTo is Propagate that stops before operation to starts.
func (r *Runner) PropagateTo(t *Trace, from, to int, diff []Byte) (left []Byte, macs int64, err error) {
	if t.p != r.p {
		return nil, 0, errors.New("cone: the trace belongs to another program; record one with this Program")
	}
	if from < 0 || to < from || to > len(t.ops) {
		return nil, 0, fmt.Errorf("cone: operations %d to %d of %d do not exist", from, to, len(t.ops))
	}
	r.mem.reset(t.size)
	r.macs, r.size, r.forgiven = 0, t.size, false
	for _, b := range diff {
		if int(b.Addr-isa.SRAMBase) >= t.size {
			return nil, 0, fmt.Errorf("cone: the byte at %#08x is not in the SRAM of %d bytes", b.Addr, t.size)
		}
		r.mem.set(b.Addr, b.Value)
	}
	if err := r.begun(t, from); err != nil {
		return nil, r.macs, err
	}
	for i, last := from, max(r.lastAltered(), r.lastDeviating()); i < to && (r.mem.live > 0 || i <= last); i++ {
		if err := r.step(i, &t.ops[i]); err != nil {
			return nil, r.macs, err
		}
	}
	r.left = r.left[:0]
	if r.mem.live > 0 {
		r.mem.each(Range{isa.SRAMBase, isa.SRAMBase + uint32(t.size)}, func(addr uint32) {
			r.left = append(r.left, Byte{addr, r.mem.values[addr-isa.SRAMBase]})
		})
	}
	return r.left, r.macs, nil
}

// step follows the differences through one operation.
func (r *Runner) step(op int, g *recorded) error {
	o, altered := &r.p.ops[op], r.alteredAt(op)
	if o.Kind == Host {
		r.host(o, g)
		return nil
	}
	if o.Kernel < 0 {
		return r.transfer(o)
	}
	for _, c := range o.Constants {
		if r.mem.any(c) {
			return ErrClock
		}
	}
	inRuns := o.lanes16 != nil && altered == nil
	changed := r.collect(o, g, inRuns)
	if (changed || altered != nil) && g.opaque != "" {
		return ErrClock
	}
	r.lut = g.lut
	deviating := r.deviating(op)
	if len(deviating) > 0 && (changed || altered != nil) {
		return ErrClock
	}
	if altered != nil {
		r.computeAltered(o.with(altered), g)
		return nil
	}
	r.mem.drop(o.Writes)
	if len(deviating) > 0 {
		return r.deviateIn(op, g, deviating)
	}
	if !changed {
		return nil
	}
	switch {
	case !inRuns:
		r.sparse(o, g)
	case o.Kind == Conv:
		r.convRuns(o, g)
	default:
		r.depthwiseRuns(o, g)
	}
	return nil
}

// collect finds the differences in the operands of an operation, in runs or one by one.
func (r *Runner) collect(o *operation, g *recorded, inRuns bool) (changed bool) {
	if inRuns && o.ifm.regular && o.ifm.outside == 0 {
		r.mem.collectRuns(&r.runs, &o.ifm, g.ifm)
		return len(r.runs.list) > 0
	}
	r.mem.collect(&r.a, &o.ifm, g.ifm)
	r.b.reset()
	if o.two {
		r.mem.collect(&r.b, &o.ifm2, g.ifm2)
	}
	if inRuns {
		r.runs.of(&r.a, &o.ifm)
	}
	return len(r.a.at)+len(r.b.at) > 0
}

// sparse computes what the differences of single elements reach.
func (r *Runner) sparse(o *operation, g *recorded) {
	switch o.Kind {
	case Conv:
		r.sparseConv(o, g)
	case Depthwise, AveragePool, ReduceSum:
		r.sparseSum(o, g)
	case MaxPool:
		r.sparseMax(o, g)
	default:
		r.sparseElementwise(o, g)
	}
}

// transfer follows the differences through a DMA operation.
func (r *Runner) transfer(o *operation) error {
	r.moved = r.moved[:0]
	for _, src := range o.Reads {
		if o.Kind == Table && r.mem.any(src) {
			return ErrClock
		}
		r.mem.each(src, func(addr uint32) {
			r.moved = append(r.moved, Byte{addr - o.src + o.dst, r.mem.values[addr-isa.SRAMBase]})
		})
	}
	r.mem.drop(o.Writes)
	if o.Kind == Copy {
		for _, b := range r.moved {
			r.mem.set(b.Addr, b.Value)
		}
	}
	return nil
}

// emit compares a new output element with the recorded one and notes the bytes
// that differ.
func (r *Runner) emit(o *operation, g *recorded, e int, bits uint32) {
	size := o.ofm.Bytes
	diff := bits ^ take(g.ofm, e, size)
	if size < 4 {
		diff &= 1<<(8*size) - 1
	}
	if diff == 0 {
		return
	}
	addr := o.ofm.at(e)
	for i := range uint32(size) {
		if diff>>(8*i)&0xff != 0 {
			r.mem.set(addr+i, byte(bits>>(8*i)))
		}
	}
}
