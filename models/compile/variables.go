package compile

import (
	"errors"
	"fmt"
	"slices"

	"upset/models/tflite"
)

// states returns the state tensors that the graph reads or writes, in order.
func (g *graph) states() []int {
	var list []int
	for i := range g.sub.Tensors {
		if g.tensor(i).Variable && g.buffers[i] != nil {
			list = append(list, i)
		}
	}
	return list
}

// variables describes the state tensors.
func (g *graph) variables() []Variable {
	var list []Variable
	for i, b := range g.bindings(g.states()) {
		list = append(list, Variable{b, g.tensor(g.states()[i]).State()})
	}
	return list
}

// passes reports a value that cannot go from one tensor to the other, of which one is a
// variable.
func passes(from, to, variable *tflite.Tensor) error {
	if !variable.Variable {
		return fmt.Errorf("tensor %q is no variable", variable.Name)
	}
	if from.Type != to.Type || from.Elements() != to.Elements() {
		return fmt.Errorf("from %s%v to %s%v, of which %q is a variable", from.Type, from.Shape, to.Type, to.Shape, variable.Name)
	}
	return nil
}

// lowerRead lowers READ_VARIABLE. The result is the variable's own memory where
// nothing can change that before the last reader, else a copy.
func (g *graph) lowerRead(op *tflite.Operator) error {
	v, x := op.Inputs[0], op.Outputs[0]
	from, to := g.tensor(v), g.tensor(x)
	if err := passes(from, to, from); err != nil {
		return err
	}
	if g.readsInTime(v, x) {
		return g.alias(v, x)
	}
	return g.copyAlias(v, x)
}

// immediate lists the operators whose kernels read their inputs at the operator's
// own place in the stream, and into memory of their own.
var immediate = map[tflite.BuiltinCode]bool{
	tflite.OpConcatenation: true, tflite.OpConv2D: true, tflite.OpDepthwiseConv2D: true, tflite.OpFullyConnected: true,
	tflite.OpStridedSlice: true, tflite.OpSlice: true, tflite.OpAdd: true, tflite.OpMul: true, tflite.OpQuantize: true,
	tflite.OpAssignVariable: true,
}

// readsInTime reports whether every reader of x, the value of variable v, comes
// before the next assignment to v, so that it sees the value of this moment.
func (g *graph) readsInTime(v, x int) bool {
	for _, i := range g.sub.Outputs {
		if i == x {
			return false
		}
	}
	assigned := false
	for n := g.source + 1; n < len(g.sub.Operators); n++ {
		op := &g.sub.Operators[n]
		for _, i := range op.Inputs {
			if i == x && (assigned || !immediate[op.Code]) {
				return false
			}
		}
		for _, i := range op.Outputs {
			assigned = assigned || i == v
		}
	}
	return true
}

// destined returns the variable in whose memory the operator that is being lowered
// may leave its result i, or -1: the result is only assigned to it, and nothing
// needs the old value any more.
func (g *graph) destined(i int) int {
	ops := g.sub.Operators
	if g.uses[i] != 1 || g.source >= len(ops) || !slices.Contains(ops[g.source].Outputs, i) {
		return -1
	}
	for n := g.source + 1; n < len(ops); n++ {
		if !slices.Contains(ops[n].Inputs, i) {
			continue
		}
		if ops[n].Code != tflite.OpAssignVariable || len(ops[n].Outputs) != 1 {
			return -1
		}
		v := ops[n].Outputs[0]
		if v < 0 || v >= len(g.sub.Tensors) || v == i {
			return -1
		}
		from, to := g.tensor(i), g.tensor(v)
		if !to.Variable || from.Variable || from.Type != to.Type || from.Elements() != to.Elements() || g.needed(v, n) {
			return -1
		}
		return v
	}
	return -1
}

// needed reports whether an operator from the present one up to the given one
// reads or assigns a variable, by whatever name.
func (g *graph) needed(v, until int) bool {
	for _, op := range g.sub.Operators[g.source:until] {
		if slices.Contains(op.Outputs, v) {
			return true
		}
		for _, i := range op.Inputs {
			if b := g.buffers[i]; i == v || b != nil && b == g.buffers[v] {
				return true
			}
		}
	}
	return false
}

// lowerAssign lowers ASSIGN_VARIABLE to a copy into the variable's memory, unless
// the value is there already.
func (g *graph) lowerAssign(op *tflite.Operator) error {
	x, v := op.Inputs[0], op.Outputs[0]
	from, to := g.tensor(x), g.tensor(v)
	if err := passes(from, to, to); err != nil {
		return err
	}
	src, err := g.full(x)
	if err != nil {
		return err
	}
	dst, err := g.buffer(v)
	if err != nil || src.buf == dst {
		return err
	}
	return g.copyBytes(src, dst)
}

// errHostState is the reason for variables that the host keeps.
var errHostState = errors.New("the host keeps the variable, since other operators of the host use it, or programs that share no arena")

// divided reports whether a variable is used by the host and by a program, or by
// several programs that have no arena in common.
func divided(m *tflite.Model, parts []section, opt Options) bool {
	g := &m.Subgraphs[0]
	user := map[int]int{} // the part that uses a variable
	for n := range parts {
		p := &parts[n]
		for _, op := range g.Operators[p.from:p.to] {
			for _, list := range [2][]int{op.Inputs, op.Outputs} {
				for _, i := range list {
					if i < 0 || i >= len(g.Tensors) || !g.Tensors[i].Variable {
						continue
					}
					other, known := user[i]
					if known && other != n && ((parts[other].plan == nil) != (p.plan == nil) || p.plan != nil && !opt.OneArena) {
						return true
					}
					user[i] = n
				}
			}
		}
	}
	return false
}

// copyBytes copies a whole tensor to a buffer of the same number of elements.
func (g *graph) copyBytes(src view, dst *buffer) error {
	if src.elem > 2 {
		return fmt.Errorf("tensor %q: the NPU copies elements of 8 and 16 bits", src.buf.name)
	}
	src.buf.plain, dst.plain = true, true
	src.zp = 0
	to := src
	to.buf = dst
	g.add(copyOf(src, to))
	return nil
}
