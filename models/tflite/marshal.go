package tflite

import (
	"errors"
	"fmt"
	"unsafe"

	flatbuffers "github.com/google/flatbuffers/go"
)

// bufferAlign is the alignment of constant data in the file (TensorFlow Lite
// schema, force_align of Buffer.data).
const bufferAlign = 16

// maxFile is the size limit of a flatbuffer with a margin for the tables.
const maxFile = 1<<31 - 1<<24

// Marshal writes the model as a TensorFlow Lite file. Constants that share their
// bytes share one buffer; variables of a normalised model get their handles and
// initial values back.
func (m *Model) Marshal() ([]byte, error) {
	if len(m.Subgraphs) == 0 {
		return nil, errors.New("tflite: a model needs at least one subgraph")
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	m, err := m.withHandles()
	if err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	w := newWriter()
	for i := range m.Metadata {
		w.addBuffer(m.Metadata[i].Data)
	}
	for i := range m.Subgraphs {
		g := &m.Subgraphs[i]
		for j := range g.Tensors {
			w.addBuffer(g.Tensors[j].Data)
		}
		for j := range g.Operators {
			w.addCode(&g.Operators[j])
		}
	}
	if w.size > maxFile {
		return nil, fmt.Errorf("tflite: %d bytes of constants are beyond the %d of a flatbuffer", w.size, maxFile)
	}
	w.model(m)
	if w.err != nil {
		return nil, fmt.Errorf("tflite: %w", w.err)
	}
	return w.b.FinishedBytes(), nil
}

type writer struct {
	b       *flatbuffers.Builder
	codes   []opcode
	codeOf  map[opcode]int
	buffers [][]byte
	// bufferOf finds the buffer of constants already seen, by address and length.
	bufferOf map[bufferKey]int
	size     int
	err      error
}

type bufferKey struct {
	first *byte
	n     int
}

func newWriter() *writer {
	return &writer{
		b: flatbuffers.NewBuilder(1024), codeOf: map[opcode]int{},
		buffers: [][]byte{nil}, bufferOf: map[bufferKey]int{}, // buffer 0 is empty by convention
	}
}

func (w *writer) addBuffer(data []byte) {
	if len(data) == 0 {
		return
	}
	key := bufferKey{unsafe.SliceData(data), len(data)}
	if _, ok := w.bufferOf[key]; ok {
		return
	}
	w.bufferOf[key] = len(w.buffers)
	w.buffers = append(w.buffers, data)
	w.size += len(data) + bufferAlign
}

func (w *writer) bufferIndex(data []byte) uint32 {
	if len(data) == 0 {
		return 0
	}
	return uint32(w.bufferOf[bufferKey{unsafe.SliceData(data), len(data)}])
}

func codeFor(op *Operator) opcode {
	return opcode{code: op.Code, custom: op.Custom, version: max(op.Version, 1)}
}

func (w *writer) addCode(op *Operator) {
	c := codeFor(op)
	if _, ok := w.codeOf[c]; !ok {
		w.codeOf[c] = len(w.codes)
		w.codes = append(w.codes, c)
	}
}

func (w *writer) model(m *Model) {
	b := w.b
	// Parts are written back to front: what is written first lies last, so the
	// constants go to the end of the file.
	buffers := make([]flatbuffers.UOffsetT, len(w.buffers))
	for i, data := range w.buffers {
		buffers[i] = w.buffer(data)
	}
	metadata := make([]flatbuffers.UOffsetT, len(m.Metadata))
	for i := range m.Metadata {
		name := b.CreateString(m.Metadata[i].Name)
		b.StartObject(metadataFields)
		b.PrependUOffsetTSlot(metadataName, name, 0)
		b.PrependUint32Slot(metadataBuffer, w.bufferIndex(m.Metadata[i].Data), 0)
		metadata[i] = b.EndObject()
	}
	graphs := make([]flatbuffers.UOffsetT, len(m.Subgraphs))
	for i := range m.Subgraphs {
		graphs[i] = w.subgraph(&m.Subgraphs[i])
	}
	codes := make([]flatbuffers.UOffsetT, len(w.codes))
	for i, c := range w.codes {
		codes[i] = w.operatorCode(c)
	}
	description := b.CreateString(m.Description)
	bufferVector, metadataVector := b.CreateVectorOfTables(buffers), b.CreateVectorOfTables(metadata)
	graphVector, codeVector := b.CreateVectorOfTables(graphs), b.CreateVectorOfTables(codes)
	b.StartObject(modelFields)
	b.PrependUint32Slot(modelVersion, uint32(m.Version), 0)
	b.PrependUOffsetTSlot(modelCodes, codeVector, 0)
	b.PrependUOffsetTSlot(modelSubgraphs, graphVector, 0)
	b.PrependUOffsetTSlot(modelDescription, description, 0)
	b.PrependUOffsetTSlot(modelBuffers, bufferVector, 0)
	if len(metadata) > 0 {
		b.PrependUOffsetTSlot(modelMetadata, metadataVector, 0)
	}
	b.FinishWithFileIdentifier(b.EndObject(), []byte(identifier))
}

func (w *writer) buffer(data []byte) flatbuffers.UOffsetT {
	var v flatbuffers.UOffsetT
	if len(data) > 0 {
		w.b.Prep(bufferAlign, len(data))
		v = w.b.CreateByteVector(data)
	}
	w.b.StartObject(bufferFields)
	w.b.PrependUOffsetTSlot(bufferData, v, 0)
	return w.b.EndObject()
}

func (w *writer) operatorCode(c opcode) flatbuffers.UOffsetT {
	b := w.b
	var custom flatbuffers.UOffsetT
	if c.custom != "" {
		custom = b.CreateString(c.custom)
	}
	b.StartObject(codeFields)
	b.PrependInt8Slot(codeDeprecated, int8(min(c.code, opPlaceholder)), 0)
	b.PrependUOffsetTSlot(codeCustom, custom, 0)
	b.PrependInt32Slot(codeVersion, int32(c.version), 1)
	b.PrependInt32Slot(codeBuiltin, int32(c.code), 0)
	return b.EndObject()
}
