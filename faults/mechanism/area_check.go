package mechanism

// checker is the area of a checker and its alarm:
//
//	watchdog           the counter with a decrementer, a comparator with zero
//	traversal-residue  for every stage a tree of adders modulo 3 over its counters,
//	                   two comparators
//	weight-crc         the trees of exclusive ors that step the CRC by a beat, a
//	                   multiplexer of four values, a comparator
//	acc-checksum       the sum of the weights, a multiplier per operand, the sum of
//	                   the products and the accumulator per pixel, the sums of the
//	                   array's results and of sums read back, a comparator per pixel
func (p *Pricing) checker(k Kind) float64 {
	flop, _ := p.flopGE(k.home())
	state := newCheck(k, p.table.Config, nil)
	area := float64(storage(state)+1) * flop
	c := p.costs
	switch k {
	case Watchdog:
		area += counterBits * (c.Adder + orGE)
	case Residue:
		bits := p.flops["traversal"]
		// Two bits are a digit modulo 3 already; joining two digits takes a two-bit
		// adder with its carry fed back (our choice), once for what is loaded and
		// once for what is stored.
		area += 2*float64((bits+1)/2-stages)*4*c.Adder + stages*3*c.Comparator
	case StreamCRC:
		area += float64(crcGates())*c.XOR + 3*crcBits*c.Mux + crcBits*c.Comparator
	case Checksum:
		x, d := float64(state.(*checksum).pixels), float64(state.(*checksum).channels)
		area += operands*(d-1)*weightSumBits*c.Adder + x*operands*9*weightSumBits*c.Multiplier
		area += x * (operands*sumBits*c.Adder + sumBits*c.Adder)
		area += 2*x*(d-1)*sumBits*c.Adder + x*sumBits*c.Comparator
	}
	return area
}
