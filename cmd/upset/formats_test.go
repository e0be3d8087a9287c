package main

import (
	"bytes"
	"testing"

	"upset/models/tflite"
)

func TestNPYRoundTrip(t *testing.T) {
	for _, c := range []struct {
		typ   tflite.Type
		shape []int
	}{{tflite.Int8, []int{1, 3, 2}}, {tflite.Int16, []int{5}}, {tflite.Float32, []int{}}, {tflite.Int32, []int{2, 1, 1, 1, 1, 1, 1, 1, 7}}} {
		size := c.typ.Size()
		for _, n := range c.shape {
			size *= n
		}
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(7 * i)
		}
		var file bytes.Buffer
		if err := writeNPY(&file, c.typ, c.shape, data); err != nil {
			t.Fatal(err)
		}
		if n := bytes.IndexByte(file.Bytes(), '\n') + 1; n%64 != 0 {
			t.Errorf("header of %v fills %d bytes, no multiple of 64", c.shape, n)
		}
		a, err := parseNPY(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.fit(c.typ, c.shape, size); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s %v: %v", c.typ, c.shape, err)
		}
		if _, err := a.fit(tflite.Uint16, c.shape, size); err == nil {
			t.Errorf("%s is taken for uint16", c.typ)
		}
		if _, err := a.fit(c.typ, append(c.shape, 4), size); err == nil {
			t.Errorf("shape %v is taken for another one", c.shape)
		}
	}
}

func TestNPYRefusals(t *testing.T) {
	head := func(version byte, header string) []byte {
		return append(append([]byte(npyMagic), version, 0, byte(len(header)), 0), header...)
	}
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("hello, this is no array"), "version 9": head(9, "{}"),
		"cut":     head(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2,)}")[:30],
		"no keys": head(1, "{}"), "Fortran": head(1, "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 2)}"),
		"huge": head(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999,)}"),
	} {
		if _, err := parseNPY(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseNPY(f *testing.F) {
	var file bytes.Buffer
	if err := writeNPY(&file, tflite.Int8, []int{2, 2}, []byte{1, 2, 3, 4}); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte(npyMagic + "\x02\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parseNPY(data)
		if err == nil && len(a.data) > len(data) {
			t.Error("the array is larger than its file")
		}
		_, _ = a.fit(tflite.Int8, []int{2, 2}, 4)
	})
}

func TestSystemFile(t *testing.T) {
	s, err := parseSystem([]byte("sram: {beat_interval: 2}\n"))
	if err != nil || s.SRAM.BeatInterval != 2 || s.SRAM.ReadLatency != 32 || s.Flash.BeatInterval != 8 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = parseSystem(nil); err != nil || s.Flash.ReadLatency != 64 {
		t.Errorf("an empty file gives %+v, %v", s, err)
	}
	for _, text := range []string{
		"drum: {}", "sram: {speed: 3}", "sram: 3", "sram: {beat_interval: 0}", "flash: {read_latency: -1}",
		"flash: {write_latency: 1000000}", "{}\n---\n{}", "sram: [", "sram: {beat_interval: 1.5}",
	} {
		if _, err := parseSystem([]byte(text)); err == nil {
			t.Errorf("accepted: %s", text)
		}
	}
}

func FuzzParseSystem(f *testing.F) {
	f.Add([]byte("sram: {beat_interval: 2}\nflash: {read_latency: 9}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSystem(data)
		if err == nil && (s.SRAM.BeatInterval < 1 || s.Flash.ReadLatency > maxLatency) {
			t.Errorf("accepted %+v", s)
		}
	})
}
