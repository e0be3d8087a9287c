package exhaustive

import (
	"bytes"
	"fmt"

	"upset/faults"
	"upset/models/driver"
	"upset/npu"
	"upset/npu/isa"
)

// moment is the fault-free machine at one cycle.
type moment struct {
	flops    npu.Flops
	ram, mem []byte
	hashes   [2]key
}

// golden is the fault-free run of an input and of the next one, cycle by cycle.
type golden struct {
	program *driver.Program
	engine  *faults.Engine
	input   []byte
	output  []byte
	// The second inference is of another input, as in package faults.
	next, nextOutput []byte
	cycles           int
	first            []moment // cycles 0 to the end
	second           []moment // of the second inference, which starts at the cycle where the first ends
	limit            uint64
}

func newMachine(e *faults.Engine, input []byte) (*npu.Machine, error) {
	p, mem := e.Program(), new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		return nil, err
	}
	m := npu.New(p.Config, e.Options().System, e.Options().ECC, mem)
	m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(p.SRAMBytes())
	return m, nil
}

// record runs both inferences of an input without faults.
func record(e *faults.Engine, input, following []byte) (*golden, *runner, error) {
	m, err := newMachine(e, input)
	if err != nil {
		return nil, nil, err
	}
	p := e.Program()
	g := &golden{program: p, engine: e, input: input, next: following, cycles: int(e.Cycles()), limit: e.Watchdog()}
	m.Start(p.StreamAddr(), 4*len(p.Commands), p.Bases())
	r := newRunner(m)
	if g.first, err = g.follow(r); err != nil {
		return nil, nil, err
	}
	if len(g.first) != g.cycles+1 {
		return nil, nil, fmt.Errorf("the fault-free run took %d cycles, the engine says %d", len(g.first)-1, g.cycles)
	}
	g.output = p.ReadOutputs(m.Mem)
	g.again(r)
	if g.second, err = g.follow(r); err != nil {
		return nil, nil, err
	}
	g.nextOutput = p.ReadOutputs(m.Mem)
	if alone, err := p.RunFunctional(following); err != nil || !bytes.Equal(g.nextOutput, alone) {
		return nil, nil, fmt.Errorf("the second inference differs from one of its input alone: the network keeps a state, which this package does not follow (%v)", err)
	}
	r.back()
	return g, r, nil
}

// follow notes every cycle until the machine stops.
func (g *golden) follow(r *runner) (list []moment, err error) {
	for {
		q := moment{flops: r.m.S.Flops, ram: bytes.Clone(r.ram), mem: bytes.Clone(r.mem), hashes: r.hashes}
		if n := len(list); n > 0 && q.hashes == list[n-1].hashes {
			q.ram, q.mem = list[n-1].ram, list[n-1].mem
		}
		list = append(list, q)
		switch st := r.m.Status(); {
		case st == npu.Done:
			return list, nil
		case st != npu.Running || len(list) > MaxCycles:
			return nil, fmt.Errorf("the fault-free run must end within %d cycles: %v, %s", MaxCycles, st, r.m.Describe())
		}
		if r.step(); r.full {
			return nil, errJournal
		}
	}
}

// again starts the next inference as package faults does: the host writes the input,
// and the clock stands at the fault-free end.
func (g *golden) again(r *runner) {
	m := r.m
	m.S.Bus.Cycle = uint64(g.cycles)
	for i := range m.S.Bus.Port {
		m.S.Bus.Port[i].NextR, m.S.Bus.Port[i].NextW = 0, 0
	}
	input := g.next
	for _, b := range g.program.Inputs {
		for k, v := range input[:b.Size] {
			if b.Offset >= 0 {
				m.Mem.SRAM[b.Offset+k] = v
				r.settle(isa.SRAMBase + uint32(b.Offset+k))
			}
		}
		input = input[b.Size:]
	}
	m.Start(g.program.StreamAddr(), 4*len(g.program.Commands), g.program.Bases())
}
