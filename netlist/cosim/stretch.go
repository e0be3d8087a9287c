package cosim

import (
	"math/rand/v2"
	"sync"

	"upset/npu"
)

// Stretch is a machine that has been started and is to run for so many clocks.
type Stretch struct {
	Machine *npu.Machine
	Name    string
	Clocks  int
}

// Source delivers stretches until none is left. It may be shared by groups.
type Source interface {
	Next() (s Stretch, ok bool)
}

// Run is a program as machines execute it.
type Run struct {
	Name string
	// Start returns a new machine that has been started on inputs of its own memory. All
	// machines of a Run must be alike but for their inputs.
	Start func() *npu.Machine
	// Most bounds the clocks of the run in which stretches begin; 0 is no bound.
	Most uint64

	clocks uint64
}

// length is in how many clocks of the run stretches begin.
func (r *Run) length() uint64 {
	if r.clocks == 0 {
		m := r.Start()
		for m.S.CC.Run != 0 && (r.Most == 0 || m.Cycle() < r.Most) {
			m.Step()
		}
		r.clocks = m.Cycle()
	}
	return r.clocks
}

// Stretches is a Source that covers runs evenly: of each so many stretches of equal length,
// which begin at random places in equal parts of the run.
type Stretches struct {
	// Repeat lets the source begin anew when all stretches of all runs were delivered.
	Repeat bool

	mu     sync.Mutex
	runs   []Run
	at     int // the run under way
	n      int // of each run
	clocks int // of each stretch
	rng    *rand.Rand

	walker *npu.Machine // goes through the run, from place to place
	length uint64       // of the run in clocks
	k      int          // next stretch of it
}

// NewStretches returns a source of n stretches of each run.
func NewStretches(runs []Run, n, clocks int, seed uint64) *Stretches {
	return &Stretches{runs: runs, n: n, clocks: clocks, rng: rand.New(rand.NewPCG(seed, 0x57e7))}
}

// Next implements Source.
func (s *Stretches) Next() (Stretch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.at < len(s.runs) {
		r := &s.runs[s.at]
		if s.walker == nil {
			s.walker, s.k = r.Start(), 0
			s.length = r.length()
		}
		if s.k == s.n {
			s.walker, s.at = nil, s.at+1
			if s.Repeat {
				s.at %= len(s.runs)
			}
			continue
		}
		part := s.length / uint64(s.n)
		at := uint64(s.k) * part
		if part > 0 {
			at += s.rng.Uint64N(part)
		}
		s.k++
		for s.walker.S.CC.Run != 0 && s.walker.Cycle() < at {
			s.walker.Step()
		}
		m := r.Start()
		copy(m.Mem.SRAM, s.walker.Mem.SRAM)
		m.Load(&s.walker.S)
		return Stretch{m, r.Name, s.clocks}, true
	}
	return Stretch{}, false
}
