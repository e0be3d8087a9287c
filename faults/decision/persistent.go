package decision

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"

	"golang.org/x/sync/errgroup"

	"upset/models/driver"
	"upset/npu"
	"upset/npu/isa"
)

// Upset is a flipped bit of a program in memory and what became of the pool.
type Upset struct {
	Part    int
	Bit     int  // of the flash image and then of the command stream
	Stream  bool // the bit is one of the commands
	DUE     bool // an inference does not end as it should
	Visible bool
	Verdict
}

// RunPersistent flips bits of weights, scales and commands, uniformly over all
// bits of all parts, and scores the whole pools again. The first row is run on the
// cycle-level machine; where that ends well and the functional machine agrees, the
// others are run without a clock.
func (s *Subject) RunPersistent(ctx context.Context, m Machine, seed uint64, n int, progress func(done int)) ([]Upset, error) {
	var sizes []int
	whole := 0
	for i := range s.Parts {
		p := s.Parts[i].Program
		sizes = append(sizes, 8*len(p.Flash)+32*len(p.Commands))
		whole += sizes[i]
	}
	rng := rand.New(rand.NewPCG(seed, persistentStream))
	list := make([]Upset, n)
	for i := range list {
		bit, part := rng.IntN(whole), 0
		for bit >= sizes[part] {
			bit -= sizes[part]
			part++
		}
		list[i] = Upset{Part: part, Bit: bit, Stream: bit >= 8*len(s.Parts[part].Program.Flash)}
	}
	golden := make([][][]byte, len(s.Parts))
	for i := range s.Parts {
		for _, row := range s.Parts[i].Rows {
			out, err := s.Parts[i].Program.RunFunctional(row)
			if err != nil {
				return nil, err
			}
			golden[i] = append(golden[i], out)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, m.Workers))
	for i := range list {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			u := &list[i]
			outputs, ok := s.Parts[u.Part].rescore(m, u.Bit)
			if !ok {
				u.DUE = true
				return nil
			}
			if u.Visible = !slices.EqualFunc(outputs, golden[u.Part], bytes.Equal); !u.Visible {
				return nil
			}
			var err error
			u.Verdict, err = s.all(u.Part, outputs)
			return err
		})
	}
	err := group.Wait()
	if progress != nil {
		progress(n)
	}
	return list, err
}

// rescore runs the pool with a bit of the program flipped. It reports false where an
// inference stops or takes more than twice its cycles.
func (p *Part) rescore(m Machine, bit int) (outputs [][]byte, ok bool) {
	q := flipped(p.Program, bit)
	first, ok := p.clocked(m, q, p.Rows[0])
	if !ok {
		return nil, false
	}
	functional := false
	if out, err := q.RunFunctional(p.Rows[0]); err == nil {
		functional = bytes.Equal(out, first)
	}
	outputs = append(outputs, first)
	for _, row := range p.Rows[1:] {
		var out []byte
		if functional {
			var err error
			out, err = q.RunFunctional(row)
			ok = err == nil
		} else {
			out, ok = p.clocked(m, q, row)
		}
		if !ok {
			return nil, false
		}
		outputs = append(outputs, out)
	}
	return outputs, true
}

// clocked runs an inference on the cycle-level machine up to the watchdog's limit.
func (p *Part) clocked(m Machine, q *driver.Program, row []byte) ([]byte, bool) {
	mem := new(isa.Memory)
	if q.Load(mem, row) != nil {
		return nil, false
	}
	system := m.System
	if system == (npu.System{}) {
		system = npu.DefaultSystem()
	}
	machine := npu.New(q.Config, system, npu.ECCNone, mem)
	q.Start(machine)
	machine.Run(p.engine.Watchdog())
	if machine.S.CC.Run != 0 || machine.Status() != npu.Done {
		return nil, false
	}
	return q.ReadOutputs(mem), true
}

// flipped is a program with one bit of its flash image or of its commands inverted.
func flipped(p *driver.Program, bit int) *driver.Program {
	q := &driver.Program{
		Name: p.Name, Config: p.Config, Commands: slices.Clone(p.Commands), Flash: slices.Clone(p.Flash), ArenaSize: p.ArenaSize,
		FastSize: p.FastSize, Spaces: p.Spaces, Inputs: p.Inputs, Outputs: p.Outputs, Constants: p.Constants, Operations: p.Operations,
	}
	if k := bit - 8*len(p.Flash); k >= 0 {
		q.Commands[k/32] ^= 1 << (k % 32)
	} else {
		q.Flash[bit/8] ^= 1 << (bit % 8)
	}
	return q
}
