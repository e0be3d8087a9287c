package mlw

import "slices"

// Costs in bits of the headers (Vela 3.10 format).
const (
	sliceHeaderBits   = 23
	paletteHeaderBits = 13
	codeBits          = 9
	codeCount         = 1 << codeBits
)

// maxTruncated is the largest quotient that a slice with WTRUNC can send.
const maxTruncated = 2

// histogram counts weight codes.
type histogram [codeCount]int

// model is the mapping of codes to indices that the slices of a section share.
type model struct {
	zeroRuns bool
	dirOfs   int
	palBits  int
	palette  []int
	place    [codeCount]int16 // code to index + 1, 0 outside the palette
	allIn    bool             // every code is in the palette
	maxIndex int
}

// index returns the index of a code.
func (m *model) index(code int) int {
	if at := m.place[code]; at > 0 {
		return int(at) - 1
	}
	return code - m.dirOfs + len(m.palette)
}

// plainBits returns the width of uncompressed indices.
func (m *model) plainBits() int {
	if len(m.palette) > 0 {
		return bitsFor(len(m.palette))
	}
	return m.palBits
}

// plainAllowed reports whether uncompressed slices can hold every code.
func (m *model) plainAllowed() bool { return len(m.palette) == 0 || m.allIn }

// newModel builds a model whose palette is the first size codes of ranked.
func newModel(ranked []int, size int) model {
	var m model
	m.palette = append(m.palette, ranked[:min(size, len(ranked))]...)
	if len(m.palette) == 1 { // a palette cannot have one entry
		m.palette = append(m.palette, 0)
	}
	for i := len(m.palette) - 1; i >= 0; i-- {
		m.place[m.palette[i]] = int16(i + 1)
	}
	rest := ranked[min(size, len(ranked)):]
	m.allIn = len(rest) == 0
	low, high := codeCount, 0
	for _, code := range rest {
		low, high = min(low, code), max(high, code)
	}
	if !m.allIn {
		m.dirOfs = min(31, low)
		m.maxIndex = high - m.dirOfs + len(m.palette)
	}
	top := 0
	for i, code := range m.palette {
		top = max(top, code)
		m.maxIndex = max(m.maxIndex, i)
	}
	if len(m.palette) == 0 { // PALBITS is the width of an uncompressed index
		top = m.maxIndex
	}
	m.palBits = max(2, bitsFor(top+1))
	return m
}

// headerBits returns the cost of starting a section with this model.
func (m *model) headerBits() int {
	return sliceHeaderBits + paletteHeaderBits + len(m.palette)*m.palBits
}

// indexBits returns the cost of an index under p, or a prohibitive cost.
func indexBits(index int, p params, plain int) int {
	const never = 1 << 20
	if p.uncompressed {
		return plain
	}
	q := index >> p.wdiv
	switch {
	case p.trunc && q > maxTruncated, q > maxQuotient:
		return never
	case p.trunc:
		return min(q, 1) + 1 + p.wdiv
	}
	return q + 1 + p.wdiv
}

// weightParams returns the weight codings that a model allows.
func (m *model) weightParams() []params {
	var ps []params
	for d := 0; d <= wdivMax; d++ {
		if m.maxIndex>>d > maxQuotient {
			continue
		}
		ps = append(ps, params{wdiv: d})
		ps = append(ps, params{wdiv: d, trunc: true})
	}
	if m.plainAllowed() {
		ps = append(ps, params{uncompressed: true})
	}
	return ps
}

// bestModel returns the cheapest model for a histogram, judged by the best
// single coding. A quick search tries few palette sizes.
func bestModel(h *histogram, thorough bool) model {
	m, _ := searchModel(h, rank(h), thorough)
	return m
}

// quickSizes are the palette sizes that a quick search tries.
var quickSizes = []int{0, 4, 12, 32}

// searchModel returns the cheapest model for the ranked codes of a histogram and
// its cost in bits.
func searchModel(h *histogram, ranked []int, thorough bool) (model, int) {
	var best model
	bestCost := -1
	try := func(size int) {
		m := newModel(ranked, size)
		if m.maxIndex > MaxIndex {
			return
		}
		if c := m.headerBits() + m.cost(h, ranked); bestCost < 0 || c < bestCost {
			best, bestCost = m, c
		}
	}
	if !thorough {
		for _, size := range quickSizes {
			try(size)
		}
		return best, bestCost
	}
	for size := 0; size <= min(maxPalette, max(2, len(ranked))); size++ {
		if size != 1 {
			try(size)
		}
	}
	return best, bestCost
}

// rank returns the used codes, most frequent first, ties by code.
func rank(h *histogram) []int {
	ranked := make([]int, 0, codeCount)
	for code, n := range h {
		if n > 0 {
			ranked = append(ranked, -n<<codeBits|code)
		}
	}
	slices.Sort(ranked)
	for i, key := range ranked {
		ranked[i] = key & (codeCount - 1)
	}
	return ranked
}

// rerank moves code 0 to where its new count in h puts it, or drops it.
func rerank(ranked []int, h *histogram) []int {
	list := make([]int, 0, len(ranked)+1)
	placed := h[0] == 0
	for _, code := range ranked {
		if code == 0 {
			continue
		}
		if !placed && h[code] <= h[0] {
			list, placed = append(list, 0), true
		}
		list = append(list, code)
	}
	if !placed {
		list = append(list, 0)
	}
	return list
}

// cost returns the bits of all indices under the best single coding, which is
// never a prohibitive one: the quotients that are too long for WTRUNC are legal
// without it.
func (m *model) cost(h *histogram, ranked []int) int {
	var index, count [codeCount]int
	total := 0
	for i, code := range ranked {
		index[i], count[i] = m.index(code), h[code]
		total += h[code]
	}
	best := -1
	better := func(sum int) {
		if best < 0 || sum < best {
			best = sum
		}
	}
	for d := 0; d <= wdivMax; d++ {
		top := m.maxIndex >> d
		if top > maxQuotient {
			continue
		}
		sum, short := 0, 0
		for i := range ranked {
			sum += count[i] * (index[i] >> d)
		}
		better(sum + total*(1+d))
		if top <= maxTruncated {
			for i := range ranked {
				short += count[i] * min(index[i]>>d, 1)
			}
			better(short + total*(1+d))
		}
	}
	if m.plainAllowed() {
		better(total * m.plainBits())
	}
	return max(best, 0)
}
