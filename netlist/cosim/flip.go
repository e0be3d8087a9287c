package cosim

import (
	"math/bits"
	"math/rand/v2"
	"sync"

	"upset/netlist/gate"
	"upset/npu"
)

// flip is an inverted register bit in a lane.
type flip struct {
	bit     int
	clocks  int
	seen    bool // another bit or an output was different in some clock
	before  npu.Flops
	journal npu.Journal
}

// flipClocks is how long a flip is followed at most (our choice).
const flipClocks = 256

// gap is the longest pause between two flips of a lane, so that they fall into all states (our choice).
const gap = 64

// Plan says which bits of a block are to be flipped. Groups may share it.
type Plan interface {
	// Next returns the next bit, and how many clocks the lane waits before it flips it;
	// false when all are done.
	Next() (bit, wait int, ok bool)
}

// next makes a flip when it is due.
func (g *Group) next(i int) {
	l := &g.lanes[i]
	if g.plan == nil {
		return
	}
	if l.wait--; l.wait > 0 {
		return
	}
	bit, wait, ok := g.plan.Next()
	if !ok {
		l.wait, g.done = 1<<30, true
		return
	}
	l.wait = 1 + wait
	if l.flip = g.free; l.flip == nil {
		l.flip = &flip{}
	}
	g.free = nil
	*l.flip = flip{bit: bit}
	copy(l.copy, l.regs)
	l.copy[bit>>6] ^= 1 << (bit & 63)
	net := g.b.Gates.Q(g.b.flops[bit])
	w, m := g.s.Source(net), gate.PatternMask(i)
	for q := range w {
		w[q] ^= m[q]
	}
	g.s.Set(net, w)
	g.recordLoad(i, l.copy)
}

// finish ends the flip of a lane.
func (g *Group) finish(l *lane) {
	g.Result.flipped(l.flip)
	g.free, l.flip = l.flip, nil
}

func (g *Group) flipName(l *lane) string {
	if l.flip == nil {
		return ""
	}
	return g.b.BitName(l.flip.bit)
}

func trailing(x uint64) int { return bits.TrailingZeros64(x) }

// Every is a plan that flips every bit of a block so many times, in random order.
type Every struct {
	mu    sync.Mutex
	rng   *rand.Rand
	order []int32
	at    int
	left  int
}

// NewEvery returns a plan of n flips of each of so many bits.
func NewEvery(bits, n int, seed uint64) *Every {
	e := &Every{rng: rand.New(rand.NewPCG(seed, 0xf11b)), order: make([]int32, bits), left: n}
	for i := range e.order {
		e.order[i] = int32(i)
	}
	e.at = bits
	return e
}

// Next implements Plan.
func (e *Every) Next() (bit, wait int, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at == len(e.order) {
		if e.left == 0 {
			return 0, 0, false
		}
		e.left--
		e.at = 0
		e.rng.Shuffle(len(e.order), func(i, j int) { e.order[i], e.order[j] = e.order[j], e.order[i] })
	}
	e.at++
	return int(e.order[e.at-1]), e.rng.IntN(gap), true
}

// Sample is a plan of n flips of random bits.
type Sample struct {
	mu   sync.Mutex
	rng  *rand.Rand
	bits int
	left int
}

// NewSample returns a plan of n flips among so many bits.
func NewSample(bits, n int, seed uint64) *Sample {
	return &Sample{rng: rand.New(rand.NewPCG(seed, 0x5a3b)), bits: bits, left: n}
}

// Next implements Plan.
func (s *Sample) Next() (bit, wait int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return 0, 0, false
	}
	s.left--
	return s.rng.IntN(s.bits), s.rng.IntN(gap), true
}
