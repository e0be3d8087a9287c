package compile

import (
	"upset/npu/arith"
	"upset/npu/isa"
)

// Regions of a program, as Vela 3.10 numbers them.
const (
	regionFlash = 0 // read-only: weights, scales, tables, constants
	regionArena = 1 // feature maps and buffered weights
)

// alignment of everything in a region: DMA and NHCWB16 need 16 bytes.
const alignment = 16

// buffer is a stretch of memory that holds one feature map or constant.
type buffer struct {
	name     string
	h, w, d  int  // the shape that NHCWB16 would use
	elem     int  // bytes of an element
	unsigned bool // elements have no sign
	plain    bool
	brick    bool   // NHCWB16, decided by layout
	data     []byte // constant
	copies   bool   // weights that a DMA brings to the arena
	pinned   bool   // the offset is given
	size     int
	offset   int
	first    int // first and last kernel that needs it
	last     int
}

// region returns the region that the buffer lies in.
func (b *buffer) region() int {
	if b.data != nil {
		return regionFlash
	}
	return regionArena
}

// view is a buffer, or a part of one, as a kernel sees it.
type view struct {
	buf     *buffer
	h, w, d int
	elem    int
	zp      int
	// Byte offset and strides of a part. Zero strides mean a dense map.
	offset, strideY, strideX int
	// Tiles of an IFM whose plane is not one rectangle: the size of tile 0 and
	// the byte offsets of tiles 1 to 3. Zero sizes mean a single tile.
	tileH, tileW int
	tiles        [3]int
	// First channel, where the view is a slice of the channels. A multiple of
	// 16, since a slice starts with a brick.
	c0    int
	whole int // channels of the whole map, 0 where the view is no slice
}

// dense reports whether the view covers its buffer in the buffer's own shape.
func (v *view) dense() bool {
	b := v.buf
	return v.offset == 0 && v.tileH == 0 && v.strideY == 0 && v.strideX == 0 && v.elem == b.elem &&
		v.h == b.h && v.w == b.w && v.d == b.d
}

// strides returns the byte strides of the view.
func (v *view) strides() (x, y, c int) {
	if v.buf.brick {
		row := v.elem * v.w * roundUp(max(v.d, v.whole), 16)
		return 16 * v.elem, row, 16 * v.elem * v.w
	}
	x, y = v.strideX, v.strideY
	if x == 0 {
		x = v.d * v.elem
		if v.whole > 0 {
			x = v.whole * v.elem
		}
	}
	if y == 0 {
		y = v.w * x
	}
	return x, y, v.elem
}

// base returns the offset of the first element in the region.
func (v *view) base() int {
	at := v.buf.offset + v.offset
	if v.buf.brick {
		_, _, c := v.strides()
		return at + v.c0/16*c
	}
	return at + v.c0*v.elem
}

// span returns the byte range that the view can touch, relative to the region.
func (v *view) span() (from, to int) {
	from = v.base()
	if v.tileH > 0 {
		return v.buf.offset, v.buf.offset + v.buf.size
	}
	x, y, c := v.strides()
	if v.buf.brick {
		return from, from + (v.h-1)*y + (ceilDiv(v.d, 16)-1)*c + v.w*x
	}
	return from, from + (v.h-1)*y + (v.w-1)*x + v.d*v.elem
}

// window is the geometry of a kernel over the IFM.
type window struct {
	kh, kw                   int // undilated
	sy, sx                   int
	dy, dx                   int
	top, left, bottom, right int
	upscale                  int // 0 none, 1 nearest, 2 zeros
}

// unit is the window of operations without a kernel.
var unit = window{kh: 1, kw: 1, sy: 1, sx: 1, dy: 1, dx: 1}

// dilated returns the size of the kernel with the gaps between its taps.
func (w *window) dilated() (h, wd int) { return (w.kh-1)*w.dy + 1, (w.kw-1)*w.dx + 1 }

// filter holds the weights and scale records of a convolution.
type filter struct {
	od, kh, kw, id int
	at             func(oc, ky, kx, ic int) int16
	bias           []int64
	scale          []uint32
	shift          []uint
	wide           bool    // 40-bit sums and 15-bit scales of 16-bit feature maps
	entropy        float64 // bits of a weight, 0 until measured
	origin         *filter // the filter that this is a slice of, or nil
	first          int     // its first channel there
}

// scaling is the contents of a scale register.
type scaling struct {
	scale uint32
	shift uint
}

// table is the contents of a lookup table, always at the start of its memory.
type table struct {
	data []byte
	buf  *buffer
}

// kernel is one NPU operation.
type kernel struct {
	name     string // output of the source operator
	operator string // name of the source operator
	source   int    // its index in the graph

	op        isa.Opcode
	mode      int
	ifm, ofm  view
	ifm2      *view
	broadcast uint32 // IFM2_BROADCAST bits H, W, C
	swap      bool   // A = IFM2, B = IFM
	scalar    bool   // the second operand is scalarValue
	scalarVal int
	addMode   int

	window
	filter     *filter
	partKernel bool
	acc40      bool

	round    arith.Round
	global   bool
	ofmScale scaling
	opa      scaling
	opb      uint32

	act            int
	clip           int
	actMin, actMax int
	lut            *table

	blk      blockShape
	code     *encoded // weights and scales in flash
	buffered bool     // a DMA copies them to the arena
	wbuf     *buffer  // the copy
}

// conv reports whether the kernel sums over the input channels.
func (k *kernel) conv() bool {
	return k.op == isa.OpConv || k.op == isa.OpPool && k.mode == isa.PoolReduceSum
}

// elementwise reports whether the kernel has neither window nor accumulators.
func (k *kernel) elementwise() bool { return k.op == isa.OpElementwise }

// binary reports whether the kernel reads a second feature map or a scalar.
func (k *kernel) binary() bool { return k.ifm2 != nil || k.scalar }

// macs returns the multiply-accumulates of the kernel, counting padding.
func (k *kernel) macs() int {
	n := k.ofm.h * k.ofm.w * k.ofm.d * k.kh * k.kw
	switch {
	case k.elementwise():
		return 0
	case k.conv():
		return n * k.ifm.d
	}
	return n
}

// inputs returns the feature maps that the kernel reads.
func (k *kernel) inputs() []*view {
	if k.ifm2 != nil {
		return []*view{&k.ifm, k.ifm2}
	}
	return []*view{&k.ifm}
}

// roundUp rounds x up to a multiple of m.
func roundUp(x, m int) int { return (x + m - 1) / m * m }

// ceilDiv returns the quotient rounded up.
func ceilDiv(x, m int) int { return (x + m - 1) / m }
