package decision

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"upset/stats"
	"upset/stats/result"
)

// tally counts what became of faults.
type tally struct{ n, visible, label, changed, consequential, due int }

func (t *tally) add(visible, due bool, v Verdict) {
	t.n++
	for _, x := range []struct {
		to *int
		is bool
	}{{&t.visible, visible}, {&t.label, v.Label}, {&t.changed, v.Changed}, {&t.consequential, v.Consequential}, {&t.due, due}} {
		if x.is {
			*x.to++
		}
	}
}

// Share is a share with its two-sided interval: exact where few failures are seen.
func Share(failures, n int, confidence float64) (result.Interval, error) {
	if n == 0 {
		return result.Interval{High: 1}, nil
	}
	low, high, _, err := stats.Interval(failures, n, confidence)
	return result.Interval{Estimate: float64(failures) / float64(n), Low: low, High: high, Failures: failures, N: n}, err
}

// shares turns counts into shares.
func (t *tally) shares(block string, confidence float64) (s result.DecisionShares, err error) {
	s.Block = block
	for _, x := range []struct {
		to *result.Interval
		k  int
	}{{&s.Visible, t.visible}, {&s.Label, t.label}, {&s.Changed, t.changed}, {&s.Consequential, t.consequential}, {&s.DUE, t.due}} {
		if *x.to, err = Share(x.k, t.n, confidence); err != nil {
			return s, err
		}
	}
	return s, nil
}

// summary gathers counts by block.
type summary struct {
	whole       tally
	blocks      map[string]*tally
	order       []string
	distance    float64
	consequence float64
}

func (s *summary) add(block string, visible, due bool, v Verdict) {
	if s.blocks == nil {
		s.blocks = map[string]*tally{}
	}
	t := s.blocks[block]
	if t == nil {
		t = new(tally)
		s.blocks[block] = t
		s.order = append(s.order, block)
	}
	t.add(visible, due, v)
	s.whole.add(visible, due, v)
	if v.Changed {
		s.distance += v.Distance
		s.consequence += v.Consequence
	}
}

// fill writes the shares into a result.
func (s *summary) fill(r *result.Decision) (err error) {
	r.Injections = s.whole.n
	if r.Whole, err = s.whole.shares("all", r.Confidence); err != nil {
		return err
	}
	for _, b := range s.order {
		x, err := s.blocks[b].shares(b, r.Confidence)
		if err != nil {
			return err
		}
		r.Blocks = append(r.Blocks, x)
	}
	if n := float64(s.whole.changed); n > 0 {
		r.MeanDistance, r.MeanConsequence = s.distance/n, s.consequence/n
	}
	return nil
}

// Fill writes what became of transient faults into a result: shares by block in the
// order of the inventory, and a digest of all hits.
func (s *Subject) Fill(r *result.Decision, hits []Hit) error {
	var sum summary
	t := s.Table()
	for i := range t.Registers {
		if x := &t.Registers[i]; !x.IsSRAM() && !x.Observer {
			sum.touch(x.Block)
		}
	}
	h := sha256.New()
	for i := range hits {
		x := &hits[i]
		p, err := t.Place(x.Site.ID)
		if err != nil {
			return err
		}
		sum.add(p.Register.Block, x.Visible, x.DUE(), x.Verdict)
		digest(h, uint64(x.Part), uint64(x.Call), uint64(x.Site.ID), x.Site.Cycle, uint64(x.Outcome), x.Visible, x.Endless, x.Verdict)
	}
	r.ResultDigest = hex.EncodeToString(h.Sum(nil))
	r.Scorers = s.Scorers()
	return sum.fill(r)
}

// FillPersistent does the same for persistent faults.
func (s *Subject) FillPersistent(r *result.Decision, list []Upset) error {
	var sum summary
	sum.touch("commands")
	sum.touch("constants")
	h := sha256.New()
	for i := range list {
		x := &list[i]
		block := "constants"
		if x.Stream {
			block = "commands"
		}
		sum.add(block, x.Visible, x.DUE, x.Verdict)
		digest(h, uint64(x.Part), uint64(x.Bit), x.DUE, x.Visible, x.Verdict)
	}
	r.ResultDigest = hex.EncodeToString(h.Sum(nil))
	r.Scorers = s.Scorers()
	return sum.fill(r)
}

// FillState does the same for upsets of the state in the arena.
func (s *Subject) FillState(r *result.Decision, list []StateUpset) error {
	var sum summary
	sum.touch("state")
	h := sha256.New()
	for i := range list {
		x := &list[i]
		sum.add("state", x.Visible, x.DUE, x.Verdict)
		digest(h, uint64(x.Step), uint64(x.Bit), x.DUE, x.Visible, x.Verdict)
	}
	r.ResultDigest = hex.EncodeToString(h.Sum(nil))
	r.Scorers = s.Scorers()
	return sum.fill(r)
}

// touch enters a block, so that its place does not depend on the faults.
func (s *summary) touch(block string) {
	if s.blocks == nil {
		s.blocks = map[string]*tally{}
	}
	if s.blocks[block] == nil {
		s.blocks[block] = new(tally)
		s.order = append(s.order, block)
	}
}

// Scorers describes the networks of the subject.
func (s *Subject) Scorers() (list []result.DecisionScorer) {
	for i := range s.Parts {
		p := &s.Parts[i]
		list = append(list, result.DecisionScorer{Name: p.Name, Cycles: p.cycles, Rows: p.Rows, Executed: len(p.Calls), Struck: len(p.Struck)})
	}
	return list
}

// digest adds numbers, facts and verdicts to a hash.
func digest(h interface{ Write([]byte) (int, error) }, list ...any) {
	var b []byte
	fact := func(x bool) {
		if x {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	for _, v := range list {
		switch x := v.(type) {
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, x)
		case bool:
			fact(x)
		case Verdict:
			fact(x.Label)
			fact(x.Changed)
			fact(x.Consequential)
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x.Distance))
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x.Consequence))
		}
	}
	// A hash does not fail.
	_, _ = h.Write(b)
}
