package tflite

import "encoding/binary"

// Name and identifier of the metadata of TensorFlow Lite, and its fields (schema
// metadata_schema.fbs of TensorFlow Lite Support).
const (
	metadataTFLite     = "TFLITE_METADATA"
	metadataIdentifier = "M001"

	aboutSubgraphs    = 3 // of ModelMetadata
	aboutInputs       = 2 // of SubGraphMetadata
	aboutProcessUnits = 4 // of TensorMetadata
	unitKind          = 0 // of ProcessUnit
	unitOptions       = 1
	unitNormalisation = 1 // in the union of options
	normalMean        = 0 // of NormalizationOptions
	normalStd         = 1

	aboutContent      = 3 // of TensorMetadata
	contentKind       = 0 // of Content
	contentProperties = 1
	contentAudio      = 4 // in the union of properties
	audioRate         = 0 // of AudioProperties
)

// Normalisation is how pixels from 0 to 255 become the real numbers of an input of the
// first subgraph: (pixel − mean) ÷ std, one pair for all channels or one for each. Both are
// empty where the model's metadata say nothing, or are damaged.
func (m *Model) Normalisation(input int) (mean, std []float32) {
	m.about(input, func(r *reader, t table) bool {
		pos, n := t.vector(aboutProcessUnits, 4)
		for k := range n {
			unit := r.element(pos, k, "ProcessUnit")
			if r.err != nil {
				break
			}
			if unit.int8(unitKind, 0) != unitNormalisation {
				continue
			}
			if o, ok := unit.sub(unitOptions, "NormalizationOptions"); ok {
				mean, std = o.float32s(normalMean), o.float32s(normalStd)
			}
			if r.err == nil && len(mean) > 0 && len(mean) == len(std) {
				return true
			}
		}
		mean, std = nil, nil
		return false
	})
	return mean, std
}

// SampleRate is how many samples of sound per second an input of the first subgraph
// takes; 0 where the model's metadata say nothing, or are damaged.
func (m *Model) SampleRate(input int) (rate int) {
	m.about(input, func(r *reader, t table) bool {
		content, ok := t.sub(aboutContent, "Content")
		if !ok || content.int8(contentKind, 0) != contentAudio {
			return false
		}
		if audio, ok := content.sub(contentProperties, "AudioProperties"); ok {
			rate = int(audio.uint32(audioRate))
		}
		if r.err != nil {
			rate = 0
		}
		return rate > 0
	})
	return rate
}

// about calls found with what each part of the model's metadata says of an input of the
// first subgraph, until it reports that it has what it wants.
func (m *Model) about(input int, found func(r *reader, t table) bool) {
	for i := range m.Metadata {
		data := m.Metadata[i].Data
		if m.Metadata[i].Name != metadataTFLite || len(data) < 8 || string(data[4:8]) != metadataIdentifier {
			continue
		}
		r := newReader(data)
		t, ok := r.tableAt(int(binary.LittleEndian.Uint32(data)), "ModelMetadata").first(aboutSubgraphs, 0, "SubGraphMetadata")
		if ok {
			t, ok = t.first(aboutInputs, input, "TensorMetadata")
		}
		if ok && found(r, t) {
			return
		}
	}
}

// first opens one table of the vector in field id.
func (t table) first(id, index int, kind string) (table, bool) {
	if t.r == nil {
		return table{}, false
	}
	pos, n := t.vector(id, 4)
	if index < 0 || index >= n {
		return table{}, false
	}
	s := t.r.element(pos, index, kind)
	return s, t.r.err == nil
}
