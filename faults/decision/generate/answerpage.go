package main

import (
	"fmt"
	"math"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// plainWords is the answer as a paragraph, with its figure.
func (p *page) plainWords() error {
	p.say("\n## The answer\n\n")
	var lists [3][]string
	var beyond []string
	for _, g := range p.families {
		switch g.verdict(p.Confidence) {
		case isEnough:
			lists[0] = append(lists[0], fmt.Sprintf("%s (%s)", g.name, sure(g.holm)))
		case isShort:
			lists[1] = append(lists[1], g.name)
			for _, f := range g.beyond {
				beyond = append(beyond, f.Task)
			}
		default:
			lists[2] = append(lists[2], g.name)
		}
	}
	p.say("Is a protection that was sized for a classifier enough for a selection? **")
	switch {
	case len(lists[0]) == len(p.families):
		p.say("Yes, for every family.")
	case len(lists[1]) == 0:
		p.say("For %d of %d families it is; for the others that is not shown.", len(lists[0]), len(p.families))
	default:
		p.say("Not for every family: for %d of %d it is, for %d it is not.", len(lists[0]), len(p.families), len(lists[1]))
	}
	p.say("** The cheapest protection with which %s meets ASIL-D costs %s %% of the logic area. Where it is kept, at most %s %% of the faults may end in a consequential decision. ", p.Classifier, percent(p.Design.AreaOverhead), percent(p.allowed))
	if len(lists[0]) > 0 {
		p.say("All tasks of these families stay below that, at the confidence in brackets: %s. ", strings.Join(lists[0], ", "))
	}
	if len(lists[1]) > 0 {
		p.say("It is shown not to be enough for %s: more is left of %s. ", strings.Join(lists[1], ", "), strings.Join(beyond, ", "))
	}
	if len(lists[2]) > 0 {
		p.say("Neither is shown for %s. ", strings.Join(lists[2], ", "))
	}
	if err := p.difference(); err != nil {
		return err
	}
	return p.against()
}

// difference says which block decides where the protection is not shown to be enough.
func (p *page) difference() error {
	for _, g := range p.families {
		if g.verdict(p.Confidence) == isEnough {
			continue
		}
		b, left := p.block(g.worst)
		if left == 0 {
			continue
		}
		rest, met, err := p.without(g.worst, b)
		if err != nil {
			return err
		}
		p.say("In %s, the %s unit makes the difference: %d of %d faults that still matter to %s lie in it", g.name, p.Blocks[b], left, len(g.worst.Protected.Consequential), g.worst.Task)
		if met {
			p.say("; without them %s %% would be left, and the protection would be enough. ", share(rest))
		} else {
			p.say("; without them %s %% would still be left. ", share(rest))
		}
	}
	p.say("\n")
	// So many faults without a consequential one would be enough for all families.
	if least := int(math.Ceil(math.Log((1-p.Confidence)/float64(len(p.families))) / math.Log1p(-p.allowed))); p.Faults < least {
		p.say("\n**%s faults are too few to show it for all families: even without a single consequential one it takes %s.**\n", grouped(p.Faults), grouped(least))
	}
	return nil
}

// against compares the unprotected machine's shares with the classifier, in words.
func (p *page) against() error {
	var more, fewer, moreC, fewerC []string
	for _, f := range p.findings {
		for _, x := range []struct {
			pair        *pairing
			more, fewer *[]string
		}{{&f.changed, &more, &fewer}, {&f.consequential, &moreC, &fewerC}} {
			switch {
			case x.pair.holm >= 1-p.Confidence:
			case x.pair.excess() > 0:
				*x.more = append(*x.more, f.Task)
			default:
				*x.fewer = append(*x.fewer, f.Task)
			}
		}
	}
	p.say("\nWithout any protection, the decision changes more often than the class of the classifier in %d of %d tasks%s and less often in %d; in the others no difference is shown. ", len(more), len(p.findings), listed(more), len(fewer))
	p.say("A consequential change is more frequent than a changed class in %d%s and less frequent in %d.\n", len(moreC), listed(moreC), len(fewerC))
	p.say("\n![What the protection leaves, one interval for each task](selection/answer.svg)\n\nEach line is one task: the %s %% interval of the consequential faults that the classifier's protection leaves. Triangles are upper limits of what was never seen. The dashed line is what the target allows. The axis is logarithmic.\n", percent(p.Confidence))
	return nil
}

// listed is a list in brackets, or nothing.
func listed(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// byFamily is the table of the answers.
func (p *page) byFamily() error {
	p.say(familyText, percent(p.allowed), percent(p.Confidence))
	for _, g := range p.families {
		f := g.worst
		b, left := p.block(f)
		x := &f.byBlock[b]
		rest, met, err := p.without(f, b)
		if err != nil {
			return err
		}
		confidence, block, without := "–", "none", "–"
		if v := g.verdict(p.Confidence); v == isEnough {
			confidence = sure(g.holm)
		}
		if left > 0 {
			block = fmt.Sprintf("%s: %d of %d, against %d only of the classifier (P %s)", p.Blocks[b], left, len(f.Protected.Consequential), x.onlyClassifier, probability(x.holm))
			without = share(rest)
			if met {
				without += ", enough"
			}
		}
		p.say("| %s | %d | %s | %s | %s | %s | %d / %d, [%s, %s], P %s | %s | %s |\n", g.name, len(g.tasks), f.Task, share(f.left), g.verdict(p.Confidence), confidence,
			f.after.onlyTask, f.after.onlyClassifier, percent(f.after.low), percent(f.after.high), probability(f.after.holm), block, without)
	}
	return nil
}

// pairs is the table of comparisons.
func (p *page) pairs() error {
	p.say("\n## Against the class of a classifier, fault by fault\n\nDifference of the shares in percentage points (task minus classifier, %s %% interval after Tango) and P of McNemar's test after Holm's correction: over all %d comparisons without protection, and over all %d with the classifier's.\n\n", percent(p.Confidence), 2*len(p.findings), len(p.findings))
	p.say("| task | decision changed: only task / only classifier | difference | P | consequential: only task / only classifier | difference | P | consequential, both protected | difference | P |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, f := range p.findings {
		p.say("| %s |", f.Task)
		for _, x := range []pairing{f.changed, f.consequential, f.after} {
			p.say(" %d / %d | [%s, %s] | %s |", x.onlyTask, x.onlyClassifier, percent(x.low), percent(x.high), probability(x.holm))
		}
		p.say("\n")
	}
	return nil
}

// limits are the one-sided limits of a task: its residual rate and its SPFM.
func (p *page) limits(failures int) (fit, spfm float64, err error) {
	upper, err := stats.ClopperPearsonUpper(failures, p.Faults, p.Confidence)
	return upper * float64(p.Flops) * p.LambdaFlop, 1 - upper, err
}

// protection is the table of what the classifier's protection leaves.
func (p *page) protection() error {
	d := &p.Design
	var names []string
	for _, c := range d.Choice {
		name := c.Block
		if c.Group != "" {
			name += "/" + c.Group
		}
		names = append(names, name+": "+c.Mechanism)
	}
	if len(names) == 0 {
		names = []string{"none needed"}
	}
	proven := "proven"
	if !d.Proven {
		proven = "not proven"
	}
	p.say(protectionText, strings.Join(names, ", "), p.Classifier, proven, short(d.FITUpper), percent(d.SPFMLower), percent(d.AreaOverhead),
		p.Rates, short(p.LambdaFlop), grouped(p.Flops), short(p.BudgetFIT), percent(p.TargetSPFM), percent(p.Confidence))
	before, after := 0, 0
	for _, f := range p.findings {
		plain, guarded := len(f.Plain.Consequential), len(f.Protected.Consequential)
		fit, spfm, err := p.limits(plain)
		if err != nil {
			return err
		}
		fitAfter, spfmAfter, err := p.limits(guarded)
		if err != nil {
			return err
		}
		var bare result.Interval
		if bare, err = p.share(plain, p.Faults); err != nil {
			return err
		}
		meets := func(fit, spfm float64, count *int) string {
			if fit <= p.BudgetFIT && spfm >= p.TargetSPFM {
				*count++
				return "yes"
			}
			return "not shown"
		}
		meets(fit, spfm, &before)
		word := meets(fitAfter, spfmAfter, &after)
		p.say("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", f.Family, f.Task, share(bare), share(f.left), short(fit), short(fitAfter), percent(spfm), percent(spfmAfter), word)
	}
	p.say("\nTask by task, without any correction: %d of %d with the protection, %d without.\n", after, len(p.findings), before)
	return nil
}
