package software

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"upset/faults/campaign"
	"upset/faults/protect"
	"upset/models/network"
	"upset/stats"
	"upset/stats/result"
)

// Choices of ours: the share of a campaign's injections that screens a combination, and the
// least number that does. Who is shown to miss the target by so few is not measured.
const (
	screenShare = 10
	leastScreen = 200
)

// Stages of a combination.
const (
	screened   = "screened"
	measured   = "measured"
	notTried   = "not_tried"
	impossible = "impossible"
)

// Options say what is searched and how.
type Options struct {
	Question campaign.Question
	// Injections are those of a combination that is measured.
	Injections int
	Seed       uint64
	// Dir takes the logs of all campaigns and the ledger of the proofs.
	Dir     string
	Workers int
	// Measures are the combinations, the quickest first; nil takes those of
	// [Combinations].
	Measures []network.Measures
	// MaxProof is the most injections of a proof; 0 takes 4,000 or four times as many as a
	// combination has, whichever is more.
	MaxProof int
	// Note, which may be nil, is told what begins; Progress, which may be nil, follows
	// the injections.
	Note     func(format string, args ...any)
	Progress func(campaign.Progress)
}

// Sizes of a proof (our choice): what it may always take, and how many times as many
// injections as a combination.
const (
	leastProof = 4000
	proofShare = 4
)

// search is a search with its proof under way.
type search struct {
	b      *Bench
	o      Options
	out    *result.Software
	ledger *protect.Ledger

	question string  // digest of what is asked
	base     string  // digest of the unguarded campaign
	cycles   uint64  // of the plain sequence
	energy   float64 // of it
	plain    float64 // its residual in FIT, 0 where it is not known
	proofs   int     // of this search
}

// candidate is a combination that was measured.
type candidate struct {
	m       network.Measures
	row     int // in the result
	program *network.Program
	figures figures
	proven  bool // was put to a proof
}

// Run tries the combinations from the quickest on, measures those that may do and proves
// the first that leaves enough room for a proof with the wanted power. Where there is none,
// the one with the greatest power is put to the proof. The result says so where none is
// proven.
func Run(ctx context.Context, b *Bench, o Options) (*result.Software, error) {
	if len(b.Inputs) == 0 {
		return nil, errors.New("software measures: no inputs")
	}
	o = o.normal(b)
	s := &search{b: b, o: o, out: head(b, o)}
	var err error
	if s.ledger, err = protect.OpenLedger(nil, o.Dir); err != nil {
		return nil, err
	}
	var list []*candidate
	for i, m := range o.Measures {
		c, err := s.try(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("measures %s: %w", Name(m), err)
		}
		if c == nil {
			continue
		}
		list = append(list, c)
		done, err := s.prove(ctx, c, wantedPower)
		if err != nil {
			return nil, err
		}
		if done {
			s.leave(o.Measures[i+1:])
			return s.out, s.retried(ctx, c)
		}
	}
	if c, err := s.strongest(list); err != nil || c != nil {
		if err != nil {
			return nil, err
		}
		done, err := s.prove(ctx, c, leastPower)
		if err != nil || done {
			return s.out, errors.Join(err, s.retried(ctx, c))
		}
	}
	var nearest *candidate
	for _, c := range list {
		if nearest == nil || s.excess(c) < s.excess(nearest) {
			nearest = c
		}
	}
	return s.out, s.unproven(nearest)
}

// normal fills in the defaults.
func (o Options) normal(b *Bench) Options {
	o.Question.Question = o.Question.Normal(b.Spec.Confidence)
	if o.Injections == 0 {
		o.Injections = campaign.DefaultInjections
	}
	if o.Measures == nil {
		o.Measures = Combinations(b.Frames, o.Question.BudgetDUE > 0)
	}
	if o.MaxProof == 0 {
		o.MaxProof = max(leastProof, proofShare*o.Injections)
	}
	if o.Note == nil {
		o.Note = func(string, ...any) {}
	}
	return o
}

// head is the result without any figures.
func head(b *Bench, o Options) *result.Software {
	q := o.Question
	return &result.Software{
		NPU: b.Network.Config.String(), Model: b.Spec.Model, Folder: o.Dir, Target: q.Target.Name, Scenario: q.Scenario.Name,
		Violation: q.Violation, BudgetFIT: q.BudgetFIT, BudgetDUE: q.BudgetDUE, Watchdog: !b.Options.NoWatchdog,
		Frames: b.Frames, Inputs: len(b.Inputs), Confidence: q.Confidence, Warnings: warnings(b),
	}
}

