package executorch

import (
	"errors"
	"fmt"
)

// identifier is the file identifier of ExecuTorch programs, at offset 4; the digits
// are a version of the schema.
const identifier = "ET"

// Value kinds (the union KernelTypes).
const (
	Null       = 1
	Int        = 2
	Bool       = 3
	Double     = 4
	TensorKind = 5
	IntList    = 7
)

// Scalar types of tensors.
const (
	Uint8    = 0
	Int8     = 1
	Int16    = 2
	Int32    = 3
	Int64    = 4
	Float32  = 6
	BoolType = 11
)

// Value is an entry of the plan's list of values.
type Value struct {
	Kind   int // 0 where it is a kind that this package does not read
	Int    int64
	Double float64
	Items  []int64 // of an int list: indices of values
	Tensor *Tensor
}

// Tensor describes a tensor value.
type Tensor struct {
	Type     int
	Sizes    []int64
	DimOrder []int64 // dimensions from the slowest to the fastest in memory
	Data     []byte  // of a constant
}

// Call is one instruction: an operator of the CPU, or a delegate.
type Call struct {
	Operator string // for example "quantized_decomposed::quantize_per_tensor.out"
	Delegate int    // where Operator is empty
	Args     []int64
}

// Delegate is a part of the network that a backend runs.
type Delegate struct {
	ID       string // the backend: "EthosUBackend"
	Blob     []byte
	External string // why the blob is not in the file; empty where it is
}

// Program is the first execution plan of a file.
type Program struct {
	Values          []Value
	Inputs, Outputs []int64
	Calls           []Call
	Delegates       []Delegate
}

// IsProgram reports whether data begins as an ExecuTorch program does.
func IsProgram(data []byte) bool {
	return len(data) >= 8 && string(data[4:6]) == identifier
}

// Fields of the tables.
const (
	programPlans, programConstants, programDelegateData, programSegments = 1, 2, 3, 4

	planValues, planInputs, planOutputs, planChains, planOperators, planDelegates = 2, 3, 4, 5, 6, 7

	tensorType, tensorSizes, tensorDimOrder, tensorBuffer = 0, 2, 3, 5
)

// Parse reads a program. Blobs and constants are parts of data.
func Parse(data []byte) (*Program, error) {
	if !IsProgram(data) {
		return nil, errors.New("executorch: the file is no ExecuTorch program")
	}
	r := &reader{flat: newFlat(data)}
	p := r.program()
	if r.err != nil {
		return nil, fmt.Errorf("executorch: %w", r.err)
	}
	return p, nil
}

type reader struct {
	*flat
	root table
	data [][]byte // of the delegates
}

func (r *reader) program() *Program {
	r.root = r.tableAt(r.u32(0), "Program")
	r.root.each(programDelegateData, "BackendDelegateInlineData", func(_ int, e table) { r.data = append(r.data, e.bytes(0)) })
	p := &Program{}
	plans := 0
	r.root.each(programPlans, "ExecutionPlan", func(i int, e table) {
		if plans++; i == 0 {
			r.plan(p, e)
		}
	})
	if r.err == nil && plans == 0 {
		r.fail("the program has no execution plan")
	}
	return p
}

func (r *reader) plan(p *Program, t table) {
	p.Inputs, p.Outputs = t.ints(planInputs, 4), t.ints(planOutputs, 4)
	t.each(planValues, "EValue", func(_ int, e table) { p.Values = append(p.Values, r.value(e)) })
	t.each(planDelegates, "BackendDelegate", func(_ int, e table) { p.Delegates = append(p.Delegates, r.delegate(e)) })
	var names []string
	t.each(planOperators, "Operator", func(_ int, e table) {
		name := e.text(0)
		if o := e.text(1); o != "" {
			name += "." + o
		}
		names = append(names, name)
	})
	t.each(planChains, "Chain", func(i int, e table) {
		if i > 0 {
			r.fail("the program has several chains of instructions; one is supported")
			return
		}
		e.each(2, "Instruction", func(i int, e table) { r.instruction(p, names, i, e) })
	})
	for _, list := range [2][]int64{p.Inputs, p.Outputs} {
		for _, id := range list {
			if id < 0 || id >= int64(len(p.Values)) {
				r.fail("the plan names value %d of %d", id, len(p.Values))
			}
		}
	}
}

