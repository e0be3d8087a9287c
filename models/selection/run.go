package selection

import (
	"errors"
	"fmt"

	"upset/npu/isa"
)

// Run is one fault-free run of a task.
type Run struct {
	Seed     uint64
	Workload *Workload
	Source   Source // of the scorers
	// Scorers are those of the workload and those that the rule added, by the number
	// that the source gave them.
	Scorers []Scorer
	// Scores are the first outputs of all rows of all pools, also of those that the
	// decision did not ask for: they judge, and are not executed.
	Scores    []Table
	Baselines []Table // the same of the baselines
	Calls     []Call  // what the decision asked for, in order
	Outcome   Outcome
}

// NewRun decides without faults on the functional machine.
func NewRun(w *Workload, seed uint64, cfg isa.Config) (*Run, error) {
	r, err := RunFrom(w, seed, NewFunctional(w.Scorers, cfg))
	if err != nil {
		return nil, err
	}
	b := &Workload{Scorers: w.Baselines}
	r.Baselines, err = NewAsk(b, NewFunctional(b.Scorers, cfg)).Tables()
	return r, err
}

// RunFrom decides without faults with the answers of a source.
func RunFrom(w *Workload, seed uint64, source Source) (*Run, error) {
	r := &Run{Seed: seed, Workload: w, Source: source}
	a := NewAsk(w, source)
	a.record, a.limit = &r.Calls, mostCalls
	var err error
	if r.Outcome, err = w.Rule.Decide(a); err != nil {
		return nil, err
	}
	r.Scorers = append(r.Scorers, w.Scorers...)
	for k, id := range a.ids {
		for len(r.Scorers) <= id {
			r.Scorers = append(r.Scorers, Scorer{})
		}
		r.Scorers[id] = a.scorers[k]
	}
	r.Scores, err = NewAsk(w, source).Tables()
	return r, err
}

// Bounds of the inferences of a decision (our choice): without a fault, and how many
// times as many, and how many more, a fault may make of them.
const (
	mostCalls   = 1 << 20
	callsFactor = 4
	callsMore   = 1000
)

// ask makes an Ask that gives up where a fault keeps the rule from coming to an end.
func (r *Run) ask(source Source) *Ask {
	a := NewAsk(r.Workload, source)
	a.limit = callsFactor*len(r.Calls) + callsMore
	return a
}

// Struck returns the outcome when an inference of the fault-free decision gives
// another output: the concatenated outputs of its network. The rule decides anew; what
// it asks for after that inference may differ.
func (r *Run) Struck(call int, output []byte) (Outcome, error) {
	if call < 0 || call >= len(r.Calls) {
		return Outcome{}, fmt.Errorf("inference %d of %d", call, len(r.Calls))
	}
	n, err := r.Source.Net(r.Calls[call].Scorer)
	if err != nil {
		return Outcome{}, err
	}
	want := 0
	for i := range n.outputs {
		want += n.outputs[i].Bytes()
	}
	if len(output) != want {
		return Outcome{}, fmt.Errorf("inference %d: an output of %d bytes, the network gives %d", call, len(output), want)
	}
	a := r.ask(r.Source)
	a.strike, a.struck, a.output = call, r.Calls[call], output
	return r.decide(a)
}

// Steps are the inferences that read state in the arena, in order, by their place in
// Calls, and the bits of the state that each of them reads.
func (r *Run) Steps() (calls, bits []int, err error) {
	for k, c := range r.Calls {
		if !c.Step {
			continue
		}
		n, err := r.Source.Net(c.Scorer)
		if err != nil {
			return nil, nil, err
		}
		calls, bits = append(calls, k), append(bits, 8*n.size)
	}
	return calls, bits, nil
}

// Upset returns the outcome when a bit of the state in the arena flips before a step,
// by its number among the steps, and the concatenated outputs of that step.
func (r *Run) Upset(step, bit int) (Outcome, []byte, error) {
	a := r.ask(r.Source)
	a.rest, a.bit = step, bit
	o, err := r.decide(a)
	return o, a.woken, err
}

// With returns the outcome when a source answers that is not the fault-free one.
func (r *Run) With(source Source) (Outcome, error) { return r.decide(r.ask(source)) }

// decide asks the rule. A rule that runs into a wrong answer may fail.
func (r *Run) decide(a *Ask) (Outcome, error) {
	o, err := r.Workload.Rule.Decide(a)
	if a.disagree != nil {
		return o, a.disagree
	}
	return o, err
}

// Ended reports whether an error of a faulty decision means that the host notices: the
// rule does not come to an end, or an inference gives no answer.
func Ended(err error) bool { return errors.Is(err, ErrEndless) || errors.Is(err, ErrNoAnswer) }
