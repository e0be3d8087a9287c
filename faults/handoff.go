package faults

import (
	"sort"

	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// maxChanges bounds the bytes that are handed over (our choice).
const maxChanges = 1 << 20

// stored is a beat that the fault-free run wrote to memory. Which beats are written
// when does not depend on the data.
type stored struct {
	cycle uint64
	addr  uint32
	strb  uint8
}

// follow is the part of the engine that goes on without a clock.
type follow struct {
	program *cone.Program
	ops     []cone.Op
	stores  []stored
	loads   map[uint32][]uint32 // cycles at which a beat of SRAM was read, by its number
	loaded  int                 // beats in loads
	issued  []uint64            // cycle at which each operation was begun
}

// handOff is a worker's part of it.
type handOff struct {
	runner *cone.Runner
	diff   []cone.Byte
	marks  []uint64 // a bit per byte of SRAM: it differs and is not written again
	ends   []uint64
	macs   int64 // multiply-accumulates spent

	stay, gone []change // bytes that are not written again, and those that are

	deviations []cone.Deviation // outputs that values on their way will make wrong
	op         [4]int           // the operation in each bank, or -1
}

// newFollow prepares the hand-off, or returns nil where the stream does not allow
// it: then all is done on the clock.
func (e *Engine) newFollow() *follow {
	mem := new(isa.Memory)
	if err := e.program.Load(mem, e.zeroInput()); err != nil {
		return nil
	}
	p, err := cone.NewStreams(e.program.Config, e.streams(), e.hostSteps(), mem)
	if err != nil {
		return nil
	}
	f := &follow{program: p, ops: p.Ops(), loads: map[uint32][]uint32{}, issued: make([]uint64, len(p.Ops()))}
	if len(f.ops) != len(e.future.ops) {
		return nil
	}
	for i := range f.ops {
		if f.ops[i].Word != e.future.ops[i].word {
			return nil
		}
	}
	return f
}

func (e *Engine) zeroInput() []byte { return make([]byte, e.program.InputBytes()) }

// operations are those of the stream, none where there is nothing to follow.
func (f *follow) operations() []cone.Op {
	if f == nil {
		return nil
	}
	return f.ops
}

// maxLoads bounds the beats whose reads are kept (our choice).
const maxLoads = 8 << 20

// noteAccesses keeps the beats that a step read from SRAM and wrote to memory.
func (f *follow) noteAccesses(j *npu.Journal, cycle uint64) {
	for _, a := range j.Loads() {
		if k := a - isa.SRAMBase; k < isa.MaxSRAM && f.loaded < maxLoads {
			f.loads[k/8] = append(f.loads[k/8], uint32(cycle))
			f.loaded++
		}
	}
	for _, s := range j.Stores() {
		if s.External {
			f.stores = append(f.stores, stored{cycle, s.Addr, s.Bytes})
		}
	}
}

// under lists the operations under way in a state and the first one that has not
// begun.
func (e *Engine) under(s *npu.Flops) (list []int, next int) {
	f := e.future
	next = f.opAt[min(e.where(s), len(f.commands))]
	busy := 0
	for _, v := range s.CC.OpValid {
		busy += int(v)
	}
	dma := s.DMA.M2M.On != 0 || s.CC.DMAOut != 0
	for i := next - 1; i >= 0 && (busy > 0 || dma); i-- {
		switch {
		case f.ops[i].host:
		case !f.ops[i].dma && busy > 0:
			busy--
			list = append(list, i)
		case f.ops[i].dma && dma:
			dma = false
			list = append(list, i)
		}
	}
	return list, next
}

// reads reports whether an operation under way may still read its inputs.
func (e *Engine) reads(s *npu.Flops, op int) bool {
	o := &e.future.ops[op]
	if o.dma {
		return true
	}
	bank := o.bank
	ifm := &s.DMA.IFM
	// At most two operations are under way. Those that the input stage has not
	// passed lie at its bank or, where that is under way too, behind it.
	at := s.Trav.IFM.Bank
	passed := at != bank && (at == (bank+1)&3 || s.CC.OpValid[at&3] == 0)
	return !passed || ifm.Loading != 0 && ifm.LoadBank == bank
}

// untouched reports whether an operation under way has not read any byte of the
// list that lies in the given ranges: it will see them as they are.
func (f *follow) untouched(op int, list []change, ranges []cone.Range, now uint64) bool {
	if f.loaded >= maxLoads || f.issued[op] == 0 {
		return false
	}
	for _, r := range ranges {
		i := sort.Search(len(list), func(i int) bool { return list[i].addr >= r.Lo })
		for ; i < len(list) && list[i].addr < r.Hi; i++ {
			at := f.loads[(list[i].addr-isa.SRAMBase)/8]
			k := sort.Search(len(at), func(k int) bool { return uint64(at[k]) > now })
			if k > 0 && uint64(at[k-1]) >= f.issued[op] {
				return false
			}
		}
	}
	return true
}

// handOver goes on without a clock from a point where nothing differs but memory, in
// the bytes of w.list, and values that later operations will find in their
// registers. It reports false where that is not possible, or not yet.
// An operation under way that reads such bytes, but none of them up to now, is
// taken for one that has not begun.
func (w *Worker) handOver(r *Record, u *pursuit, ahead *outlook) bool {
	e, g, p := w.e, u.g, &u.g.points[u.i]
	h := w.handOffState()
	under, next := e.under(&p.flops)
	from := next
	for _, op := range under {
		o := &e.follow.ops[op]
		if touches(w.list, o.Constants) {
			return false
		}
		if !e.reads(&p.flops, op) || !touches(w.list, o.Reads) {
			continue
		}
		if !e.follow.untouched(op, w.list, o.Reads, p.cycle) {
			return false
		}
		from = min(from, op)
	}
	h.ends = g.ends(e.future, e.jobs, under, h.ends[:0])
	h.gather(w.list, e.follow.stores, under, e.follow.ops, p.cycle)
	if from < next && !h.begunAfresh(w.list, e.follow.ops[from:next]) {
		return false
	}
	h.deviations = h.deviations[:0]
	return w.propagate(r, u, from, ahead, PathHandOff)
}

// handOffState returns the worker's memory for the hand-off.
func (w *Worker) handOffState() *handOff {
	if w.hand == nil {
		w.hand = &handOff{runner: w.e.follow.program.Runner(), marks: make([]uint64, (len(w.m.Mem.SRAM)+63)/64)}
	}
	return w.hand
}

// MACs returns the multiply-accumulates that the worker has spent on following
// differences without a clock.
func (w *Worker) MACs() int64 {
	if w.hand == nil {
		return 0
	}
	return w.hand.macs
}

// begunAfresh reports whether operations that have begun may be taken for ones that have
// not: none of the bytes of the list that lie in what they write stays, since all that
// differs there is still to be written, nor is read before.
func (h *handOff) begunAfresh(list []change, ops []cone.Op) bool {
	h.stay = h.stay[:0]
	for _, b := range h.diff {
		h.stay = append(h.stay, change{b.Addr, b.Value})
	}
	h.gone = h.gone[:0]
	k := 0
	for _, c := range list {
		if k < len(h.stay) && h.stay[k].addr == c.addr {
			k++
			continue
		}
		h.gone = append(h.gone, c)
	}
	for i := range ops {
		if touches(h.stay, ops[i].Writes) {
			return false
		}
		for k := range ops[i:] { // what one reads before itself or a later one writes it
			for _, c := range h.gone {
				if written(ops[i+k:i+k+1], c.addr) && (covers(ops[i].Reads, c.addr) || covers(ops[i].Constants, c.addr)) {
					return false
				}
			}
		}
	}
	return true
}

// without fills diff with the bytes of the list that none of the operations writes.
func (h *handOff) without(list []change, ops []cone.Op) {
	h.diff = h.diff[:0]
	for _, c := range list {
		if !written(ops, c.addr) {
			h.diff = append(h.diff, cone.Byte{Addr: c.addr, Value: c.value})
		}
	}
}

func written(ops []cone.Op, addr uint32) bool {
	for i := range ops {
		if covers(ops[i].Writes, addr) {
			return true
		}
	}
	return false
}

// covers reports whether one of the ranges holds a byte.
func covers(list []cone.Range, addr uint32) bool {
	for _, r := range list {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

// overlap reports whether two lists of ranges have a byte in common.
func overlap(a, b []cone.Range) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Lo < y.Hi && y.Lo < x.Hi {
				return true
			}
		}
	}
	return false
}

