package faults

import (
	"upset/models/driver"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// future is what the command stream will still do, seen from any of its words. It
// tells which configuration bits cannot matter any more.
type future struct {
	config   isa.Config
	commands []uint32
	ops      []futureOp
	opAt     []int // per word: the first operation at or behind it
	sets     [isa.NumRegs][]int

	// The most that was outstanding in the fault-free run: limits above it are
	// never reached.
	reads  [2]uint8
	writes [2]uint8
}

// futureOp is a kernel or DMA operation of the stream.
type futureOp struct {
	word    int
	dma     bool
	host    bool  // it is what the host does behind a job
	job     int   // of host: the job
	reset   bool  // of host: it resets the NPU before the next job
	kernel  int   // kernel operations before this one
	bank    uint8 // of a kernel operation: the configuration bank that it is issued from
	setup   npu.Setup
	table   bool  // it looks up a table
	later   bool  // it or a later operation does
	regions uint8 // regions that it or a later operation uses, a bit for each
}

// newFuture reads the stream of a program.
func newFuture(p *driver.Program) *future {
	f := &future{config: p.Config, commands: p.Commands, opAt: make([]int, len(p.Commands)+1)}
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
			f.opAt[k] = len(f.ops)
		}
		switch kind {
		case isa.KindSet, isa.KindSet2:
			f.noteSet(&r, x, i, w, payload)
		case isa.KindOp:
			kernels += f.noteOp(&r, isa.Opcode(x), w, i, kernels)
		}
		i = next
	}
	f.opAt[len(p.Commands)] = len(f.ops)
	f.noteHost(p)
	used, table := uint8(0), false
	for i := len(f.ops) - 1; i >= 0; i-- {
		o := &f.ops[i]
		used |= o.regionsUsed()
		table = table || o.table
		o.regions, o.later = used, table
	}
	return f
}

// noteHost inserts what the host does behind each job, at the job's last word.
func (f *future) noteHost(p *driver.Program) {
	if len(p.Jobs) == 0 {
		return
	}
	ops := make([]futureOp, 0, len(f.ops)+len(p.Jobs))
	next, shift := 0, 0
	for k, j := range p.Jobs {
		stop := f.stop(j.First, j.First+j.Words)
		if j.Reset && next < len(f.ops) {
			shift = f.ops[next].kernel
		}
		for ; next < len(f.ops) && f.ops[next].word < j.First+j.Words; next++ {
			o := f.ops[next]
			o.bank = bankOf(o.kernel - shift)
			ops = append(ops, o)
		}
		kernels := 0
		if n := len(ops); n > 0 {
			kernels = ops[n-1].kernel
			if !ops[n-1].dma && !ops[n-1].host {
				kernels++
			}
		}
		ops = append(ops, futureOp{word: stop, host: true, job: k, reset: p.Jobs[(k+1)%len(p.Jobs)].Reset, kernel: kernels})
	}
	f.ops = ops
	at := 0
	for w := range f.opAt {
		for at < len(ops) && ops[at].word < w {
			at++
		}
		f.opAt[w] = at
	}
}

// stop is the word at which a stream ends.
func (f *future) stop(from, to int) int {
	for i := from; i < to; i++ {
		switch kind, x := isa.Classify(f.commands[i]); {
		case kind == isa.KindSet2:
			i++
		case kind == isa.KindOp && isa.Opcode(x) == isa.OpStop:
			return i
		}
	}
	return to - 1
}

// note keeps the most that was outstanding.
func (f *future) note(d *npu.DMAState) {
	for p := range f.reads {
		f.reads[p] = max(f.reads[p], d.AXI[p].RdCount)
		f.writes[p] = max(f.writes[p], d.WrOut[p])
	}
}

// noteSet records which registers a SET command writes.
func (f *future) noteSet(r *isa.Registers, reg, word int, w, payload uint32) {
	if reg < 0 {
		return
	}
	r.Set(reg, w, payload)
	f.sets[reg] = append(f.sets[reg], word)
	if s := isa.Table[reg].Shift; isa.Table[reg].Via != isa.ViaParam && s >= 0 {
		f.sets[s] = append(f.sets[s], word)
	}
}

