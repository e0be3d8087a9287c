package mechanism

import (
	"upset/npu"
	"upset/npu/isa"
)

// checksum is one more column beside the dot products: for every pixel of the
// micro-block it multiplies the operands with the sum of the weights over the
// output channels, and accumulates the products as the array does. What it holds
// must be the sum of the array's results over the output channels; that is compared
// when the results are stored. It sees weights as they enter the fetch stage and
// operands as the array sees them. Maximum pooling is not linear and not checked.
type checksum struct {
	pixels, channels int

	fetched [operands]uint64 // sum of the weights, fetch stage
	weight  [operands]uint64 // operand stage
	product [maxPixels * operands]uint64
	sum     [maxPixels]uint64
	acc     [maxPixels]uint64
	out     [maxPixels]uint64

	tokens [5]npu.Token
	// What the last clock began with, as far as it is needed.
	accIn [maxPixels]uint64
	ifm   [maxPixels * operands]uint16
	shift uint8
}

const (
	operands  = 8 // input channels of a token (Vela 3.10: depth of a dot product)
	maxPixels = 4

	weightSumBits = 12 // nine bits of up to eight weights
	productBits   = 9 + weightSumBits
	sumBits       = 40 // those of the accumulators
)

func newChecksum(c isa.Config) *checksum {
	s := c.Spec()
	return &checksum{pixels: s.UBlockH * s.UBlockW, channels: s.UBlockD}
}

func (c *checksum) regs() (list []reg) {
	for i := range operands {
		list = append(list, reg{"fetched", weightSumBits, &c.fetched[i]}, reg{"weight", weightSumBits, &c.weight[i]})
	}
	for i := range c.pixels * operands {
		list = append(list, reg{"product", productBits, &c.product[i]})
	}
	for p := range c.pixels {
		list = append(list, reg{"sum", sumBits, &c.sum[p]}, reg{"acc", sumBits, &c.acc[p]}, reg{"out", sumBits, &c.out[p]})
	}
	return list
}

// extend reads the low bits of a word as a signed number.
func extend(v uint64, bits int) int64 { return int64(v<<(64-bits)) >> (64 - bits) }

// weights sums weights over the output channels.
func (c *checksum) weights(w []uint16) (out [operands]uint64) {
	for i := range operands {
		var sum int64
		for o := range c.channels {
			sum += extend(uint64(w[o*operands+i]), 9)
		}
		out[i] = uint64(sum) & mask(weightSumBits)
	}
	return out
}

// over sums a register of the array over the output channels of a pixel.
func (c *checksum) over(v []uint64, pixel, bits int) uint64 {
	var sum int64
	for o := range c.channels {
		sum += extend(v[pixel*c.channels+o], bits)
	}
	return uint64(sum) & mask(sumBits)
}

// image is what the checksum stores beside a fault-free state of the array.
func (c *checksum) image(s *npu.MACState) (x checksum) {
	x.fetched, x.weight = c.weights(s.WRaw[:]), c.weights(s.Weight[:])
	for p := range c.pixels {
		for i := range operands {
			var sum int64
			for o := range c.channels {
				sum += extend(uint64(s.Prod[(p*c.channels+o)*operands+i]), 18)
			}
			x.product[p*operands+i] = uint64(sum) & mask(productBits)
		}
		x.sum[p], x.acc[p], x.out[p] = c.over(s.Sum[:], p, 36), c.over(s.Acc[:], p, 40), c.over(s.AccOut[:], p, 40)
	}
	return x
}

func (c *checksum) sync(m *npu.Machine) {
	x := c.image(&m.S.MAC)
	c.fetched, c.weight, c.product, c.sum, c.acc, c.out = x.fetched, x.weight, x.product, x.sum, x.acc, x.out
}

