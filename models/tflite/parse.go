package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// Field numbers of the tables (TensorFlow Lite schema).
const (
	modelVersion     = 0
	modelCodes       = 1
	modelSubgraphs   = 2
	modelDescription = 3
	modelBuffers     = 4
	modelMetadata    = 6
	modelFields      = 8

	codeDeprecated = 0
	codeCustom     = 1
	codeVersion    = 2
	codeBuiltin    = 3
	codeFields     = 4

	graphTensors   = 0
	graphInputs    = 1
	graphOutputs   = 2
	graphOperators = 3
	graphName      = 4
	graphFields    = 5

	tensorShape        = 0
	tensorType         = 1
	tensorBuffer       = 2
	tensorName         = 3
	tensorQuantization = 4
	tensorVariable     = 5
	tensorSparsity     = 6
	tensorFields       = 8

	quantScale     = 2
	quantZeroPoint = 3
	quantAxis      = 6
	quantFields    = 7

	opCode          = 0
	opInputs        = 1
	opOutputs       = 2
	opOptionsKind   = 3
	opOptions       = 4
	opCustomOptions = 5
	opFields        = 7

	bufferData   = 0
	bufferOffset = 1
	bufferSize   = 2
	bufferFields = 3

	metadataName   = 0
	metadataBuffer = 1
	metadataFields = 2
)

// identifier is the file identifier of TensorFlow Lite models, at offset 4.
const identifier = "TFL3"

// Parse reads a model from the bytes of a TensorFlow Lite file. Constant tensors
// and metadata alias data. Signature definitions, recorded minima and maxima,
// shape signatures and builtin options that this package does not know are left
// out.
func Parse(data []byte) (*Model, error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("tflite: %d bytes are too few for a model; is the file complete?", len(data))
	}
	if string(data[4:8]) != identifier {
		return nil, fmt.Errorf("tflite: identifier is %q, not %q; give a TensorFlow Lite model", data[4:8], identifier)
	}
	p := parser{reader: newReader(data)}
	m := p.model()
	if p.err != nil {
		return nil, fmt.Errorf("tflite: %w", p.err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	return m, nil
}

type parser struct {
	*reader
	codes      []opcode
	buffers    int // position of the vector of buffers
	bufferSize int // number of buffers
}

type opcode struct {
	code    BuiltinCode
	custom  string
	version int
}

func (p *parser) model() *Model {
	t := p.tableAt(int(binary.LittleEndian.Uint32(p.b)), "Model")
	m := &Model{Version: int(t.uint32(modelVersion)), Description: t.string(modelDescription)}
	p.buffers, p.bufferSize = t.vector(modelBuffers, 4)

	pos, n := t.vector(modelCodes, 4)
	p.codes = allocate[opcode](p, n, "operator_codes")
	for i := range p.codes {
		p.codes[i] = p.operatorCode(p.element(pos, i, "OperatorCode"))
	}
	pos, n = t.vector(modelSubgraphs, 4)
	m.Subgraphs = allocate[Subgraph](p, n, "subgraphs")
	for i := range m.Subgraphs {
		m.Subgraphs[i] = p.subgraph(p.element(pos, i, "SubGraph"))
	}
	pos, n = t.vector(modelMetadata, 4)
	m.Metadata = allocate[Metadata](p, n, "metadata")
	for i := range m.Metadata {
		e := p.element(pos, i, "Metadata")
		m.Metadata[i] = Metadata{Name: e.string(metadataName), Data: p.buffer(e, metadataBuffer)}
	}
	if p.err == nil && len(m.Subgraphs) == 0 {
		p.err = errors.New("Model: no subgraph")
	}
	return m
}

// allocate makes a slice of n elements within the budget.
func allocate[T any](p *parser, n int, what string) []T {
	var zero T
	if n == 0 || !p.charge(n, int(unsafe.Sizeof(zero)), what) {
		return nil
	}
	return make([]T, n)
}

func (p *parser) operatorCode(t table) opcode {
	// Codes up to 126 may stand in the old one-byte field only; newer ones have a
	// placeholder there.
	code := BuiltinCode(t.int8(codeDeprecated, 0))
	if c := BuiltinCode(t.int32(codeBuiltin, 0)); c > code {
		code = c
	}
	return opcode{code: code, custom: t.string(codeCustom), version: t.int32(codeVersion, 1)}
}

func (p *parser) subgraph(t table) Subgraph {
	g := Subgraph{Name: t.string(graphName), Inputs: t.ints(graphInputs), Outputs: t.ints(graphOutputs)}
	pos, n := t.vector(graphTensors, 4)
	g.Tensors = allocate[Tensor](p, n, "tensors")
	for i := range g.Tensors {
		g.Tensors[i] = p.tensor(p.element(pos, i, "Tensor"))
	}
	pos, n = t.vector(graphOperators, 4)
	g.Operators = allocate[Operator](p, n, "operators")
	for i := range g.Operators {
		g.Operators[i] = p.operator(p.element(pos, i, "Operator"))
	}
	return g
}

func (p *parser) tensor(t table) Tensor {
	x := Tensor{
		Name: t.string(tensorName), Type: Type(t.int8(tensorType, 0)), Shape: t.ints(tensorShape),
		Variable: t.bool(tensorVariable, false), Data: p.buffer(t, tensorBuffer),
	}
	if q, ok := t.sub(tensorQuantization, "QuantizationParameters"); ok {
		x.Quant = Quantization{
			Scale: q.float32s(quantScale), ZeroPoint: q.int64s(quantZeroPoint), Axis: q.int32(quantAxis, 0),
		}
	}
	if _, ok := t.sub(tensorSparsity, "SparsityParameters"); ok {
		p.fail("Tensor at offset %d (%q): sparse tensors are not supported; export the model with dense weights",
			t.pos, x.Name)
	}
	return x
}

// buffer is the contents of the buffer that field id of t names, nil when empty.
func (p *parser) buffer(t table, id int) []byte {
	i := int(t.uint32(id))
	if p.err != nil || i == 0 {
		return nil
	}
	if i >= p.bufferSize {
		p.fail("%s at offset %d: buffer %d of %d", t.kind, t.pos, i, p.bufferSize)
		return nil
	}
	b := p.element(p.buffers, i, "Buffer")
	// Large models keep the data behind the flatbuffer; 0 and 1 mean "not so".
	if off, size := b.uint64(bufferOffset), b.uint64(bufferSize); off > 1 {
		n := uint64(len(p.b))
		if off > n || size > n-off {
			p.fail("Buffer at offset %d: %d bytes at %d are outside the file", b.pos, size, off)
			return nil
		}
		return p.b[off : off+size : off+size]
	}
	return b.bytes(bufferData)
}

func (p *parser) operator(t table) Operator {
	i := int(t.uint32(opCode))
	if p.err != nil {
		return Operator{}
	}
	if i >= len(p.codes) {
		p.fail("Operator at offset %d: operator code %d of %d", t.pos, i, len(p.codes))
		return Operator{}
	}
	c := p.codes[i]
	op := Operator{
		Code: c.code, Custom: c.custom, Version: c.version,
		Inputs: t.ints(opInputs), Outputs: t.ints(opOutputs), CustomOptions: t.bytes(opCustomOptions),
	}
	// An absent table means the same as one without fields.
	kind := OptionsKind(t.int8(opOptionsKind, 0))
	o, ok := t.sub(opOptions, "BuiltinOptions")
	if !ok || kind == OptionsNone {
		o, kind = table{}, optionsOf[c.code]
	}
	op.Options = readOptions(o, kind)
	return op
}
