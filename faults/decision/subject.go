package decision

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/driver"
	"upset/models/selection"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Machine is what a pool is scored on.
type Machine struct {
	Config  isa.Config
	System  npu.System
	ECC     npu.ECC
	Workers int
}

// Verdict is what a changed output means.
type Verdict struct {
	Label         bool // the largest element of the row is another one
	Changed       bool // the decision is another one
	Consequential bool // and that matters
	Distance      float64
	Consequence   float64
}

// Part is one network of a subject with the rows of its pool that may be struck.
type Part struct {
	Name    string
	Program *driver.Program
	Rows    [][]byte // the whole pool
	Struck  []int    // rows that are struck; the others are only scored
	cycles  uint64
	engine  *engine.Engine
}

// Cycles is the length of one of its inferences.
func (p *Part) Cycles() uint64 { return p.cycles }

// Subject is something with a decision: a selection task, or a classifier.
type Subject struct {
	Name  string
	Parts []Part
	judge func(part, row int, output []byte) (Verdict, error)
	all   func(part int, outputs [][]byte) (Verdict, error) // when a whole pool changes
}

// Checkpoints of a fault-free run, and rows of a pool that are struck (our choice):
// each row needs a fault-free run of its own, with its checkpoints.
const (
	checkpoints = 64
	MaxStruck   = 24
)

// NewTask makes a subject of a task's run. At most so many rows of each pool are
// struck, spread over it by a systematic draw.
func NewTask(t *selection.Task, r *selection.Run, m Machine, struck int, seed uint64) (*Subject, error) {
	s := &Subject{Name: t.Name}
	for i := range r.Workload.Scorers {
		sc := &r.Workload.Scorers[i]
		n, err := driver.Open(sc.Model, m.Config)
		if err != nil {
			return nil, fmt.Errorf("scorer %s: %w", sc.Name, err)
		}
		p := n.Program()
		if p == nil {
			return nil, fmt.Errorf("scorer %s: parts of the network would run on the host", sc.Name)
		}
		s.Parts = append(s.Parts, Part{Name: sc.Name, Program: p, Rows: sc.Rows, Struck: systematic(len(sc.Rows), struck, seed, i)})
	}
	s.judge = func(part, row int, output []byte) (Verdict, error) {
		v := Verdict{Label: label(r.Scores[part].Row(row)) != label(output)}
		faulty, err := r.Workload.Transient(r.Scores, part, row, output)
		if err != nil {
			return v, err
		}
		v.rate(t.Effect(r, faulty))
		return v, nil
	}
	s.all = func(part int, outputs [][]byte) (Verdict, error) {
		table := r.Scores[part]
		table.Data = slices.Concat(outputs...)
		v := Verdict{}
		for row := range outputs {
			v.Label = v.Label || label(r.Scores[part].Row(row)) != label(outputs[row])
		}
		faulty, err := r.Workload.Persistent(r.Scores, part, table)
		if err != nil {
			return v, err
		}
		v.rate(t.Effect(r, faulty))
		return v, nil
	}
	return s, s.build(m)
}

// NewClassifier makes a subject of a network whose decision is the class of each row.
func NewClassifier(name string, p *driver.Program, rows [][]byte, m Machine, struck int, seed uint64) (*Subject, error) {
	s := &Subject{Name: name, Parts: []Part{{Name: name, Program: p, Rows: rows, Struck: systematic(len(rows), struck, seed, 0)}}}
	golden := make([][]byte, len(rows))
	for i, row := range rows {
		var err error
		if golden[i], err = p.RunFunctional(row); err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", name, i, err)
		}
	}
	s.judge = func(_, row int, output []byte) (Verdict, error) {
		flip := label(golden[row]) != label(output)
		return Verdict{Label: flip, Changed: flip, Consequential: flip}, nil
	}
	s.all = func(_ int, outputs [][]byte) (v Verdict, err error) {
		for row := range outputs {
			if label(golden[row]) != label(outputs[row]) {
				v = Verdict{Label: true, Changed: true, Consequential: true}
			}
		}
		return v, nil
	}
	return s, s.build(m)
}

func (v *Verdict) rate(e selection.Effect) {
	v.Changed, v.Consequential, v.Distance, v.Consequence = e.Changed, e.Consequential, e.Distance, e.Consequence
}

// build makes the fault-free runs of all parts.
func (s *Subject) build(m Machine) error {
	for i := range s.Parts {
		p := &s.Parts[i]
		inputs := make([][]byte, len(p.Struck))
		for k, row := range p.Struck {
			inputs[k] = p.Rows[row]
		}
		e, err := engine.New(p.Program, inputs, faults.Options{ECC: m.ECC, System: m.System, Checkpoints: checkpoints}, nil)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.Name, p.Name, err)
		}
		p.engine, p.cycles = e, e.Cycles()
	}
	return nil
}

// Table is the inventory of flops of the machine.
func (s *Subject) Table() *netlist.Table { return s.Parts[0].engine.Table() }

// systematic draws rows at equal distances from a random start.
func systematic(rows, most int, seed uint64, part int) []int {
	n := min(rows, max(1, most))
	rng := rand.New(rand.NewPCG(seed, rowStream+uint64(part)))
	start := rng.Float64()
	list := make([]int, n)
	for i := range list {
		list[i] = int((float64(i) + start) * float64(rows) / float64(n))
	}
	return slices.Compact(list)
}

// label is the position of the largest element, the first of equals. A single
// element is its own label.
func label(row []byte) int {
	if len(row) == 1 {
		return int(int8(row[0]))
	}
	best := 0
	for i, b := range row {
		if int8(b) > int8(row[best]) {
			best = i
		}
	}
	return best
}

// OpenTask builds a task with one of its pools, scores it without faults and makes a
// subject of it. The seeds of the pools are those of selection.Seeds, in turn. Rule,
// which may be nil, replaces the rule of the task.
func OpenTask(t *selection.Task, m Machine, struck int, seed uint64, rule func(*selection.Workload) (selection.Rule, error)) (*Subject, error) {
	pools := selection.Seeds()
	pool := pools[(seed+uint64(len(pools))-1)%uint64(len(pools))]
	w, err := t.Build(pool)
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	if rule != nil {
		if w.Rule, err = rule(w); err != nil {
			return nil, fmt.Errorf("task %s: %w", t.Name, err)
		}
	}
	r := &selection.Run{Seed: pool, Workload: w}
	if r.Scores, err = w.Functional(m.Config); err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	if r.Outcome, err = w.Decide(r.Scores); err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	return NewTask(t, r, m, struck, seed)
}
