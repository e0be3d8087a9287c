package exhaustive

import (
	"bytes"
	"errors"
	"fmt"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// moment is the fault-free machine at one cycle.
type moment struct {
	flops    npu.Flops
	ram, mem []byte
	hashes   [2]key
}

// faultFree is the fault-free run of an input and of the next one, cycle by cycle.
type faultFree struct {
	program *network.Program
	engine  *engine.Engine
	number  int // of the input
	input   []byte
	output  []byte
	// Inferences of other inputs follow, as in package faults.
	later  []later
	cycles int
	first  []moment // cycles 0 to the end
	second []moment // of the second inference, which starts at the cycle where the first ends
	limit  uint64
}

// later is an inference behind the first one.
type later struct{ input, output []byte }

// newGolden says which inferences follow. Their outputs are those of the functional
// machine.
func newGolden(e *engine.Engine, number int) (*faultFree, error) {
	gold := e.Golden(number)
	g := &faultFree{program: e.Program(), engine: e, number: number, input: gold.Input, output: gold.Output, cycles: int(e.Cycles()), limit: e.Watchdog()}
	for k := 1; k <= faults.MaxFollowed+1; k++ {
		in := e.Golden((number + k) % e.Inputs()).Input
		if e.Inputs() == 1 && k%2 != 0 {
			in = gold.Next
		}
		out, err := g.program.RunFunctional(in)
		if err != nil {
			return nil, err
		}
		g.later = append(g.later, later{in, out})
	}
	return g, nil
}

func newMachine(e *engine.Engine, input []byte) (*npu.Machine, error) {
	p, mem := e.Program(), new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		return nil, err
	}
	m := npu.New(p.Config, e.Options().System, e.Options().ECC, mem)
	m.WindowLo, m.WindowHi = isa.SRAMBase, isa.SRAMBase+uint32(p.SRAMBytes())
	return m, nil
}

// record runs an input and the inference behind it without faults.
func record(e *engine.Engine, number int) (*faultFree, *runner, error) {
	g, err := newGolden(e, number)
	if err != nil {
		return nil, nil, err
	}
	m, err := newMachine(e, g.input)
	if err != nil {
		return nil, nil, err
	}
	p := e.Program()
	p.Start(m)
	r := newRunner(m)
	if g.first, err = g.follow(r); err != nil {
		return nil, nil, err
	}
	if len(g.first) != g.cycles+1 {
		return nil, nil, fmt.Errorf("the fault-free run took %d cycles, the engine says %d", len(g.first)-1, g.cycles)
	}
	g.output = p.ReadOutputs(m.Mem)
	g.again(r, 1)
	if g.second, err = g.follow(r); err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(p.ReadOutputs(m.Mem), g.later[0].output) {
		return nil, nil, errors.New("the second inference differs from one of its input alone: the network keeps a state, which this package does not follow")
	}
	r.back()
	return g, r, nil
}

// follow notes every cycle until the machine stops.
func (g *faultFree) follow(r *runner) (list []moment, err error) {
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

// again starts the k-th inference behind the first as package faults does: the host
// writes the input, the clock stands at the fault-free end, and what was under way on the
// bus has arrived.
func (g *faultFree) again(r *runner, k int) {
	m := r.m
	now := uint64(g.cycles)
	m.S.Bus.Cycle = now
	for i := range m.S.Bus.Port {
		p := &m.S.Bus.Port[i]
		p.NextR, p.NextW = 0, 0
		for k, t := range p.Ready {
			p.Ready[k] = min(t, now)
		}
		for k, t := range p.BReady {
			if t != ^uint64(0) {
				p.BReady[k] = min(t, now)
			}
		}
	}
	input := g.later[k-1].input
	for _, b := range g.program.Inputs {
		for k, v := range input[:b.Size] {
			if b.Offset >= 0 {
				m.Mem.SRAM[b.Offset+k] = v
				r.settle(isa.SRAMBase + uint32(b.Offset+k))
			}
		}
		input = input[b.Size:]
	}
	g.program.Start(m)
}
