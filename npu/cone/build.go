package cone

import (
	"errors"
	"fmt"

	"upset/npu/isa"
)

// builder steps through a stream. Its memory follows only what DMA copies.
type builder struct {
	p     *Program
	bases [8]uint32 // of the stream
	regs  isa.Registers
	mem   isa.Memory
	total int
	ops   int
}

// add appends an operation, if op is one.
func (b *builder) add(op isa.Opcode, param uint32, word int) error {
	if !op.Kernel() && op != isa.OpDMAStart {
		return nil
	}
	o := operation{Op: Op{Index: len(b.p.ops), Kernel: -1, Word: word}}
	var err error
	if op == isa.OpDMAStart {
		err = b.dma(&o)
	} else {
		o.Kernel = b.ops
		b.ops++
		o.d = isa.Decode(&b.regs, op, param)
		err = b.kernel(&o)
	}
	if err != nil {
		return err
	}
	for _, r := range o.Writes {
		b.p.extent = max(b.p.extent, int(r.Hi-isa.SRAMBase))
	}
	if b.p.extent > len(b.mem.SRAM) {
		return errors.New("the output leaves the SRAM")
	}
	b.p.ops = append(b.p.ops, o)
	return nil
}

// dma describes a DMA operation and carries it out where its source is constant.
func (b *builder) dma(o *operation) error {
	t := isa.DecodeTransfer(&b.regs)
	o.Kind = Copy
	o.n = int(t.Bytes)
	o.src, o.dst = t.Ends(&b.bases)
	if o.n == 0 {
		return nil
	}
	if o.n > isa.MaxSRAM+isa.MaxFlash {
		return fmt.Errorf("DMA of %d bytes is longer than the memory", o.n)
	}
	o.Reads = clipped(nil, o.src, o.n)
	if t.Internal {
		o.Kind = Table
		return nil
	}
	if uint64(o.dst) < isa.SRAMBase || uint64(o.dst)+uint64(o.n) > isa.SRAMBase+uint64(len(b.mem.SRAM)) {
		return fmt.Errorf("DMA to %#08x leaves the SRAM", o.dst)
	}
	o.Writes = clipped(nil, o.dst, o.n)
	data := make([]byte, o.n)
	if !fetch(data, &b.mem, o.src) {
		return fmt.Errorf("DMA reads from %#08x, which is not in the memory map", o.src)
	}
	copy(b.mem.SRAM[o.dst-isa.SRAMBase:], data)
	return nil
}

// kernel describes a kernel operation.
func (b *builder) kernel(o *operation) error {
	d := &o.d
	o.Kind = kindOf(d)
	depth := d.OFMD
	if o.Kind == Conv || o.Kind == ReduceSum {
		depth = d.IFMD
	}
	h, w := d.SrcH, d.SrcW
	if o.Kind == Elementwise {
		if d.Mode > isa.ElemSHL {
			return fmt.Errorf("elementwise mode %d is not defined", d.Mode)
		}
		h, w = d.OFMH, d.OFMW
	}
	if err := b.check(o, h, w, depth); err != nil {
		return err
	}
	o.ifm = newFieldMap(d.IFM, b.bases, h, w, depth)
	o.ofm = newFieldMap(d.OFM, b.bases, d.OFMH, d.OFMW, d.OFMD)
	o.Writes = o.ofm.written()
	if o.ofm.outside > 0 {
		return errors.New("the output leaves the SRAM")
	}
	if o.ofm.overlaps {
		o.opaque = "elements of the output overlap"
	}
	o.Reads = o.ifm.runs
	if o.Kind == Elementwise {
		b.second(o)
	} else {
		o.rows = newAxis(d.IFMH, d.SrcH, d.Upscale, d.OFMH, d.KH, d.StrideY, d.DilY, d.PadTop)
		o.cols = newAxis(d.IFMW, d.SrcW, d.Upscale, d.OFMW, d.KW, d.StrideX, d.DilX, d.PadLeft)
	}
	o.out = newStage(d)
	if !d.UsesWeights {
		return nil
	}
	if err := b.constants(o); err != nil {
		if len(o.Constants) == 0 {
			return err // in flash: no run gets past it
		}
		o.opaque = err.Error()
	}
	o.stage()
	return nil
}

// second describes the second operand of an elementwise operation.
func (b *builder) second(o *operation) {
	d := &o.d
	o.two = d.Binary && !d.UseScalar
	if !o.two {
		return
	}
	h, w, c := d.OFMH, d.OFMW, d.OFMD
	if d.BcastH {
		h = 1
	}
	if d.BcastW {
		w = 1
	}
	if d.BcastC {
		c = 1
	}
	o.ifm2 = newFieldMap(d.IFM2, b.bases, h, w, c)
	o.Reads = merge(append(append([]Range(nil), o.ifm.runs...), o.ifm2.runs...))
}

// check refuses operations that are too large and counts their work.
func (b *builder) check(o *operation, h, w, depth int) error {
	d := &o.d
	ifm, ofm := float64(h)*float64(w)*float64(depth), float64(d.OFMH)*float64(d.OFMW)*float64(d.OFMD)
	if ifm > maxElements || ofm > maxElements {
		return fmt.Errorf("a feature map has %.3g elements, more than %d", max(ifm, ofm), maxElements)
	}
	if d.OFMH*d.KH > maxReach || d.OFMW*d.KW > maxReach {
		return fmt.Errorf("a kernel of %d × %d over %d × %d outputs is too large", d.KH, d.KW, d.OFMH, d.OFMW)
	}
	if b.total += int(ifm) + int(ofm); b.total > maxTotal {
		return fmt.Errorf("the feature maps of the stream have more than %d elements", maxTotal)
	}
	work := ofm * float64(d.KH) * float64(d.KW)
	switch o.Kind {
	case Elementwise:
		return nil
	case Conv:
		work *= float64(d.IFMD)
	case ReduceSum:
		work = work / float64(d.OFMD) * float64(d.IFMD)
	}
	const limit = 1 << 33 // as the functional machine
	if work > limit {
		return fmt.Errorf("%.3g multiply-accumulates are more than the limit of %d", work, limit)
	}
	o.MACs = int64(work)
	return nil
}

func kindOf(d *isa.Decoded) Kind {
	switch d.Op {
	case isa.OpConv:
		return Conv
	case isa.OpDepthwise:
		return Depthwise
	case isa.OpElementwise:
		return Elementwise
	}
	// Mode 3 is MAX, the upper bit has no effect (as in the functional machine).
	switch d.Mode & 3 {
	case isa.PoolAverage:
		return AveragePool
	case isa.PoolReduceSum:
		return ReduceSum
	}
	return MaxPool
}
