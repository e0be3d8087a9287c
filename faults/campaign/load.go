package campaign

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

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
	// Builds are those of the tool that wrote the log, in order.
	Builds []Build
}

// Load reads the campaign in a directory without changing anything. A log that is
// damaged before its tail is refused with [ErrDamaged] until it is resumed.
func Load(dir string) (*Stored, error) {
	c, err := loadContents(dir)
	if err != nil {
		return nil, err
	}
	if d := c.damage(); d != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, LogName), d.error())
	}
	return c.stored(), nil
}

// loadContents reads the log in a directory.
func loadContents(dir string) (*contents, error) {
	name := filepath.Join(dir, LogName)
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("no campaign in %s: %w", dir, err)
	}
	defer f.Close()
	c, err := readFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// stored is the campaign of a log.
func (c *contents) stored() *Stored {
	s := &Stored{
		Spec: c.header.Spec, Frame: c.header.Frame, Rounds: c.rounds, Records: c.plain(),
		Complete: c.complete(), Torn: c.torn, Note: c.header.Note, Builds: c.builds, Index: make([]int, len(c.records)),
	}
	for i, r := range c.records {
		s.Index[i] = r.index
	}
	return s
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
	// Damage is what resuming repairs; nil for a sound log.
	Damage *Damage
	// Builds are those of the tool that wrote the log, in order.
	Builds []Build
	// Locked says that a process is writing to it now.
	Locked bool
	Note   map[string]string
	// Cut is how rounds are cut into shards, nil for a campaign of one process.
	Cut *Cut
}

// Status reports how far the campaign in a directory is, damaged or not. Where a process
// is still busy with what comes before the first record the error is [ErrLocked].
func Status(dir string) (State, error) {
	locked := false
	if name := filepath.Join(dir, lockName); exists(name) {
		unlock, err := lock(name)
		if err == nil {
			unlock()
		}
		locked = errors.Is(err, ErrLocked)
	}
	c, err := loadContents(dir)
	if locked && (errors.Is(err, os.ErrNotExist) || errors.Is(err, errNoHeader)) {
		return State{}, fmt.Errorf("%s: %w and has stored nothing yet; ask again later", dir, ErrLocked)
	}
	if err != nil {
		return State{}, err
	}
	most, err := capSize(c.header.Spec)
	if err != nil {
		return State{}, err
	}
	rounds, err := mostRounds(c.header.Spec)
	if err != nil {
		return State{}, err
	}
	return State{
		Spec: c.header.Spec, SpecDigest: c.header.SpecDigest, Done: len(c.records) + len(c.spare), Planned: c.planned(), Cap: most,
		Rounds: len(c.rounds), MaxRounds: rounds, Complete: c.complete(), Torn: c.torn, Damage: c.damage(), Builds: c.builds,
		Locked: locked, Note: c.header.Note, Cut: c.header.Cut,
	}, nil
}

// exists reports whether there is a file, so that looking at a folder makes none.
func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
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

// Round is the round that injection i belongs to.
func (s *Stored) Round(i int) int {
	return sort.Search(len(s.Rounds)-1, func(k int) bool { return i < s.Rounds[k].end() })
}

// RoundShares are the shares of the injections that the rounds of an adaptive campaign
// have: an estimate is the mean of those of the rounds, weighted with them. Nil means that
// all rounds count as one sample.
func (s *Stored) RoundShares() ([]float64, error) {
	t, err := s.tally(Deadline{})
	if err != nil {
		return nil, err
	}
	return t.roundShares(), nil
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
	// PulseFITPerKGE is the declared rate of pulses in 1,000 gate equivalents of logic; 0
	// where there is none.
	PulseFITPerKGE float64
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
