package main

import (
	"strings"

	"upset/faults/decision"
	"upset/stats"
	"upset/stats/result"
)

// pairing compares an event of a task with the classifier's label on common faults.
type pairing struct {
	onlyTask, onlyClassifier int
	low, high                float64 // of the difference of the shares, after Tango
	p, holm                  float64 // of McNemar's test, and after Holm's correction
}

// excess is by how many faults the task is worse.
func (p *pairing) excess() int { return p.onlyTask - p.onlyClassifier }

// finding is what the faults say of one task.
type finding struct {
	*measured
	changed, consequential pairing // without protection
	after                  pairing // consequential, with the classifier's protection
	byBlock                []pairing
	left                   result.Interval // consequential faults that the protection leaves
	enough, short          float64         // P that so few, or so many, are left where the share is the allowed one
	shortHolm              float64
}

// family is what the tasks of a family say together: a protection is enough for it
// where it is enough for each.
type family struct {
	name   string
	tasks  []*finding
	worst  *finding // the task with the most consequential faults left
	p      float64  // that it is enough: the largest of its tasks
	holm   float64
	beyond []*finding // tasks for which it is shown not to be enough
}

// The answers.
const (
	isEnough = "enough"
	isShort  = "not enough"
	notShown = "not shown"
)

// answer judges all tasks and families.
type answer struct {
	*study
	allowed  float64 // share of the faults with which both targets are met
	findings []*finding
	families []*family
}

// judge answers for all tasks that are measured.
func judge(s *study) (*answer, error) {
	a := &answer{study: s, allowed: min(1, s.BudgetFIT/(float64(s.Flops)*s.LambdaFlop), 1-s.TargetSPFM)}
	named := map[string]*family{}
	for i := range s.tasks {
		f, err := a.find(&s.tasks[i])
		if err != nil {
			return nil, err
		}
		a.findings = append(a.findings, f)
		g := named[f.Family]
		if g == nil {
			g = &family{name: f.Family}
			named[f.Family] = g
			a.families = append(a.families, g)
		}
		g.tasks = append(g.tasks, f)
		g.p = max(g.p, f.enough)
		if g.worst == nil || len(f.Protected.Consequential) > len(g.worst.Protected.Consequential) {
			g.worst = f
		}
	}
	a.correct()
	for _, g := range a.families {
		for _, f := range g.tasks {
			if f.shortHolm < 1-s.Confidence {
				g.beyond = append(g.beyond, f)
			}
		}
	}
	return a, nil
}

// find compares one task with the classifier and with what is allowed.
func (a *answer) find(m *measured) (*finding, error) {
	f := &finding{measured: m}
	for _, x := range []struct {
		to               *pairing
		task, classifier numbers
	}{
		{&f.changed, m.Plain.Changed, a.Plain.Label}, {&f.consequential, m.Plain.Consequential, a.Plain.Label},
		{&f.after, m.Protected.Consequential, a.Protected.Label},
	} {
		var err error
		if *x.to, err = a.pair(x.task, x.classifier, a.Faults); err != nil {
			return nil, err
		}
	}
	for k := range a.Blocks {
		n := strings.Count(a.Struck, string(rune('a'+k)))
		p, err := a.pair(a.in(k, m.Protected.Consequential), a.in(k, a.Protected.Label), n)
		if err != nil {
			return nil, err
		}
		f.byBlock = append(f.byBlock, p)
	}
	var err error
	left := len(m.Protected.Consequential)
	if f.left, err = a.share(left, a.Faults); err != nil {
		return nil, err
	}
	if f.enough, err = stats.BinomialAtMost(left, a.Faults, a.allowed); err != nil {
		return nil, err
	}
	f.short, err = stats.BinomialAtLeast(left, a.Faults, a.allowed)
	return f, err
}

// share is a share with its interval.
func (a *answer) share(k, n int) (result.Interval, error) { return decision.Share(k, n, a.Confidence) }

// in keeps the faults of a block.
func (a *answer) in(block int, list numbers) (kept numbers) {
	for _, i := range list {
		if int(a.Struck[i]-'a') == block {
			kept = append(kept, i)
		}
	}
	return kept
}

// pair compares two events on n common faults.
func (a *answer) pair(task, classifier numbers, n int) (p pairing, err error) {
	has := classifier.has(a.Faults)
	both := 0
	for _, i := range task {
		if has[i] {
			both++
		}
	}
	p.onlyTask, p.onlyClassifier = len(task)-both, len(classifier)-both
	if p.low, p.high, err = stats.PairedDifference(p.onlyTask, p.onlyClassifier, n, a.Confidence); err != nil {
		return p, err
	}
	p.p, err = stats.McNemar(p.onlyTask, p.onlyClassifier)
	return p, err
}

// correct applies Holm's correction to each set of questions by itself: tasks against
// the classifier without and with protection, blocks of tasks, tasks that miss the
// target, and families that meet it.
func (a *answer) correct() {
	var plain, after, blocks, short, families holm
	for _, f := range a.findings {
		plain.add(f.changed.p, &f.changed.holm)
		plain.add(f.consequential.p, &f.consequential.holm)
		after.add(f.after.p, &f.after.holm)
		for k := range f.byBlock {
			blocks.add(f.byBlock[k].p, &f.byBlock[k].holm)
		}
		short.add(f.short, &f.shortHolm)
	}
	for _, g := range a.families {
		families.add(g.p, &g.holm)
	}
	for _, h := range []*holm{&plain, &after, &blocks, &short, &families} {
		h.correct()
	}
}

// holm is a set of questions that are corrected together.
type holm struct {
	p  []float64
	to []*float64
}

func (h *holm) add(p float64, to *float64) { h.p, h.to = append(h.p, p), append(h.to, to) }

func (h *holm) correct() {
	for i, v := range stats.Holm(h.p) {
		*h.to[i] = v
	}
}

// verdict is the answer for a family.
func (g *family) verdict(confidence float64) string {
	switch {
	case len(g.beyond) > 0:
		return isShort
	case g.holm < 1-confidence:
		return isEnough
	}
	return notShown
}

// block is the one that makes the difference in a task: where the most consequential
// faults are left, and how many of them.
func (a *answer) block(f *finding) (block, left int) {
	for k := range a.Blocks {
		if n := len(a.in(k, f.Protected.Consequential)); n > left {
			block, left = k, n
		}
	}
	return block, left
}

// without is the share of consequential faults of a task if those in a block were
// none, and whether the protection would be shown to be enough for it.
func (a *answer) without(f *finding, block int) (left result.Interval, enough bool, err error) {
	n := len(f.Protected.Consequential) - len(a.in(block, f.Protected.Consequential))
	if left, err = a.share(n, a.Faults); err != nil {
		return left, false, err
	}
	p, err := stats.BinomialAtMost(n, a.Faults, a.allowed)
	return left, p < 1-a.Confidence, err
}
