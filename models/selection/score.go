package selection

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"golang.org/x/sync/errgroup"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// checkEvery is the number of cycles between looks at the context, and
// hangAfter the length at which an inference is given up (our choice).
const (
	checkEvery = 1 << 16
	hangAfter  = 1 << 32
)

// Machine tells on what to score.
type Machine struct {
	Config   isa.Config
	System   npu.System
	Workers  int
	Progress func() // called after every inference, from any goroutine; may be nil
}

// Cost is what a decision took on the NPU.
type Cost struct {
	Inferences int
	Cycles     uint64   // of all inferences
	Each       []uint64 // of one inference of each scorer, 0 where none was asked for
	Digest     string   // SHA-256 over all outputs in order
}

// Execute runs every inference of a run's decision on the cycle-level machine and checks
// each result against the source, byte for byte. The cycles of an inference do not
// depend on its input.
func (r *Run) Execute(ctx context.Context, m Machine) (*Cost, error) {
	nets := make([]*Net, len(r.Scorers))
	for i := range r.Calls {
		k := r.Calls[i].Scorer
		if nets[k] != nil {
			continue
		}
		var err error
		if nets[k], err = r.Scorers[k].Open(m.Config); err != nil {
			return nil, err
		}
	}
	cost := &Cost{Inferences: len(r.Calls), Each: make([]uint64, len(nets))}
	outputs, cycles := make([][]byte, len(r.Calls)), make([]uint64, len(r.Calls))
	workers := max(1, min(m.Workers, len(r.Calls)))
	g, ctx := errgroup.WithContext(ctx)
	for k := range workers {
		g.Go(func() error {
			for i := k; i < len(r.Calls); i += workers {
				c := &r.Calls[i]
				want, err := r.Source.Infer(c.Scorer, c.Row, c.Input)
				if err != nil {
					return err
				}
				if outputs[i], cycles[i], err = infer(ctx, nets[c.Scorer].Program, m.System, c.Input, want); err != nil {
					return fmt.Errorf("scorer %s: inference %d (row %d): %w", r.Scorers[c.Scorer].Name, i, c.Row, err)
				}
				if m.Progress != nil {
					m.Progress()
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	h := sha256.New()
	for i := range r.Calls {
		k := r.Calls[i].Scorer
		if cost.Each[k] == 0 {
			cost.Each[k] = cycles[i]
		}
		if cycles[i] != cost.Each[k] {
			return nil, fmt.Errorf("scorer %s: an inference took %d cycles and another one %d; timing must not depend on the data", r.Scorers[k].Name, cost.Each[k], cycles[i])
		}
		cost.Cycles += cycles[i]
		h.Write(outputs[i])
	}
	cost.Digest = hex.EncodeToString(h.Sum(nil))
	return cost, nil
}

// infer runs one inference on the cycle-level machine.
func infer(ctx context.Context, p *network.Program, system npu.System, input, want []byte) ([]byte, uint64, error) {
	mem := new(isa.Memory)
	if err := p.Load(mem, input); err != nil {
		return nil, 0, err
	}
	m := npu.New(p.Config, system, npu.ECCNone, mem)
	p.Start(m)
	for m.S.CC.Run != 0 && m.Cycle() < hangAfter {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		m.Run(m.Cycle() + checkEvery)
	}
	if st := m.Status(); st != npu.Done {
		return nil, 0, fmt.Errorf("the NPU stopped with a %s: %s", st, m.Describe())
	}
	output := p.ReadOutputs(mem)
	if !bytes.Equal(output, want) {
		return nil, 0, fmt.Errorf("the cycle-level machine and the functional machine differ")
	}
	return output, m.Cycle(), nil
}

// Functional scores all pools on the functional machine.
func (w *Workload) Functional(cfg isa.Config) ([]Table, error) {
	return NewAsk(w, NewFunctional(w.Scorers, cfg)).Tables()
}

// Reference scores all rows with the reference kernels.
func (w *Workload) Reference() ([]Table, error) {
	var tables []Table
	for i := range w.Scorers {
		t, err := w.Scorers[i].reference()
		if err != nil {
			return nil, fmt.Errorf("scorer %s: %w", w.Scorers[i].Name, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}
