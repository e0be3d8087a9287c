package netlist

import (
	"upset/npu"
	"upset/npu/isa"
)

// Gates is a part of the combinational logic of a block.
type Gates struct {
	Block string
	Part  string // what it does
	GE    float64
}

// gates collects the combinational logic of a configuration. M is the number of
// multipliers, X the pixels and D the channels of a micro-block, E the lanes of
// the output stage.
type gates struct {
	c    *Costs
	s    *isa.Spec
	ecc  npu.ECC
	bank int // bits of a configuration bank
	list []Gates
}

func (g *gates) x() int    { return g.s.UBlockH * g.s.UBlockW }
func (g *gates) dots() int { return g.x() * g.s.UBlockD }

func (g *gates) part(block, what string, terms ...float64) {
	sum := 0.0
	for _, v := range terms {
		sum += v
	}
	g.list = append(g.list, Gates{block, what, sum})
}

// mul is n multipliers of a by b bits.
func (g *gates) mul(n, a, b int) float64 { return g.c.Multiplier * float64(n*a*b) }

// add is n adders or counters of a width.
func (g *gates) add(n, bits int) float64 { return g.c.Adder * float64(n*bits) }

// cmp is n comparators of a width that test for equality.
func (g *gates) cmp(n, bits int) float64 { return g.c.Comparator * float64(n*bits) }

// less is n comparators of a width that test for order.
func (g *gates) less(n, bits int) float64 { return g.c.Less * float64(n*bits) }

// mux is n selections of one out of ways words: ways-1 two-to-one multiplexers
// per bit.
func (g *gates) mux(n, ways, bits int) float64 { return g.c.Mux * float64(n*(ways-1)*bits) }

// shift is n barrel shifters of a width with 2^levels positions.
func (g *gates) shift(n, levels, bits int) float64 { return g.c.Mux * float64(n*levels*bits) }

// xor is n trees over so many bits.
func (g *gates) xor(n, bits int) float64 { return g.c.XOR * float64(n*(bits-1)) }

// The extents, kernels and blocks of an operation are at most 17, 7 and 7 bits
// wide (Arm U55 register header), an address 32 bits.
const (
	extentBits = 17
	kernelBits = 7
	addrBits   = 32
)

// cc: a bank receives the parser's word or a copy of the bank before it, so each
// of its bits has a two-to-one multiplexer; and each bit is seen by two stages on
// average, each of which selects among four banks. Behind the banks stands the
// arithmetic that derives the extent of the input and the number of blocks.
func (g *gates) cc() {
	g.part("cc", "bank write and copy multiplexers", g.mux(4*g.bank, 2, 1))
	g.part("cc", "bank read multiplexers, two stages", g.mux(2, 4, g.bank))
	g.part("cc", "command decode: 80 commands of 10 bits, FIFO read", g.cmp(80, 10), g.mux(1, 8, 64), g.mux(1, 2, 32))
	g.part("cc", "input extent: (size-1)·stride + kernel - padding, twice",
		g.mul(2, extentBits, 2), g.add(2*3, extentBits))
	g.part("cc", "block counts: three subtract-and-count units", g.add(3*2, extentBits), g.less(3, extentBits))
	g.part("cc", "scheduler: two counters, dependency test, layout compare", g.add(3, 16), g.less(1, 16), g.cmp(4, 6))
	g.part("cc", "stream offset, wait tests, fault priority", g.add(2, addrBits), g.less(3, addrBits))
	g.part("cc", "register window: read multiplexer over 24 words", g.mux(1, 24, 32))
}

// traversal: each of the six counters of a job has an incrementer, a comparator
// with its limit and a reset multiplexer, and so have the three block counters
// of the output side and the three counters over weight blocks. The origin and
// the extent of the box that a job reads are multiply-adds (span).
func (g *gates) traversal() {
	counter := func(n, bits int) float64 { return g.add(n, bits) + g.less(n, bits) + g.mux(n, 2, bits) }
	g.part("traversal", "job counters: 3 × 6", counter(3*6, 16))
	g.part("traversal", "block counters: 2 × 3", counter(2*3, 16))
	g.part("traversal", "weight-block counters: 2 × 3", counter(2*3, 6))
	g.part("traversal", "clipping of blocks: 5 × 3", g.add(5*3, 16), g.mux(5*3, 2, 8))
	g.part("traversal", "boxes of the input channel and the array: first and last row and column",
		g.mul(2*2, 16, 2), g.add(2*2*4, 16), g.less(2*2*2, 16), g.mux(2*2*2, 2, 16))
}

