package gate

import "fmt"

// SetNets sets inputs or flops, at most 64, from the values of all patterns:
// bit b of values[p] is net b in pattern p. Higher bits of the values count
// for nothing. It panics as Set does.
func (s *Simulator) SetNets(nets []NetID, values *[Patterns]uint64) {
	mustFit(nets)
	var block [64]uint64
	var words [64]Word
	for q := range 4 {
		copy(block[:], values[64*q:])
		Transpose(&block)
		for b := range nets {
			words[b][q] = block[b]
		}
	}
	for b, net := range nets {
		s.Set(net, words[b])
	}
}

// GetNets fills values with the nets, at most 64, of all patterns: bit b of
// values[p] is net b in pattern p as its readers see it. Higher bits are 0.
func (s *Simulator) GetNets(nets []NetID, values *[Patterns]uint64) {
	mustFit(nets)
	var words [64]Word
	for b, net := range nets {
		words[b] = s.value[s.place[net]]
	}
	for q := range 4 {
		block := (*[64]uint64)(values[64*q:])
		for b := range block {
			block[b] = words[b][q]
		}
		Transpose(block)
	}
}

// SetSame sets inputs or flops, at most 64, to bits of the same value in every
// pattern. It panics as Set does.
func (s *Simulator) SetSame(nets []NetID, value uint64) {
	mustFit(nets)
	for b, net := range nets {
		m := -(value >> b & 1)
		s.Set(net, Word{m, m, m, m})
	}
}

func mustFit(nets []NetID) {
	if len(nets) > 64 {
		panic(fmt.Sprintf("gate: %d nets do not fit into 64 bits", len(nets)))
	}
}

// Transpose exchanges bit i of word j with bit j of word i (Warren, Hacker's
// Delight, section 7-3).
func Transpose(a *[64]uint64) {
	m := uint64(0x00000000ffffffff)
	for j := uint(32); j != 0; j, m = j>>1, m^m<<(j>>1) {
		for k := uint(0); k < 64; k = (k + j + 1) &^ j {
			t := (a[k]>>j ^ a[(k+j)&63]) & m
			a[k] ^= t << j
			a[(k+j)&63] ^= t
		}
	}
}
