package selection

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"upset/npu/isa"
)

// Functional answers on the functional machine, which gives the same bytes as the
// cycle-level one without a clock. Answers are kept, since the NPU has no memory
// between inferences but the state, which is part of an input.
type Functional struct {
	cfg   isa.Config
	mu    sync.Mutex
	nets  []*opened
	added map[[sha256.Size]byte]int // by network and pool
}

// opened is a scorer that is compiled when it is first asked.
type opened struct {
	scorer Scorer
	once   sync.Once
	net    *Net
	err    error

	mu   sync.Mutex
	rows [][]byte          // by row of the pool
	made map[string][]byte // by input
}

// mostKept bounds the answers that are kept for inputs that rules make (our choice):
// those of the fault-free run always come first.
const mostKept = 1 << 15

// NewFunctional makes a source for a list of scorers.
func NewFunctional(scorers []Scorer, cfg isa.Config) *Functional {
	f := &Functional{cfg: cfg, added: map[[sha256.Size]byte]int{}}
	for _, s := range scorers {
		f.nets = append(f.nets, &opened{scorer: s})
	}
	return f
}

// Add takes a network that a rule made.
func (f *Functional) Add(s *Scorer) (int, error) {
	h := sha256.New()
	h.Write(s.Model)
	h.Write(s.Initial)
	for _, row := range s.Rows {
		h.Write(row)
	}
	fmt.Fprint(h, len(s.Rows), len(s.Model), s.State)
	key := [sha256.Size]byte(h.Sum(nil))
	f.mu.Lock()
	id, ok := f.added[key]
	if !ok {
		id = len(f.nets)
		f.added[key], f.nets = id, append(f.nets, &opened{scorer: *s})
	}
	f.mu.Unlock()
	_, err := f.Net(id)
	return id, err
}

// opened returns what is known of a scorer.
func (f *Functional) opened(scorer int) (*opened, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if scorer < 0 || scorer >= len(f.nets) {
		return nil, fmt.Errorf("scorer %d of %d", scorer, len(f.nets))
	}
	return f.nets[scorer], nil
}

// Net compiles a scorer.
func (f *Functional) Net(scorer int) (*Net, error) {
	o, err := f.opened(scorer)
	if err != nil {
		return nil, err
	}
	o.once.Do(func() {
		o.net, o.err = o.scorer.Open(f.cfg)
		o.rows, o.made = make([][]byte, len(o.scorer.Rows)), map[string][]byte{}
	})
	return o.net, o.err
}

// Infer runs an input, or repeats its answer.
func (f *Functional) Infer(scorer, row int, input []byte) ([]byte, error) {
	n, err := f.Net(scorer)
	if err != nil {
		return nil, err
	}
	o, err := f.opened(scorer)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	var known []byte
	if row >= 0 {
		known = o.rows[row]
	} else {
		known = o.made[string(input)]
	}
	o.mu.Unlock()
	if known != nil {
		return known, nil
	}
	out, err := n.Program.RunFunctional(input)
	if err != nil {
		if row >= 0 {
			return nil, fmt.Errorf("scorer %s: row %d: %w", o.scorer.Name, row, err)
		}
		return nil, fmt.Errorf("scorer %s: %w", o.scorer.Name, err)
	}
	o.mu.Lock()
	if row >= 0 {
		o.rows[row] = out
	} else if len(o.made) < mostKept {
		o.made[string(input)] = out
	}
	o.mu.Unlock()
	return out, nil
}

// fixed answers from tables, rows alone.
type fixed []Table

func (f fixed) Net(scorer int) (*Net, error) {
	t := f[scorer]
	t.Data = nil
	return &Net{outputs: []Table{t}}, nil
}

func (f fixed) Infer(scorer, row int, _ []byte) ([]byte, error) {
	if row < 0 || row >= f[scorer].Rows() {
		return nil, fmt.Errorf("scorer %d has no such row: only rows of the pool have scores", scorer)
	}
	return f[scorer].Row(row), nil
}

func (f fixed) Add(s *Scorer) (int, error) {
	return 0, fmt.Errorf("network %s: tables of scores know no other networks", s.Name)
}

// FromTables makes an Ask that answers from tables, one for each scorer.
func FromTables(scores ...Table) *Ask {
	w := &Workload{Scorers: make([]Scorer, len(scores))}
	for k := range scores {
		w.Scorers[k].Rows = make([][]byte, scores[k].Rows())
	}
	return NewAsk(w, fixed(scores))
}

// function answers by a function of the input.
type function struct {
	layout []Table
	f      func(scorer int, input []byte) []byte
}

func (f function) Net(scorer int) (*Net, error) {
	return &Net{outputs: f.layout[scorer : scorer+1]}, nil
}

func (f function) Infer(scorer, _ int, input []byte) ([]byte, error) { return f.f(scorer, input), nil }

func (f function) Add(s *Scorer) (int, error) {
	return 0, fmt.Errorf("network %s: a function knows no other networks", s.Name)
}

// FromFunction makes an Ask that answers by a function of the input, whose results look
// like the rows of empty tables, one for each scorer. Scorers hold the pools; nil for
// none.
func FromFunction(layout []Table, scorers []Scorer, f func(scorer int, input []byte) []byte) *Ask {
	if scorers == nil {
		scorers = make([]Scorer, len(layout))
	}
	return NewAsk(&Workload{Scorers: scorers}, function{layout, f})
}
