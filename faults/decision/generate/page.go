package main

import (
	"fmt"
	"strconv"
	"strings"

	"upset/faults/provenance"
	"upset/stats/result"
)

// page writes Markdown.
type page struct {
	strings.Builder
	*answer
}

func (p *page) say(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// percent is a share in percent with three digits.
func percent(x float64) string { return short(100 * x) }

// short is a number with three digits.
func short(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

// share is a share with its interval, or its upper limit where nothing was seen.
func share(i result.Interval) string {
	if i.Bound() {
		return "≤ " + percent(i.High)
	}
	return fmt.Sprintf("%s [%s, %s]", percent(i.Estimate), percent(i.Low), percent(i.High))
}

// probability of a test.
func probability(p float64) string {
	if p < 1e-4 {
		return "< 0.0001"
	}
	return strconv.FormatFloat(p, 'f', 4, 64)
}

// sure is the confidence in percent that a P value gives, rounded down.
func sure(p float64) string {
	if p < 1e-4 {
		return "above 99.99 %"
	}
	return fmt.Sprintf("%.2f %%", float64(int(1e4*(1-p)))/100)
}

// grouped writes a number with commas.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// writePage makes docs/selection.md.
func writePage(a *answer) ([]byte, error) {
	p := &page{answer: a}
	p.say(head, a.Faults, a.NPU, a.Classifier, grouped(a.Faults), a.Seed)
	p.revisions()
	for _, part := range []func() error{p.plainWords, p.byFamily, p.shares, p.corrected, p.pairs, p.protection, p.byBlocks, p.memory} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	p.say(tail)
	return []byte(p.String()), nil
}

// revisions says what was measured elsewhere, and what was not measured at all.
func (p *page) revisions() {
	others := map[string][]string{}
	var order []string
	for i := range p.tasks {
		if r := p.tasks[i].Revision; r != p.Revision {
			if others[r] == nil {
				order = append(order, r)
			}
			others[r] = append(others[r], p.tasks[i].Task)
		}
	}
	for _, r := range order {
		p.say("\nAt revision %s, by a program that did the same: %s.\n", r, strings.Join(others[r], ", "))
	}
	if len(p.missing) > 0 {
		p.say("\n**Not measured yet:** %s.\n", strings.Join(p.missing, ", "))
	}
}

// columns are the shares of events by the names of columns.
func (p *page) columns(e *events) ([]string, error) {
	var cells []string
	for _, list := range []numbers{e.Visible, e.Label, e.Changed, e.Consequential, e.DUE} {
		i, err := p.share(len(list), p.Faults)
		if err != nil {
			return nil, err
		}
		cells = append(cells, share(i))
	}
	return cells, nil
}

// shares is the table of all tasks.
func (p *page) shares() error {
	p.say("\n## Shares of the faults\n\nPercent of the faults, with two-sided %s %% intervals. *Label*: the largest score of the struck row is another one. *DUE*: the inference stops or hangs, which the host notices.\n\n", percent(p.Confidence))
	p.say("![Shares of the faults by task](selection/shares.svg)\n\nTriangles are upper limits of what was never seen. The axis is logarithmic.\n\n")
	p.say("| family | task | outcome | output changed | label | decision changed | consequential | DUE |\n|---|---|---|---:|---:|---:|---:|---:|\n")
	row := func(family, name, outcome string, e *events) error {
		cells, err := p.columns(e)
		p.say("| %s | %s | %s | %s |\n", family, name, outcome, strings.Join(cells, " | "))
		return err
	}
	if err := row("–", p.Classifier+" (classifier)", "class", &p.Plain); err != nil {
		return err
	}
	for _, f := range p.findings {
		if err := row(f.Family, f.Task, f.Metric, &f.Plain); err != nil {
			return err
		}
	}
	return nil
}

// corrected is the table of shares that were diluted before.
func (p *page) corrected() error {
	if p.earlier == nil {
		return nil
	}
	p.say(correctedText, provenance.Made{Revision: p.earlier.Revision}.Line(), grouped(p.earlier.Faults))
	for _, e := range p.earlier.Tasks {
		for _, f := range p.findings {
			if f.Task != e.Task {
				continue
			}
			var executed []string
			for _, s := range f.Scorers {
				executed = append(executed, fmt.Sprintf("%s %d", s.Name, s.Executed))
			}
			cells, err := p.columns(&f.Plain)
			if err != nil {
				return err
			}
			p.say("| %s | %s | %s | %s | %s | %s |\n", f.Task, strings.Join(executed, ", "), share(e.Changed), cells[2], share(e.Consequential), cells[3])
		}
	}
	return nil
}

// byBlocks is the table of changed and consequential decisions by block.
func (p *page) byBlocks() error {
	p.say("\n## By block\n\nPercent of the faults in a block that change the decision / that are consequential, each with its two-sided %s %% interval. The first row is the class of the classifier.\n\n| task | %s |\n|---|%s\n", percent(p.Confidence), strings.Join(p.Blocks, " | "), strings.Repeat("---:|", len(p.Blocks)))
	row := func(name string, lists ...numbers) error {
		p.say("| %s |", name)
		for k := range p.Blocks {
			n := strings.Count(p.Struck, string(rune('a'+k)))
			for j, list := range lists {
				i, err := p.share(len(p.in(k, list)), n)
				if err != nil {
					return err
				}
				if j > 0 {
					p.say(" /")
				}
				p.say(" %s", share(i))
			}
			p.say(" |")
		}
		p.say("\n")
		return nil
	}
	if err := row(p.Classifier, p.Plain.Label); err != nil {
		return err
	}
	for _, f := range p.findings {
		if err := row(f.Task, f.Plain.Changed, f.Plain.Consequential); err != nil {
			return err
		}
	}
	return nil
}

// memory is the table of faults in memory.
func (p *page) memory() error {
	p.say("\n## Persistent faults\n\nA flipped bit of the weights, scales or commands in memory, which every inference of the decision reads. Percent of the flipped bits, two-sided %s %% intervals.\n\n", percent(p.Confidence))
	p.say("| task | bits flipped | output changed | decision changed | consequential | DUE |\n|---|---:|---:|---:|---:|---:|\n")
	for _, f := range p.findings {
		m := &f.Persistent
		p.say("| %s | %d |", f.Task, m.N)
		for _, k := range []int{m.Visible, m.Changed, m.Consequential, m.DUE} {
			i, err := p.share(k, m.N)
			if err != nil {
				return err
			}
			p.say(" %s |", share(i))
		}
		p.say("\n")
	}
	return nil
}
