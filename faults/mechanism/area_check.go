package mechanism

// checker lists what a checker and its alarm take.
func (p *Pricing) checker(k Kind) []Item {
	flop, _ := p.flopGE(k.home())
	state := newCheck(k, p.table.Config, nil)
	c := p.costs
	items := []Item{{"its registers", float64(storage(state)), "flop", flop}}
	switch k {
	case Watchdog:
		items = append(items,
			Item{"counter: decrement", counterBits, "adder bit", c.Adder},
			Item{"counter: load of the limit", counterBits, "multiplexer", c.Mux},
			Item{"comparison with zero", counterBits, "gate", c.Gate})
	case Residue:
		// Two bits are a digit modulo 3 already; joining two digits takes a two-bit
		// adder with its carry fed back (our choice).
		joins := float64((p.flops["traversal"]+1)/2 - stages)
		items = append(items,
			Item{"residue of what every stage's counters load: digits joined modulo 3", joins, "adder modulo 3", 4 * c.Adder},
			Item{"residue of what they hold", joins, "adder modulo 3", 4 * c.Adder},
			Item{"comparison of residue and operation bit", stages * 3, "comparator", c.Comparator})
	case StreamCRC:
		items = append(items,
			Item{"step of the CRC by a beat of 64 bits", float64(crcGates()), "XOR", c.XOR},
			Item{"expected value selected by bank, one of four", 3 * crcBits, "multiplexer", c.Mux},
			Item{"comparison", crcBits, "comparator", c.Comparator})
	case Checksum:
		x, d := float64(state.(*checksum).pixels), float64(state.(*checksum).channels)
		items = append(items,
			Item{"sum of the weights over the channels", operands * (d - 1) * weightSumBits, "adder bit", c.Adder},
			Item{"product of every operand with it, 9 × 12 bits", x * operands * 9 * weightSumBits, "multiplier bit pair", c.Multiplier},
			Item{"sum of the products of a pixel", x * operands * sumBits, "adder bit", c.Adder},
			Item{"accumulator of a pixel", x * sumBits, "adder bit", c.Adder},
			Item{"sum of the array's results, and of sums that are read back", 2 * x * (d - 1) * sumBits, "adder bit", c.Adder},
			Item{"comparison of a pixel", x * sumBits, "comparator", c.Comparator})
	}
	return append(items, p.alarm(flop)...)
}
