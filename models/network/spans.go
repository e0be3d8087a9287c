package network

import (
	"slices"

	"upset/npu/isa"
)

// spans is a set of bytes as ascending, separate pieces.
type spans [][2]int

// add adds n bytes.
func (s *spans) add(at, n int) {
	if n <= 0 {
		return
	}
	lo, hi := at, at+n
	out := make(spans, 0, len(*s)+1)
	for _, x := range *s {
		if x[1] < lo || x[0] > hi {
			out = append(out, x)
			continue
		}
		lo, hi = min(lo, x[0]), max(hi, x[1])
	}
	out = append(out, [2]int{lo, hi})
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	*s = out
}

// addExcept adds the bytes that the other set does not hold.
func (s *spans) addExcept(at, n int, other *spans) {
	end := at + n
	for _, x := range *other {
		if x[1] <= at || x[0] >= end {
			continue
		}
		s.add(at, x[0]-at)
		at = x[1]
	}
	s.add(at, end-at)
}

func (s spans) ranges() []Range {
	var out []Range
	for _, x := range s {
		out = append(out, Range{isa.SRAMBase + uint32(x[0]), isa.SRAMBase + uint32(x[1])})
	}
	return out
}
