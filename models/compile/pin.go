package compile

import (
	"fmt"

	"upset/models/tflite"
)

// pin compiles the programs of stages anew so that every tensor between them has
// one place for all: those tensors lie at the start of the arena, by the stages
// that they live through, and what a program needs for itself behind them.
func pin(m *tflite.Model, stages []Stage, opt Options) error {
	g := &m.Subgraphs[0]
	lives := map[int]*buffer{}
	var list []*buffer
	live := func(i, at int) {
		if b := lives[i]; b != nil {
			b.first, b.last = min(b.first, at), max(b.last, at)
		}
	}
	for _, s := range stages {
		if s.Program == nil {
			continue
		}
		for _, ids := range [2][]int{s.Inputs, s.Outputs} {
			for _, i := range ids {
				if lives[i] == nil {
					lives[i] = &buffer{name: g.Tensors[i].Name, size: g.Tensors[i].Bytes(), first: len(stages), last: -1}
					list = append(list, lives[i])
				}
			}
		}
	}
	for n, s := range stages {
		for _, ids := range [2][]int{s.Inputs, s.Outputs} {
			for _, i := range ids {
				live(i, n)
			}
		}
	}
	for _, i := range g.Inputs {
		live(i, -1)
	}
	for _, i := range g.Outputs {
		live(i, len(stages))
	}
	opt.start = pack(list)
	opt.pinned = map[int]int{}
	for i, b := range lives {
		opt.pinned[i] = b.offset
	}
	for n := range stages {
		s := &stages[n]
		if s.Program == nil {
			continue
		}
		end := len(g.Operators)
		if n+1 < len(stages) {
			end = stages[n+1].Operator
		}
		p, err := compilePart(m, s.Operator, end, opt)
		if err != nil {
			return fmt.Errorf("operators %d to %d with one arena for all programs: %w", s.Operator, end-1, err)
		}
		s.Program = p
	}
	return nil
}
