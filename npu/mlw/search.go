package mlw

import "context"

// Tuning of the encoder (our choice; any value gives a valid stream).
const (
	minBlock     = 64  // smallest unit of a section
	maxBlocks    = 256 // units of the partition search
	switchBits   = 40  // estimated cost of starting another slice
	longestSlice = maxSlice - 1
	checkEvery   = 1 << 14 // weights between two looks at the context
)

// section is a part of the weights with its own palette.
type section struct {
	zeroRuns bool
	symbols  []int // codes that are sent as indices
	runs     []int // in zero-run mode: one more than symbols
}

// histogram counts the codes of a section.
func (s *section) histogram() *histogram {
	h := new(histogram)
	for _, code := range s.symbols {
		h[code]++
	}
	return h
}

// newSection splits codes into indices and zero runs.
func newSection(codes []int, zeroRuns bool) section {
	if !zeroRuns {
		return section{symbols: codes}
	}
	s := section{zeroRuns: true}
	length := 0
	for i, code := range codes {
		// A run that grows too long, and a section without other weights,
		// are broken by a coded zero.
		last := i == len(codes)-1 && len(s.symbols) == 0
		if code != 0 || length == maxRun || last {
			s.symbols = append(s.symbols, code)
			s.runs = append(s.runs, length)
			length = 0
			continue
		}
		length++
	}
	s.runs = append(s.runs, length)
	return s
}

// block is a stretch of codes with its statistics.
type block struct {
	from, to int
	hist     histogram               // all codes
	runBits  [encoderZdivMax + 1]int // cost of its zero runs
	nonzero  int                     //
	cost     int                     // best estimate in bits
	zeroRuns bool                    // whether that uses zero runs
}

// newBlock gathers the statistics of codes[from:to].
func newBlock(codes []int, from, to int) *block {
	b := &block{from: from, to: to}
	length := 0
	end := func() {
		for z := range b.runBits {
			b.runBits[z] += length>>z + 1 + z
		}
		length = 0
	}
	for _, code := range codes[from:to] {
		b.hist[code]++
		if code == 0 {
			length++
			continue
		}
		b.nonzero++
		end()
	}
	end()
	b.estimate()
	return b
}

// join returns the union of two neighbours.
func join(a, b *block) *block {
	u := &block{from: a.from, to: b.to, nonzero: a.nonzero + b.nonzero}
	for i := range u.hist {
		u.hist[i] = a.hist[i] + b.hist[i]
	}
	for z := range u.runBits {
		u.runBits[z] = a.runBits[z] + b.runBits[z] - 1 - z
	}
	u.estimate()
	return u
}

// estimate sets the cost with and without zero runs, whichever is lower.
func (b *block) estimate() {
	ranked := rank(&b.hist)
	_, b.cost = searchModel(&b.hist, ranked, false)
	if b.hist[0] == 0 {
		return
	}
	h := b.hist
	h[0] = b.hist[0] / maxRun / 2
	if b.nonzero == 0 {
		h[0]++
	}
	_, cost := searchModel(&h, rerank(ranked, &h), false)
	least := b.runBits[0]
	for _, bits := range b.runBits {
		least = min(least, bits)
	}
	if cost += least; cost < b.cost {
		b.cost, b.zeroRuns = cost, true
	}
}

// partition splits the codes into sections: small blocks are merged while that
// saves bits. It returns nothing once the context has ended.
func partition(ctx context.Context, codes []int) []section {
	if len(codes) == 0 {
		return nil
	}
	size := max(minBlock, (len(codes)+maxBlocks-1)/maxBlocks)
	var blocks []*block
	for at := 0; at < len(codes); at += size {
		blocks = append(blocks, newBlock(codes, at, min(at+size, len(codes))))
	}
	joined := make([]*block, len(blocks)) // joined[i] unites blocks i and i+1
	for i := 0; i+1 < len(blocks); i++ {
		joined[i] = join(blocks[i], blocks[i+1])
	}
	for {
		if ctx.Err() != nil {
			return nil
		}
		best, gain := -1, 0
		for i := 0; i+1 < len(blocks); i++ {
			g := blocks[i].cost + blocks[i+1].cost - joined[i].cost
			if best < 0 || g > gain {
				best, gain = i, g
			}
		}
		if best < 0 || gain < 0 {
			break
		}
		blocks[best] = joined[best]
		blocks = append(blocks[:best+1], blocks[best+2:]...)
		joined = append(joined[:best], joined[best+1:]...)
		if best > 0 {
			joined[best-1] = join(blocks[best-1], blocks[best])
		}
		if best+1 < len(blocks) {
			joined[best] = join(blocks[best], blocks[best+1])
		}
	}
	var sections []section
	for _, b := range blocks {
		sections = append(sections, newSection(codes[b.from:b.to], b.zeroRuns))
	}
	return sections
}

// run is a slice to be: a number of weights with one coding.
type run struct {
	params
	count int
}

// searchParams finds the cheapest sequence of slices for a section: a shortest
// path over the codings, where a change costs a new slice. It returns nothing
// once the context has ended.
func searchParams(ctx context.Context, indices, runs []int, m model) []run {
	var states []params
	for _, p := range m.weightParams() {
		if !m.zeroRuns {
			states = append(states, p)
			continue
		}
		for z := 0; z <= encoderZdivMax; z++ {
			p.zdiv = z
			states = append(states, p)
		}
	}
	plain := m.plainBits()
	cost := make([]int, len(states))
	from := make([][]uint8, len(indices)) // predecessor of each state
	backs := make([]uint8, len(indices)*len(states))
	for i, index := range indices {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil
		}
		back := backs[i*len(states) : (i+1)*len(states)]
		best := 0
		for s := range states {
			if cost[s] < cost[best] {
				best = s
			}
		}
		floor := cost[best]
		for s, p := range states {
			back[s] = uint8(s)
			if cost[s] > floor+switchBits {
				cost[s], back[s] = floor+switchBits, uint8(best)
			}
			cost[s] += indexBits(index, p, plain)
			if m.zeroRuns {
				cost[s] += runBits(runs[i+1], p.zdiv)
				if i == 0 {
					cost[s] += runBits(runs[0], p.zdiv)
				}
			}
		}
		from[i] = back
	}
	last := 0
	for s := range states {
		if cost[s] < cost[last] {
			last = s
		}
	}
	return collect(states, from, last)
}

// runBits returns the cost of a run length.
func runBits(length, zdiv int) int {
	const never = 1 << 20
	q := length >> zdiv
	if q > maxQuotient {
		return never
	}
	return q + 1 + zdiv
}

// collect walks a path backwards and returns it as slices of legal length.
func collect(states []params, from [][]uint8, last int) []run {
	var reversed []run
	for i := len(from) - 1; i >= 0; i-- {
		if n := len(reversed); n > 0 && reversed[n-1].params == states[last] && reversed[n-1].count < longestSlice {
			reversed[n-1].count++
		} else {
			reversed = append(reversed, run{params: states[last], count: 1})
		}
		last = int(from[i][last])
	}
	slices := make([]run, 0, len(reversed))
	for i := len(reversed) - 1; i >= 0; i-- {
		slices = append(slices, reversed[i])
	}
	return slices
}
