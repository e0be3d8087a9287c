package residue

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// pause are the cycles that pass between two inferences (our choice): more than any
// memory takes to answer, so that nothing is under way any more.
const pause = 1 << 20

// bench is a plain machine with a host of its own. It steps every clock and shares
// nothing with the engine whose verdicts it is to judge but the machine itself.
type bench struct {
	program *network.Program
	machine *npu.Machine
	limit   uint64 // cycles after which the watchdog ends an inference
}

// newBench builds a machine that stands at the start of the inference of an input.
func newBench(e *engine.Engine, input []byte) (*bench, error) {
	p, mem := e.Program(), new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		return nil, err
	}
	b := &bench{program: p, limit: 2*e.Cycles() + 10_000}
	b.machine = npu.New(p.Config, e.Options().System, e.Table().ECC, mem)
	b.machine.WindowLo, b.machine.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(p.SRAMBytes())
	b.start()
	return b, nil
}

func (b *bench) start() {
	b.program.Start(b.machine)
}

// next lets some time pass, writes an input and starts the NPU, which keeps its state.
func (b *bench) next(input []byte) {
	m := b.machine
	m.S.Bus.Cycle += pause
	b.program.Renew(m.Mem, input)
	b.start()
}

// run steps to the end of the inference, which begins now, or to the watchdog.
func (b *bench) run() {
	end := b.machine.Cycle() + b.limit
	for b.machine.S.CC.Run != 0 && b.machine.Cycle() < end {
		b.machine.Step()
	}
}

// harm is what an inference did that it must not, as an outcome, or Masked.
func (b *bench) harm(want []byte) faults.Outcome {
	switch st := b.machine.Status(); {
	case b.machine.S.Bus.Stray != 0:
		return faults.StrayWrite
	case st == npu.Running || st == npu.Timeout:
		return faults.DUEHang
	case st != npu.Done:
		return faults.DUEDetected
	case !bytes.Equal(b.program.ReadOutputs(b.machine.Mem), want):
		return faults.SDCCritical
	}
	return faults.Masked
}

// state is a hash of everything that the machine and the memory that it may write hold,
// but for what nothing reads: the number of the cycle and the performance counters.
// Times of the bus that have come are alike.
func (b *bench) state() [32]byte {
	m := b.machine
	f := m.S.Flops
	now := f.Bus.Cycle
	f.Bus.Cycle, f.PMU = 0, npu.PMUState{}
	for i := range f.Bus.Port {
		p := &f.Bus.Port[i]
		for _, t := range append([]*uint64{&p.NextR, &p.NextW}, times(p)...) {
			if *t != ^uint64(0) {
				*t = max(*t, now) - now
			}
		}
	}
	h := sha256.New()
	if err := binary.Write(h, binary.LittleEndian, &f); err != nil {
		panic(err) // flops are of fixed size, and a hash takes all
	}
	h.Write(m.S.RAM.Mem[:])
	h.Write(m.S.RAM.Syn[:])
	h.Write(m.Mem.SRAM[:b.program.SRAMBytes()])
	return [32]byte(h.Sum(nil))
}

func times(p *npu.PortState) (list []*uint64) {
	for i := range p.Ready {
		list = append(list, &p.Ready[i])
	}
	for i := range p.BReady {
		list = append(list, &p.BReady[i])
	}
	return list
}

// right is the run of a machine without a fault: the inference of an input, and those
// that follow in the order of this package.
type right struct {
	e     *engine.Engine
	input int

	mu    sync.Mutex
	bench *bench
	ends  []ending
}

// ending is the end of an inference: what it gave and a hash of what it left.
type ending struct {
	output []byte
	state  [32]byte
}

// order is the input of the k-th inference behind one, from 1 on. The classification
// takes the inputs forwards; here they go backwards, and two of them in pairs.
func order(input, k, n int) int {
	if n == 2 {
		return (input + (k+1)/2) % 2
	}
	return ((input-k)%n + n) % n
}

// at is the end of the k-th inference, 0 for that of the input itself.
func (r *right) at(k int) (ending, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.ends) <= k {
		if r.bench == nil {
			var err error
			if r.bench, err = newBench(r.e, r.e.Golden(r.input).Input); err != nil {
				return ending{}, err
			}
		} else {
			r.bench.next(r.e.Golden(order(r.input, len(r.ends), r.e.Inputs())).Input)
		}
		r.bench.run()
		if st := r.bench.machine.Status(); st != npu.Done {
			return ending{}, fmt.Errorf("inference %d without a fault ended with a %v: please report this network", len(r.ends), st)
		}
		r.ends = append(r.ends, ending{bytes.Clone(r.bench.program.ReadOutputs(r.bench.machine.Mem)), r.bench.state()})
	}
	return r.ends[k], nil
}

// followed is what became of an upset.
type followed struct {
	clean bool             // the inference left the very state of a run without a fault
	first faults.Outcome   // of the inference with the upset, Masked if it ended right
	later []faults.Outcome // of those behind it, up to the first that went wrong
}

// follow repeats an upset on a plain machine and runs up to so many inferences behind
// it. It ends early where one goes wrong, or where the state is that of a run without
// a fault, to the bit: all that follows is the same then.
func (r *right) follow(s faults.Site, later int) (followed, error) {
	f := followed{first: faults.Masked}
	b, err := newBench(r.e, r.e.Golden(r.input).Input)
	if err != nil {
		return f, err
	}
	for b.machine.Cycle() < s.Cycle {
		b.machine.Step()
	}
	if _, _, err := r.e.Table().Flip(b.machine, s.ID); err != nil {
		return f, err
	}
	for k := range later + 1 {
		want, err := r.at(k)
		if err != nil {
			return f, err
		}
		if k > 0 {
			b.next(r.e.Golden(order(r.input, k, r.e.Inputs())).Input)
			b.run()
		} else {
			for b.machine.S.CC.Run != 0 && b.machine.Cycle() < b.limit {
				b.machine.Step()
			}
		}
		o := b.harm(want.output)
		if k == 0 {
			f.first = o
		} else {
			f.later = append(f.later, o)
		}
		same := o == faults.Masked && b.state() == want.state
		if k == 0 {
			f.clean = same
		}
		if o != faults.Masked || same {
			break
		}
	}
	return f, nil
}

// harmed reports that an inference did not end as it should.
func (f *followed) harmed() bool {
	if f.first != faults.Masked {
		return true
	}
	return len(f.later) > 0 && f.later[len(f.later)-1] != faults.Masked
}
