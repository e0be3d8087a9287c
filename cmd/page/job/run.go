package job

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/protect"
	"upset/models/inputs"
	"upset/models/network"
	"upset/npu"
	"upset/stats/report"
	"upset/stats/result"
)

// randomInputs is the number of inputs that are drawn where none are given, as on the
// command line.
const randomInputs = 8

// Result is what came of a campaign, and of the search if one was asked for.
type Result struct {
	SpecDigest   string          `json:"spec_digest"`
	ResultDigest string          `json:"result_digest"`
	Result       json.RawMessage `json:"result"`  // of package result, as upset prints it with --format json
	JSON         string          `json:"json"`    // the same, indented
	HTML         string          `json:"html"`    // the page of the report
	Spec         string          `json:"spec"`    // what defines the campaign, with its digests
	Command      string          `json:"command"` // makes the same on a command line
	Seconds      float64         `json:"seconds"` // of the whole request
	// Flips are injections whose story is worth telling, some of each outcome.
	Flips []Flip `json:"flips"`
	// Cycles of an inference, for a flip of one's own.
	Cycles uint64 `json:"cycles"`
	// NotSettled says why the exit code of the command line would be 4.
	NotMet string `json:"not_met,omitempty"`
}

// set is the inputs of a request.
type set struct {
	data, held [][]byte
	labels     []int
	random     bool
}

// inputs reads the inputs, and keeps every second one back where there is a proof.
func (q *Request) inputs(n *network.Network) (s set, err error) {
	if q.Inputs == "" {
		s.random, s.data = true, inputs.Random(n, q.Seed, 0, randomInputs)
		if q.Protect {
			s.held = inputs.Random(n, q.Seed, randomInputs, 2*randomInputs)
		}
		return s, nil
	}
	var o inputs.Options
	if len(n.Inputs) == 1 {
		o.Scale, o.Rate = inputs.ScaleOf(n.Normalisation(0)), n.SampleRate(0)
	}
	all, err := inputs.Folder(q.Inputs, n.Inputs, o)
	if err != nil {
		return s, err
	}
	if all.Labels != nil {
		zero := 0
		for i := range n.Outputs {
			zero += n.Outputs[i].Size
		}
		_, classes := inputs.Class(n.Outputs, make([]byte, zero))
		for _, label := range all.Labels {
			if label >= classes {
				return s, refused("there is a label %d, and the network knows %d classes", label, classes)
			}
		}
	}
	s.data, s.labels = all.Data, all.Labels
	if !q.Protect || len(s.data) < 2 {
		return s, nil
	}
	s.data, s.labels = nil, nil
	for i, d := range all.Data {
		if i%2 != 0 {
			s.held = append(s.held, d)
			continue
		}
		s.data = append(s.data, d)
		if all.Labels != nil {
			s.labels = append(s.labels, all.Labels[i])
		}
	}
	return s, nil
}

// accuracy counts the labelled inputs that the fault-free network classes rightly; nil
// without labels.
func (s *set) accuracy(e *engine.Engine) *result.Accuracy {
	var a result.Accuracy
	for i, label := range s.labels {
		if label == inputs.NoLabel {
			continue
		}
		a.Labelled++
		if class, _ := inputs.Class(e.Program().Outputs, e.Golden(i).Output); class == label {
			a.Right++
		}
	}
	if a.Labelled == 0 {
		return nil
	}
	a.Share = float64(a.Right) / float64(a.Labelled)
	return &a
}

