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

// raw is the memory of flops. Where it is equal, so are the flops; the reverse need not
// hold, for there may be room between them.
func raw(f *npu.Flops) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(f)), unsafe.Sizeof(*f))
}

// extent is where a block lies in the memory of flops, up to the next one.
func extent(block string) (from, to uintptr) {
	var f npu.Flops
	switch block {
	case "cc":
		return unsafe.Offsetof(f.CC), unsafe.Offsetof(f.Trav)
	case "traversal":
		return unsafe.Offsetof(f.Trav), unsafe.Offsetof(f.DMA)
	case "dma":
		return unsafe.Offsetof(f.DMA), unsafe.Offsetof(f.WD)
	case "wd":
		return unsafe.Offsetof(f.WD), unsafe.Offsetof(f.MAC)
	case "mac":
		return unsafe.Offsetof(f.MAC), unsafe.Offsetof(f.AO)
	case "ao":
		return unsafe.Offsetof(f.AO), unsafe.Offsetof(f.SB)
	case "sb":
		return unsafe.Offsetof(f.SB), unsafe.Offsetof(f.PMU)
	case "pmu":
		return unsafe.Offsetof(f.PMU), unsafe.Offsetof(f.Bus)
	}
	return 0, 0
}

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
	if a.Bus.Cycle != b.Bus.Cycle || block == "cc" && pins(&a.CC) != pins(&b.CC) {
		return false
	}
	// The memory is compared first, in three pieces: this stands in every clock of a
	// duplicated machine.
	x, y := raw(a), raw(b)
	from, to := extent(block)
	pmu, bus := extent("pmu")
	if bytes.Equal(x[:from], y[:from]) && bytes.Equal(x[to:pmu], y[to:pmu]) && bytes.Equal(x[bus:], y[bus:]) {
		return true
	}
	return sameFields(a, b, block)
}

// sameFields is sameRest field by field.
func sameFields(a, b *npu.Flops, block string) bool {
	switch {
	case block != "cc" && a.CC != b.CC, block != "traversal" && a.Trav != b.Trav,
		block != "sb" && a.SB != b.SB, block != "wd" && a.WD != b.WD,
		block != "ao" && (a.AO != b.AO || a.AOScale != b.AOScale),
		block != "mac" && a.MAC != b.MAC, block != "dma" && a.DMA != b.DMA:
		return false
	}
	return a.Bus == b.Bus
}

// pins packs what the command controller shows to the host without being asked:
// its state, its interrupt and its error flags.
func pins(c *npu.CCState) [7]uint8 {
	return [...]uint8{c.Run, c.IRQ, c.BusErr, c.ParseErr, c.EndReached, c.WDFault, c.ECCFault}
}
