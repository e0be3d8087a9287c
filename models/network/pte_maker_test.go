package network

import (
	"encoding/binary"

	flatbuffers "github.com/google/flatbuffers/go"

	"upset/models/executorch"
)

// pteMaker writes ExecuTorch programs for tests; field numbers are those of its schema.
type pteMaker struct {
	*flatbuffers.Builder
	values, operators, delegates, data, instructions []flatbuffers.UOffsetT
	behind                                           []byte // the segment
}

func newPTEMaker() *pteMaker { return &pteMaker{Builder: flatbuffers.NewBuilder(1 << 12)} }

func (m *pteMaker) tables(list []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	m.StartVector(4, len(list), 4)
	for i := len(list) - 1; i >= 0; i-- {
		m.PrependUOffsetT(list[i])
	}
	return m.EndVector(len(list))
}

func (m *pteMaker) numbers(list []int32) flatbuffers.UOffsetT {
	m.StartVector(4, len(list), 4)
	for i := len(list) - 1; i >= 0; i-- {
		m.PrependInt32(list[i])
	}
	return m.EndVector(len(list))
}

// value appends a value whose table is t and returns its number.
func (m *pteMaker) value(kind byte, t flatbuffers.UOffsetT) int32 {
	m.StartObject(2)
	m.PrependByteSlot(0, kind, 0)
	m.PrependUOffsetTSlot(1, t, 0)
	m.values = append(m.values, m.EndObject())
	return int32(len(m.values) - 1)
}

func (m *pteMaker) number(n int64) int32 {
	m.StartObject(1)
	m.PrependInt64Slot(0, n, 0)
	return m.value(executorch.Int, m.EndObject())
}

func (m *pteMaker) real(x float64) int32 {
	m.StartObject(1)
	m.PrependFloat64Slot(0, x, 0)
	return m.value(executorch.Double, m.EndObject())
}

func (m *pteMaker) list(items ...int64) int32 {
	m.StartVector(8, len(items), 8)
	for i := len(items) - 1; i >= 0; i-- {
		m.PrependInt64(items[i])
	}
	v := m.EndVector(len(items))
	m.StartObject(1)
	m.PrependUOffsetTSlot(0, v, 0)
	return m.value(executorch.IntList, m.EndObject())
}

func (m *pteMaker) tensor(kind int, order []byte, sizes ...int32) int32 {
	s, o := m.numbers(sizes), m.CreateByteVector(order)
	m.StartObject(9)
	m.PrependInt8Slot(0, int8(kind), 0)
	m.PrependUOffsetTSlot(2, s, 0)
	m.PrependUOffsetTSlot(3, o, 0)
	return m.value(executorch.TensorKind, m.EndObject())
}

// delegate appends a delegate whose blob is in the program.
func (m *pteMaker) delegate(id string, blob []byte) {
	b := m.CreateByteVector(blob)
	m.StartObject(1)
	m.PrependUOffsetTSlot(0, b, 0)
	m.data = append(m.data, m.EndObject())
	m.refer(id, 0, uint32(len(m.data)-1))
}

// segment appends a delegate whose blob is in the one segment behind the program.
func (m *pteMaker) segment(id string, blob []byte) {
	m.behind = blob
	m.refer(id, 1, 0)
}

func (m *pteMaker) refer(id string, location byte, index uint32) {
	name := m.CreateString(id)
	m.StartObject(2)
	m.PrependByteSlot(0, location, 0)
	m.PrependUint32Slot(1, index, 0)
	ref := m.EndObject()
	m.StartObject(3)
	m.PrependUOffsetTSlot(0, name, 0)
	m.PrependUOffsetTSlot(1, ref, 0)
	m.delegates = append(m.delegates, m.EndObject())
}

// call appends a call of an operator, or of delegate at where the name is empty.
func (m *pteMaker) call(operator string, at int, args ...int32) {
	kind := byte(2)
	if operator != "" {
		kind, at = 1, len(m.operators)
		name := m.CreateString(operator)
		m.StartObject(2)
		m.PrependUOffsetTSlot(0, name, 0)
		m.operators = append(m.operators, m.EndObject())
	}
	v := m.numbers(args)
	m.StartObject(2)
	m.PrependInt32Slot(0, int32(at), 0)
	m.PrependUOffsetTSlot(1, v, 0)
	t := m.EndObject()
	m.StartObject(2)
	m.PrependByteSlot(0, kind, 0)
	m.PrependUOffsetTSlot(1, t, 0)
	m.instructions = append(m.instructions, m.EndObject())
}

// file ends the program.
func (m *pteMaker) file(inputs, outputs []int32) []byte {
	code := m.tables(m.instructions)
	m.StartObject(4)
	m.PrependUOffsetTSlot(2, code, 0)
	chains := m.tables([]flatbuffers.UOffsetT{m.EndObject()})
	values, ops, delegates := m.tables(m.values), m.tables(m.operators), m.tables(m.delegates)
	in, out, data := m.numbers(inputs), m.numbers(outputs), m.tables(m.data)
	m.StartObject(9)
	for id, v := range map[int]flatbuffers.UOffsetT{
		2: values, 3: in, 4: out, 5: chains, 6: ops, 7: delegates,
	} {
		m.PrependUOffsetTSlot(id, v, 0)
	}
	plans := m.tables([]flatbuffers.UOffsetT{m.EndObject()})
	m.StartObject(2)
	m.PrependUint64Slot(1, uint64(len(m.behind)), 0)
	segments := m.tables([]flatbuffers.UOffsetT{m.EndObject()})
	m.StartObject(8)
	m.PrependUOffsetTSlot(1, plans, 0)
	m.PrependUOffsetTSlot(3, data, 0)
	m.PrependUOffsetTSlot(4, segments, 0)
	m.FinishWithFileIdentifier(m.EndObject(), []byte("ET12"))
	if m.behind == nil {
		return m.FinishedBytes()
	}
	return extended(m.FinishedBytes(), m.behind)
}

// extended puts the extended header behind the identifier and a segment behind the
// program.
func extended(program, segment []byte) []byte {
	const header = 24
	b := binary.LittleEndian.AppendUint32(nil, binary.LittleEndian.Uint32(program)+header)
	b = append(b, program[4:8]...)
	b = binary.LittleEndian.AppendUint32(append(b, "eh00"...), header)
	size := uint64(len(program) + header)
	b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, size), size)
	return append(append(b, program[8:]...), segment...)
}