func (r *reader) value(t table) Value {
	kind := int(t.number(0, 1))
	v, ok := t.sub(1, "value")
	if !ok {
		return Value{Kind: min(kind, Null)}
	}
	switch kind {
	case Int:
		return Value{Kind: kind, Int: int64(v.number(0, 8))}
	case Bool:
		return Value{Kind: kind, Int: int64(v.number(0, 1))}
	case Double:
		return Value{Kind: kind, Double: v.double(0)}
	case IntList:
		return Value{Kind: kind, Items: v.ints(0, 8)}
	case TensorKind:
		x := &Tensor{Type: int(v.number(tensorType, 1)), Sizes: v.ints(tensorSizes, 4), DimOrder: v.ints(tensorDimOrder, 1)}
		if i := int(v.number(tensorBuffer, 4)); i > 0 {
			r.root.each(programConstants, "Buffer", func(k int, e table) {
				if k == i {
					x.Data = e.bytes(0)
				}
			})
		}
		return Value{Kind: kind, Tensor: x}
	}
	return Value{}
}

// delegate finds the blob of a delegate: in the table of the program, or in a segment
// behind it.
func (r *reader) delegate(t table) Delegate {
	d := Delegate{ID: t.text(0)}
	ref, ok := t.sub(1, "BackendDelegateDataReference")
	if !ok {
		return d
	}
	const inSegment = 1
	i := int(ref.number(1, 4))
	if ref.number(0, 1) == inSegment {
		d.Blob = r.segment(i)
		return d
	}
	if i >= len(r.data) {
		r.fail("delegate %q: data %d of %d", d.ID, i, len(r.data))
		return d
	}
	d.Blob = r.data[i]
	return d
}

// segment is a part of the file behind the program. Where it begins stands in the
// extended header behind the identifier.
func (r *reader) segment(i int) []byte {
	const magic, header = "eh00", 8 // place of the extended header
	if !r.has(header, 24) || string(r.b[header:header+4]) != magic {
		r.fail("the delegate's data is in segment %d, but the file has no extended header", i)
		return nil
	}
	base := uint64(r.u32(header+16)) | uint64(r.u32(header+20))<<32
	var data []byte
	found := false
	r.root.each(programSegments, "DataSegment", func(k int, e table) {
		if k != i {
			return
		}
		found = true
		off, size, n := e.number(0, 8), e.number(1, 8), uint64(len(r.b))
		if base > n || off > n-base || size > n-base-off {
			r.fail("segment %d of %d bytes lies outside the file", i, size)
			return
		}
		data = r.b[base+off : base+off+size : base+off+size]
	})
	if !found {
		r.fail("the delegate's data is in segment %d, which does not exist", i)
	}
	return data
}

// Instructions (the union InstructionArguments).
const (
	kernelCall   = 1
	delegateCall = 2
	freeCall     = 5
)

func (r *reader) instruction(p *Program, names []string, i int, t table) {
	kind := t.number(0, 1)
	args, ok := t.sub(1, "arguments")
	if !ok {
		r.fail("instruction %d has no arguments", i)
		return
	}
	c := Call{Args: args.ints(1, 4)}
	at := int(args.number(0, 4))
	switch kind {
	case kernelCall:
		if at >= len(names) {
			r.fail("instruction %d calls operator %d of %d", i, at, len(names))
			return
		}
		c.Operator = names[at]
	case delegateCall:
		if c.Delegate = at; at >= len(p.Delegates) {
			r.fail("instruction %d calls delegate %d of %d", i, at, len(p.Delegates))
			return
		}
	case freeCall:
		return
	default:
		r.fail("instruction %d moves values or jumps, which is not supported: export the program without control flow", i)
		return
	}
	for _, a := range c.Args {
		if a < 0 || a >= int64(len(p.Values)) {
			r.fail("instruction %d names value %d of %d", i, a, len(p.Values))
			return
		}
	}
	p.Calls = append(p.Calls, c)
}
