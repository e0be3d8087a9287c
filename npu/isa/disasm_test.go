package isa

import (
	"strings"
	"testing"
)

func TestListing(t *testing.T) {
	var s Stream
	s.Set(KernelStride, 0b1001000110) // stride x 3, y 4, part kernel
	s.Set(IFMPrecision, 1|1<<6)
	s.SetSigned(OFMZeroPoint, -128)
	s.SetScale(OFMScale, 0x40000000, 38)
	s.Set(WeightLength, 960)
	s.Op(OpElementwise, ElemSHR)
	s.Op(OpStop, 0xffff)
	want := `offset    payload  par. code  command                    value
0x000000:          0246 0122  NPU_SET_KERNEL_STRIDE      x 3, y 4, dilation x 1, y 1, weights part kernel first
0x000004:          0041 0105  NPU_SET_IFM_PRECISION      signed 8-bit NHCWB16, add mode 0, round double
0x000008:          ff80 0118  NPU_SET_OFM_ZERO_POINT     -128
0x00000c: 40000000 0026 4024  NPU_SET_OFM_SCALE          1073741824, shift 38
0x000014: 000003c0 0000 4021  NPU_SET_WEIGHT_LENGTH      960
0x00001c:          0008 0006  NPU_OP_ELEMENTWISE         shr
0x000020:          ffff 0000  NPU_OP_STOP                mask 0xffff
`
	var got strings.Builder
	if err := WriteListing(&got, s.Words); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("listing:\n%s\nwant:\n%s", got.String(), want)
	}
}

func TestDisassembleInvalid(t *testing.T) {
	for _, words := range [][]uint32{{0x4020}, {0x3fff}, {0x3c0}} {
		c := Disassemble(words)
		if len(c) != 1 || c[0].Kind != KindInvalid {
			t.Errorf("%08x: %v", words, c)
		}
	}
}
