// Package stream tells what the command streams of a program will still do, seen from any of
// their words: which configuration is still looked at, which operations are under way, and
// whether two states of the machine have the same future.
package stream

import (
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// Stream is what the command streams of a program will still do, seen from any of
// their words. It tells which configuration bits cannot matter any more.
type Stream struct {
	program  *network.Program
	config   isa.Config
	Commands []uint32
	Ops      []Op
	opAt     []int // per word: the first operation at or behind it
	Sets     [isa.NumRegs][]int

	// The most that was outstanding in the fault-free run: limits above it are
	// never reached.
	mostReads  [2]uint8
	mostWrites [2]uint8

	Wrote [2]bool // somebody writes through a port

	// Of the fault-free run: when its jobs begin, and its length.
	Begins []uint64
	Cycles uint64
}

// Op is a kernel or DMA operation of the stream.
type Op struct {
	Word    int
	DMA     bool
	Host    bool  // it is what the host does behind a job
	Job     int   // of host: the job
	reset   bool  // of host: it resets the NPU before the next job
	Kernel  int   // kernel operations before this one
	Bank    uint8 // of a kernel operation: the configuration bank that it is issued from
	Setup   npu.Setup
	Table   bool  // it looks up a table
	Later   bool  // it or a later operation does
	regions uint8 // regions that it or a later operation uses, a bit for each
}

// New reads the stream of a program.
func New(p *network.Program) *Stream {
	f := &Stream{program: p, config: p.Config, Commands: p.Commands, opAt: make([]int, len(p.Commands)+1)}
	var r isa.Registers
	kernels := 0
	for i := 0; i < len(p.Commands); {
		w := p.Commands[i]
		kind, x := isa.Classify(w)
		next := i + 1
		var payload uint32
		if kind == isa.KindSet2 {
			if next < len(p.Commands) {
				payload = p.Commands[next]
			}
			next++
		}
		for k := i; k < min(next, len(p.Commands)); k++ {
			f.opAt[k] = len(f.Ops)
		}
		switch kind {
		case isa.KindSet, isa.KindSet2:
			f.noteSet(&r, x, i, w, payload)
		case isa.KindOp:
			kernels += f.noteOp(&r, isa.Opcode(x), w, i, kernels)
		}
		i = next
	}
	f.opAt[len(p.Commands)] = len(f.Ops)
	f.noteHost(p)
	used, table := uint8(0), false
	for i := len(f.Ops) - 1; i >= 0; i-- {
		o := &f.Ops[i]
		used |= o.regionsUsed()
		table = table || o.Table
		o.regions, o.Later = used, table
	}
	return f
}

// noteHost inserts what the host does behind each job, at the job's last word.
func (f *Stream) noteHost(p *network.Program) {
	if len(p.Jobs) == 0 {
		return
	}
	ops := make([]Op, 0, len(f.Ops)+len(p.Jobs))
	next, shift := 0, 0
	for k, j := range p.Jobs {
		stop := f.stop(j.First, j.First+j.Words)
		if j.Reset && next < len(f.Ops) {
			shift = f.Ops[next].Kernel
		}
		for ; next < len(f.Ops) && f.Ops[next].Word < j.First+j.Words; next++ {
			o := f.Ops[next]
			o.Bank = bankOf(o.Kernel - shift)
			ops = append(ops, o)
		}
		kernels := 0
		if n := len(ops); n > 0 {
			kernels = ops[n-1].Kernel
			if !ops[n-1].DMA && !ops[n-1].Host {
				kernels++
			}
		}
		ops = append(ops, Op{Word: stop, Host: true, Job: k, reset: p.Jobs[(k+1)%len(p.Jobs)].Reset, Kernel: kernels})
	}
	f.Ops = ops
	at := 0
	for w := range f.opAt {
		for at < len(ops) && ops[at].Word < w {
			at++
		}
		f.opAt[w] = at
	}
}

// stop is the word at which a stream ends.
func (f *Stream) stop(from, to int) int {
	for i := from; i < to; i++ {
		switch kind, x := isa.Classify(f.Commands[i]); {
		case kind == isa.KindSet2:
			i++
		case kind == isa.KindOp && isa.Opcode(x) == isa.OpStop:
			return i
		}
	}
	return to - 1
}

// Note keeps the most that was outstanding.
func (f *Stream) Note(d *npu.DMAState) {
	for p := range f.mostReads {
		f.mostReads[p] = max(f.mostReads[p], d.AXI[p].RdCount)
		f.mostWrites[p] = max(f.mostWrites[p], d.WrOut[p])
		f.Wrote[p] = f.Wrote[p] || d.AXI[p].WValid != 0 || d.AXI[p].WrCount != 0
	}
}

// noteSet records which registers a SET command writes.
func (f *Stream) noteSet(r *isa.Registers, reg, word int, w, payload uint32) {
	if reg < 0 {
		return
	}
	r.Set(reg, w, payload)
	f.Sets[reg] = append(f.Sets[reg], word)
	if s := isa.Table[reg].Shift; isa.Table[reg].Via != isa.ViaParam && s >= 0 {
		f.Sets[s] = append(f.Sets[s], word)
	}
}

// noteOp records an operation and returns 1 for a kernel operation.
func (f *Stream) noteOp(r *isa.Registers, op isa.Opcode, w uint32, word, kernels int) int {
	switch op {
	case isa.OpStop, isa.OpIRQ, isa.OpKernelWait, isa.OpDMAWait, isa.OpPMUMask:
		return 0
	case isa.OpDMAStart:
		f.Ops = append(f.Ops, Op{Word: word, DMA: true, Kernel: kernels, Setup: npu.Setup{Registers: *r, Op: op}})
		return 0
	}
	d := isa.Decode(r, op, isa.Param(w))
	f.Ops = append(f.Ops, Op{Word: word, Kernel: kernels, Bank: bankOf(kernels), Table: d.UsesLUT, Setup: npu.Setup{Registers: *r, Op: op, Param: isa.Param(w)}})
	return 1
}

// bankOf is the configuration bank of a kernel operation, counted from a reset on: they take
// the banks in turn.
func bankOf(kernel int) uint8 { return uint8(kernel & 3) }

func (o *Op) regionsUsed() uint8 {
	if o.Host {
		return 0
	}
	r := &o.Setup.Registers
	if o.DMA {
		return 1<<(r[isa.DMA0SrcRegion]&7) | 1<<(r[isa.DMA0DstRegion]&7)
	}
	d := isa.Decode(r, o.Setup.Op, o.Setup.Param)
	u := uint8(1)<<d.IFM.Region | 1<<d.OFM.Region
	if d.Binary && !d.UseScalar {
		u |= 1 << d.IFM2.Region
	}
	if d.UsesWeights {
		u |= 1 << (d.WeightReg & 7)
	}
	if d.UsesScales {
		u |= 1 << (d.ScaleReg & 7)
	}
	return u
}

// setBetween reports whether a register is set at a word in [from, to).
func (f *Stream) setBetween(reg, from, to int) bool {
	for _, w := range f.Sets[reg] {
		if w >= from {
			return w < to
		}
	}
	return false
}
