package selection

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrEndless is what a rule is told that asks for far more inferences than the
// fault-free decision takes. The host's time limit would end it.
var ErrEndless = errors.New("the rule asks without end")

// ErrNoAnswer is what a rule is told whose inference stops or hangs.
var ErrNoAnswer = errors.New("the inference gives no answer")

// Answer is what an inference gave: a table of one row for each output.
type Answer struct{ Outputs []Table }

// First is the first output.
func (a *Answer) First() *Table { return &a.Outputs[0] }

// Source answers inferences. It gives the same answer to the same question, and
// may be asked by many goroutines at once.
type Source interface {
	// Net describes a scorer.
	Net(scorer int) (*Net, error)
	// Infer returns the concatenated outputs for an input; row is its number in
	// the pool, or −1 for an input that the rule made.
	Infer(scorer, row int, input []byte) ([]byte, error)
	// Add takes a network that a rule made and returns its number, the same one for
	// the same network and pool.
	Add(s *Scorer) (int, error)
}

// Call is an inference that a rule asked for.
type Call struct {
	Scorer int    // of the source; see [Run.Scorers]
	Row    int    // in the pool, or −1
	Input  []byte // all of it, with the state that it read
	Step   bool   // it read the state in the arena; see [Ask.Step]
}

// Ask is the NPU as a rule sees it. Every method runs inferences, one after the
// other, in the order in which the rule asks: what it does not ask for is not
// executed, and no fault can strike it. A rule keeps its own state on the host, in
// variables, and makes inputs of later inferences from earlier answers as it likes.
//
// An Ask serves one decision.
type Ask struct {
	scorers  []Scorer
	ids      []int // of the scorers in the source
	base     int   // scorers that the workload has
	source   Source
	state    [][]byte // by scorer, nil before the first step
	calls    int
	steps    int
	limit    int     // of calls, 0 for none
	record   *[]Call // may be nil
	strike   int     // call that is answered by output, −1 for none
	struck   Call    // which it must be
	output   []byte
	rest     int    // step before which a bit of the state flips, −1 for none
	bit      int    // of the state of that step's scorer
	woken    []byte // what that step gave
	disagree error
}

// NewAsk makes an Ask without faults.
func NewAsk(w *Workload, source Source) *Ask {
	n := len(w.Scorers)
	a := &Ask{scorers: w.Scorers[:n:n], base: n, source: source, state: make([][]byte, n), strike: -1, rest: -1}
	for k := range n {
		a.ids = append(a.ids, k)
	}
	return a
}

// Scorers is the number of networks, Rows the size of the pool of one.
func (a *Ask) Scorers() int        { return len(a.scorers) }
func (a *Ask) Rows(scorer int) int { return len(a.scorers[scorer].Rows) }

// Again is an Ask that stands where this one stood at first: for a rule that
// decides twice to check itself.
func (a *Ask) Again() *Ask {
	b := *a
	b.scorers, b.ids = a.scorers[:a.base:a.base], a.ids[:a.base:a.base]
	b.state, b.calls, b.steps, b.record = make([][]byte, a.base), 0, 0, nil
	return &b
}

// Add compiles a network that the rule made, for instance by editing the weights of
// one, and returns its number. The host writes its program into the memory of the NPU.
func (a *Ask) Add(s Scorer) (int, error) {
	id, err := a.source.Add(&s)
	if err != nil {
		return 0, err
	}
	a.scorers, a.ids, a.state = append(a.scorers, s), append(a.ids, id), append(a.state, nil)
	return len(a.scorers) - 1, nil
}

// Fits reports whether the workload has so many scorers, each with a pool of so many
// rows.
func (a *Ask) Fits(scorers, rows int) bool {
	if a.base != scorers {
		return false
	}
	for k := range scorers {
		if a.Rows(k) != rows {
			return false
		}
	}
	return true
}

// Scores runs one row of a pool and refuses a first output of another width.
func (a *Ask) Scores(scorer, row, width int) (*Table, error) {
	answer, err := a.Row(scorer, row)
	if err != nil {
		return nil, err
	}
	if t := answer.First(); t.Width == width {
		return t, nil
	}
	return nil, fmt.Errorf("scorer %s gives %d numbers, not %d", a.scorers[scorer].Name, answer.First().Width, width)
}

// Row runs one row of a pool.
func (a *Ask) Row(scorer, row int) (Answer, error) {
	if scorer < 0 || scorer >= len(a.scorers) || row < 0 || row >= len(a.scorers[scorer].Rows) {
		return Answer{}, fmt.Errorf("the rule asks for row %d of scorer %d, which do not exist", row, scorer)
	}
	return a.run(Call{Scorer: a.ids[scorer], Row: row, Input: a.scorers[scorer].Rows[row]})
}

