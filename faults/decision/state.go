package decision

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"upset/models/selection"
)

// StateUpset is a flipped bit of the state that a network keeps in the arena between
// two inferences. It stays until an inference writes the state anew.
type StateUpset struct {
	Step    int // the inference that reads it, among those that read state
	Bit     int // of the state
	DUE     bool
	Visible bool // the outputs of that inference are others
	Verdict
}

// RunState flips bits of state in the arena, uniformly over all inferences that read
// state and over its bits.
func (s *Subject) RunState(ctx context.Context, seed uint64, n, workers int, progress func(done int)) ([]StateUpset, error) {
	if s.run == nil {
		return nil, fmt.Errorf("%s keeps no state", s.Name)
	}
	calls, bits, err := s.run.Steps()
	if err != nil {
		return nil, err
	}
	whole := 0
	for _, b := range bits {
		whole += b
	}
	if whole == 0 {
		return nil, fmt.Errorf("%s: no network keeps state in the arena", s.Name)
	}
	rng := rand.New(rand.NewPCG(seed, stateStream))
	list := make([]StateUpset, n)
	for i := range list {
		bit, step := rng.IntN(whole), 0
		for bit >= bits[step] {
			bit -= bits[step]
			step++
		}
		list[i] = StateUpset{Step: step, Bit: bit}
	}
	return list, each(ctx, n, workers, progress, func(i int) error {
		u := &list[i]
		c := s.run.Calls[calls[u.Step]]
		golden, err := s.run.Source.Infer(c.Scorer, c.Row, c.Input)
		if err != nil {
			return err
		}
		o, output, err := s.run.Upset(u.Step, u.Bit)
		if selection.Ended(err) {
			u.DUE = true
			return nil
		}
		if err != nil {
			return err
		}
		wide := s.Parts[c.Scorer].wide
		u.Visible, u.Label = !bytes.Equal(output, golden), label(output, wide) != label(golden, wide)
		u.rate(s.task.Effect(s.run, o))
		return nil
	})
}