// propagate follows the bytes of the hand-off, and operations with other values in
// their registers, from an operation to the end of the inference and fills in the
// record. It reports false where it must be seen on the clock what becomes of it:
// for example registers that will still be wrong in the next inference.
func (w *Worker) propagate(r *Record, u *pursuit, from int, ahead *outlook, path Path) bool {
	e, g := w.e, u.g
	if n := len(w.hand.diff); e.planted.dropByte && n > 0 {
		w.hand.diff = w.hand.diff[:n-1]
	}
	var left []cone.Byte
	var macs int64
	var err error
	if len(w.hand.deviations) > 0 {
		left, macs, err = w.hand.runner.PropagateDeviating(e.traceOf(g), from, w.hand.diff, w.hand.deviations)
	} else {
		left, macs, err = w.hand.runner.PropagateAltered(e.traceOf(g), from, w.hand.diff, ahead.altered)
	}
	w.hand.macs += macs
	if err != nil {
		return false
	}
	out, wrong := w.patched(g, left)
	alarm := e.leftAlarm(left)
	if alarm == 0 && !wrong && !e.options.AssumeReload && (ahead.next || e.inherits.reads(left)) {
		return false
	}
	if w.hand.runner.Forgiven() {
		w.wrong++
	}
	r.settle(g, path)
	if wrong || alarm > 0 {
		if out == nil {
			out = g.Output
		}
		r.Output = hashOutput(out)
		w.judged(r, g, out, alarm, 0)
	}
	w.strayed(r)
	w.delay(r, u.shift)
	return true
}

