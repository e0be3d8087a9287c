package exhaustive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"

	"golang.org/x/sync/errgroup"

	"upset/faults"
	"upset/faults/engine"
)

// Compared is the result of a comparison with injections.
type Compared struct {
	Samples     int
	Differences int
	Example     string // the first difference
}

// Way is how a comparison finds an outcome.
type Way uint8

// Ways of finding an outcome.
const (
	Stepped Way = iota // stepped from cycle 0 through all inferences, without any shortcut
	Plain              // the plain machine of package faults
	Fast               // its fast engine
)

// Compare draws upsets uniformly over all of the table and compares the outcomes with
// those found another way. One of every four samples is drawn again until it is not
// masked, since most upsets are.
func (t *Table) Compare(ctx context.Context, e *engine.Engine, samples int, way Way, seed uint64) (Compared, error) {
	if t.Digest != Digest(e) {
		return Compared{}, fmt.Errorf("truth table: of another network, machine or set of inputs; rebuild it with: go run ./faults/exhaustive/generate")
	}
	m, err := newMachine(e, e.Golden(0).Input)
	if err != nil {
		return Compared{}, err
	}
	list, err := flops(e.Table(), m)
	if err != nil {
		return Compared{}, err
	}
	n := runtime.GOMAXPROCS(0)
	parts := make([]Compared, n)
	var group errgroup.Group
	for k := range n {
		group.Go(func() error {
			w, err := e.Worker()
			if err != nil {
				return err
			}
			c := &parts[k]
			for i := k; i < samples && ctx.Err() == nil; i += n {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				if err := t.one(e, w, c, list, rng, i%4 == 0, way); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	err = group.Wait()
	var sum Compared
	for _, c := range parts {
		sum.Samples += c.Samples
		sum.Differences += c.Differences
		if sum.Example == "" {
			sum.Example = c.Example
		}
	}
	return sum, err
}

// maxDraws bounds the search for an upset that is not masked (our choice).
const maxDraws = 10_000

func (t *Table) one(e *engine.Engine, w *engine.Worker, c *Compared, list []flop, rng *rand.Rand, rare bool, way Way) error {
	var input, cycle, i int
	for range maxDraws {
		input, cycle, i = rng.IntN(t.Inputs), rng.IntN(t.Cycles), rng.IntN(t.Flops)
		if !rare || t.Outcome(input, cycle, i) != faults.Masked {
			break
		}
	}
	s := faults.Site{ID: list[i].id, Cycle: uint64(cycle)}
	var r faults.Record
	var err error
	switch way {
	case Stepped:
		r.Outcome, err = stepped(e, input, cycle, list[i])
	case Plain:
		r, err = w.Plain(input, s)
	default:
		r, err = w.Inject(input, s, nil)
	}
	if err != nil {
		return err
	}
	c.Samples++
	if want := t.Outcome(input, cycle, i); r.Outcome != want {
		c.Differences++
		if c.Example == "" {
			c.Example = fmt.Sprintf("input %d, site %d, cycle %d: %v in the table, %v injected", input, s.ID, cycle, want, r.Outcome)
		}
	}
	return nil
}

// stepped steps the inference and those behind it from cycle 0 on.
func stepped(e *engine.Engine, input, cycle int, f flop) (faults.Outcome, error) {
	g, err := newGolden(e, input)
	if err != nil {
		return 0, err
	}
	m, err := newMachine(e, g.input)
	if err != nil {
		return 0, err
	}
	g.program.Start(m)
	r := &runner{m: m}
	run := func(limit uint64) {
		for m.S.CC.Run != 0 && m.Cycle() < limit {
			m.Step()
			r.sync()
		}
	}
	run(uint64(cycle))
	words(&m.S.Flops)[f.bit/64] ^= 1 << (f.bit % 64)
	r.sync()
	run(g.limit)
	s := solver{g: g, r: r}
	if o, known := s.first(); known {
		return o, nil
	}
	for k := 1; k <= faults.MaxFollowed; k++ {
		g.again(r, k)
		r.sync()
		if run(uint64(g.cycles) + g.limit); !s.right(k) {
			return faults.Latent, nil
		}
	}
	return s.settled(), nil
}
