package golden

import (
	"sort"

	"upset/faults/stream"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Stored is a beat that the fault-free run wrote to memory. Which beats are written
// when does not depend on the data.
type Stored struct {
	Cycle uint64
	Addr  uint32
	Strb  uint8
}

// Dataflow is the part of the engine that goes on without a clock.
type Dataflow struct {
	Program *cone.Program
	Ops     []cone.Op
	Stores  []Stored
	loads   loads
	issued  []uint64 // cycle at which each operation was begun
	ended   []uint64 // cycle by which it had written all
	copying int      // the copy under way while the run is recorded, or none
}

const none = -1

// newFollow prepares the hand-off, or returns nil where the stream does not allow
// it: then all is done on the clock.
func (e *Runs) newFollow() *Dataflow {
	mem := new(isa.Memory)
	if err := e.program.Load(mem, e.zeroInput()); err != nil {
		return nil
	}
	p, err := cone.NewStreams(e.program.Config, e.streams(), e.hostSteps(), mem)
	if err != nil {
		return nil
	}
	f := &Dataflow{Program: p, Ops: p.Ops(), issued: make([]uint64, len(p.Ops())), ended: make([]uint64, len(p.Ops())), copying: none}
	if len(f.Ops) != len(e.Stream.Ops) {
		return nil
	}
	for i := range f.Ops {
		if f.Ops[i].Word != e.Stream.Ops[i].Word {
			return nil
		}
	}
	return f
}

func (e *Runs) zeroInput() []byte { return make([]byte, e.program.InputBytes()) }

// operations are those of the stream, none where there is nothing to follow.
func (f *Dataflow) operations() []cone.Op {
	if f == nil {
		return nil
	}
	return f.Ops
}

// noteBeat keeps a beat that was read from SRAM or written to memory.
func (f *Dataflow) noteBeat(addr uint32, strb uint8, write bool, cycle uint64) {
	if write {
		f.Stores = append(f.Stores, Stored{cycle, addr, strb})
	} else if k := addr - isa.SRAMBase; k < isa.MaxSRAM {
		f.loads.note(k/8, uint32(cycle))
	}
}

// Untouched reports whether an operation under way has not read any byte of the
// list that lies in the given ranges: it will see them as they are.
func (f *Dataflow) Untouched(op int, list []Change, ranges []cone.Range, now uint64) bool {
	if f.loads.full() || f.issued[op] == 0 {
		return false
	}
	for _, r := range ranges {
		i := sort.Search(len(list), func(i int) bool { return list[i].Addr >= r.Lo })
		for ; i < len(list) && list[i].Addr < r.Hi; i++ {
			at := f.loads.of((list[i].Addr - isa.SRAMBase) / 8)
			k := sort.Search(len(at), func(k int) bool { return uint64(at[k]) > now })
			if k > 0 && uint64(at[k-1]) >= f.issued[op] {
				return false
			}
		}
	}
	return true
}

// noteOperation keeps the cycles at which operations begin and at which kernel operations
// end. Those of a kind do so in the order of the stream.
func (f *Dataflow) noteOperation(n npu.Note, ops []stream.Op) {
	list, dma := f.issued, n.Kind == npu.NoteDMAStart
	if n.Kind == npu.NoteRetire {
		list = f.ended
	}
	for i := range ops {
		if ops[i].DMA == dma && !ops[i].Host && list[i] == 0 {
			list[i] = n.Cycle
			if dma {
				f.noteCopy(n.Cycle)
				f.copying = i
			}
			return
		}
	}
}

// noteCopy keeps the cycle at which the copy under way has ended, if there is one.
func (f *Dataflow) noteCopy(cycle uint64) {
	if f.copying != none {
		f.ended[f.copying], f.copying = cycle, none
	}
}

// Ended lists the cycles by which operations have written all. Nothing says that a copy is
// over before the kernel operation behind it, unless the stream waits for it.
func (e *Runs) Ended(ops []int, list []uint64) []uint64 {
	for _, op := range ops {
		end := e.Dataflow.ended[op]
		if o := &e.Stream.Ops[op]; o.Host {
			end = e.Found(o.Job + 1)
		} else if end == 0 {
			end = e.Cycles()
		}
		list = append(list, end)
	}
	return list
}

// streams are the jobs of the program as the hand-off takes them.
func (e *Runs) streams() []cone.Stream {
	p := e.program
	if len(p.Jobs) == 0 {
		return []cone.Stream{{Commands: p.Commands, Bases: p.Bases()}}
	}
	list := make([]cone.Stream, len(p.Jobs))
	for k, j := range p.Jobs {
		list[k] = cone.Stream{Commands: p.Commands[j.First : j.First+j.Words], First: j.First, Bases: j.Bases}
		for _, r := range p.HostReads(k + 1) {
			list[k].Reads = append(list[k].Reads, cone.Range(r))
		}
		for _, r := range p.HostWrites(k + 1) {
			list[k].Writes = append(list[k].Writes, cone.Range(r))
		}
	}
	return list
}

// hostSteps makes what the host does behind a stream, or is nil.
func (e *Runs) hostSteps() func() cone.HostStep {
	if len(e.program.Jobs) == 0 {
		return nil
	}
	return func() cone.HostStep {
		step := e.program.HostStep()
		return func(k int, mem *isa.Memory) { step(k+1, mem) }
	}
}

// TraceOf is the run of an input without a clock, nil where it cannot be followed.
func (e *Runs) TraceOf(g *Run) *cone.Trace {
	if !g.Followed {
		return nil
	}
	k := e.Traces.take(g, e.traceRoom())
	k.once.Do(func() {
		mem := new(isa.Memory)
		if err := e.program.Load(mem, g.Input); err != nil {
			return
		}
		// It was recorded before, so that it can be again.
		if g.known {
			k.value, _ = e.Dataflow.Program.Recompute(mem)
		} else {
			k.value, _ = e.Dataflow.Program.Record(mem)
		}
	})
	return k.value
}
