package compile

import (
	"fmt"

	"upset/npu/isa"
)

// blockShape is an OFM block and the division of the shared buffer it needs.
type blockShape struct {
	h, w, d int
	ibEnd   int // in banks
	ib2     int // start of the IFM2 buffers, 0 when unused
	abStart int
}

// Largest OFM block (Vela 3.10).
const (
	maxBlockH = 32
	maxBlockW = 64
	maxBlockD = 128
)

// splitDepth divides the depth of blocks that do not hold all channels, so that
// no block starts within a brick (Vela 3.10).
const splitDepth = 16

// outputBanks are banks 0 and 1, the output buffers (Vela 3.10).
const outputBanks = isa.OBBytes / isa.BankBytes

// granules are the allocation units of the shared buffer in banks, per
// configuration (Vela 3.10 architecture features).
type granules struct{ ifm8, ifm16, elem8, elem16, ifm32, acc32, acc40 int }

var granuleTable = [4]granules{
	isa.U55x32:  {2, 2, 2, 2, 4, 4, 4},
	isa.U55x64:  {2, 2, 2, 2, 4, 4, 8},
	isa.U55x128: {4, 4, 4, 4, 8, 8, 12},
	isa.U55x256: {8, 8, 8, 8, 16, 16, 20},
}

// ifmGranule returns the unit of the kernel's IFM buffers.
func (k *kernel) ifmGranule(c isa.Config) int {
	g := granuleTable[c]
	switch {
	case k.ifm.elem == 4:
		return g.ifm32
	case k.elementwise() && k.ifm.elem == 2:
		return g.elem16
	case k.elementwise():
		return g.elem8
	case k.ifm.elem == 2:
		return g.ifm16
	}
	return g.ifm8
}

// ifmBlockDepth returns the channels of an IFM block.
func (k *kernel) ifmBlockDepth(blockDepth int) int {
	if !k.conv() {
		return blockDepth
	}
	switch {
	case k.ifm.elem == 2:
		return roundUp(min(k.ifm.d, 16), 4)
	case k.partKernel:
		return roundUp(min(k.ifm.d, 16), 8)
	}
	return roundUp(min(k.ifm.d, 32), 8)
}

// ifmBlock returns height and width of the IFM block of an OFM block.
func (k *kernel) ifmBlock(c isa.Config, h, w int) (int, int) {
	if k.elementwise() {
		return h, w
	}
	s := c.Spec()
	up, nearest := 1, 0
	if k.upscale != 0 {
		up = 2
	}
	if k.upscale == 1 {
		nearest = 1
	}
	kh, kw := k.dilated()
	bh := ceilDiv((h-1)*k.sy+min(kh, 8)+nearest, up)
	bw := ceilDiv((w-1)*k.sx+min(kw, 8)+nearest, up)
	return roundUp(bh, s.UBlockH), roundUp(bw, s.UBlockW)
}

// fit applies the allocation rule of the shared buffer (Vela 3.10) to an OFM
// block. It returns false where the block does not fit.
func (k *kernel) fit(c isa.Config, h, w, d int) (blockShape, bool) {
	s := c.Spec()
	lut := s.ReservedLUT
	if k.lut != nil {
		lut = isa.LUTBytes / isa.BankBytes
	}
	limit := s.SHRAMBanks - lut
	ih, iw := k.ifmBlock(c, h, w)
	row := roundUp(k.ifmBlockDepth(d)*k.ifm.elem, 8)
	ifm := roundUp(2*ceilDiv(ih*iw*row, isa.BankBytes), k.ifmGranule(c))
	b := blockShape{h: h, w: w, d: d, ibEnd: outputBanks + ifm}
	if k.elementwise() {
		end := b.ibEnd
		if k.ifm2 != nil {
			b.ib2 = end
			end += ifm
		}
		b.ibEnd, b.abStart = limit, limit
		return b, end <= limit
	}
	bytes, granule := 4, granuleTable[c].acc32
	if k.acc40 {
		bytes, granule = 5, granuleTable[c].acc40
	}
	ah := h
	if kh, _ := k.dilated(); c == isa.U55x256 && k.ofm.h == 1 && kh == 1 {
		ah = 1
	}
	acc := roundUp(2*ceilDiv(ah*w*roundUp(d, 8)*bytes, isa.BankBytes), granule)
	b.abStart = limit - acc
	return b, b.ibEnd <= b.abStart
}

// chooseBlock searches all legal blocks for the one with the lowest estimated
// cycles after kernel prev, and for convolutions the better of the two weight
// orders.
func (k *kernel) chooseBlock(c isa.Config, prev *kernel) error {
	s := c.Spec()
	best, bestCost, bestOrder := blockShape{}, -1.0, false
	orders := []bool{false}
	if k.op == isa.OpConv {
		orders = []bool{false, true}
	}
	maxH := min(maxBlockH, roundUp(k.ofm.h, s.UBlockH))
	maxW := min(maxBlockW, roundUp(k.ofm.w, s.UBlockW))
	maxD := min(maxBlockD, roundUp(k.ofm.d, s.UBlockD))
	for _, order := range orders {
		k.partKernel = order
		for d := maxD; d > 0; d -= s.UBlockD {
			if d%splitDepth != 0 && d < k.ofm.d {
				continue
			}
			for h := maxH; h > 0; h -= s.UBlockH {
				for w := maxW; w > 0; w -= s.UBlockW {
					b, ok := k.fit(c, h, w, d)
					if !ok {
						continue
					}
					if cost := k.cost(c, b, prev); bestCost < 0 || cost < bestCost {
						best, bestCost, bestOrder = b, cost, order
					}
				}
			}
		}
	}
	if bestCost < 0 {
		return k.noBlock(c)
	}
	k.blk, k.partKernel = best, bestOrder
	return nil
}

// noBlock is the error of a kernel that no block fits.
func (k *kernel) noBlock(c isa.Config) error {
	return fmt.Errorf("no block fits the shared buffer of %s: kernel %dx%d, stride %dx%d", c, k.kh, k.kw, k.sy, k.sx)
}

// fits reports whether any block fits: the smallest one does if one does. It
// leaves the kernel as it is.
func (k *kernel) fits(c isa.Config) bool {
	s := c.Spec()
	d := splitDepth
	if k.ofm.d <= d {
		d = roundUp(k.ofm.d, s.UBlockD)
	}
	for _, order := range [2]bool{false, true} {
		try := *k
		try.partKernel = order && k.op == isa.OpConv
		if _, ok := try.fit(c, s.UBlockH, s.UBlockW, d); ok {
			return true
		}
	}
	return false
}