// touches reports whether a byte of the list lies in one of the ranges.
func touches(list []change, ranges []cone.Range) bool {
	for _, r := range ranges {
		i := sort.Search(len(list), func(i int) bool { return list[i].addr >= r.Lo })
		if i < len(list) && list[i].addr < r.Hi {
			return true
		}
	}
	return false
}

// ends lists the cycles by which operations have written all. A copy ends before
// the kernel operation behind it does.
func (g *Golden) ends(f *future, jobs []uint64, ops []int, list []uint64) []uint64 {
	for _, op := range ops {
		for op < len(f.ops)-1 && f.ops[op].dma {
			op++
		}
		end := g.Cycles
		if o := &f.ops[op]; o.host && o.job+1 < len(jobs) {
			end = jobs[o.job+1]
		} else if !o.dma && !o.host && o.kernel < len(g.Ops) {
			end = g.Ops[o.kernel].End
		}
		list = append(list, end)
	}
	return list
}

// gather fills diff with the bytes of the list that the operations under way do not
// write again after the given cycle: what they still write is right.
func (h *handOff) gather(list []change, stores []stored, under []int, ops []cone.Op, after uint64) {
	for _, c := range list {
		o := c.addr - isa.SRAMBase
		h.marks[o>>6] |= 1 << (o & 63)
	}
	first := sort.Search(len(stores), func(i int) bool { return stores[i].cycle > after })
	for k, op := range under {
		for i := first; i < len(stores) && stores[i].cycle <= h.ends[k]; i++ {
			s := &stores[i]
			o := s.addr - isa.SRAMBase
			if int(o>>6) >= len(h.marks) || h.marks[o>>6]>>(o&63)&uint64(s.strb) == 0 {
				continue
			}
			for _, r := range ops[op].Writes {
				if s.addr+7 >= r.Lo && s.addr < r.Hi {
					h.marks[o>>6] &^= uint64(s.strb) << (o & 63)
				}
			}
		}
	}
	h.diff = h.diff[:0]
	for _, c := range list {
		o := c.addr - isa.SRAMBase
		if h.marks[o>>6]>>(o&63)&1 != 0 {
			h.diff = append(h.diff, cone.Byte{Addr: c.addr, Value: c.value})
			h.marks[o>>6] &^= 1 << (o & 63)
		}
	}
}

// patched returns the output with the given bytes changed and whether it is wrong.
func (w *Worker) patched(g *Golden, left []cone.Byte) (out []byte, wrong bool) {
	at := 0
	for _, b := range w.e.program.Outputs {
		for _, c := range left {
			if o := int(c.Addr-isa.SRAMBase) - b.Offset; o >= 0 && o < b.Size {
				if out == nil {
					out = append([]byte(nil), g.Output...)
				}
				out[at+o] = c.Value
				wrong = true
			}
		}
		at += b.Size
	}
	return out, wrong
}

// noteBegin keeps the cycle at which an operation is begun. Operations of a kind
// begin in the order of the stream.
func (f *follow) noteBegin(n npu.Note, ops []futureOp) {
	if n.Kind == npu.NoteRetire {
		return
	}
	dma := n.Kind == npu.NoteDMAStart
	for i := range ops {
		if ops[i].dma == dma && !ops[i].host && f.issued[i] == 0 {
			f.issued[i] = n.Cycle
			return
		}
	}
}