// Infer runs an input that the rule made: the bytes of all inputs of the network.
func (a *Ask) Infer(scorer int, input []byte) (Answer, error) {
	if scorer < 0 || scorer >= len(a.scorers) {
		return Answer{}, fmt.Errorf("the rule asks for scorer %d, which does not exist", scorer)
	}
	return a.run(Call{Scorer: a.ids[scorer], Row: -1, Input: bytes.Clone(input)})
}

// Step runs a network that keeps state in the arena. Input holds the bytes of all
// inputs but the state. A wrong state stays until an inference writes it anew, or
// the rule calls Reset.
func (a *Ask) Step(scorer int, input []byte) (Answer, error) {
	if scorer < 0 || scorer >= len(a.scorers) {
		return Answer{}, fmt.Errorf("the rule asks for scorer %d, which does not exist", scorer)
	}
	n, err := a.source.Net(a.ids[scorer])
	if err != nil {
		return Answer{}, err
	}
	if n.size == 0 {
		return Answer{}, fmt.Errorf("scorer %s keeps no state: name its tensors, or ask with Infer", a.scorers[scorer].Name)
	}
	state := a.state[scorer]
	if state == nil {
		state = n.initial
	}
	flip := a.steps == a.rest && a.bit < 8*len(state)
	if flip {
		state = bytes.Clone(state)
		state[a.bit/8] ^= 1 << (a.bit % 8)
	}
	a.steps++
	whole, err := n.compose(input, state)
	if err != nil {
		return Answer{}, fmt.Errorf("scorer %s: %w", a.scorers[scorer].Name, err)
	}
	out, err := a.bytes(Call{Scorer: a.ids[scorer], Row: -1, Input: whole, Step: true})
	if err != nil {
		return Answer{}, err
	}
	if flip {
		a.woken = out
	}
	answer := n.split(out)
	a.state[scorer] = n.carry(&answer)
	return answer, nil
}

// Reset writes the initial state of a scorer into the arena.
func (a *Ask) Reset(scorer int) {
	if scorer >= 0 && scorer < len(a.state) {
		a.state[scorer] = nil
	}
}

// Table runs the whole pool of a scorer and returns its first output.
func (a *Ask) Table(scorer int) (Table, error) {
	if scorer < 0 || scorer >= len(a.scorers) {
		return Table{}, fmt.Errorf("the rule asks for scorer %d, which does not exist", scorer)
	}
	return a.Part(scorer, 0, len(a.scorers[scorer].Rows))
}

// Part runs rows of a pool, from and up to but not including to, and returns their
// first outputs.
func (a *Ask) Part(scorer, from, to int) (Table, error) {
	if scorer < 0 || scorer >= len(a.scorers) || from < 0 || to > len(a.scorers[scorer].Rows) || from > to {
		return Table{}, fmt.Errorf("the rule asks for rows %d to %d of scorer %d, which do not exist", from, to, scorer)
	}
	n, err := a.source.Net(a.ids[scorer])
	if err != nil {
		return Table{}, err
	}
	t := n.outputs[0]
	t.Data = make([]byte, 0, (to-from)*t.Bytes())
	for i := from; i < to; i++ {
		out, err := a.bytes(Call{Scorer: a.ids[scorer], Row: i, Input: a.scorers[scorer].Rows[i]})
		if err != nil {
			return Table{}, err
		}
		t.Data = append(t.Data, out[:t.Bytes()]...)
	}
	return t, nil
}

// Tables runs the whole pools of all scorers of the workload, one after the other.
func (a *Ask) Tables() ([]Table, error) {
	var list []Table
	for k := range a.base {
		t, err := a.Table(k)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

func (a *Ask) run(c Call) (Answer, error) {
	n, err := a.source.Net(c.Scorer)
	if err != nil {
		return Answer{}, err
	}
	out, err := a.bytes(c)
	if err != nil {
		return Answer{}, err
	}
	return n.split(out), nil
}

// bytes performs a call.
func (a *Ask) bytes(c Call) ([]byte, error) {
	k := a.calls
	if a.limit > 0 && k >= a.limit {
		return nil, ErrEndless
	}
	a.calls++
	if a.record != nil {
		*a.record = append(*a.record, c)
	}
	if k == a.strike {
		if c.Scorer != a.struck.Scorer || c.Row != a.struck.Row || !bytes.Equal(c.Input, a.struck.Input) {
			a.disagree = fmt.Errorf("inference %d is another one than in the fault-free decision before any fault: the rule must do the same for the same answers", k)
			return nil, a.disagree
		}
		return a.output, nil
	}
	return a.source.Infer(c.Scorer, c.Row, c.Input)
}
