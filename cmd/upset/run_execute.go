package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"upset/models/network"
	"upset/models/readings"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

const (
	// checkEvery is the number of cycles between looks at the context.
	checkEvery = 1 << 16
	// hangAfter is the number of cycles without a transfer or a calculation
	// after which a run is taken for hung. It exceeds every latency that a
	// system file may have (our choice).
	hangAfter = 20 * maxLatency
	// beatBytes is the width of an AXI port (64 bits).
	beatBytes = 8
)

// inference runs one network on the cycle-level machine, checks every NPU part
// against the functional machine, and tells cycles by operation.
type inference struct {
	ctx    context.Context
	system npu.System
	trace  io.Writer            // may be nil
	chrome *tracer              // may be nil
	show   func(operations int) // how many are done, may be nil

	operations []result.RunOperation
	details    []readings.Operation // of the operations that the NPU does, in order
	frames     int                  // inferences of a sequence with state kept
	outputs    []network.Binding    // of the whole sequence
	events     [npu.NumEvents]uint64
	cycles     uint64
	state      hash.Hash
}

func newInference(ctx context.Context, s npu.System) *inference {
	return &inference{ctx: ctx, system: s, state: sha256.New(), frames: 1}
}

// digest is the SHA-256 over the final states of the machine.
func (r *inference) digest() string { return hex.EncodeToString(r.state.Sum(nil)) }

// run executes the network. Operators that the host computes are listed with
// zero cycles.
func (r *inference) run(n *network.Network, input []byte) ([]byte, error) {
	p, err := n.Whole(r.frames)
	if err != nil {
		return nil, err
	}
	r.outputs = p.Outputs
	out, err := r.program(p, input)
	if err != nil || len(n.Stages) == 1 {
		return out, err
	}
	done := r.operations
	r.operations = nil
	for range r.frames {
		done = r.frame(n, p.OnHost, done)
	}
	return out, nil
}

// frame lists the operations of an inference, with those of the host in their places,
// and returns what is left of those that the NPU has done.
func (r *inference) frame(n *network.Network, onHost []string, done []result.RunOperation) []result.RunOperation {
	add := func(o result.RunOperation) {
		o.Index = len(r.operations)
		r.operations = append(r.operations, o)
	}
	for _, s := range n.Stages {
		if s.Program == nil {
			add(result.RunOperation{Name: onHost[0], Kind: "cpu"})
			onHost = onHost[1:]
			continue
		}
		for _, o := range done[:min(len(done), len(s.Program.Operations))] {
			if r.chrome != nil {
				r.chrome.places = append(r.chrome.places, len(r.operations))
			}
			add(o)
		}
		done = done[min(len(done), len(s.Program.Operations)):]
	}
	return done
}

// program runs a program on both machines.
func (r *inference) program(p *network.Program, input []byte) ([]byte, error) {
	want, err := runFunctional(p, input)
	if err != nil {
		return nil, err
	}
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		return nil, err
	}
	m := npu.New(p.Config, r.system, npu.ECCNone, mem)
	t := newTally(m, p, r.trace)
	p.Start(m)
	if r.chrome != nil {
		r.chrome.begin(m, p, t, len(r.operations))
	}
	if err := r.steps(m, t); err != nil {
		return nil, err
	}
	if !bytes.Equal(mem.SRAM, want) {
		return nil, fmt.Errorf("the cycle-level machine and the functional machine differ after %s; no result is given: %s", p.Name, p.WhyDiffer())
	}
	for i := range t.operations {
		t.operations[i].Index += len(r.operations)
	}
	r.operations = append(r.operations, t.operations...)
	r.details = append(r.details, t.details...)
	for i, n := range m.Events {
		r.events[i] += n
	}
	r.cycles += m.Cycle()
	if err := binary.Write(r.state, binary.LittleEndian, &m.S); err != nil {
		return nil, fmt.Errorf("state digest: %w", err)
	}
	return p.ReadOutputs(mem), nil
}

// steps runs a started machine to its end.
func (r *inference) steps(m *npu.Machine, t *tally) error {
	var progress, seen uint64 // work done, and the cycle at which it last grew
	for m.S.CC.Run != 0 {
		if m.Cycle()%checkEvery == 0 {
			if err := r.ctx.Err(); err != nil {
				return &coded{codeIncomplete, fmt.Errorf("interrupted at cycle %d: no result is given", m.Cycle())}
			}
			if r.show != nil {
				r.show(len(r.operations) + max(0, t.owner))
			}
			e := &m.Events
			if done := e[npu.EvAXIReadBeat] + e[npu.EvAXIReadBeat1] + e[npu.EvAXIWriteBeat] + e[npu.EvAXIWriteBeat1] + e[npu.EvMACActive] + e[npu.EvAOActive]; done != progress {
				progress, seen = done, m.Cycle()
			} else if m.Cycle()-seen > hangAfter {
				return fmt.Errorf("the NPU hangs: %s", m.Describe())
			}
		}
		m.Step()
		t.step()
		if r.chrome != nil {
			r.chrome.step()
		}
	}
	if r.chrome != nil {
		r.chrome.finish()
	}
	t.finish()
	if st := m.Status(); st != npu.Done {
		return fmt.Errorf("the NPU stopped with a %s: %s", st, m.Describe())
	}
	return t.err
}

// runFunctional returns the SRAM as the functional machine leaves it.
func runFunctional(p *network.Program, input []byte) ([]byte, error) {
	var mem isa.Memory
	if err := p.Load(&mem, input); err != nil {
		return nil, err
	}
	if err := p.Execute(&mem); err != nil {
		return nil, err
	}
	return mem.SRAM, nil
}