// Run runs a campaign, and with Protect a search and its proof.
func (s *Session) Run(ctx context.Context, q Request) (*Result, error) {
	began := time.Now()
	question, err := q.question()
	if err != nil {
		return nil, err
	}
	spec, err := q.spec()
	if err != nil {
		return nil, err
	}
	n, _, err := open(ctx, &q)
	if err != nil {
		return nil, err
	}
	in, err := q.inputs(n)
	if err != nil {
		return nil, refused("inputs: %w", err)
	}
	p, err := n.Whole(1)
	if err != nil {
		return nil, err
	}
	spec.RandomInputs = in.random
	options, err := q.options()
	if err != nil {
		return nil, err
	}
	e, err := engine.NewContext(ctx, p, in.data, options, s.progress("fault-free runs"))
	if err != nil {
		return nil, err
	}
	golden := time.Since(began)
	s.runs++
	dir := filepath.Join(s.dir, fmt.Sprint("run", s.runs))
	injections := s.progress("injections")
	c, err := campaign.Run(ctx, e, spec, dir, campaign.RunOptions{
		Workers: 1, Question: question, GoldenSeconds: golden.Seconds(),
		Progress: func(g campaign.Progress) { injections(g.Done, g.Total) },
	})
	if err != nil {
		return nil, err
	}
	c.Command, c.Accuracy = q.Command(), in.accuracy(e)
	stored, err := campaign.Load(dir)
	if err != nil {
		return nil, err
	}
	s.last = &ran{network: spec.Model, engine: e, stored: stored, random: in.random}
	out := &Result{SpecDigest: c.SpecDigest, ResultDigest: c.ResultDigest, Command: q.Command(), Cycles: e.Cycles(), Flips: s.last.flips()}
	var v any = c
	if q.Protect {
		r, err := s.protect(ctx, &q, question, e, stored, in.held, dir)
		if err != nil {
			return nil, err
		}
		r.Command = c.Command
		if v = (result.Assess{Campaign: *c, Protect: *r}); !r.Meets {
			out.NotMet = r.Statement
		}
	}
	out.Seconds = time.Since(began).Seconds()
	return out, out.write(v, stored.Spec)
}

// protect searches for protection and proves it.
func (s *Session) protect(ctx context.Context, q *Request, question campaign.Question, e *engine.Engine, stored *campaign.Stored, held [][]byte, dir string) (*result.Protect, error) {
	proof := s.progress("proof")
	o := protect.Options{
		Question: question.Question, Permanent: question.Permanent, Deadline: question.Deadline, Set: q.Options, Unit: protect.UnitBlockClass,
		Areas: e.Table().Areas(nil), AreasWith: e.Table().Areas,
		Dir: filepath.Join(dir, "protect"), Ledger: dir, Workers: 1,
		Trying: s.progress("records beside mechanisms"), Sticking: s.progress("stuck-at faults"), Pulsing: s.progress("pulses in logic"),
		Progress: func(g campaign.Progress) { proof(g.Done, g.Total) },
		Rebuild: func(ecc npu.ECC) (*engine.Engine, error) {
			return s.engine(ctx, e, inputsOf(e), ecc, "fault-free runs with a code on the RAM")
		},
	}
	if held != nil {
		fresh := map[npu.ECC]*engine.Engine{}
		o.Fresh = func(ecc npu.ECC) (*engine.Engine, error) {
			if fresh[ecc] == nil {
				made, err := s.engine(ctx, e, held, ecc, "fault-free runs for the proof")
				if err != nil {
					return nil, err
				}
				fresh[ecc] = made
			}
			return fresh[ecc], nil
		}
	}
	return protect.Run(ctx, e, stored, o)
}

// engine is one like another, with other inputs and another code on the RAM.
func (s *Session) engine(ctx context.Context, e *engine.Engine, data [][]byte, ecc npu.ECC, what string) (*engine.Engine, error) {
	o := e.Options()
	o.ECC = ecc
	return engine.NewContext(ctx, e.Program(), data, o, s.progress(what))
}

func inputsOf(e *engine.Engine) [][]byte {
	list := make([][]byte, e.Inputs())
	for i := range list {
		list[i] = e.Golden(i).Input
	}
	return list
}

// write renders a result in the forms that the page shows and gives away.
func (r *Result) write(v any, spec campaign.Spec) error {
	var text, page bytes.Buffer
	if err := report.Write(&text, report.FormatJSON, v); err != nil {
		return err
	}
	if err := report.Write(&page, report.FormatHTML, v); err != nil {
		return err
	}
	r.Result, r.JSON, r.HTML = text.Bytes(), text.String(), page.String()
	definition, err := json.MarshalIndent(struct {
		Spec         campaign.Spec `json:"spec"`
		SpecDigest   string        `json:"spec_digest"`
		ResultDigest string        `json:"result_digest"`
		Command      string        `json:"command"`
	}{spec, r.SpecDigest, r.ResultDigest, r.Command}, "", "  ")
	r.Spec = string(definition) + "\n"
	return err
}
