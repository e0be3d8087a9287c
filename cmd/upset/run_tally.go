package main

import (
	"fmt"
	"io"

	"upset/models/network"
	"upset/models/readings"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// Names of the two AXI ports in results: port 0 reaches the SRAM, port 1 the
// flash.
var portNames = [2]string{"axi0", "axi1"}

// nobody owns the cycles that are kept for the operation that starts next.
const nobody = -1

// tally attributes every cycle of a run to one operation: to that on the MAC
// array, else to the oldest kernel operation under way, else to the DMA under
// way, else to the operation that starts next. The cycles of all operations so
// add up to those of the run, and none has more MACs than its cycles allow. Bus
// traffic goes the same way.
type tally struct {
	m          *npu.Machine
	operations []result.RunOperation
	details    []readings.Operation // of the same operations
	trace      io.Writer
	err        error

	kernels, dmas []int  // operations in order of issue
	active        []int  // kernel operations under way, the oldest first
	banks         [4]int // operation of each configuration bank
	dma           int    // DMA under way, or nobody
	owner         int
	busy          uint64    // cycles with a read under way on port 1
	calm, worked  uint64    // cycles without a product or an output, and products and outputs so far
	wrote         [2]uint64 // beats that have an operation whose output they are
	writer        [2]int    // operation whose beat stands at the port
	pending       sample
	last          sample
}

// sample is a reading of the counters that are split by operation.
type sample struct {
	cycle, busy, calm uint64
	read, write       [2]uint64
}

func (a sample) sub(b sample) sample {
	return sample{a.cycle - b.cycle, a.busy - b.busy, a.calm - b.calm, [2]uint64{a.read[0] - b.read[0], a.read[1] - b.read[1]}, [2]uint64{a.write[0] - b.write[0], a.write[1] - b.write[1]}}
}

func (a sample) add(b sample) sample {
	return sample{a.cycle + b.cycle, a.busy + b.busy, a.calm + b.calm, [2]uint64{a.read[0] + b.read[0], a.read[1] + b.read[1]}, [2]uint64{a.write[0] + b.write[0], a.write[1] + b.write[1]}}
}

// newTally prepares the table of a program's operations and observes the machine.
func newTally(m *npu.Machine, p *network.Program, trace io.Writer) *tally {
	t := &tally{m: m, trace: trace, dma: nobody, owner: nobody}
	for i, op := range p.Operations {
		t.operations = append(t.operations, result.RunOperation{Index: i, Name: op.Name, Kind: op.Kind, MACs: op.MACs})
		t.details = append(t.details, readings.Operation{})
		if op.Kind == "dma" {
			t.dmas = append(t.dmas, i)
		} else {
			t.kernels = append(t.kernels, i)
		}
	}
	m.Probe.Note = t.note
	return t
}

// note follows the machine's operations.
func (t *tally) note(n npu.Note) {
	switch n.Kind {
	case npu.NoteIssue:
		if len(t.kernels) > 0 {
			t.log(n.Cycle, "issue", t.kernels[0])
			t.banks[n.Bank&3] = t.kernels[0]
			cc := &t.m.S.CC
			d := isa.Decode(&cc.Bank[n.Bank&3], isa.Opcode(cc.OpCode[n.Bank&3]), uint32(cc.OpParam[n.Bank&3]))
			t.details[t.kernels[0]].Decoded = &d
			t.active, t.kernels = append(t.active, t.kernels[0]), t.kernels[1:]
		}
	case npu.NoteRetire:
		if len(t.active) > 0 {
			t.log(n.Cycle, "retire", t.active[0])
			t.active = t.active[1:]
		}
	case npu.NoteDMAStart:
		if len(t.dmas) > 0 {
			t.log(n.Cycle, "dma start", t.dmas[0])
			t.dma, t.dmas = t.dmas[0], t.dmas[1:]
		}
	}
}

// step looks after a clock cycle whether a DMA has ended or the cycles get
// another owner.
func (t *tally) step() {
	if t.m.S.Bus.Port[1].Count > 0 {
		t.busy++
	}
	if n := t.m.Events[npu.EvMACActive] + t.m.Events[npu.EvAOActive]; n == t.worked {
		t.calm++
	} else {
		t.worked = n
	}
	t.written()
	if t.dma >= 0 && t.m.S.CC.DMAOut == 0 {
		t.log(t.m.Cycle(), "dma end", t.dma)
		t.dma = nobody
	}
	if now := t.current(); now != t.owner {
		t.flush()
		t.owner = now
	}
}

// written gives the beats that the memory has taken to the operation whose output stood
// at the port before the clock, and notes whose stands there now.
func (t *tally) written() {
	for port := range t.wrote {
		n := t.m.Events[npu.EvAXIWriteBeat+npu.Event(port)]
		if op := t.writer[port]; n != t.wrote[port] && op >= 0 && op < len(t.details) {
			t.details[op].Written[port] += int64(n - t.wrote[port])
		}
		t.wrote[port] = n
		if t.m.S.DMA.AXI[port].WChan != 0 {
			t.writer[port] = t.dma
		} else {
			t.writer[port] = t.banks[t.m.S.Trav.OFM.Bank&3]
		}
	}
}

// current is the operation that owns the next cycle.
func (t *tally) current() int {
	mac := &t.m.S.Trav.MAC
	switch {
	case len(t.active) > 0 && mac.On != 0:
		return t.banks[mac.Bank&3]
	case len(t.active) > 0:
		return t.active[0]
	}
	return t.dma
}

func (t *tally) log(cycle uint64, what string, op int) {
	if t.trace == nil || t.err != nil {
		return
	}
	o := &t.operations[op]
	_, t.err = fmt.Fprintf(t.trace, "%d,%s,%d,%s,%s\n", cycle, what, op, o.Kind, quoteCSV(o.Name))
}

func (t *tally) read() sample {
	e := &t.m.Events
	return sample{
		t.m.Cycle(), t.busy, t.calm, [2]uint64{e[npu.EvAXIReadBeat], e[npu.EvAXIReadBeat1]},
		[2]uint64{e[npu.EvAXIWriteBeat], e[npu.EvAXIWriteBeat1]},
	}
}

// flush gives what has happened since the last change to its owner.
func (t *tally) flush() {
	now := t.read()
	delta := now.sub(t.last)
	t.last = now
	if t.owner == nobody {
		t.pending = t.pending.add(delta)
		return
	}
	t.give(t.owner, delta)
}

// give adds a part of the run, and what was waiting for an owner, to an
// operation.
func (t *tally) give(op int, d sample) {
	d = d.add(t.pending)
	t.pending = sample{}
	o := &t.operations[op]
	o.Cycles += int64(d.cycle)
	t.details[op].Busy += int64(d.busy)
	t.details[op].Calm += int64(d.calm)
	for port, name := range portNames {
		t.details[op].Read[port] += int64(d.read[port])
		addBytes(&o.ReadBytes, name, d.read[port])
		addBytes(&o.WriteBytes, name, d.write[port])
	}
}

func addBytes(m *map[string]int64, port string, beats uint64) {
	if beats == 0 {
		return
	}
	if *m == nil {
		*m = map[string]int64{}
	}
	(*m)[port] += int64(beats) * beatBytes
}

// finish gives the rest of the run to the last operation and computes the
// utilisation.
func (t *tally) finish() {
	t.flush()
	if n := len(t.operations); n > 0 {
		t.give(n-1, sample{})
	}
	for i := range t.operations {
		o := &t.operations[i]
		if o.Cycles > 0 {
			o.Utilisation = float64(o.MACs) / (float64(o.Cycles) * float64(t.m.Spec.MACs))
		}
	}
}
