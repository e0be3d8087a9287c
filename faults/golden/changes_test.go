package golden

import (
	"slices"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// Changes finds every byte that differs, wherever in a word of eight and in a page it
// stands, in order, and says where there are more than it may list.
func TestChangesFindsEveryByte(t *testing.T) {
	m := npu.New(isa.U55x32, npu.DefaultSystem(), npu.ECCNone, &isa.Memory{SRAM: make([]byte, 3*MemPiece+205)})
	p := Snapshot(m, nil)
	if list, ok := Changes(m, &p, nil, 0); !ok || len(list) != 0 {
		t.Fatalf("of nothing: %v, %t", list, ok)
	}
	last := len(m.Mem.SRAM) - 1
	var want []Change
	for _, at := range []int{0, 1, 7, 8, 15, 100, MemPiece - 1, MemPiece, 3*MemPiece + 101, last - 8, last} {
		m.Mem.SRAM[at] ^= 0x80
		want = append(want, Change{isa.SRAMBase + uint32(at), m.Mem.SRAM[at]})
	}
	before := []Change{{1, 2}}
	if list, ok := Changes(m, &p, before, len(want)+1); !ok || !slices.Equal(list[1:], want) || list[0] != before[0] {
		t.Errorf("%v, %t, want %v", list, ok, want)
	}
	if list, ok := Changes(m, &p, nil, len(want)-1); ok || !slices.Equal(list, want[:len(want)-1]) {
		t.Errorf("with a limit of one less: %d, %t", len(list), ok)
	}
	p.Restore(m)
	if _, ok := Changes(m, &p, nil, 0); !ok {
		t.Error("something differs from a point at which the machine was put")
	}
}

// Snapshot records the machine, sharing what equals the point before.
func Snapshot(m *npu.Machine, prev *Point) Point {
	var p Point
	p.Take(m, prev, nil)
	return p
}
