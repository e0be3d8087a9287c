package answers

import (
	"fmt"
	"math"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Task is the choice of training targets of Gupta et al., "Selective Self-to-Supervised
// Fine-Tuning for Generalization in Large Language Models" (2025).
func Task() selection.Task {
	return selection.Task{
		Name: "self-answers", Title: "Selective Self-to-Supervised Fine-Tuning for Generalization in Large Language Models",
		Family: "loss", Kind: selection.OnNPU, Utility: "learned", Mechanism: "threshold",
		Metric: selection.Accept, Epsilon: 0.05, Build: build, Check: check,
		StandIn: "a classifier of digits whose answer is its distribution of classes, in place of a language model and its text; the judge compares classes",
	}
}

// answers accepts a network's own answer as the target of a sample where it is right.
type answers struct {
	rows, old, new domain
	parameters     []byte // of the network, to tune
}

// domain is samples with their classes.
type domain struct {
	x     [][]float64
	truth []int
}

func open(f artefacts.Folder, name string) (domain, selection.Scorer, error) {
	s, err := f.Scorer("answers", name+".bin")
	if err != nil {
		return domain{}, s, err
	}
	d := domain{x: digits.Reals(s.Rows, digits.Fine)}
	d.truth, err = f.Labels(name + "-truth.bin")
	return d, s, err
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	r := &answers{}
	w := &selection.Workload{Rule: r}
	for name, d := range map[string]*domain{"rows": &r.rows, "old": &r.old, "new": &r.new} {
		s := selection.Scorer{}
		if *d, s, err = open(f, name); err != nil {
			return nil, err
		}
		if name == "rows" {
			w.Scorers = []selection.Scorer{s}
		}
	}
	r.parameters, err = f.Bytes("answers.bin")
	return w, err
}

// Decide accepts answers: an item for each row, 1 where its own answer is the target.
// Values are the targets, a distribution of classes for each row.
func (r *answers) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Accept}
	if !ask.Fits(1, len(r.rows.x)) {
		return o, fmt.Errorf("self answers: it needs one network for %d rows", len(r.rows.x))
	}
	for i, want := range r.rows.truth {
		t, err := ask.Scores(0, i, digits.Classes)
		if err != nil {
			return o, err
		}
		target, accepted := make([]float64, digits.Classes), 0
		if target[want] = 1; t.Top(0) == want {
			target, accepted = kit.Softmax(t.Real(0)), 1
		}
		o.Items, o.Values = append(o.Items, accepted), append(o.Values, target...)
	}
	return o, nil
}

// Consequence is the largest distance of a target from that without the fault, in total
// variation: a part of the probability that is told wrongly.
func (r *answers) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	worst := 0.0
	for i := 0; i < len(golden.Values); i += digits.Classes {
		sum := 0.0
		for k := range digits.Classes {
			sum += math.Abs(golden.Values[i+k]-faulty.Values[i+k]) / 2
		}
		worst = max(worst, sum)
	}
	return worst
}

// The tuning (our choice).
var tuning = nets.Schedule{Epochs: 20, Batch: 20, Rate: 4e-3}

// tuned is the network after training with targets for the rows.
func (r *answers) tuned(targets []float64, seed uint64) *nets.Graph {
	g := unpack(r.parameters)
	g.Fit(r.rows.x, func(i int, output, grad []float64) float64 {
		nets.Softmax(output, grad)
		loss := 0.0
		for k := range grad {
			want := targets[i*digits.Classes+k]
			loss -= float64(want * math.Log(max(grad[k], 1e-300)))
			grad[k] -= want
		}
		return loss
	}, tuning, data.Rand(seed, 1))
	return g
}

// accuracy of a network in a domain.
func (d *domain) accuracy(g *nets.Graph) float64 {
	return kit.Share(kit.Every(len(d.x)), func(i int) bool { return kit.Argmax(g.Forward(d.x[i])) == d.truth[i] })
}

// gold are the targets of plain tuning.
func (r *answers) gold() []float64 {
	list := make([]float64, digits.Classes*len(r.rows.x))
	for i, want := range r.rows.truth {
		list[i*digits.Classes+want] = 1
	}
	return list
}

// Bounds of the check: many answers are accepted, what was known is forgotten less than
// by plain tuning, and the new domain is learnt about as well.
const (
	acceptedLeast = 0.3
	dropMost      = 0.85
	newLess       = 0.05
)

func check(runs []selection.Run) (selection.Check, error) {
	var accepted, before, plain, own, plainNew, ownNew float64
	n := float64(len(runs))
	for _, run := range runs {
		if _, ok := run.Workload.Rule.(*answers); !ok {
			return selection.Check{}, fmt.Errorf("self answers: a run of another task")
		}
		accepted += kit.Share(run.Outcome.Items, func(v int) bool { return v == 1 }) / n
	}
	c := selection.Check{Metric: "accuracy that tuning costs the old domain, relative to plain tuning", Threshold: dropMost, Measured: 1, Baseline: 1, Against: "plain tuning"}
	if accepted < acceptedLeast {
		c.Note = fmt.Sprintf("of the answers %.3f are accepted", accepted)
		return c, nil
	}
	for _, run := range runs {
		r := run.Workload.Rule.(*answers)
		before += r.old.accuracy(unpack(r.parameters)) / n
		g := r.tuned(r.gold(), run.Seed)
		plain, plainNew = plain+r.old.accuracy(g)/n, plainNew+r.new.accuracy(g)/n
		g = r.tuned(run.Outcome.Values, run.Seed)
		own, ownNew = own+r.old.accuracy(g)/n, ownNew+r.new.accuracy(g)/n
	}
	c.Measured = (before - own) / max(before-plain, 1e-9)
	c.Pass = before > plain && c.Measured <= dropMost && ownNew >= plainNew-newLess
	c.Note = fmt.Sprintf("of the answers %.3f are accepted; accuracy in the old domain %.4f before, %.4f after plain tuning, %.4f after this one; in the new domain %.4f and %.4f", accepted, before, plain, own, plainNew, ownNew)
	return c, nil
}
