package data

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// Single precision, little-endian: 1 is 0x3f800000, −2.5 is 0xc0200000.
func TestSingles(t *testing.T) {
	b := Singles(1, -2.5)
	if !bytes.Equal(b, []byte{0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}) {
		t.Errorf("% x", b)
	}
	if got := ReadSingles(append(b, 7, 7)); !slices.Equal(got, []float64{1, -2.5}) {
		t.Errorf("%v", got)
	}
	if got := ReadSingles(Singles(math.Pi)); math.Abs(got[0]-math.Pi) > 1e-6 || got[0] == math.Pi {
		t.Errorf("%v", got)
	}
	if len(Singles()) != 0 || len(ReadSingles(nil)) != 0 {
		t.Error("numbers of nothing")
	}
}
