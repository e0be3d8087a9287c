package decision

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"upset/faults"
	"upset/faults/engine"
	"upset/models/network"
	"upset/models/selection"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// Machine is what inferences run on.
type Machine struct {
	Config  isa.Config
	System  npu.System
	ECC     npu.ECC
	Workers int
}

// Verdict is what a changed output means.
type Verdict struct {
	Label         bool // the largest element of the output is another one
	Changed       bool // the decision is another one
	Consequential bool // and that matters
	Distance      float64
	Consequence   float64
}

// Part is one network of a subject with the inferences of the fault-free decision.
type Part struct {
	Name    string
	Program *network.Program
	Rows    int   // of its pool, executed or not
	Calls   []int // its inferences, by their number in the decision
	Struck  []int // those that are struck; the others are only executed
	wide    bool  // int16 outputs
	inputs  map[int][]byte
	cycles  uint64
	engine  *engine.Engine // nil where no inference is executed
}

// Subject is something with a decision: a selection task, or a classifier.
type Subject struct {
	Name  string
	Parts []Part
	row   func(call int) int // of a pool, −1 for an input that a rule made
	judge func(part, call int, output []byte) (Verdict, error)
	// whole judges what a part decides with other answers to all its inferences.
	whole func(part int, infer answer) (v Verdict, visible bool, err error)
	run   *selection.Run // nil for a classifier
	task  *selection.Task
}

// answer runs an input on a faulty program. It fails with selection.ErrNoAnswer.
type answer func(input []byte) ([]byte, error)

// Checkpoints of a fault-free run, and inferences of a network that are struck (our
// choice): each needs a fault-free run of its own, with its checkpoints.
const (
	checkpoints = 64
	MaxStruck   = 24
)

// NewTask makes a subject of a task's run. The inferences that the fault-free decision
// asks for are executed, and at most so many of each network are struck, spread over
// them by a systematic draw.
func NewTask(t *selection.Task, r *selection.Run, m Machine, struck int, seed uint64) (*Subject, error) {
	s := &Subject{Name: t.Name, run: r, task: t}
	for i := range r.Scorers {
		sc := &r.Scorers[i]
		n, err := sc.Open(m.Config)
		if err != nil {
			return nil, err
		}
		p := Part{Name: sc.Name, Program: n.Program, Rows: len(sc.Rows), wide: n.Wide(), inputs: map[int][]byte{}}
		for k := range r.Calls {
			if r.Calls[k].Scorer == i {
				p.Calls = append(p.Calls, k)
			}
		}
		p.strike(struck, seed, i, func(call int) []byte { return r.Calls[call].Input })
		s.Parts = append(s.Parts, p)
	}
	s.row = func(call int) int { return r.Calls[call].Row }
	s.judge = func(part, call int, output []byte) (Verdict, error) {
		golden, err := r.Source.Infer(part, r.Calls[call].Row, r.Calls[call].Input)
		if err != nil {
			return Verdict{}, err
		}
		wide := s.Parts[part].wide
		v := Verdict{Label: label(golden, wide) != label(output, wide)}
		faulty, err := r.Struck(call, output)
		if err != nil {
			return v, err
		}
		v.rate(t.Effect(r, faulty))
		return v, nil
	}
	s.whole = func(part int, infer answer) (v Verdict, visible bool, err error) {
		source := &faulty{Source: r.Source, part: part, infer: infer, wide: s.Parts[part].wide}
		o, err := r.With(source)
		v.Label = source.label
		if err != nil || !source.visible {
			return v, source.visible, err
		}
		v.rate(t.Effect(r, o))
		return v, true, nil
	}
	return s, s.build(m)
}

// faulty answers with a faulty program for one scorer, and notes whether an answer is
// another one than without the fault. One goroutine asks it.
type faulty struct {
	selection.Source
	part           int
	wide           bool
	infer          answer
	visible, label bool
}

// Infer runs an input.
func (f *faulty) Infer(scorer, row int, input []byte) ([]byte, error) {
	golden, err := f.Source.Infer(scorer, row, input)
	if err != nil || scorer != f.part {
		return golden, err
	}
	out, err := f.infer(input)
	if err == nil && !bytes.Equal(out, golden) {
		f.visible = true
		f.label = f.label || label(golden, f.wide) != label(out, f.wide)
	}
	return out, err
}

