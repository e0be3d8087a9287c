package selection

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"golang.org/x/sync/errgroup"

	"upset/models/driver"
	"upset/models/reference"
	"upset/models/tflite"
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

// Scores are the tables of a workload and what they cost.
type Scores struct {
	Tables     []Table
	Inferences int
	Cycles     uint64   // of all inferences
	Each       []uint64 // of one inference of each scorer
}

// Digest is the SHA-256 over all scores.
func (s *Scores) Digest() string {
	h := sha256.New()
	for i := range s.Tables {
		h.Write(s.Tables[i].Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// newTable makes an empty table for a network's output.
func (s *Scorer) newTable(outputs []driver.Binding) (Table, error) {
	if len(outputs) != 1 || outputs[0].Type != tflite.Int8 || len(outputs[0].Quant.Scale) != 1 || len(outputs[0].Quant.ZeroPoint) != 1 {
		return Table{}, fmt.Errorf("scorer %s: the network must have one int8 output with one scale; concatenate several", s.Name)
	}
	o := outputs[0]
	return Table{
		Scale: float64(o.Quant.Scale[0]), ZeroPoint: int(o.Quant.ZeroPoint[0]), Width: o.Size, Data: make([]byte, len(s.Rows)*o.Size),
	}, nil
}

// open compiles the network. What the NPU does not execute runs on the host.
func (s *Scorer) open(cfg isa.Config) (*driver.Program, Table, error) {
	n, err := driver.Open(s.Model, cfg)
	if err != nil {
		return nil, Table{}, fmt.Errorf("scorer %s: %w", s.Name, err)
	}
	p, err := n.Whole(1)
	if err != nil {
		return nil, Table{}, fmt.Errorf("scorer %s: %w", s.Name, err)
	}
	t, err := s.newTable(n.Outputs)
	return p, t, err
}

// Score runs every row on the cycle-level machine and checks each result
// against the functional machine.
func (w *Workload) Score(ctx context.Context, m Machine) (*Scores, error) {
	out := &Scores{}
	for i := range w.Scorers {
		s := &w.Scorers[i]
		t, cycles, err := s.score(ctx, m)
		if err != nil {
			return nil, err
		}
		out.Tables = append(out.Tables, t)
		out.Each = append(out.Each, cycles)
		out.Inferences += len(s.Rows)
		out.Cycles += cycles * uint64(len(s.Rows))
	}
	return out, nil
}

// score runs the pool of one scorer. The cycles of an inference do not depend
// on its input.
func (s *Scorer) score(ctx context.Context, m Machine) (Table, uint64, error) {
	p, t, err := s.open(m.Config)
	if err != nil {
		return t, 0, err
	}
	workers := max(1, min(m.Workers, len(s.Rows)))
	cycles := make([]uint64, len(s.Rows))
	g, ctx := errgroup.WithContext(ctx)
	for k := range workers {
		g.Go(func() error {
			for i := k; i < len(s.Rows); i += workers {
				output, n, err := infer(ctx, p, m.System, s.Rows[i])
				if err != nil {
					return fmt.Errorf("scorer %s: row %d: %w", s.Name, i, err)
				}
				copy(t.Data[i*t.Width:], output)
				cycles[i] = n
				if m.Progress != nil {
					m.Progress()
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return t, 0, err
	}
	for i, n := range cycles {
		if n != cycles[0] {
			return t, 0, fmt.Errorf("scorer %s: row 0 took %d cycles and row %d took %d; timing must not depend on the data", s.Name, cycles[0], i, n)
		}
	}
	if len(cycles) == 0 {
		return t, 0, nil
	}
	return t, cycles[0], nil
}

// infer runs one inference on the cycle-level machine.
func infer(ctx context.Context, p *driver.Program, system npu.System, input []byte) ([]byte, uint64, error) {
	want, err := p.RunFunctional(input)
	if err != nil {
		return nil, 0, err
	}
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

// Functional scores all rows on the functional machine, which gives the same
// bytes as Score without a clock.
func (w *Workload) Functional(cfg isa.Config) ([]Table, error) {
	var tables []Table
	for i := range w.Scorers {
		s := &w.Scorers[i]
		p, t, err := s.open(cfg)
		if err != nil {
			return nil, err
		}
		for r, input := range s.Rows {
			output, err := p.RunFunctional(input)
			if err != nil {
				return nil, fmt.Errorf("scorer %s: row %d: %w", s.Name, r, err)
			}
			copy(t.Data[r*t.Width:], output)
		}
		tables = append(tables, t)
	}
	return tables, nil
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

func (s *Scorer) reference() (Table, error) {
	m, err := tflite.Parse(s.Model)
	if err != nil {
		return Table{}, err
	}
	in, err := reference.New(m)
	if err != nil {
		return Table{}, err
	}
	g := &m.Subgraphs[0]
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 {
		return Table{}, fmt.Errorf("the network has %d inputs and %d outputs; it must have one of each", len(g.Inputs), len(g.Outputs))
	}
	o := &g.Tensors[g.Outputs[0]]
	size := 1
	for _, d := range o.Shape {
		size *= d
	}
	t, err := s.newTable([]driver.Binding{{Type: o.Type, Quant: o.Quant, Size: size}})
	if err != nil {
		return t, err
	}
	for i, row := range s.Rows {
		out, err := in.Invoke([][]byte{row})
		if err != nil {
			return t, fmt.Errorf("row %d: %w", i, err)
		}
		copy(t.Data[i*t.Width:], out[0])
	}
	return t, nil
}
