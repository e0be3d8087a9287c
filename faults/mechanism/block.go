package mechanism

import (
	"bytes"
	"slices"
	"unsafe"

	"upset/npu"
)

// duplicable lists the blocks that can be duplicated: all but the performance
// monitor, on which nothing depends.
var duplicable = []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"}

// Duplicable reports whether a block can be duplicated.
func Duplicable(block string) bool { return slices.Contains(duplicable, block) }

// sameBlock reports whether the flops of a block are equal in two states.
func sameBlock(a, b *npu.Flops, block string) bool {
	switch block {
	case Whole:
		x, y := *a, *b
		x.PMU, y.PMU = npu.PMUState{}, npu.PMUState{}
		return x == y
	case "cc":
		return a.CC == b.CC
	case "traversal":
		return a.Trav == b.Trav
	case "dma":
		return a.DMA == b.DMA
	case "wd":
		return a.WD == b.WD
	case "mac":
		return a.MAC == b.MAC
	case "ao":
		return a.AO == b.AO && a.AOScale == b.AOScale
	case "sb":
		return a.SB == b.SB
	}
	return false
}

// sameRest reports whether everything outside a block is equal in two states: all
// other blocks, and the requests on the bus. Performance counters are left out.
// Of the command controller, the pins that the host sees are outside the block.
func sameRest(a, b *npu.Flops, block string) bool {
	if block != "cc" || pins(&a.CC) == pins(&b.CC) {
		if sameBytes(a, b, block) { // nearly always
			return true
		}
	}
	switch {
	case a.Bus.Cycle != b.Bus.Cycle, block == "cc" && pins(&a.CC) != pins(&b.CC):
		return false
	case block != "cc" && a.CC != b.CC, block != "traversal" && a.Trav != b.Trav,
		block != "sb" && a.SB != b.SB, block != "wd" && a.WD != b.WD,
		block != "ao" && (a.AO != b.AO || a.AOScale != b.AOScale),
		block != "mac" && a.MAC != b.MAC, block != "dma" && a.DMA != b.DMA:
		return false
	}
	return a.Bus == b.Bus
}

// places are where the blocks lie in the flops.
var places = map[string][2]uintptr{
	"cc":        {unsafe.Offsetof(npu.Flops{}.CC), unsafe.Offsetof(npu.Flops{}.Trav)},
	"traversal": {unsafe.Offsetof(npu.Flops{}.Trav), unsafe.Offsetof(npu.Flops{}.DMA)},
	"dma":       {unsafe.Offsetof(npu.Flops{}.DMA), unsafe.Offsetof(npu.Flops{}.WD)},
	"wd":        {unsafe.Offsetof(npu.Flops{}.WD), unsafe.Offsetof(npu.Flops{}.MAC)},
	"mac":       {unsafe.Offsetof(npu.Flops{}.MAC), unsafe.Offsetof(npu.Flops{}.AO)},
	"ao":        {unsafe.Offsetof(npu.Flops{}.AO), unsafe.Offsetof(npu.Flops{}.SB)},
	"sb":        {unsafe.Offsetof(npu.Flops{}.SB), unsafe.Offsetof(npu.Flops{}.PMU)},
}

// sameBytes reports whether all memory of two states outside a block is the same, the
// performance counters apart. That of equal states may differ: between the fields.
func sameBytes(a, b *npu.Flops, block string) bool {
	const pmu, bus = unsafe.Offsetof(npu.Flops{}.PMU), unsafe.Offsetof(npu.Flops{}.Bus)
	p, ok := places[block]
	x, y := (*[unsafe.Sizeof(npu.Flops{})]byte)(unsafe.Pointer(a)), (*[unsafe.Sizeof(npu.Flops{})]byte)(unsafe.Pointer(b))
	return ok && bytes.Equal(x[bus:], y[bus:]) && bytes.Equal(x[:p[0]], y[:p[0]]) && bytes.Equal(x[p[1]:pmu], y[p[1]:pmu])
}

// pins packs what the command controller shows to the host without being asked:
// its state, its interrupt and its error flags.
func pins(c *npu.CCState) [7]uint8 {
	return [...]uint8{c.Run, c.IRQ, c.BusErr, c.ParseErr, c.EndReached, c.WDFault, c.ECCFault}
}
