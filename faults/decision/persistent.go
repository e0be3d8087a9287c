package decision

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"upset/models/network"
	"upset/models/selection"
	"upset/npu"
	"upset/npu/isa"
)

// Upset is a flipped bit of a program in memory and what became of the decision.
type Upset struct {
	Part    int
	Bit     int  // of the flash image and then of the command stream
	Stream  bool // the bit is one of the commands
	DUE     bool // an inference does not end as it should, or the rule does not
	Visible bool
	Verdict
}

// RunPersistent flips bits of weights, scales and commands, uniformly over all
// bits of all parts, and decides anew. The first inference that reads the bit is run
// on the cycle-level machine; where that ends well and the functional machine agrees,
// the others are run without a clock.
func (s *Subject) RunPersistent(ctx context.Context, m Machine, seed uint64, n int, progress func(done int)) ([]Upset, error) {
	var sizes []int
	whole := 0
	for i := range s.Parts {
		p := s.Parts[i].Program
		if len(p.Jobs) > 0 {
			return nil, fmt.Errorf("%s: %s: parts of the network run on the host; bits of such programs cannot be flipped", s.Name, s.Parts[i].Name)
		}
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
	return list, each(ctx, n, m.Workers, progress, func(i int) error {
		u := &list[i]
		var err error
		u.Verdict, u.Visible, err = s.whole(u.Part, s.Parts[u.Part].rescore(m, u.Bit, s.watchdog(u.Part)))
		if selection.Ended(err) {
			u.DUE, u.Visible, u.Verdict, err = true, false, Verdict{}, nil
		}
		return err
	})
}

// each performs n pieces of work on so many workers.
func each(ctx context.Context, n, workers int, progress func(done int), work func(i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, workers))
	var mu sync.Mutex
	done := 0
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := work(i)
			if progress != nil {
				mu.Lock()
				done++
				progress(done)
				mu.Unlock()
			}
			return err
		})
	}
	return group.Wait()
}

// watchdog is the limit of an inference of a part. A part that the fault-free decision
// does not execute has none, and is not executed with a flipped bit of it either.
func (s *Subject) watchdog(part int) uint64 {
	if e := s.Parts[part].engine; e != nil {
		return e.Watchdog()
	}
	return 0
}

// rescore answers with a bit of the program flipped.
func (p *Part) rescore(m Machine, bit int, watchdog uint64) answer {
	q := flipped(p.Program, bit)
	begun, functional := false, false
	return func(input []byte) ([]byte, error) {
		if functional {
			out, err := q.RunFunctional(input)
			if err != nil {
				return nil, selection.ErrNoAnswer
			}
			return out, nil
		}
		out, ok := clocked(m, q, input, watchdog)
		if !ok {
			return nil, selection.ErrNoAnswer
		}
		if !begun {
			begun = true
			same, err := q.RunFunctional(input)
			functional = err == nil && bytes.Equal(same, out)
		}
		return out, nil
	}
}

// clocked runs an inference on the cycle-level machine up to the watchdog's limit.
func clocked(m Machine, q *network.Program, input []byte, watchdog uint64) ([]byte, bool) {
	mem := new(isa.Memory)
	if q.Load(mem, input) != nil {
		return nil, false
	}
	system := m.System
	if system == (npu.System{}) {
		system = npu.DefaultSystem()
	}
	machine := npu.New(q.Config, system, npu.ECCNone, mem)
	q.Start(machine)
	machine.Run(watchdog)
	if machine.S.CC.Run != 0 || machine.Status() != npu.Done {
		return nil, false
	}
	return q.ReadOutputs(mem), true
}

// flipped is a program with one bit of its flash image or of its commands inverted.
func flipped(p *network.Program, bit int) *network.Program {
	q := &network.Program{
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
