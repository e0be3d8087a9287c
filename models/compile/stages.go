package compile

import (
	"errors"
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
// on the NPU as a whole gives one stage.
func Stages(m *tflite.Model, opt Options) ([]Stage, error) {
	if m == nil || len(m.Subgraphs) == 0 {
		return nil, errors.New("compile: the model has no graph")
	}
	g := &m.Subgraphs[0]
	if p, err := Compile(m, opt); err == nil {
		return []Stage{{Program: p, Inputs: g.Inputs, Outputs: g.Outputs}}, nil
	}
	var stages []Stage
	for i := 0; i < len(g.Operators); {
		end := i
		for end < len(g.Operators) && runsAlone(m, end, opt) {
			end++
		}
		// Operators that run alone may still not fit together: try shorter runs.
		var s Stage
		ok := false
		for ; end > i && !ok; end-- {
			s, ok = program(m, i, end, opt)
		}
		if ok {
			end++
			stages = append(stages, s)
			i = end
			continue
		}
		op := &g.Operators[i]
		stages = append(stages, Stage{Operator: i, Inputs: op.Inputs, Outputs: op.Outputs})
		i++
	}
	if opt.OneArena {
		if err := pin(m, stages, opt); err != nil {
			return nil, err
		}
	}
	return stages, nil
}

// runsAlone reports whether the NPU can execute an operator by itself.
func runsAlone(m *tflite.Model, i int, opt Options) bool { return Supports(m, i, opt) == nil }

// program compiles operators from..to-1. It fails where nothing is left for the
// NPU to do.
func program(m *tflite.Model, from, to int, opt Options) (Stage, bool) {
	p, err := compilePart(m, from, to, opt)
	if err != nil || len(p.Operations) == 0 {
		return Stage{}, false
	}
	part := cut(m, from, to)
	return Stage{Program: p, Operator: from, Inputs: part.Inputs, Outputs: part.Outputs}, true
}

// compilePart compiles operators from..to-1.
func compilePart(m *tflite.Model, from, to int, opt Options) (*Program, error) {
	p, err := Compile(&tflite.Model{Version: m.Version, Subgraphs: []tflite.Subgraph{*cut(m, from, to)}}, opt)
	if err != nil {
		return nil, err
	}
	for i := range p.Operations {
		p.Operations[i].Source += from
	}
	return p, nil
}

// cut returns operators from..to-1 as a graph: its inputs are the tensors that
// come from outside, its outputs those that are needed outside.
func cut(m *tflite.Model, from, to int) *tflite.Subgraph {
	g := &m.Subgraphs[0]
	part := &tflite.Subgraph{Name: fmt.Sprintf("%s %d-%d", g.Name, from, to-1), Tensors: g.Tensors, Operators: g.Operators[from:to]}
	made, taken := map[int]bool{}, map[int]bool{}
	for _, op := range part.Operators {
		for _, i := range op.Inputs {
			if i >= 0 && i < len(g.Tensors) && g.Tensors[i].Data == nil && !made[i] && !taken[i] && g.Tensors[i].Elements() > 0 {
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
			if outside[i] {
				part.Outputs = append(part.Outputs, i)
			}
		}
	}
	return part
}
