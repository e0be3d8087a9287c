package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// page writes Markdown.
type page struct {
	strings.Builder
	r *results
}

func (p *page) say(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// percent is a share in percent with three digits.
func percent(x float64) string { return strconv.FormatFloat(100*x, 'g', 3, 64) }

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

// writePage writes docs/selection.md.
func writePage(w io.Writer, r *results) error {
	p := &page{r: r}
	if p.live() {
		p.say(headLive, r.Faults, r.NPU, r.Classifier, grouped(r.Faults), r.Seed)
	} else {
		p.say(head, r.Faults, r.NPU, r.Classifier, grouped(r.Faults), r.Seed)
	}
	p.answer()
	p.say("\n![Shares of the faults by task](selection/shares.svg)\n\nLines are 95 %% intervals, triangles upper limits of what was never seen. The axis is logarithmic.\n")
	p.shares()
	p.corrected()
	p.pairs()
	if err := p.protection(); err != nil {
		return err
	}
	p.blocks()
	p.persistent()
	if p.live() {
		p.say(tailLive)
	} else {
		p.say(tail)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// live reports whether the results were measured over executed inferences alone.
func (p *page) live() bool { return p.r.Earlier != nil }

// corrected is the table of shares that were diluted before.
func (p *page) corrected() {
	if !p.live() {
		return
	}
	p.say(correctedText, p.r.Earlier.Revision, grouped(p.r.Earlier.Faults))
	for _, e := range p.r.Earlier.Tasks {
		for i := range p.r.Tasks {
			t := &p.r.Tasks[i].Plain
			if t.Task != e.Task {
				continue
			}
			var executed []string
			for _, s := range t.Scorers {
				executed = append(executed, fmt.Sprintf("%s %d", s.Name, s.Executed))
			}
			p.say("| %s | %s | %s | %s | %s | %s |\n", t.Task, strings.Join(executed, ", "), share(e.Changed), share(t.Whole.Changed), share(e.Consequential), share(t.Whole.Consequential))
		}
	}
}

// grouped writes a number with commas.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// answer sums up the comparisons and the protection.
func (p *page) answer() {
	level := 1 - p.r.Confidence
	more, fewer, moreC, fewerC := 0, 0, 0, 0
	for i := range p.r.Tasks {
		t := &p.r.Tasks[i]
		if t.Changed.PHolm < level {
			if t.Changed.OnlyTask > t.Changed.OnlyClassifier {
				more++
			} else {
				fewer++
			}
		}
		if t.Consequential.PHolm < level {
			if t.Consequential.OnlyTask > t.Consequential.OnlyClassifier {
				moreC++
			} else {
				fewerC++
			}
		}
	}
	p.say("\n## What came out\n\nOf %d tasks, the decision changes more often than the class of the classifier in %d and less often in %d; in the others no difference is shown. ", len(p.r.Tasks), more, fewer)
	p.say("Consequential changes are more frequent than a changed class in %d and less frequent in %d.\n", moreC, fewerC)
	enough, missed, before := p.verdicts()
	p.answerWhich()
	p.say("The cheapest protection that meets the target for the classifier (%s %% of the logic area) leaves %d of %d tasks within the same target", percent(p.r.Design.AreaOverhead), enough, len(p.r.Tasks))
	p.say("; without protection %d are.", before)
	if len(missed) > 0 {
		p.say(" It is not shown to be enough for: %s.", strings.Join(missed, ", "))
	}
	p.say("\n")
}

// answerWhich names the tasks that do worse than the classifier.
func (p *page) answerWhich() {
	for _, x := range []struct {
		what string
		of   func(*taskResult) *paired
	}{{"change more often", func(t *taskResult) *paired { return &t.Changed }}, {"are consequential more often", func(t *taskResult) *paired { return &t.Consequential }}} {
		var names []string
		for i := range p.r.Tasks {
			t := &p.r.Tasks[i]
			if k := x.of(t); k.PHolm < 1-p.r.Confidence && k.OnlyTask > k.OnlyClassifier {
				names = append(names, t.Plain.Task)
			}
		}
		if len(names) > 0 {
			p.say("Those that %s: %s. ", x.what, strings.Join(names, ", "))
		}
	}
	p.say("\n\n")
}

// limits are the one-sided limits of a task: its residual rate and its SPFM.
func (p *page) limits(i result.Interval) (fit, spfm float64, met bool) {
	upper, err := stats.ClopperPearsonUpper(i.Failures, i.N, p.r.Confidence)
	if err != nil {
		upper = 1
	}
	fit, spfm = upper*float64(p.r.Flops)*p.r.LambdaFlop, 1-upper
	return fit, spfm, fit <= p.r.BudgetFIT && spfm >= p.r.TargetSPFM
}

func (p *page) verdicts() (enough int, missed []string, before int) {
	for i := range p.r.Tasks {
		t := &p.r.Tasks[i]
		if _, _, met := p.limits(t.Protected.Consequential); met {
			enough++
		} else {
			missed = append(missed, t.Plain.Task)
		}
		if _, _, met := p.limits(t.Plain.Whole.Consequential); met {
			before++
		}
	}
	return enough, missed, before
}

// shares is the table of all tasks.
func (p *page) shares() {
	p.say("\n## Shares of the faults\n\nPercent of the faults, with two-sided 95 %% intervals. *Label*: the largest score of the struck row is another one. *DUE*: the inference stops or hangs, which the host notices.\n\n")
	p.say("| family | task | outcome | output changed | label | decision changed | consequential | DUE |\n|---|---|---|---:|---:|---:|---:|---:|\n")
	c := &p.r.Plain
	p.say("| – | %s (classifier) | class | %s | %s | %s | %s | %s |\n", p.r.Classifier, share(c.Visible), share(c.Label), share(c.Changed), share(c.Consequential), share(c.DUE))
	for i := range p.r.Tasks {
		t := &p.r.Tasks[i].Plain
		w := &t.Whole
		p.say("| %s | %s | %s | %s | %s | %s | %s | %s |\n", t.Family, t.Task, t.Metric, share(w.Visible), share(w.Label), share(w.Changed), share(w.Consequential), share(w.DUE))
	}
}

// pairs is the table of comparisons.
func (p *page) pairs() {
	p.say("\n## Against the class of a classifier, fault by fault\n\nDifference of the shares in percentage points (task minus classifier, 95 %% interval after Tango) and P of McNemar's test after Holm's correction over all %d comparisons.\n\n", 2*len(p.r.Tasks))
	p.say("| task | decision changed: only task / only classifier | difference | P | consequential: only task / only classifier | difference | P |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for i := range p.r.Tasks {
		t := &p.r.Tasks[i]
		p.say("| %s |", t.Plain.Task)
		for _, x := range []paired{t.Changed, t.Consequential} {
			p.say(" %d / %d | [%s, %s] | %s |", x.OnlyTask, x.OnlyClassifier, percent(x.Low), percent(x.High), probability(x.PHolm))
		}
		p.say("\n")
	}
}

// protection is the table of what the classifier's protection leaves.
func (p *page) protection() error {
	d := &p.r.Design
	p.say("\n## What the protection of the classifier leaves\n\nDesign: ")
	for i, c := range d.Choice {
		if i > 0 {
			p.say(", ")
		}
		name := c.Block
		if c.Group != "" {
			name += "/" + c.Group
		}
		p.say("%s: %s", name, c.Mechanism)
	}
	if len(d.Choice) == 0 {
		p.say("none needed")
	}
	proven := "proven"
	if !d.Proven {
		proven = "not proven"
	}
	p.say(". It is the cheapest of the option set *paper* with which %s meets ASIL-D where a wrong class violates (%s by a campaign of its own: at most %s FIT, SPFM at least %s %%), at %s %% of the logic area.\n\n",
		p.r.Classifier, proven, strconv.FormatFloat(d.FITUpper, 'g', 3, 64), percent(d.SPFMLower), percent(d.AreaOverhead))
	p.say("The same faults, with the mechanisms simulated. A fault counts as harmful where the decision is consequential. Rates: %s, %s FIT for each of %s flops; budget %s FIT; SPFM at least %s %%. Limits are one-sided, at %s %%. Faults in the mechanisms themselves are left out.\n\n",
		p.r.Rates, strconv.FormatFloat(p.r.LambdaFlop, 'g', 3, 64), grouped(p.r.Flops), strconv.FormatFloat(p.r.BudgetFIT, 'g', 3, 64), percent(p.r.TargetSPFM), percent(p.r.Confidence))
	p.say("| family | task | consequential before, %% | after, %% | residual before, FIT at most | after | SPFM before, %% at least | after | enough |\n|---|---|---:|---:|---:|---:|---:|---:|---|\n")
	families, ok := []string{}, map[string][2]int{}
	for i := range p.r.Tasks {
		t := &p.r.Tasks[i]
		fit, spfm, _ := p.limits(t.Plain.Whole.Consequential)
		fitAfter, spfmAfter, met := p.limits(t.Protected.Consequential)
		word := "yes"
		k := ok[t.Plain.Family]
		if k[1] == 0 {
			families = append(families, t.Plain.Family)
		}
		k[1]++
		if met {
			k[0]++
		} else {
			word = "not shown"
		}
		ok[t.Plain.Family] = k
		p.say("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", t.Plain.Family, t.Plain.Task, share(t.Plain.Whole.Consequential), share(t.Protected.Consequential),
			strconv.FormatFloat(fit, 'g', 3, 64), strconv.FormatFloat(fitAfter, 'g', 3, 64), percent(spfm), percent(spfmAfter), word)
	}
	p.say("\nBy family: ")
	for i, f := range families {
		if i > 0 {
			p.say("; ")
		}
		p.say("%s %d of %d", f, ok[f][0], ok[f][1])
	}
	p.say(".\n")
	return nil
}

// blocks is the table of changed and consequential decisions by block.
func (p *page) blocks() {
	p.say("\n## By block\n\nPercent of the faults in a block that change the decision / that are consequential, each with its two-sided 95 %% interval. The first row is the class of the classifier.\n\n| task |")
	for _, b := range p.r.PlainBlocks {
		p.say(" %s |", b.Block)
	}
	p.say("\n|---|")
	p.say("%s\n| %s |", strings.Repeat("---:|", len(p.r.PlainBlocks)), p.r.Classifier)
	for _, b := range p.r.PlainBlocks {
		p.say(" %s |", share(b.Label))
	}
	p.say("\n")
	for i := range p.r.Tasks {
		t := &p.r.Tasks[i].Plain
		p.say("| %s |", t.Task)
		for _, b := range t.Blocks {
			p.say(" %s / %s |", share(b.Changed), share(b.Consequential))
		}
		p.say("\n")
	}
}

// persistent is the table of faults in memory.
func (p *page) persistent() {
	p.say("\n## Persistent faults\n\nA flipped bit of the weights, scales or commands in memory, which every inference of the pool reads. Percent of the flipped bits, two-sided 95 %% intervals.\n\n")
	p.say("| task | bits flipped | output changed | decision changed | consequential | DUE |\n|---|---:|---:|---:|---:|---:|\n")
	for i := range p.r.Tasks {
		t := &p.r.Tasks[i].Persistent
		w := &t.Whole
		p.say("| %s | %d | %s | %s | %s | %s |\n", t.Task, t.Injections, share(w.Visible), share(w.Changed), share(w.Consequential), share(w.DUE))
	}
}

const head = `# Selection under faults

This page and its figure are written by

    go run ./faults/decision/generate

from docs/selection/results.json, which ` + "`-measure -faults %d`" + ` makes anew (some minutes).

Selection algorithms score a pool of inputs on the NPU (here %s), and a small rule on the host decides: which rows to
accept, where to route them, which set represents the rest. What do soft errors do to these decisions, and is a
protection that was sized for a classifier (%s) enough for them?

Every task and the classifier meet the same list of %s faults (seed %d): a flop, a point in the time that the pool takes, and
a point in the inference that this falls into. Only the struck inference is simulated again, on the cycle-level machine
with all its queues and buffers; its row of scores is replaced, and the rule decides anew. *Changed*: the decision is another
one. *Consequential*: its loss under the rule's own objective is above the task's epsilon.
` + "`upset select campaign TASK`" + ` does the same for one task.
`

const tail = `
## What this leaves out

All networks of a task score the whole pool, though a cascade or a router would run some of them on a part of it: faults in
inferences that nobody needs dilute the shares. Up to 24 rows of each pool are struck, spread over it. Pools, networks and
rules are those of seed 1; other seeds are other networks. The rules themselves run on the host and are not struck. Epsilon and
the objectives are those of the tasks: a consequence is not a hazard analysis.
`

const headLive = `# Selection under faults

This page and its figure are written by

    go run ./faults/decision/generate

from docs/selection/results.json, which ` + "`-measure -faults %d`" + ` makes anew (some minutes).

Selection algorithms ask the NPU (here %s) for inferences, and a small rule on the host decides: which rows to accept,
where to route them, which set represents the rest. What do soft errors do to these decisions, and is a protection that
was sized for a classifier (%s) enough for them?

Every task and the classifier meet the same list of %s faults (seed %d): a flop, a point in the time that the inferences of
the fault-free decision take, and a point in the inference that this falls into. What that decision does not ask for is
not executed and cannot be struck. The struck inference is simulated again, on the cycle-level machine with all its queues and
buffers, and the rule decides anew with its answer; inferences that it then asks for besides are simulated too. *Changed*: the
decision is another one. *Consequential*: its loss under the rule's own objective is above the task's epsilon.
` + "`upset select campaign TASK`" + ` does the same for one task.
`

const correctedText = `
## Corrected shares

Earlier figures (revision %s, %s faults) drew the struck inference over all rows of all networks, those that no decision asks for
and the baselines of the checks included, so that faults without any way to the decision diluted the shares of these tasks. Some
tasks have changed besides: gradient-boosting runs one inference for each exit. Percent of the faults.

| task | inferences executed | changed, earlier | corrected | consequential, earlier | corrected |
|---|---|---:|---:|---:|---:|
`

const tailLive = `
## What this leaves out

Up to 24 inferences of each network are struck, spread over all that the decision takes. Pools, networks and rules are those of
seed 1; other seeds are other networks. The rules themselves run on the host and are not struck. Epsilon and the objectives are
those of the tasks: a consequence is not a hazard analysis.
`
