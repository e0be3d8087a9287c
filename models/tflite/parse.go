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
// out. Damaged tensors, subgraphs and metadata that the first subgraph does not
// use are emptied; used ones are errors.
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
	p.subgraphs(m, pos)
	pos, n = t.vector(modelMetadata, 4)
	m.Metadata = allocate[Metadata](p, n, "metadata")
	for i := range m.Metadata {
		e := p.element(pos, i, "Metadata")
		m.Metadata[i] = Metadata{Name: e.string(metadataName), Data: p.buffer(e, metadataBuffer)}
		if err := p.forgive(); err != nil {
			m.Metadata[i].Data = nil // notes about the network never refuse it
		}
	}
	if p.err == nil && len(m.Subgraphs) == 0 {
		p.err = errors.New("Model: no subgraph")
	}
	return m
}

// subgraphs reads all subgraphs. Only the first one is run, so a later one that is
// damaged is left empty, unless the first one calls it.
func (p *parser) subgraphs(m *Model, pos int) {
	broken := map[int]error{}
	for i := range m.Subgraphs {
		g := p.subgraph(p.element(pos, i, "SubGraph"))
		if p.err == nil {
			p.err = g.check()
		}
		if p.err != nil {
			p.err = fmt.Errorf("subgraph %d: %w", i, p.err)
			if i == 0 {
				return
			}
			g = Subgraph{}
			if broken[i] = p.forgive(); !p.charge(1, forgiven, "damaged subgraphs") {
				return
			}
		}
		m.Subgraphs[i] = g
	}
	if len(m.Subgraphs) == 0 || p.err != nil {
		return
	}
	for i := range m.Subgraphs[0].Operators {
		if op := &m.Subgraphs[0].Operators[i]; op.Code == OpCallOnce && broken[op.Options.InitSubgraph] != nil {
			p.err = broken[op.Options.InitSubgraph]
		}
	}
}

// forgiven is the memory that one remembered error takes of the budget (our
// choice, rounded up).
const forgiven = 512

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
	broken := map[int]error{}
	pos, n := t.vector(graphTensors, 4)
	g.Tensors = allocate[Tensor](p, n, "tensors")
	for i := range g.Tensors {
		g.Tensors[i] = p.tensor(p.element(pos, i, "Tensor"))
		err := p.forgive()
		if err == nil {
			err = g.Tensors[i].check()
		}
		if err != nil && p.charge(1, forgiven, "damaged tensors") {
			broken[i] = fmt.Errorf("tensor %d (%q): %w", i, g.Tensors[i].Name, err)
			g.Tensors[i] = Tensor{Name: g.Tensors[i].Name}
		}
	}
	pos, n = t.vector(graphOperators, 4)
	g.Operators = allocate[Operator](p, n, "operators")
	for i := range g.Operators {
		g.Operators[i] = p.operator(p.element(pos, i, "Operator"))
	}
	p.used(&g, broken)
	return g
}

// used refuses a graph that uses one of its damaged tensors. Parts that nobody uses
// never refuse a file, as in other runtimes.
func (p *parser) used(g *Subgraph, broken map[int]error) {
	if len(broken) == 0 || p.err != nil {
		return
	}
	lists := [][]int{g.Inputs, g.Outputs}
	for i := range g.Operators {
		lists = append(lists, g.Operators[i].Inputs, g.Operators[i].Outputs)
	}
	for _, list := range lists {
		for _, id := range list {
			if err := broken[id]; err != nil {
				p.err = err
				return
			}
		}
	}
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