// noteOp records an operation and returns 1 for a kernel operation.
func (f *future) noteOp(r *isa.Registers, op isa.Opcode, w uint32, word, kernels int) int {
	switch op {
	case isa.OpStop, isa.OpIRQ, isa.OpKernelWait, isa.OpDMAWait, isa.OpPMUMask:
		return 0
	case isa.OpDMAStart:
		f.ops = append(f.ops, futureOp{word: word, dma: true, kernel: kernels, setup: npu.Setup{Registers: *r, Op: op}})
		return 0
	}
	d := isa.Decode(r, op, isa.Param(w))
	f.ops = append(f.ops, futureOp{word: word, kernel: kernels, bank: bankOf(kernels), table: d.UsesLUT, setup: npu.Setup{Registers: *r, Op: op, Param: isa.Param(w)}})
	return 1
}

// bankOf is the configuration bank of a kernel operation, counted from a reset on: they take
// the banks in turn.
func bankOf(kernel int) uint8 { return uint8(kernel & 3) }

func (o *futureOp) regionsUsed() uint8 {
	if o.host {
		return 0
	}
	r := &o.setup.Registers
	if o.dma {
		return 1<<(r[isa.DMA0SrcRegion]&7) | 1<<(r[isa.DMA0DstRegion]&7)
	}
	d := isa.Decode(r, o.setup.Op, o.setup.Param)
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

// position is the word of the stream that the controller executes next.
func position(cc *npu.CCState) int {
	if cc.Parse != 0 {
		return int(cc.QRead / 4)
	}
	return int(cc.Offset / 4)
}

// setBetween reports whether a register is set at a word in [from, to).
func (f *future) setBetween(reg, from, to int) bool {
	for _, w := range f.sets[reg] {
		if w >= from {
			return w < to
		}
	}
	return false
}

// outlook is what the configuration of a state that differs from the fault-free run
// means for the operations to come.
type outlook struct {
	altered []cone.Altered // those that will compute with other values
	next    bool           // the next inference will, too
	blocked int            // the first that will do something else, or noneBlocked
	differ  []int          // the registers in which it will differ
}

const noneBlocked = -1

// plain reports whether nothing to come looks at what differs.
func (o *outlook) plain() bool {
	return o.blocked == noneBlocked && len(o.altered) == 0 && !o.next
}

// outlook reports whether the operations under way are configured the same as in the
// fault-free state b at a word, in the given sense, and what is to come. Values of the
// arithmetic decide neither what the machine does nor when.
func (f *future) outlook(a, b *npu.Flops, at int, same func(isa.Config, *npu.Setup, *npu.Setup) bool) (o outlook, ok bool) {
	o.blocked = noneBlocked
	if !f.banksAlike(a, b, at, same) {
		return o, false
	}
	f.walk(&a.CC.Bank[b.CC.Cur&3], &b.CC.Bank[b.CC.Cur&3], at, func(op int, s *npu.Setup, differ []int, again bool) bool {
		switch {
		case f.ops[op].dma || !npu.SameControl(f.config, s, &f.ops[op].setup):
			o.blocked, o.differ = op, differ
			if again {
				o.blocked = len(f.ops)
			}
			return false
		case again:
			o.next = true
		default:
			o.altered = append(o.altered, cone.Altered{Op: op, Decoded: isa.Decode(&s.Registers, s.Op, s.Param)})
		}
		return true
	})
	return o, true
}

// banksAlike compares the pointers to the stream and the configuration of the
// operations under way.
func (f *future) banksAlike(a, b *npu.Flops, at int, same func(isa.Config, *npu.Setup, *npu.Setup) bool) bool {
	x, y := &a.CC, &b.CC
	if x.QSize < y.QSize || x.QConfig != y.QConfig {
		return false
	}
	if !f.regionsAlike(x, y, f.used(b, at)) || x.Cur != y.Cur {
		return false
	}
	for k := range y.Bank {
		if k == int(y.Cur&3) || b.Left(uint8(k)) {
			continue
		}
		if x.Bank[k] == y.Bank[k] && x.OpCode[k] == y.OpCode[k] && x.OpParam[k] == y.OpParam[k] {
			continue
		}
		s := npu.Setup{Registers: x.Bank[k], Op: isa.Opcode(x.OpCode[k]), Param: uint32(x.OpParam[k])}
		t := npu.Setup{Registers: y.Bank[k], Op: isa.Opcode(y.OpCode[k]), Param: uint32(y.OpParam[k])}
		if !same(f.config, &s, &t) {
			return false
		}
	}
	return true
}

// used are the regions that operations under way or still to come use.
func (f *future) used(b *npu.Flops, pos int) uint8 {
	first := f.opAt[min(pos, len(f.commands))]
	busy := 0
	for _, v := range b.CC.OpValid {
		busy += int(v)
	}
	for first > 0 && busy > 0 {
		first--
		if !f.ops[first].dma && !f.ops[first].host {
			busy--
		}
	}
	var u uint8
	if first < len(f.ops) {
		u = f.ops[first].regions
	}
	if m := &b.DMA.M2M; m.On != 0 {
		u |= 1<<(m.SrcReg&7) | 1<<(m.DstReg&7)
	}
	return u
}

// regionsAlike compares base pointers and port limits of the regions in use.
func (f *future) regionsAlike(x, y *npu.CCState, used uint8) bool {
	limits := uint8(1) << (y.QConfig & 3)
	for k := range y.BaseP {
		if used>>k&1 == 0 {
			continue
		}
		if x.BaseP[k] != y.BaseP[k] || (x.RegionCfg^y.RegionCfg)>>(2*k)&3 != 0 {
			return false
		}
		limits |= 1 << (y.RegionCfg >> (2 * k) & 3)
	}
	for l := range y.Burst {
		if limits>>l&1 == 0 {
			continue
		}
		if x.Burst[l] != y.Burst[l] ||
			x.MaxReads[l] != y.MaxReads[l] && x.MaxReads[l] < f.reads[l>>1] ||
			x.MaxWrites[l] != y.MaxWrites[l] && x.MaxWrites[l] < max(f.writes[0], f.writes[1]) {
			return false
		}
	}
	return true
}

// walk follows the registers that differ in the bank that is being filled through
// the rest of the stream and once more through the whole of it, until they are set
// anew. It calls see for each operation that looks at one of them, with what that
// operation will find, and stops where see says no.
func (f *future) walk(a, b *isa.Registers, pos int, see func(op int, s *npu.Setup, differ []int, again bool) bool) {
	var differ []int
	for r := range b {
		if a[r] != b[r] {
			differ = append(differ, r)
		}
	}
	for pass := range 2 {
		from := pos
		if pass > 0 {
			from = 0
		}
		for i := f.opAt[min(from, len(f.commands))]; i < len(f.ops) && len(differ) > 0; i++ {
			o := &f.ops[i]
			if o.host {
				if o.reset {
					return // nothing is left of what differs
				}
				continue
			}
			left := differ[:0]
			for _, r := range differ {
				if !f.setBetween(r, from, o.word) {
					left = append(left, r)
				}
			}
			differ = left
			from = o.word
			if s, same := f.indifferent(o, a, differ); !same && !see(i, &s, differ, pass > 0) {
				return
			}
		}
	}
}

// indifferent reports whether an operation does the same with the given registers
// taken from a, and returns its setup with them.
func (f *future) indifferent(o *futureOp, a *isa.Registers, differ []int) (s npu.Setup, same bool) {
	if len(differ) == 0 {
		return s, true
	}
	s = o.setup
	for _, r := range differ {
		if o.dma && (r == int(isa.DMA0SrcRegion) || r == int(isa.DMA0DstRegion) || r == int(isa.DMA0Src) || r == int(isa.DMA0Dst) || r == int(isa.DMA0Len)) {
			return s, false
		}
		s.Registers[r] = a[r]
	}
	return s, o.dma || npu.SameEffect(f.config, &s, &o.setup)
}