// dma: an address of a feature map is y·stride + x·stride + brick·stride plus a
// tile base plus the region base. The input and the output channel have one
// address generator each.
func (g *gates) dma() {
	generator := g.mul(1, 16, addrBits) + g.mul(1, 16, addrBits) + g.mul(1, 12, addrBits) + g.add(5, addrBits) +
		g.less(2, 16) + g.add(2, 16) + g.mux(1, 4, addrBits) + g.mux(1, 8, addrBits)
	g.part("dma", "feature map address generators: input, output", 2*generator)
	g.part("dma", "run lengths of the input channel", g.mul(1, 16, 6), g.add(3, 16), g.less(3, 16))
	g.part("dma", "pixel placement: buffer address (y·width + x)·pitch + offset", g.mul(2, 16, 8), g.add(4, 16), g.shift(1, 3, 64))
	g.part("dma", "walk counters of the input channel: 2 × 4", g.add(2*4, 16), g.less(2*4, 16))
	g.part("dma", "FIFO read multiplexers", g.mux(1, 32, 64), g.mux(4, 8, 64))
	g.part("dma", "linear channels: address, beats, passes of command, weights, scales, memory to memory",
		g.add(4*3, addrBits), g.mux(4*2, 2, addrBits))
	g.part("dma", "burst split and credit of five channels", g.add(5*2, 6), g.less(5*2, 6))
	g.part("dma", "arbiters: request multiplexers of two ports", g.mux(2, 5, addrBits+7), g.cmp(2*5, 3))
	g.part("dma", "outstanding tables: read multiplexers and pointers", g.mux(2, 32, 7), g.mux(2, 16, 1), g.add(2*4, 6))
	g.part("dma", "data slices and channel routing", g.mux(2, 2, 65), g.mux(5, 2, 64), g.mux(2, 2, 64+addrBits+8))
	g.part("dma", "output gathering: byte shift, strobes, beat compare, counters",
		g.shift(1, 3, 64), g.shift(1, 3, 64), g.mux(1, 2, 64), g.cmp(1, addrBits), g.add(6, 7))
}

// wd: the parser takes a chunk of at most 132 bits off the bit buffer. Up to 24
// symbols per chunk are joined from a quotient and a remainder at a variable
// place, looked up in the palette, and put into queues from which up to eight
// weights a cycle are drawn. A queue entry can only take every second symbol, and
// a read port only reaches half of the queue ahead of its head, hence the halves.
func (g *gates) wd() {
	const buffer, symbols, queue = 256, 12, 32
	g.part("wd", "bit buffer: consume shifter and refill shifter", g.shift(1, 8, buffer), g.shift(1, 8, 64), g.mux(1, 2, buffer))
	g.part("wd", "remainder extraction: 24 fields of a 132-bit window", g.shift(2*symbols, 8, 16), g.add(2*symbols, 8))
	g.part("wd", "quotients: unary scan of 12 + 12 symbols", g.add(2*symbols, 6), g.mux(2*symbols, 2, 13), g.add(1, 12))
	g.part("wd", "palette: 12 read ports, 4 write ports, direct codes", g.mux(symbols, 32, 9), g.mux(32, 4, 9), g.add(2*symbols, 9))
	g.part("wd", "queue write: weights and runs", g.mux(queue, symbols, 9)/2, g.mux(queue, symbols, 16)/2)
	g.part("wd", "queue read: eight weights and runs a cycle", g.mux(8, queue, 9)/2, g.mux(1, queue, 16), g.add(8, 16), g.less(8, 16))
	g.part("wd", "weight block write: position select, eight ports", g.mux(2*32*g.s.UBlockD, 2, 9), g.shift(1, 3, 8*9))
	g.part("wd", "slice parser, counters, header checks", g.add(8, 16), g.cmp(8, 9), g.mux(1, 4, 48))
}

// mac: M multipliers of 9 × 9 bits, an adder tree of eight products for each of
// the X·D dot products, the shift of byte passes, the running sum over them and
// the accumulator, which adds or takes the maximum.
func (g *gates) mac() {
	x, d, dots, m := g.x(), g.s.UBlockD, g.dots(), g.s.MACs
	g.part("mac", "multipliers 9 × 9", g.mul(m, 9, 9))
	g.part("mac", "zero point subtraction and masking of operands", g.add(8*x, 9), g.mux(8*x, 2, 9))
	g.part("mac", "adder trees: four of 19, two of 20, one of 21 bits", g.add(dots, 4*19+2*20+21))
	g.part("mac", "byte passes: shift by 0, 8, 16, 24 and running sum", g.mux(dots, 4, 36), g.add(dots, 36))
	g.part("mac", "accumulators: add, maximum, start value", g.add(dots, 40), g.less(dots, 40), g.mux(dots, 4, 40))
	g.part("mac", "weight select: two blocks × four groups, diagonal, ones", g.mux(8*d, 8, 9), g.mux(8*d, 3, 9))
	g.part("mac", "byte gather of wide elements", g.mux(x*8, 7, 8))
	g.part("mac", "pixel addresses: inside test, upscaling, (y·row + x)·pitch",
		g.mul(2*x, 10, 10), g.add(4*x, 16), g.less(4*x, 16), g.mux(2*x, 2, 16))
	g.part("mac", "sum address and micro-block counters", g.mul(2, 6, 12), g.add(6, 16), g.less(3, 8))
}

