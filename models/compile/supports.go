package compile

import (
	"errors"
	"fmt"

	"upset/models/tflite"
)

// Supports reports why the NPU cannot execute an operator of the first subgraph
// by itself, in one clause, or nil where it can. It encodes nothing and is
// quick: a graph of two hundred operators takes less than a second.
func Supports(m *tflite.Model, op int, opt Options) error {
	if err := opt.check(m); err != nil {
		return err
	}
	if op < 0 || op >= len(m.Subgraphs[0].Operators) {
		return fmt.Errorf("compile: the graph has no operator %d", op)
	}
	o := &m.Subgraphs[0].Operators[op]
	if _, ok := rules[o.Code]; !ok || o.Code == tflite.OpCustom {
		return errNoLowering
	}
	if opt.hostState && (o.Code == tflite.OpReadVariable || o.Code == tflite.OpAssignVariable) {
		return errHostState
	}
	opt.pinned, opt.start = nil, 0
	g, err := lower(cut(m, op, op+1), opt)
	if err != nil {
		var reason *operatorError
		if errors.As(err, &reason) {
			return reason.err
		}
		if inner := errors.Unwrap(err); inner != nil { // an input of the part is one of the operator
			return inner
		}
		return err
	}
	g.layout()
	for _, k := range g.kernels {
		if !k.fits(opt.Config) {
			return k.noBlock(opt.Config)
		}
	}
	_, err = g.placeArena(0, opt.limit())
	return err
}

// SupportsAll is Supports for the first subgraph as a whole, in which operators may
// be joined that the NPU does not execute one by one.
func SupportsAll(m *tflite.Model, opt Options) error {
	if err := opt.check(m); err != nil {
		return err
	}
	g, err := lower(&m.Subgraphs[0], opt)
	if err != nil {
		return err
	}
	g.layout()
	for _, k := range g.kernels {
		if !k.fits(opt.Config) {
			return k.noBlock(opt.Config)
		}
	}
	return nil
}

// errNoLowering is the reason for an operator that has no rule.
var errNoLowering = errors.New("the NPU has no lowering for it")

// operatorError says which operator cannot be lowered, and why.
type operatorError struct {
	index int
	name  string
	err   error
}

func (e *operatorError) Error() string {
	return fmt.Sprintf("operator %d (%s): %v", e.index, e.name, e.err)
}

func (e *operatorError) Unwrap() error { return e.err }
