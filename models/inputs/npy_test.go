package inputs

import (
	"bytes"
	"testing"

	"upset/models/network"
	"upset/models/npy"
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
		if err := WriteNPY(&file, c.typ, c.shape, data); err != nil {
			t.Fatal(err)
		}
		if n := bytes.IndexByte(file.Bytes(), '\n') + 1; n%64 != 0 {
			t.Errorf("header of %v fills %d bytes, no multiple of 64", c.shape, n)
		}
		a, err := parseArray(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		b := network.Binding{Type: c.typ, Shape: c.shape, Size: size}
		if got, err := a.split(&b, Options{}); err != nil || len(got) != 1 || !bytes.Equal(got[0], data) {
			t.Errorf("%s %v: %v", c.typ, c.shape, err)
		}
		other := b
		other.Type = tflite.Uint16
		if _, err := a.split(&other, Options{}); err == nil {
			t.Errorf("%s is taken for uint16", c.typ)
		}
		b.Shape = append(c.shape, 4)
		if _, err := a.split(&b, Options{}); err == nil {
			t.Errorf("shape %v is taken for another one", c.shape)
		}
	}
}

func TestNPYRefusals(t *testing.T) {
	head := func(version byte, header string) []byte {
		return append(append([]byte(npy.Magic), version, 0, byte(len(header)), 0), header...)
	}
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("hello, this is no array"), "version 9": head(9, "{}"),
		"cut":     head(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2,)}")[:30],
		"no keys": head(1, "{}"), "Fortran": head(1, "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 2)}"),
		"huge": head(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999,)}"),
	} {
		if _, err := parseArray(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseNPY(f *testing.F) {
	var file bytes.Buffer
	if err := WriteNPY(&file, tflite.Int8, []int{2, 2}, []byte{1, 2, 3, 4}); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte(npy.Magic + "\x02\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parseArray(data)
		if err == nil && len(a.Data) > len(data) {
			t.Error("the array is larger than its file")
		}
		for _, typ := range []tflite.Type{tflite.Int8, tflite.Float32} {
			b := network.Binding{Type: typ, Shape: []int{2, 2}, Size: 4 * typ.Size(), Quant: tflite.Quantization{Scale: []float32{0.5}}}
			list, err := a.split(&b, Options{Scale: &usual[0]})
			for _, d := range list {
				if err == nil && len(d) != b.Size {
					t.Errorf("an input of %d bytes", len(d))
				}
			}
		}
	})
}