// ao: a lane multiplies a 64-bit value by a factor of 18 bits a pass, a half of a
// scale or an operand, adds up an 80-bit product, rounds and shifts it, and clamps.
// The operands of ADD, SUB and MUL use the same multiplier and shifters in other
// cycles of a step, behind multiplexers. Scale records are selected
// out of 16. Leading-zero count, sigmoid and tanh (a table of 256 × 16 bits, read
// as constants, and an interpolation) are part of every lane: a multiplexer tree
// over constants shrinks to about a quarter. The divisors of averages are a table
// of constants for 64 counts, likewise reduced to half; the count is the product of two
// numbers of seven bits.
func (g *gates) ao() {
	e := g.s.ElementUnits
	g.part("ao", "multipliers 64 × 18 with 80-bit sum", g.mul(e, 64, 18), g.add(e, 80))
	g.part("ao", "passes: select of value and factor, negation, joined operands", g.mux(e, 3, 64), g.mux(e, 8, 18), g.add(e, 41), g.mux(e, 3, 64))
	g.part("ao", "rounding and shift: 80 bits by up to 63", g.add(e, 80), g.shift(e, 6, 80), g.cmp(e, 48), g.mux(e, 3, 32))
	g.part("ao", "bias and operand arithmetic: zero points, sum, difference, minimum and maximum",
		g.add(e, 40), g.add(3*e, 33), g.less(e, 33), g.mux(e, 6, 64), g.shift(e, 5, 64))
	g.part("ao", "scale record select out of 16, average divisor", g.mux(e, 16, 78), g.mul(1, 7, 7), g.mux(1, 64, 38)/2,
		g.mul(2, 16, 2), g.add(2*5, 20), g.less(2*3, 20))
	g.part("ao", "activation: zero point, clamp, interpolated sigmoid", g.add(e, 32), g.less(2*e, 32), g.mux(e, 4, 32),
		g.mul(e, 16, 9), g.add(2*e, 26), g.mux(e, 256, 16)/4)
	g.part("ao", "operand select and widening", g.mux(2*e, 4, 40))
	g.part("ao", "positions and addresses", g.add(8, 8), g.less(5, 8), g.mul(2, 8, 12), g.add(4, 16))
	g.part("ao", "scale stream unpacking", g.shift(1, 3, 128), g.add(3, 17), g.mux(16, 2, 78))
}

// sb: every requester has a byte rotator; every bank of 64 rows × 128 bits selects
// its write data among three writers, and every reader selects among the banks by
// a tree. The sums of a micro-block move over a port of their own width.
func (g *gates) sb() {
	banks, x, dots := g.s.SHRAMBanks, g.x(), g.dots()
	readers, writers := x+3, 4 // pixels, output stage × 2, output channel; input and table writes, sums, output stage
	g.part("sb", "byte rotators of the ports", g.shift(readers+writers, 3, 64))
	g.part("sb", "bank write selection", g.mux(banks, writers, 128))
	g.part("sb", "bank read trees", g.mux(readers, banks, 64))
	g.part("sb", "sum port: half select and packing of 32 or 40 bits", g.mux(2*dots, 2, 40))
	g.part("sb", "bank address selection and conflict test", g.mux(banks, readers+writers, 6), g.cmp(readers+writers, 6))
	ports := readers + writers
	switch g.ecc {
	case npu.ECCParity: // eight trees of eight bits and their comparison
		g.part("sb", "byte parity", g.xor(ports*8, 9))
	case npu.ECCSECDED: // eight trees of 27 bits, syndrome decode and correction
		g.part("sb", "SECDED coders and decoders", g.xor(ports*8, 27), g.cmp(readers*64, 8), g.xor(readers*64, 2))
	}
}

// pmu: four event selectors and counters, and the cycle counter.
func (g *gates) pmu() {
	g.part("pmu", "event select and counters", g.cmp(4*int(npu.SelectableEvents), 10), g.add(4, 32), g.add(1, 48))
}
