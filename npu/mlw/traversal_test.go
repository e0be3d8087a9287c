package mlw

import "testing"

// walk collects an order.
func walk(t Traversal) [][4]int {
	var got [][4]int
	t.Order(func(oc, ky, kx, ic int) { got = append(got, [4]int{oc, ky, kx, ic}) })
	return got
}

func TestTraversalCoversEveryWeightOnce(t *testing.T) {
	base := Traversal{OD: 21, KH: 3, KW: 3, ID: 19, BlockDepth: 16, UBlockDepth: 8, IFMBits: 8, DilX: 1, DilY: 1}
	vary := func(f func(*Traversal)) Traversal { t := base; f(&t); return t }
	for name, tr := range map[string]Traversal{
		"depth first":   base,
		"deep":          vary(func(t *Traversal) { t.ID = 70 }),
		"part kernel":   vary(func(t *Traversal) { t.PartKernel = true }),
		"part deep":     vary(func(t *Traversal) { t.PartKernel, t.ID = true, 35 }),
		"16 bit":        vary(func(t *Traversal) { t.IFMBits = 16 }),
		"16 bit part":   vary(func(t *Traversal) { t.IFMBits, t.PartKernel = 16, true }),
		"large kernel":  vary(func(t *Traversal) { t.KH, t.KW = 10, 17 }),
		"dilated":       vary(func(t *Traversal) { t.KH, t.KW, t.DilX, t.DilY = 9, 5, 2, 2 }),
		"depthwise":     vary(func(t *Traversal) { t.Depthwise, t.ID = true, 1 }),
		"depthwise 9x1": vary(func(t *Traversal) { t.Depthwise, t.ID, t.KH, t.KW = true, 1, 9, 1 }),
		"u55-32":        vary(func(t *Traversal) { t.UBlockDepth, t.BlockDepth = 4, 12 }),
	} {
		seen := map[[4]int]int{}
		total := 0
		tr.Order(func(oc, ky, kx, ic int) {
			total++
			if oc >= 0 {
				seen[[4]int{oc, ky, kx, ic}]++
			}
		})
		if want := tr.OD * tr.KH * tr.KW * tr.ID; len(seen) != want {
			t.Errorf("%s: %d distinct weights, want %d", name, len(seen), want)
		}
		for at, n := range seen {
			if n != 1 || at[0] >= tr.OD || at[1] >= tr.KH || at[2] >= tr.KW || at[3] >= tr.ID {
				t.Errorf("%s: weight %v emitted %d times", name, at, n)
			}
		}
		if total != tr.Count() {
			t.Errorf("%s: Count %d, emitted %d", name, tr.Count(), total)
		}
	}
}

func TestTraversalOrder(t *testing.T) {
	// Depth-first pads the input depth to whole blocks of 32 and walks taps
	// outside depth; part-kernel pads the taps to 4 and walks taps inside depth.
	tr := Traversal{OD: 8, KH: 1, KW: 3, ID: 9, BlockDepth: 8, UBlockDepth: 8, IFMBits: 8, DilX: 1, DilY: 1}
	got := walk(tr)
	if len(got) != 3*32*8 {
		t.Fatalf("depth-first: %d weights", len(got))
	}
	for at, want := range map[int][4]int{
		0: {0, 0, 0, 0}, 7: {0, 0, 0, 7}, 8: {1, 0, 0, 0}, 64: {0, 0, 0, 8},
		65: {-1, 0, 0, 0}, 72: {1, 0, 0, 8}, 128: {-1, 0, 0, 0}, 256: {0, 0, 1, 0},
	} {
		if got[at] != want {
			t.Errorf("depth-first: weight %d is %v, want %v", at, got[at], want)
		}
	}
	tr.PartKernel = true
	got = walk(tr)
	if len(got) != 2*4*64 {
		t.Fatalf("part-kernel: %d weights", len(got))
	}
	for at, want := range map[int][4]int{
		0: {0, 0, 0, 0}, 64: {0, 0, 1, 0}, 128: {0, 0, 2, 0}, 192: {-1, 0, 0, 0},
		256: {0, 0, 0, 8}, 257: {-1, 0, 0, 0}, 264: {1, 0, 0, 8},
	} {
		if got[at] != want {
			t.Errorf("part-kernel: weight %d is %v, want %v", at, got[at], want)
		}
	}
	// Depthwise: one channel per lane, taps padded to 4, channels per micro-block.
	dw := Traversal{OD: 10, KH: 3, KW: 3, ID: 1, BlockDepth: 16, UBlockDepth: 8, IFMBits: 8, Depthwise: true, DilX: 1, DilY: 1}
	got = walk(dw)
	if len(got) != 2*12*8 {
		t.Fatalf("depthwise: %d weights", len(got))
	}
	for at, want := range map[int][4]int{
		0: {0, 0, 0, 0}, 1: {1, 0, 0, 0}, 8: {0, 0, 1, 0}, 24: {0, 1, 0, 0},
		72: {-1, 0, 0, 0}, 96: {8, 0, 0, 0}, 97: {9, 0, 0, 0}, 98: {-1, 0, 0, 0},
	} {
		if got[at] != want {
			t.Errorf("depthwise: weight %d is %v, want %v", at, got[at], want)
		}
	}
}
