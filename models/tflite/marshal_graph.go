package tflite

import (
	"fmt"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"
)

func (w *writer) subgraph(g *Subgraph) flatbuffers.UOffsetT {
	b := w.b
	tensors := make([]flatbuffers.UOffsetT, len(g.Tensors))
	for i := range g.Tensors {
		tensors[i] = w.tensor(&g.Tensors[i])
	}
	operators := make([]flatbuffers.UOffsetT, len(g.Operators))
	for i := range g.Operators {
		operators[i] = w.operator(&g.Operators[i])
	}
	inputs, outputs := w.ints(g.Inputs), w.ints(g.Outputs)
	tensorVector, operatorVector := b.CreateVectorOfTables(tensors), b.CreateVectorOfTables(operators)
	name := b.CreateString(g.Name)
	b.StartObject(graphFields)
	b.PrependUOffsetTSlot(graphTensors, tensorVector, 0)
	b.PrependUOffsetTSlot(graphInputs, inputs, 0)
	b.PrependUOffsetTSlot(graphOutputs, outputs, 0)
	b.PrependUOffsetTSlot(graphOperators, operatorVector, 0)
	b.PrependUOffsetTSlot(graphName, name, 0)
	return b.EndObject()
}

func (w *writer) tensor(t *Tensor) flatbuffers.UOffsetT {
	b := w.b
	shape, name := w.ints(t.Shape), b.CreateString(t.Name)
	var quant flatbuffers.UOffsetT
	if len(t.Quant.Scale) > 0 || len(t.Quant.ZeroPoint) > 0 {
		quant = w.quantization(&t.Quant)
	}
	b.StartObject(tensorFields)
	b.PrependUOffsetTSlot(tensorShape, shape, 0)
	b.PrependInt8Slot(tensorType, int8(t.Type), 0)
	b.PrependUint32Slot(tensorBuffer, w.bufferIndex(t.Data), 0)
	b.PrependUOffsetTSlot(tensorName, name, 0)
	b.PrependUOffsetTSlot(tensorQuantization, quant, 0)
	b.PrependBoolSlot(tensorVariable, t.Variable, false)
	return b.EndObject()
}

func (w *writer) quantization(q *Quantization) flatbuffers.UOffsetT {
	b := w.b
	b.StartVector(4, len(q.Scale), 4)
	for i := len(q.Scale) - 1; i >= 0; i-- {
		b.PlaceFloat32(q.Scale[i])
	}
	scale := b.EndVector(len(q.Scale))
	b.StartVector(8, len(q.ZeroPoint), 8)
	for i := len(q.ZeroPoint) - 1; i >= 0; i-- {
		b.PlaceInt64(q.ZeroPoint[i])
	}
	zero := b.EndVector(len(q.ZeroPoint))
	b.StartObject(quantFields)
	b.PrependUOffsetTSlot(quantScale, scale, 0)
	b.PrependUOffsetTSlot(quantZeroPoint, zero, 0)
	b.PrependInt32Slot(quantAxis, w.int32(q.Axis, "quantised dimension"), 0)
	return b.EndObject()
}

func (w *writer) operator(op *Operator) flatbuffers.UOffsetT {
	b := w.b
	inputs, outputs := w.ints(op.Inputs), w.ints(op.Outputs)
	kind := op.Options.Kind
	if kind == OptionsNone {
		kind = optionsOf[op.Code]
	}
	var options, custom flatbuffers.UOffsetT
	if kind != OptionsNone {
		options = w.options(&op.Options, kind)
	}
	if len(op.CustomOptions) > 0 {
		custom = b.CreateByteVector(op.CustomOptions)
	}
	b.StartObject(opFields)
	b.PrependUint32Slot(opCode, uint32(w.codeOf[codeFor(op)]), 0)
	b.PrependUOffsetTSlot(opInputs, inputs, 0)
	b.PrependUOffsetTSlot(opOutputs, outputs, 0)
	b.PrependByteSlot(opOptionsKind, byte(kind), 0)
	b.PrependUOffsetTSlot(opOptions, options, 0)
	b.PrependUOffsetTSlot(opCustomOptions, custom, 0)
	return b.EndObject()
}

// options writes the options table of the given kind.
func (w *writer) options(o *Options, kind OptionsKind) flatbuffers.UOffsetT {
	b, fields := w.b, optionTables[kind]
	// Vectors must be complete before the table that refers to them is begun.
	vectors := make([]flatbuffers.UOffsetT, len(fields))
	slots := 0
	for i, f := range fields {
		slots = max(slots, f.id+1)
		switch p := f.at(o).(type) {
		case *[]int:
			if *p != nil {
				vectors[i] = w.ints(*p)
			}
		case *string:
			if *p != "" {
				vectors[i] = b.CreateString(*p)
			}
		}
	}
	b.StartObject(slots)
	for i, f := range fields {
		def := f.def
		switch p := f.at(o).(type) {
		case *int:
			v := *p
			if v == 0 && (p == &o.DilationW || p == &o.DilationH) {
				v = def // a factor of 0 does not exist
			}
			b.PrependInt32Slot(f.id, w.int32(v, "option"), int32(def))
		case *bool:
			b.PrependBoolSlot(f.id, *p, def != 0)
		case *float32:
			b.PrependFloat32Slot(f.id, *p, 0)
		case *[]int, *string:
			b.PrependUOffsetTSlot(f.id, vectors[i], 0)
		case *int8:
			b.PrependInt8Slot(f.id, *p, int8(def))
		case *Padding:
			b.PrependInt8Slot(f.id, int8(*p), int8(def))
		case *Activation:
			b.PrependInt8Slot(f.id, int8(*p), int8(def))
		case *Type:
			b.PrependInt8Slot(f.id, int8(*p), int8(def))
		}
	}
	return b.EndObject()
}

func (w *writer) ints(v []int) flatbuffers.UOffsetT {
	b := w.b
	b.StartVector(4, len(v), 4)
	for i := len(v) - 1; i >= 0; i-- {
		b.PlaceInt32(w.int32(v[i], "vector element"))
	}
	return b.EndVector(len(v))
}

func (w *writer) int32(v int, what string) int32 {
	if (v < math.MinInt32 || v > math.MaxInt32) && w.err == nil {
		w.err = fmt.Errorf("%s %d does not fit 32 bits", what, v)
	}
	return int32(v)
}