// NewClassifier makes a subject of a network whose decision is the class of each row.
func NewClassifier(name string, p *network.Program, rows [][]byte, m Machine, struck int, seed uint64) (*Subject, error) {
	part := Part{Name: name, Program: p, Rows: len(rows), inputs: map[int][]byte{}}
	golden := make([][]byte, len(rows))
	for i, row := range rows {
		var err error
		if golden[i], err = p.RunFunctional(row); err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", name, i, err)
		}
		part.Calls = append(part.Calls, i)
	}
	part.strike(struck, seed, 0, func(call int) []byte { return rows[call] })
	s := &Subject{Name: name, Parts: []Part{part}, row: func(call int) int { return call }}
	s.judge = func(_, row int, output []byte) (Verdict, error) {
		flip := label(golden[row], false) != label(output, false)
		return Verdict{Label: flip, Changed: flip, Consequential: flip}, nil
	}
	s.whole = func(_ int, infer answer) (v Verdict, visible bool, err error) {
		for i, row := range rows {
			out, err := infer(row)
			if err != nil {
				return v, visible, err
			}
			visible = visible || !bytes.Equal(out, golden[i])
			if label(golden[i], false) != label(out, false) {
				v = Verdict{Label: true, Changed: true, Consequential: true}
			}
		}
		return v, visible, nil
	}
	return s, s.build(m)
}

func (v *Verdict) rate(e selection.Effect) {
	v.Changed, v.Consequential, v.Distance, v.Consequence = e.Changed, e.Consequential, e.Distance, e.Consequence
}

// strike draws the inferences that are struck.
func (p *Part) strike(most int, seed uint64, part int, input func(call int) []byte) {
	for _, k := range systematic(len(p.Calls), most, seed, part) {
		call := p.Calls[k]
		p.Struck = append(p.Struck, call)
		p.inputs[call] = input(call)
	}
}

// build makes the fault-free runs of all parts.
func (s *Subject) build(m Machine) error {
	for i := range s.Parts {
		p := &s.Parts[i]
		if len(p.Struck) == 0 {
			continue
		}
		inputs := make([][]byte, len(p.Struck))
		for k, call := range p.Struck {
			inputs[k] = p.inputs[call]
		}
		e, err := engine.New(p.Program, inputs, faults.Options{ECC: m.ECC, System: m.System, Checkpoints: checkpoints}, nil)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.Name, p.Name, err)
		}
		p.engine, p.cycles = e, e.Cycles()
	}
	if s.Table() == nil {
		return fmt.Errorf("%s: the decision asks for no inference, so no fault can strike one", s.Name)
	}
	return nil
}

// Table is the inventory of flops of the machine.
func (s *Subject) Table() *netlist.Table {
	for i := range s.Parts {
		if e := s.Parts[i].engine; e != nil {
			return e.Table()
		}
	}
	return nil
}

// systematic draws numbers below n at equal distances from a random start.
func systematic(n, most int, seed uint64, part int) []int {
	k := min(n, max(1, most))
	rng := rand.New(rand.NewPCG(seed, rowStream+uint64(part)))
	start := rng.Float64()
	list := make([]int, k)
	for i := range list {
		list[i] = int((float64(i) + start) * float64(n) / float64(k))
	}
	return slices.Compact(list)
}

// label is the position of the largest element, the first of equals. A single
// element is its own label. Elements are int8, or int16 where wide.
func label(row []byte, wide bool) int {
	t := selection.Table{Width: len(row), Data: row, Wide: wide}
	if wide {
		t.Width /= 2
	}
	if t.Width == 1 {
		return t.Int(0, 0)
	}
	return t.Top(0)
}

// OpenTask builds a task with the networks and the pool of a seed, decides without faults and makes a
// subject of it. Rule, which may be nil, replaces the rule of the task.
func OpenTask(t *selection.Task, m Machine, struck int, seed uint64, rule func(*selection.Workload) (selection.Rule, error)) (*Subject, error) {
	w, err := t.Build(seed)
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	if rule != nil {
		if w.Rule, err = rule(w); err != nil {
			return nil, fmt.Errorf("task %s: %w", t.Name, err)
		}
	}
	r, err := selection.NewRun(w, seed, m.Config)
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	return NewTask(t, r, m, struck, seed)
}
