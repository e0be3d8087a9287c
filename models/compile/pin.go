package compile

import (
	"fmt"

	"upset/models/tflite"
)

// pin plans the programs anew so that every tensor between them has
// one place for all: those tensors lie at the start of the arena, by the stages
// that they live through, and what a program needs for itself behind them.
func pin(m *tflite.Model, parts []section, opt Options) error {
	g := &m.Subgraphs[0]
	lives := map[int]*buffer{}
	var list []*buffer
	live := func(i, at int) {
		if b := lives[i]; b != nil {
			b.first, b.last = min(b.first, at), max(b.last, at)
		}
	}
	for _, p := range parts {
		if p.plan == nil {
			continue
		}
		for _, ids := range [3][]int{p.plan.sub.Inputs, p.plan.sub.Outputs, p.plan.states()} {
			for _, i := range ids {
				if lives[i] == nil {
					lives[i] = &buffer{name: g.Tensors[i].Name, size: g.Tensors[i].Bytes(), first: len(parts), last: -1}
					list = append(list, lives[i])
				}
			}
		}
	}
	for n := range parts {
		for _, ids := range parts[n].tensors(m) {
			for _, i := range ids {
				live(i, n)
			}
		}
	}
	for _, i := range g.Inputs {
		live(i, -1)
	}
	for _, i := range g.Outputs {
		live(i, len(parts))
	}
	for i := range g.Tensors {
		if g.Tensors[i].Variable {
			live(i, -1)
			live(i, len(parts))
		}
	}
	opt.start = pack(list)
	opt.pinned = map[int]int{}
	for i, b := range lives {
		opt.pinned[i] = b.offset
	}
	for n := range parts {
		p := &parts[n]
		if p.plan == nil {
			continue
		}
		var err error
		if p.plan, err = plan(p.plan.sub, opt); err != nil {
			return fmt.Errorf("compile: operators %d to %d with one arena for all programs: %w", p.from, p.to-1, err)
		}
	}
	return nil
}

// tensors returns the inputs and outputs of a part.
func (p *section) tensors(m *tflite.Model) [2][]int {
	if p.plan == nil {
		op := &m.Subgraphs[0].Operators[p.from]
		return [2][]int{op.Inputs, op.Outputs}
	}
	return [2][]int{p.plan.sub.Inputs, p.plan.sub.Outputs}
}
