package campaign

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// Stored is a campaign as its log has it.
type Stored struct {
	Spec   Spec
	Frame  *Frame
	Rounds []Round
	// Records are in the order of Index, their numbers in the campaign. When
	// the campaign is complete, Records[i] is injection i.
	Records  []faults.Record
	Index    []int
	Complete bool
	// Torn says that the log ends in a torn frame, which is cut on resume.
	Torn bool
	Note map[string]string
}

// Load reads the campaign in a directory without changing anything.
func Load(dir string) (*Stored, error) {
	name := filepath.Join(dir, logName)
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("no campaign in %s: %w", dir, err)
	}
	defer f.Close()
	c, err := readLog(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &Stored{
		Spec: c.header.Spec, Frame: c.header.Frame, Rounds: c.rounds, Records: c.plain(),
		Complete: c.end != nil, Torn: c.torn, Note: c.header.Note, Index: make([]int, len(c.records)),
	}
	for i, r := range c.records {
		s.Index[i] = r.index
	}
	return s, nil
}

// State is how far the campaign in a directory is.
type State struct {
	Spec       Spec
	SpecDigest string
	// Done of Planned injections are in the log; Planned grows with the rounds,
	// Cap is the most it may become.
	Done    int
	Planned int
	Cap     int
	// Rounds are planned so far, of at most MaxRounds.
	Rounds    int
	MaxRounds int
	Complete  bool
	Torn      bool
	// Locked says that a process is writing to it now.
	Locked bool
	Note   map[string]string
}

// Status reports how far the campaign in a directory is.
func Status(dir string) (State, error) {
	s, err := Load(dir)
	if err != nil {
		return State{}, err
	}
	totals, err := schedule(s.Spec)
	if err != nil {
		return State{}, err
	}
	st := State{
		Spec: s.Spec, SpecDigest: s.Spec.Digest(), Done: len(s.Records), Rounds: len(s.Rounds), MaxRounds: len(totals),
		Cap: totals[len(totals)-1], Complete: s.Complete, Torn: s.Torn, Note: s.Note,
	}
	if n := len(s.Rounds); n > 0 {
		st.Planned = s.Rounds[n-1].end()
	}
	if unlock, err := lock(filepath.Join(dir, lockName)); err == nil {
		unlock()
	} else {
		st.Locked = errors.Is(err, ErrLocked)
	}
	return st, nil
}

// tally counts the stored records against a deadline.
func (s *Stored) tally(d Deadline) (*tally, error) {
	t := newTally(s.Frame, s.Spec)
	t.deadline = &d
	w := walker{rounds: s.Rounds}
	for j, i := range s.Index {
		stratum, ok := w.at(i)
		if !ok {
			return nil, fmt.Errorf("%w: record %d belongs to no round", ErrCorrupt, i)
		}
		d := s.Frame.draw(s.Spec.Seed, i, stratum)
		r := s.Records[j]
		if d.cycle != r.Site.Cycle || d.input != int(r.Input) {
			return nil, fmt.Errorf("%w: record %d is not the injection that the plan asks for", ErrCorrupt, i)
		}
		t.add(w.round, d.cell, r)
	}
	return t, nil
}

// ResultDigest is the digest of the records in order, without any time.
func (s *Stored) ResultDigest() string { return resultDigest(s.Spec.Digest(), s.Records) }

// Question is what the verdict of a campaign answers.
type Question struct {
	stats.Question
	// BudgetDUE is the availability budget in FIT; 0 means none.
	BudgetDUE float64
	// Permanent are declared rates; LogicGE is the logic of the NPU in gate
	// equivalents, 0 for that of the built-in inventory.
	Permanent Permanent
	LogicGE   float64
	// InputsAre is the estimand: stats.InputsFixed, the default, or
	// stats.InputsSample.
	InputsAre string
	// Deadline is what detection is held against.
	Deadline Deadline
	// DoublyRobust asks for estimates that a proxy sharpens, from uniform sampling.
	DoublyRobust bool
}

// normal fills in the defaults: ASIL-D, the first scenario and budget, any
// violation, always computing, the spec's confidence.
func (q Question) normal(s Spec) Question {
	q.Question = q.Question.Normal(s.Confidence)
	if q.InputsAre == "" {
		q.InputsAre = stats.InputsFixed
	}
	return q
}

// Check reports a question that so many inputs cannot answer.
func (q Question) Check(inputs int) error {
	switch q.InputsAre {
	case "", stats.InputsFixed:
	case stats.InputsSample:
		if inputs < stats.MinClusters {
			return fmt.Errorf("%d inputs say too little about the population that they come from: run %d or more, or ask for these inputs only (--inputs-are fixed)", inputs, stats.MinClusters)
		}
	default:
		return fmt.Errorf("unknown estimand %q: inputs are %s or %s", q.InputsAre, stats.InputsFixed, stats.InputsSample)
	}
	return q.Deadline.Check()
}

// limits converts a total of stats.
func limits(t stats.Total) result.Limits {
	return result.Limits{Estimate: t.Estimate, Lower: t.Lower, Upper: t.Upper}
}

// interval converts a total of stats into a proportion.
func interval(t stats.Total) result.Interval {
	return result.Interval{Estimate: t.Estimate, Low: max(0, t.Lower), High: min(1, t.Upper), Failures: t.Failures, N: t.N}
}

// residual is the rate of violating outcomes of some exposures.
func residual(e []stats.Exposure, q Question, violation string, flopsOnly bool, confidence float64) (result.Limits, error) {
	rates := stats.Rates{Flop: q.Scenario.Flop, SRAM: q.Scenario.SRAM, Duty: q.Duty}
	t, err := stats.ResidualFIT(e, rates, violation, flopsOnly, confidence)
	return limits(t), err
}