// warnings say what the figures rest on.
func warnings(b *Bench) (list []result.Warning) {
	list = append(list,
		result.Warning{Code: "host", Message: "The host is taken to be sound: its comparisons, resets and copies neither fail nor take time here, and upsets strike the NPU alone."},
		result.Warning{Code: "exposure", Message: "Rates are per hour of computing. A sequence that takes longer is exposed longer and computes less in an hour; known-answer runs lower the rate per hour also because an upset during one harms no output. The column per inference multiplies by the time."},
		result.Warning{Code: "known_answer", Message: fmt.Sprintf("A known-answer inference finds what lasts, after outputs may have been wrong for as many frames as lie between two of them; distances beyond the %d frames of a sequence are not tried.", b.Frames)})
	if b.Fresh == nil {
		list = append(list, result.Warning{Code: "proof_inputs", Message: "The proof runs on the inputs that the search saw: give others with --proof-inputs."})
	}
	return list
}

// try screens a combination, and measures it where it may do; nil where it may not.
func (s *search) try(ctx context.Context, m network.Measures) (*candidate, error) {
	row := result.SoftwareCombination{Measures: Name(m)}
	p, err := s.b.program(m)
	if err != nil {
		row.Stage, row.Reason = impossible, err.Error()
		s.out.Combinations = append(s.out.Combinations, row)
		return nil, nil
	}
	s.out.Combinations = append(s.out.Combinations, row)
	c := &candidate{m: m, row: len(s.out.Combinations) - 1, program: p}
	s.o.Note("measures %s: fault-free runs", row.Measures)
	r, err := s.open(ctx, c)
	if err != nil {
		return nil, err
	}
	few := min(s.o.Injections, max(leastScreen, s.o.Injections/screenShare))
	j, err := r.campaign(ctx, screened, few)
	if err != nil || j.fails() {
		return nil, err
	}
	if few < s.o.Injections {
		if _, err = r.campaign(ctx, measured, s.o.Injections); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// excess is what a measured combination takes of what is allowed, at most.
func (s *search) excess(c *candidate) float64 {
	j, err := c.figures.at(s.o.Question.Confidence)
	if err != nil {
		return 0 // it was judged before, without an error
	}
	return j.excess(s.o.Question, true)
}

// leave lists combinations that take longer than the one that was proven.
func (s *search) leave(list []network.Measures) {
	for _, m := range list {
		s.out.Combinations = append(s.out.Combinations, result.SoftwareCombination{
			Measures: Name(m), Stage: notTried, Reason: "takes longer than what was proven",
		})
	}
}

// retried measures the chosen combination with reset and with stops answered by one more
// run: what that does to the errors that are reported.
func (s *search) retried(ctx context.Context, c *candidate) error {
	if c.m.Retry || c.figures.outcomes.DUEDetected == 0 {
		return nil
	}
	m := c.m
	m.Retry, m.Reset = true, true
	_, err := s.try(ctx, m)
	return err
}

// unproven says what the nearest combination lacks.
func (s *search) unproven(nearest *candidate) error {
	out := s.out
	if s.proofs > 0 {
		return nil // the last proof says it
	}
	var j judged
	if nearest != nil {
		var err error
		if j, err = nearest.figures.at(s.o.Question.Confidence); err != nil {
			return err
		}
		s.choose(nearest, j)
		out.Lacking = lacking(s.o.Question, j)
	}
	scope := s.o.Question.Scope()
	verdict, sentence := stats.Conclude(scope, nil)
	out.Verdict, out.Statement = verdict, sentence+" (no combination of software measures leaves enough room to be proven)"
	if nearest == nil {
		out.Verdict = stats.NotMet
	}
	return nil
}

// lacking says how far the limits are from their targets.
func lacking(q campaign.Question, j judged) string {
	return fmt.Sprintf("residual up to %.3g FIT of %.3g, SPFM at least %.3f %% of %.3f %%", j.fit.Upper, q.BudgetFIT, 100*j.spfm.Lower, 100*q.Target.SPFM)
}

// choose enters the figures of a combination as those of the result.
func (s *search) choose(c *candidate, j judged) {
	row := &s.out.Combinations[c.row]
	out := s.out
	out.Chosen, out.Time, out.Energy = row.Measures, row.Time, row.Energy
	out.FITViolating, out.FITDUE, out.SPFM = limits(j.fit), limits(j.due), limits(j.spfm)
}

// folder is where a campaign of the search is kept.
func (s *search) folder(stage string, m network.Measures) string {
	return filepath.Join(s.o.Dir, stage+"-"+Name(m))
}
