package npy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func file(descr, shape string, data ...byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", descr, shape)
	return append(append([]byte(Magic+"\x01\x00"), byte(len(header)), 0), append([]byte(header), data...)...)
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		descr, shape string
		data         []byte
		want         []float64
	}{
		{"|i1", "2,", []byte{0xff, 3}, []float64{-1, 3}},
		{"|u1", "1, 2", []byte{0xff, 3}, []float64{255, 3}},
		{"<i2", "", []byte{0xfe, 0xff}, []float64{-2}},
		{"<i4", "1,", []byte{0, 0, 1, 0}, []float64{65536}},
		{"<i8", "1,", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, []float64{-1}},
		{"<f4", "1,", []byte{0, 0, 0, 0x3f}, []float64{0.5}},
		{"<f8", "1,", []byte{0, 0, 0, 0, 0, 0, 0xe0, 0x3f}, []float64{0.5}},
	} {
		a, err := Parse(file(c.descr, c.shape, c.data...))
		if err != nil {
			t.Fatalf("%s: %v", c.descr, err)
		}
		if got, err := a.Numbers(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s (%s): %v, %v", c.descr, c.shape, got, err)
		}
	}
	for descr, want := range map[string]string{"|O": "are no numbers", "<i4": "too few"} {
		a, err := Parse(file(descr, "9999999999, 9999999999", 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Numbers(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", descr, err)
		}
	}
}
