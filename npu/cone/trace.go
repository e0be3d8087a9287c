package cone

import (
	"bytes"
	"errors"
	"fmt"

	"upset/npu/functional"
	"upset/npu/isa"
)

// Trace is the recorded run of one input, from which differences are counted. It
// does not change and may be shared.
type Trace struct {
	p    *Program
	ops  []recorded
	size int // bytes of SRAM
}

// recorded is what one operation read, summed and wrote. Feature maps stand in
// HWC order.
type recorded struct {
	ifm, ifm2, ofm []byte
	sums           []int32 // accumulators of 32 bits, before bias and scale
	wide           []int64 // accumulators of 40 bits
	lut            *[isa.LUTBytes]byte
	opaque         string // why differences cannot be followed through it, or empty
}

// Bytes is about how much memory the trace takes. Maps that operations share are
// counted once for each.
func (t *Trace) Bytes() int {
	n := 0
	for i := range t.ops {
		g := &t.ops[i]
		n += len(g.ifm) + len(g.ifm2) + len(g.ofm) + 4*len(g.sums) + 8*len(g.wide)
	}
	return n
}

// Exact reports whether differences can be followed through operation op. Where
// they cannot, reason says why; differences that do not reach the operation are
// followed all the same.
func (t *Trace) Exact(op int) (ok bool, reason string) {
	return t.ops[op].opaque == "", t.ops[op].opaque
}

// Record runs the stream on the functional machine and keeps what differences
// need. Mem holds flash and the input, and afterwards the result. The operations
// are computed again by the dense kernels of this package: one that gives other
// bytes is not followed. The memory of a trace is a few bytes for each element
// of the feature maps.
func (p *Program) Record(mem *isa.Memory) (*Trace, error) {
	if err := p.fits(mem); err != nil {
		return nil, err
	}
	t := &Trace{p: p, ops: make([]recorded, len(p.ops)), size: len(mem.SRAM)}
	r := p.Runner()
	var host HostStep
	if p.hosts != nil {
		host = p.hosts()
	}
	var regs isa.Registers
	regs.Reset()
	table := new([isa.LUTBytes]byte)
	t.before(0, mem)
	done := 0 // operations before the stream
	for k := range p.streams {
		m := functional.New(p.cfg, mem, p.streams[k].Bases)
		m.Weights, m.Registers = p.cache, regs
		m.SetLUT(table[:])
		first := done
		m.AfterOp = func(i int, _ isa.Opcode, _ *isa.Decoded) {
			if i += first; i >= len(p.ops) {
				return
			}
			t.after(i, mem, r, table)
			if now := m.LUT(); !bytes.Equal(now, table[:]) {
				table = new([isa.LUTBytes]byte)
				copy(table[:], now)
			}
			done = i + 1
			t.before(done, mem)
		}
		if err := m.Run(p.streams[k].Commands); err != nil {
			return nil, fmt.Errorf("cone: the recorded run stops: %w", err)
		}
		regs = m.Registers
		if done < len(p.ops) && p.ops[done].Kind == Host && p.ops[done].n == k {
			t.ops[done].ifm = gatherRanges(nil, p.ops[done].Reads, mem)
			host(k, mem)
			t.ops[done].ofm = gatherRanges(nil, p.ops[done].Writes, mem)
			done++
			t.before(done, mem)
		} else if host != nil {
			host(k, mem)
		}
	}
	return t, nil
}

// fits checks that the memory holds all that the stream writes.
func (p *Program) fits(mem *isa.Memory) error {
	switch {
	case len(mem.SRAM) < p.extent:
		return fmt.Errorf("cone: the stream writes %d bytes of SRAM, the memory has %d; enlarge Memory.SRAM", p.extent, len(mem.SRAM))
	case len(mem.SRAM) > isa.MaxSRAM:
		return errors.New("cone: the SRAM is larger than the memory map")
	}
	return nil
}

// before keeps what operation i is about to read.
func (t *Trace) before(i int, mem *isa.Memory) {
	if i >= len(t.ops) {
		return
	}
	o, g := &t.p.ops[i], &t.ops[i]
	g.opaque = o.opaque
	if o.Kernel < 0 {
		return
	}
	if o.stale(mem) {
		g.opaque = "its weights or scale records are not those of the flash image"
	}
	g.ifm = t.keep(i, &o.ifm, mem)
	if o.two {
		g.ifm2 = t.keep(i, &o.ifm2, mem)
	}
}

// keep reads a feature map, and shares the bytes of an earlier output that is the
// same.
func (t *Trace) keep(i int, m *fieldMap, mem *isa.Memory) []byte {
	b := make([]byte, m.bytes())
	if !m.gather(b, mem) {
		return b // the run stops at this operation
	}
	const far = 8 // operations to look back (our choice)
	for j := i - 1; j >= max(0, i-far); j-- {
		for _, old := range [2][]byte{t.ops[j].ofm, t.ops[j].ifm} {
			if len(old) == len(b) && bytes.Equal(old, b) {
				return old
			}
		}
	}
	return b
}

// after keeps what operation i wrote, and checks the dense kernels against it.
func (t *Trace) after(i int, mem *isa.Memory, r *Runner, table *[isa.LUTBytes]byte) {
	o, g := &t.p.ops[i], &t.ops[i]
	if o.Kernel < 0 {
		return
	}
	g.lut = table
	g.ofm = make([]byte, o.ofm.bytes())
	o.ofm.gather(g.ofm, mem)
	if g.opaque != "" {
		return
	}
	g.hold(o)
	r.lut = table
	again := grow(&r.bytes, len(g.ofm))
	r.compute(o, g.ifm, g.ifm2, again, g)
	if !bytes.Equal(again, g.ofm) {
		g.opaque = "its dense form gives other bytes"
	}
}

// stale reports whether constants in SRAM are not what was decoded.
func (o *operation) stale(mem *isa.Memory) bool {
	for _, c := range o.constants {
		at, n := int(c.Lo-isa.SRAMBase), len(c.bytes)
		if at+n > len(mem.SRAM) || !bytes.Equal(mem.SRAM[at:at+n], c.bytes) {
			return true
		}
	}
	return false
}

// sums is the number of accumulators that a trace keeps.
func (o *operation) sums() int {
	switch o.Kind {
	case Conv, Depthwise, AveragePool:
		return o.ofm.elements()
	case ReduceSum:
		return o.ofm.h * o.ofm.w
	}
	return 0
}

// note keeps an accumulator. A nil receiver keeps nothing.
func (g *recorded) note(i int, sum int64) {
	switch {
	case g == nil:
	case g.wide != nil:
		g.wide[i] = sum
	default:
		g.sums[i] = int32(sum)
	}
}

// sum is a recorded accumulator.
func (g *recorded) sum(i int) int64 {
	if g.wide != nil {
		return g.wide[i]
	}
	return int64(g.sums[i])
}
