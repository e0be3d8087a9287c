package tflite

import (
	"slices"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"
)

// aboutPictures are metadata that normalise the second input and say the sample rate of
// the fourth.
func aboutPictures() []byte {
	b := flatbuffers.NewBuilder(256)
	floats := func(list ...float32) flatbuffers.UOffsetT {
		b.StartVector(4, len(list), 4)
		for _, x := range slices.Backward(list) {
			b.PrependFloat32(x)
		}
		return b.EndVector(len(list))
	}
	tables := func(list ...flatbuffers.UOffsetT) flatbuffers.UOffsetT {
		b.StartVector(4, len(list), 4)
		for _, x := range slices.Backward(list) {
			b.PrependUOffsetT(x)
		}
		return b.EndVector(len(list))
	}
	object := func(fields int, set func()) flatbuffers.UOffsetT {
		b.StartObject(fields)
		set()
		return b.EndObject()
	}
	mean, std := floats(1, 2, 3), floats(4, 5, 6)
	options := object(2, func() { b.PrependUOffsetTSlot(normalMean, mean, 0); b.PrependUOffsetTSlot(normalStd, std, 0) })
	unit := object(2, func() {
		b.PrependByteSlot(unitKind, unitNormalisation, 0)
		b.PrependUOffsetTSlot(unitOptions, options, 0)
	})
	audio := object(2, func() { b.PrependUint32Slot(audioRate, 16000, 0); b.PrependUint32Slot(1, 1, 0) })
	sound := object(3, func() {
		b.PrependByteSlot(contentKind, contentAudio, 0)
		b.PrependUOffsetTSlot(contentProperties, audio, 0)
	})
	image := object(3, func() {
		b.PrependByteSlot(contentKind, 2, 0)
		b.PrependUOffsetTSlot(contentProperties, audio, 0)
	})
	other := object(2, func() { b.PrependByteSlot(unitKind, 2, 0); b.PrependUOffsetTSlot(unitOptions, options, 0) })
	units := tables(other, unit)
	plain := object(7, func() { b.PrependUOffsetTSlot(aboutContent, image, 0) })
	heard := object(7, func() { b.PrependUOffsetTSlot(aboutContent, sound, 0) })
	pictures := object(7, func() { b.PrependUOffsetTSlot(aboutProcessUnits, units, 0) })
	inputs := tables(plain, pictures, plain, heard)
	graphs := tables(object(8, func() { b.PrependUOffsetTSlot(aboutInputs, inputs, 0) }))
	b.FinishWithFileIdentifier(object(8, func() { b.PrependUOffsetTSlot(aboutSubgraphs, graphs, 0) }), []byte(metadataIdentifier))
	return b.FinishedBytes()
}

func TestNormalisation(t *testing.T) {
	data := aboutPictures()
	m := &Model{Metadata: []Metadata{{Name: "other", Data: data}, {Name: metadataTFLite, Data: data}}}
	if mean, std := m.Normalisation(1); !slices.Equal(mean, []float32{1, 2, 3}) || !slices.Equal(std, []float32{4, 5, 6}) {
		t.Errorf("%v, %v", mean, std)
	}
	for _, input := range []int{-1, 0, 2} {
		if mean, std := m.Normalisation(input); mean != nil || std != nil {
			t.Errorf("input %d: %v, %v", input, mean, std)
		}
	}
	for n := range data { // damaged ones say nothing, or what they said
		m.Metadata[1].Data = data[:n]
		if mean, std := m.Normalisation(1); len(mean) != len(std) {
			t.Errorf("%d bytes: %v, %v", n, mean, std)
		}
	}
}

func TestSampleRate(t *testing.T) {
	data := aboutPictures()
	m := &Model{Metadata: []Metadata{{Name: "other", Data: data}, {Name: metadataTFLite, Data: data}}}
	for input, want := range []int{0, 0, 0, 16000, 0} { // a picture and a plain tensor have none
		if got := m.SampleRate(input); got != want {
			t.Errorf("input %d: %d samples per second, not %d", input, got, want)
		}
	}
	for n := range data { // damaged ones say nothing, or what they said
		m.Metadata[1].Data = data[:n]
		if got := m.SampleRate(3); got != 0 && got != 16000 {
			t.Errorf("%d bytes: %d", n, got)
		}
	}
}

func FuzzNormalisation(f *testing.F) {
	f.Add(aboutPictures())
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &Model{Metadata: []Metadata{{Name: metadataTFLite, Data: data}}}
		if mean, std := m.Normalisation(0); len(mean) != len(std) {
			t.Errorf("%v, %v", mean, std)
		}
		if rate := m.SampleRate(0); rate < 0 {
			t.Error(rate)
		}
	})
}
