package compile

import (
	"fmt"

	"upset/models/tflite"
)

// Stage is one step of a graph: a program, or an operator that the host has to
// compute.
type Stage struct {
	Program  *Program // nil for a host operator
	Operator int      // host operator, or the first operator of the program
	Inputs   []int    // tensors that the stage reads, in the program's order
	Outputs  []int    // tensors that it writes
}

// Stages compiles a graph of which the NPU may be able to execute only parts.
// Neighbouring operators that it can execute share a program. A graph that runs
// on the NPU as a whole gives one stage. Weights are encoded once, when the
// division is settled.
func Stages(m *tflite.Model, opt Options) ([]Stage, error) {
	if err := opt.check(m); err != nil {
		return nil, err
	}
	g := &m.Subgraphs[0]
	whole, err := plan(g, opt)
	if opt.stopped() != nil {
		return nil, fmt.Errorf("compile: %w", opt.stopped())
	}
	if err == nil {
		p, err := whole.program()
		return []Stage{{Program: p, Inputs: g.Inputs, Outputs: g.Outputs}}, err
	}
	parts, err := divide(m, opt)
	if err == nil && divided(m, parts, opt) {
		opt.hostState = true
		parts, err = divide(m, opt)
	}
	if err != nil {
		return nil, err
	}
	if opt.OneArena {
		if err := pin(m, parts, opt); err != nil {
			return nil, err
		}
	}
	var stages []Stage
	for i := range parts {
		s, err := parts[i].stage(m)
		if err != nil {
			return nil, err
		}
		stages = append(stages, s)
	}
	return stages, nil
}

// section is a stage in the making: operators from..to-1, planned, or one operator
// of the host.
type section struct {
	from, to int
	plan     *graph // nil for the host
}

// stage finishes a part.
func (p *section) stage(m *tflite.Model) (Stage, error) {
	io := p.tensors(m)
	s := Stage{Operator: p.from, Inputs: io[0], Outputs: io[1]}
	if p.plan == nil {
		return s, nil
	}
	program, err := p.plan.program()
	if err != nil {
		return s, err
	}
	for i := range program.Operations {
		program.Operations[i].Source += p.from
	}
	s.Program = program
	return s, nil
}

// divide finds the parts of a graph that the NPU can execute.
func divide(m *tflite.Model, opt Options) ([]section, error) {
	ops := len(m.Subgraphs[0].Operators)
	var parts []section
	for i := 0; i < ops; {
		end := i
		for end < ops && Supports(m, end, opt) == nil {
			end++
		}
		p, err := longest(m, i, end, opt)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		i = p.to
	}
	return parts, nil
}

// longest plans as many of the operators from..to-1 as fit together: operators
// that run alone may not. The search halves the distance, so that it takes few
// attempts. Operators that leave nothing to do for the NPU go to the host.
func longest(m *tflite.Model, from, to int, opt Options) (section, error) {
	best := section{from: from, to: from + 1}
	low, high := from, to+1 // what ends at low fits, what ends at high does not
	for end := to; low+1 < high; end = low + (high-low)/2 {
		g, err := plan(cut(m, from, end), opt)
		if err := opt.stopped(); err != nil {
			return best, fmt.Errorf("compile: %w", err)
		}
		if err != nil {
			high = end
			continue
		}
		if low = end; len(g.kernels) > 0 {
			best = section{from, end, g}
		}
	}
	return best, nil
}

// cut returns operators from..to-1 as a graph: its inputs are the tensors that
// come from outside, its outputs those that are needed outside. State tensors are
// neither.
func cut(m *tflite.Model, from, to int) *tflite.Subgraph {
	g := &m.Subgraphs[0]
	part := &tflite.Subgraph{Name: fmt.Sprintf("%s %d-%d", g.Name, from, to-1), Tensors: g.Tensors, Operators: g.Operators[from:to]}
	made, taken := map[int]bool{}, map[int]bool{}
	for _, op := range part.Operators {
		for _, i := range op.Inputs {
			if i >= 0 && i < len(g.Tensors) && g.Tensors[i].Data == nil && !g.Tensors[i].Variable && !made[i] && !taken[i] && g.Tensors[i].Elements() > 0 {
				taken[i] = true
				part.Inputs = append(part.Inputs, i)
			}
		}
		for _, i := range op.Outputs {
			made[i] = true
		}
	}
	outside := map[int]bool{}
	for _, i := range g.Outputs {
		outside[i] = true
	}
	for n, op := range g.Operators {
		if n >= from && n < to {
			continue
		}
		for _, i := range op.Inputs {
			outside[i] = true
		}
	}
	for _, op := range part.Operators {
		for _, i := range op.Outputs {
			if outside[i] && !g.Tensors[i].Variable {
				part.Outputs = append(part.Outputs, i)
			}
		}
	}
	return part
}
