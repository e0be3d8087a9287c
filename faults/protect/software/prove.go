package software

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"upset/faults/campaign"
	"upset/stats"
	"upset/stats/result"
)

// Powers of a proof (our choice), as those of package protect: what it should have, and
// with less than what none is begun.
const (
	wantedPower = 0.9
	leastPower  = 0.1
)

// firstProof is the least number of injections of a proof, grow the factor to the next
// size (our choice).
const (
	firstProof = 1000
	grow       = 1.25
)

// plan is a planned proof.
type plan struct {
	number     int // among all proofs of the folder
	attempt    int // of the question
	confidence float64
	injections int
	power      float64
}

// plan sizes the proof of a candidate; none has enough power where it lacks room.
func (s *search) plan(c *candidate) (p plan, err error) {
	p.number, p.attempt = s.entry(Name(c.m))
	if p.confidence, err = stats.AttemptConfidence(s.o.Question.Confidence, p.number); err != nil {
		return p, err
	}
	for n := float64(min(firstProof, s.o.MaxProof)); ; n *= grow {
		p.injections = min(int(n), s.o.MaxProof)
		if p.power, err = c.figures.power(p.injections, p.confidence); err != nil {
			return p, err
		}
		if p.power >= wantedPower || p.injections == s.o.MaxProof {
			return p, nil
		}
	}
}

// entry is the place of the proof of a design among all proofs of the folder, and its
// number within the question: that which it has, or that of a new one.
func (s *search) entry(design string) (number, attempt int) {
	list := s.ledger.Proofs()
	for _, p := range list {
		if p.Question == s.question && p.Design == design {
			return p.Number, p.Attempt
		}
	}
	return len(list) + 1, s.proofs + 1
}

// strongest is the candidate without a proof whose proof would have the greatest power,
// nil where none has any room.
func (s *search) strongest(list []*candidate) (best *candidate, err error) {
	power := 0.0
	for _, c := range list {
		if c.proven || s.proofs == stats.ProofAttempts {
			continue
		}
		p, err := s.plan(c)
		if err != nil {
			return nil, err
		}
		if p.power > power {
			best, power = c, p.power
		}
	}
	return best, nil
}

// prove puts a measured candidate to the proof where that has the power asked for: by a
// fresh seed, on inputs that the search never saw. Done says that the target was shown to
// be met.
func (s *search) prove(ctx context.Context, c *candidate, power float64) (done bool, err error) {
	j, err := c.figures.at(s.o.Question.Confidence)
	if err != nil || s.proofs == stats.ProofAttempts || j.excess(s.o.Question, false) > 1 {
		return false, err
	}
	p, err := s.plan(c)
	if err != nil || p.power < power {
		return false, err
	}
	s.proofs++
	c.proven = true
	a := result.Attempt{Design: Name(c.m), Confidence: p.confidence, Power: p.power, FITExpected: j.fit.Estimate}
	a.Seed = proofSeed(s.base, a.Design, p.number)
	if err := s.ledger.Begin(result.LedgerProof{
		Question: s.question, Asked: s.asked(), Attempt: p.attempt, Design: a.Design, Seed: a.Seed, Confidence: p.confidence, Injections: p.injections,
	}); err != nil {
		return false, err
	}
	if j, err = s.judge(ctx, c, p, &a); err != nil {
		return false, fmt.Errorf("proof of measures %s: %w", a.Design, err)
	}
	if err := s.ledger.End(s.question, a.Design, a); err != nil {
		return false, err
	}
	s.enter(c, j, a)
	return a.Holds, nil
}

// judge runs the campaign of a proof and judges it at the confidence of the plan.
func (s *search) judge(ctx context.Context, c *candidate, p plan, a *result.Attempt) (j judged, err error) {
	s.o.Note("proof of %s: %d injections", a.Design, p.injections)
	e, err := s.b.engine(ctx, c.program, true)
	if err != nil {
		return j, err
	}
	q := s.o.Question
	q.Confidence = p.confidence
	dir := filepath.Join(s.o.Dir, fmt.Sprintf("proof-%d-%s", p.number, a.Design))
	res, spec, err := s.inject(ctx, e, dir, a.Seed, p.injections, q)
	if err != nil {
		return j, err
	}
	f := newFigures(res, spec, q)
	if j, err = f.at(p.confidence); err != nil {
		return j, err
	}
	if a.Shown, err = f.shown(); err != nil {
		return j, err
	}
	for _, x := range f.violating {
		if q.Violation == stats.ViolationCritical {
			a.Violations += x.Critical
		} else {
			a.Violations += x.Any
		}
	}
	a.Injections, a.FITUpper, a.SPFMLower, a.ResultDigest = res.Injections, j.fit.Upper, j.spfm.Lower, res.ResultDigest
	a.Holds = j.holds()
	return j, nil
}

// enter makes a proof that of the result.
func (s *search) enter(c *candidate, j judged, a result.Attempt) {
	out := s.out
	s.choose(c, j)
	out.Verdict, out.Statement, out.Decided = s.o.Question.Conclude(j.decided, nil)
	out.Meets = a.Holds && out.Verdict == stats.Met
	if a.Power < wantedPower {
		out.Warnings = append(out.Warnings, result.Warning{Code: "low_power", Subject: a.Design, Message: fmt.Sprintf("The proof had a power of %.0f %% with %d injections: more with --injections raise it.", 100*a.Power, a.Injections)})
	}
	out.Lacking = ""
	if !out.Meets {
		out.Lacking = lacking(s.o.Question, j)
	}
	proof := &out.Proof
	proof.Attempts = append(proof.Attempts, a)
	proof.Injections += a.Injections
	proof.FITUpper, proof.SPFMLower, proof.Power, proof.Holds = a.FITUpper, a.SPFMLower, a.Power, a.Holds
	if a.Holds {
		// The k-th proof of a folder may err with 2^-k of the error of all.
		number, _ := s.entry(a.Design)
		proof.Shown = max(0, 1-float64(uint64(1)<<number)*(1-a.Shown))
	}
	proof.Ledger = s.ledger.Proofs()
}

// asked is the question in words, for the ledger.
func (s *search) asked() string {
	q := s.o.Question
	text := fmt.Sprintf("%s, %s, budget %g FIT, violation %s, options software", q.Target.Name, q.Scenario.Name, q.BudgetFIT, q.Violation)
	if q.BudgetDUE > 0 {
		text += fmt.Sprintf(", DUE budget %g FIT", q.BudgetDUE)
	}
	return text
}

// proofSeed is the seed of a proof: it follows from what was measured and the measures.
// It stays below 2^53, so that every reader of JSON keeps it (RFC 8259 §6).
func proofSeed(base, measures string, number int) uint64 {
	digest, err := hex.DecodeString(campaign.Digest([]string{"software proof", base, measures, fmt.Sprint(number)})[:16])
	if err != nil { // a digest is hexadecimal
		return 0
	}
	return binary.BigEndian.Uint64(digest) & (1<<53 - 1)
}
