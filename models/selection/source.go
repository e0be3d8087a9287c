package selection

import (
	"fmt"
	"sync"

	"upset/npu/isa"
)

// Functional answers on the functional machine, which gives the same bytes as the
// cycle-level one without a clock. Answers are kept, since the NPU has no memory
// between inferences but the state, which is part of an input.
type Functional struct {
	cfg     isa.Config
	scorers []Scorer
	nets    []opened
}

// opened is a scorer that is compiled when it is first asked.
type opened struct {
	once sync.Once
	net  *Net
	err  error

	mu   sync.Mutex
	rows [][]byte          // by row of the pool
	made map[string][]byte // by input
}

// mostKept bounds the answers that are kept for inputs that rules make (our choice):
// those of the fault-free run always come first.
const mostKept = 1 << 15

// NewFunctional makes a source for a list of scorers.
func NewFunctional(scorers []Scorer, cfg isa.Config) *Functional {
	return &Functional{cfg: cfg, scorers: scorers, nets: make([]opened, len(scorers))}
}

// Net compiles a scorer.
func (f *Functional) Net(scorer int) (*Net, error) {
	if scorer < 0 || scorer >= len(f.nets) {
		return nil, fmt.Errorf("scorer %d of %d", scorer, len(f.nets))
	}
	o, s := &f.nets[scorer], &f.scorers[scorer]
	o.once.Do(func() {
		o.net, o.err = s.Open(f.cfg)
		o.rows, o.made = make([][]byte, len(s.Rows)), map[string][]byte{}
	})
	return o.net, o.err
}

// Infer runs an input, or repeats its answer.
func (f *Functional) Infer(scorer, row int, input []byte) ([]byte, error) {
	n, err := f.Net(scorer)
	if err != nil {
		return nil, err
	}
	o := &f.nets[scorer]
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
			return nil, fmt.Errorf("scorer %s: row %d: %w", f.scorers[scorer].Name, row, err)
		}
		return nil, fmt.Errorf("scorer %s: %w", f.scorers[scorer].Name, err)
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

// FromTables makes an Ask that answers from tables, one for each scorer.
func FromTables(scores ...Table) *Ask {
	w := &Workload{Scorers: make([]Scorer, len(scores))}
	for k := range scores {
		w.Scorers[k].Rows = make([][]byte, scores[k].Rows())
	}
	return NewAsk(w, fixed(scores))
}
