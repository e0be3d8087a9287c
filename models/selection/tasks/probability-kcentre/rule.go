package kcentre

import (
	"fmt"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Numbers of the task (our choice).
const (
	coresetPicks  = 10  // of a round of labelling
	coresetShare  = 0.5 // of the distilled head in the prediction
	coresetRandom = 5   // students of random labels
)

// Task is PCoreSet (Kang et al., 2025): the next rows to label are those
// whose predictions are farthest from the predictions for all labelled rows.
func Task() selection.Task {
	return selection.Task{
		Name:   "probability-kcentre",
		Title:  "PCoreSet: Effective Active Learning through Knowledge Distillation from Vision-Language Models",
		Family: "cover", Kind: selection.OnNPU, Utility: "diversity", Mechanism: "greedy",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// coreset picks rows by k-centre in the space of probabilities.
type coreset struct {
	*digits.Pool
	picks         int
	before, after []int // rows labelled before and after the round
	students      []selection.Scorer
}

func build(seed uint64) (*selection.Workload, error) {
	w, p, err := digits.Open(&Files, "student", seed)
	if err != nil {
		return nil, err
	}
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	var labelled struct{ Before, After []int }
	if err := f.JSON("labelled.json", &labelled); err != nil {
		return nil, err
	}
	for _, i := range labelled.Before {
		if i < 0 || i >= len(p.Rows) {
			return nil, fmt.Errorf("probability k-centre: labelled row %d of %d; build the data anew", i, len(p.Rows))
		}
	}
	r := &coreset{Pool: p, picks: coresetPicks, before: labelled.Before, after: labelled.After}
	for k := range coresetRandom + 1 {
		student := "final"
		if k > 0 {
			student = fmt.Sprintf("random%d", k-1)
		}
		s, err := f.Scorer(student, "test.bin")
		if err != nil {
			return nil, err
		}
		r.students = append(r.students, s)
	}
	w.Rule = r
	return w, nil
}

// mixture is the mean prediction of the two heads, the one for labels and the one for
// the teacher's probabilities.
func mixture(logits []float64) []float64 {
	return kit.Mixture(kit.Softmax(logits[:digits.Classes]), kit.Softmax(logits[digits.Classes:]), coresetShare)
}

// predictions are those of all rows.
func predictions(t *selection.Table) [][]float64 {
	rows := t.Reals()
	for i, x := range rows {
		rows[i] = mixture(x)
	}
	return rows
}

// Decide picks the rows of the next round.
func (r *coreset) Decide(ask *selection.Ask) (selection.Outcome, error) {
	t, err := r.Table("probability k-centre", ask)
	if err != nil {
		return selection.Outcome{}, err
	}
	if t.Width != 2*digits.Classes {
		return selection.Outcome{}, fmt.Errorf("probability k-centre: %d scores of a row; it needs the logits of two heads", t.Width)
	}
	return selection.Outcome{Metric: selection.Set, Items: kit.KCentre(predictions(t), r.before, r.picks)}, nil
}

// Consequence is the regret: how much farther the farthest row is from the rows
// with labels, on the scale on which random picks have 1.
func (r *coreset) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	p := predictions(&scores[0])
	near := func(set []int) float64 { return -kit.Radius(p, slices.Concat(r.before, set)) }
	return kit.Regret(near(golden.Items), near(faulty.Items), digits.MeanOf(r.Random(len(golden.Items)), near))
}

// Bounds of the check.
const (
	coresetAhead  = 0.02 // accuracy ahead of random labels
	coresetRadius = 0.7  // times the radius of random labels
)

func check(runs []selection.Run) (selection.Check, error) {
	var accuracy, random, radius float64
	same := true
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*coreset)
		if !ok {
			return selection.Check{}, fmt.Errorf("probability k-centre: a run of another task")
		}
		all := slices.Concat(r.before, run.Outcome.Items)
		same = same && slices.Equal(all, r.after)
		tables, err := (&selection.Workload{Scorers: r.students}).Reference()
		if err != nil {
			return selection.Check{}, err
		}
		for k := range tables {
			if a := r.right(&tables[k]); k == 0 {
				accuracy += a / float64(len(runs))
			} else {
				random += a / float64(coresetRandom*len(runs))
			}
		}
		p := predictions(&run.Scores[0])
		of := func(set []int) float64 { return kit.Radius(p, set) }
		radius += of(all) / digits.MeanOf(r.Random(len(all)), of) / float64(len(runs))
	}
	return selection.Check{
		Metric: "accuracy of a student of 50 labels", Threshold: random + coresetAhead, Measured: accuracy,
		Baseline: random, Against: "students of random labels", Pass: accuracy >= random+coresetAhead && radius <= coresetRadius && same,
		Note: fmt.Sprintf("covering radius %.3f of that of random rows; the int8 rule picks the rows that the student was trained on: %v", radius, same),
	}, nil
}

// right is the accuracy of a student on the held-out rows.
func (r *coreset) right(t *selection.Table) float64 {
	p := predictions(t)
	return kit.Share(kit.Every(len(p)), func(i int) bool { return kit.Argmax(p[i]) == r.Want[i] })
}