// agrees looks at what a token or a sum under way makes use of.
func (c *checksum) agrees(m *npu.Machine) bool {
	s := &m.S.MAC
	x := c.image(s)
	uses := func(stage int) bool { return s.Valid[stage] != 0 && !m.Token(stage).Max }
	goesOn := func(from int, anew func(npu.Token) bool) bool {
		for st := from; st >= npu.StageFetch; st-- {
			if t := m.Token(st); t.Valid {
				return !t.Max && !anew(t)
			}
		}
		return s.Run != 0 && s.Step != 0 && !m.Maximum(m.S.Trav.MAC.Bank)
	}
	switch {
	case uses(npu.StageFetch) && c.fetched != x.fetched, uses(npu.StageOperand) && c.weight != x.weight,
		uses(npu.StageProduct) && c.product != x.product:
		return false
	case c.sum != x.sum && (uses(npu.StageSum) || goesOn(npu.StageProduct, func(t npu.Token) bool { return t.NewSum })):
		return false
	case c.acc != x.acc && (uses(npu.StageAcc) || goesOn(npu.StageSum, func(t npu.Token) bool { return t.First })):
		return false
	}
	return s.WrOn == 0 || m.Maximum(s.WrBank) || c.out == x.out
}

// before compares the sums that are about to be stored.
func (c *checksum) before(m *npu.Machine) bool {
	s := &m.S.MAC
	for st := range c.tokens {
		c.tokens[st] = m.Token(st)
	}
	if k := c.tokens[npu.StageSum]; k.Valid && k.First && !k.Fresh {
		for p := range c.pixels {
			c.accIn[p] = c.over(s.AccIn[:], p, 40)
		}
	}
	if c.tokens[npu.StageOperand].Valid {
		c.ifm = s.IFM
	}
	c.shift = s.Shift[npu.StageProduct] & 3
	if s.WrOn == 0 || m.Maximum(s.WrBank) {
		return false
	}
	for p := range c.pixels {
		if s.WrMask>>p&1 != 0 && c.over(s.AccOut[:], p, 40) != c.out[p] {
			return true
		}
	}
	return false
}

// after moves the column on, last stage first.
func (c *checksum) after(m *npu.Machine) bool {
	t := &c.tokens
	if m.ArrayHeld() {
		return false
	}
	if t[npu.StageAcc].Valid && t[npu.StageAcc].Last {
		c.out = c.acc
	}
	if k := t[npu.StageSum]; k.Valid {
		for p := range c.pixels {
			switch {
			case k.First && k.Fresh:
				c.acc[p] = 0
			case k.First:
				c.acc[p] = c.accIn[p]
			}
			switch {
			case k.Max: // nothing to add up: it follows the array
				c.acc[p] = c.over(m.S.MAC.Acc[:], p, 40)
			case k.Commit:
				c.acc[p] = (c.acc[p] + c.sum[p]) & mask(sumBits)
			}
		}
	}
	if m.ProductsHeld() {
		return false
	}
	if k := t[npu.StageProduct]; k.Valid {
		c.add(k.NewSum, 8*uint(c.shift))
	}
	if t[npu.StageOperand].Valid {
		for i := range c.pixels * operands {
			c.product[i] = uint64(extend(uint64(c.ifm[i]), 9)*extend(c.weight[i%operands], weightSumBits)) & mask(productBits)
		}
	}
	if t[npu.StageFetch].Valid {
		c.weight = c.fetched
	}
	if m.S.MAC.Valid[npu.StageFetch] != 0 {
		c.fetched = c.weights(m.S.MAC.WRaw[:])
	}
	return false
}

// add sums the products of every pixel.
func (c *checksum) add(fresh bool, shift uint) {
	for p := range c.pixels {
		var sum int64
		for i := range operands {
			sum += extend(c.product[p*operands+i], productBits)
		}
		if fresh {
			c.sum[p] = 0
		}
		c.sum[p] = (c.sum[p] + uint64(sum)<<shift) & mask(sumBits)
	}
}
